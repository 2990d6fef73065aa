"""How a sidecar ends: the exit codes of the program and the sentence that goes with them."""

from enum import IntEnum

from msgspec import Struct


class Exit(IntEnum):
    """Exit codes of the sidecar."""

    DONE = 0
    """Asked to stop; everything that ran has ended."""
    FAILED = 1
    """Something broke inside; the log says what."""
    CONFIG = 2
    """The configuration cannot be used."""
    CREDENTIAL = 3
    """The hub does not take the token."""
    SUPERSEDED = 4
    """Another sidecar connected as the same agent."""
    REFUSED = 5
    """The hub does not want this agent or this version."""


class Leave(Struct, frozen=True):
    """Why the sidecar ends."""

    exit: Exit
    message: str
