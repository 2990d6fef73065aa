"""Corral beside what people would use instead: `scripts/bench --peers`.

Each contestant does the same work with its own server, worker and client, all of them started
here and stopped again. `programs` holds what runs in their processes, and nothing of it is
imported by the rest.
"""
