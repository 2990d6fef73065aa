"""The command line: reads flags, speaks HTTP with a hub, and prints for people or programs.

It decides nothing about tasks; whatever it shows comes from the hub. Supervising a hub is in
`hub/supervise.py`, and the demo's work in `hub/demo`.
"""

from hub.cli.program import main

__all__ = ["main"]
