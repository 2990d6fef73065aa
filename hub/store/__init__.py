"""The first floor: remembers.

What a store must do is in `contract.py`. `batcher.py` decides what may be released when,
`journal.py` drives it, `sqlite.py` keeps rows on disk, and `memory.py` is the readable twin.
"""
