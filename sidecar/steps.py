"""What the session asks the supervisor to do."""

from enum import Enum, auto

from msgspec import Struct

from schemas.to_agent import TaskAssign

Key = tuple[str, int]
"""One attempt: task id and generation."""


class Ending(Enum):
    """What is reported about an attempt that is being stopped."""

    CANCELLED = auto()
    """Somebody asked for it."""
    TIMEOUT = auto()
    """It ran too long."""
    SHUTDOWN = auto()
    """The sidecar goes away; the task can run again elsewhere."""
    NOTHING = auto()
    """The attempt is not ours any more."""


class Send(Struct, frozen=True):
    """Put this frame on the socket."""

    frame: bytes


class Start(Struct, frozen=True):
    """Start this task once the older attempts at it are dead; then `accept` or `reject`."""

    assign: TaskAssign
    older: tuple[Key, ...] = ()


class Stop(Struct, frozen=True):
    """Kill this attempt by the ladder."""

    key: Key
    ending: Ending
    grace_ms: int


class Settle(Struct, frozen=True):
    """The report is durable at the hub: forget it."""

    key: Key


class Keep(Struct, frozen=True):
    """The hub does not want the report: keep it as evidence only."""

    key: Key
    error: str


class Replace(Struct, frozen=True):
    """The hub cannot take the report: keep it as evidence, then `report` this one instead."""

    key: Key
    error: str
    frame: bytes


class Complain(Struct, frozen=True):
    """Write this into the log."""

    text: str


Step = Send | Start | Stop | Settle | Keep | Replace | Complain
