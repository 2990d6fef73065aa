"""The ways a measurement ends without a number, each with its exit status."""

from typing import Final

MEASURED: Final = 0
UNTRUE: Final = 1
"""Measured, but a task was lost, refused or counted twice: the numbers are worth nothing."""
USAGE: Final = 2
NOT_HERE: Final = 3
"""This machine cannot do it: no C compiler, or not Linux."""
NO_HUB: Final = 4
"""The hub did not start, did not stop, or refused to register agents."""
NO_LOAD: Final = 5
"""The load generator did not compile or ended early."""

INTERRUPTED: Final = 130
"""By Ctrl-C or SIGTERM; what was started has been stopped."""


class BenchmarkError(Exception):
    """The benchmark cannot go on; the text says what to do next."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
