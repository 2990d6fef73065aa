"""The upkeep's looks at connections. The clock is moved by hand."""

from hub.core.credentials import Principal
from hub.core.session import Close
from hub.store.memory import MemoryStore
from schemas.scalars import CloseCode, Role
from tests.core.hand_hub import SETTINGS, HandHub, Line

STEP_MS = 500
PATIENCE_MS = 2 * SETTINGS.heartbeat_ms


class Caller(Line):
    """A connection that remembers why it was closed."""

    closed: CloseCode | None = None

    def close(self, close: Close) -> None:
        """The hub ends the connection."""
        self.closed = close.code


class Hall:
    """A hub that somebody calls."""

    def __init__(self) -> None:
        self.hub = HandHub(MemoryStore(), 1_000_000, 1)

    def calls(self, *, known: bool = True) -> Caller:
        """A connection is made."""
        caller = Caller(self.hub.clock.hub(), lambda _: None)
        if known:
            anna = Principal("anna", Role.OPERATOR, "main")
            caller.session.identified(anna, self.hub.peers.next_number())
        self.hub.peers.enter(caller)
        return caller

    def waits(self, ms: int) -> None:
        """Time goes by, with its passes."""
        for _ in range(ms // STEP_MS):
            self.hub.wait(STEP_MS)

    def looks_at(self) -> list[object]:
        """Whom the next pass looks at, if it comes at once."""
        return list(self.hub.peers.due(self.hub.clock.hub()))


def test_who_never_greets_is_sent_away() -> None:
    """At the end of the time for it, and not before."""
    hall = Hall()
    caller = hall.calls(known=False)
    hall.waits(SETTINGS.identify_ms - STEP_MS)
    assert caller.closed is None
    hall.waits(STEP_MS)

    assert caller.closed is CloseCode.IDENTIFY_TIMEOUT


def test_silence_is_counted_from_the_last_frame() -> None:
    """Two heartbeats that are missed end a session."""
    hall = Hall()
    caller = hall.calls()
    hall.waits(PATIENCE_MS - STEP_MS)
    caller.session.heard_at = hall.hub.clock.hub()
    hall.waits(PATIENCE_MS - STEP_MS)
    assert caller.closed is None
    hall.waits(STEP_MS)

    assert caller.closed is CloseCode.HEARTBEAT_MISSED


def test_nobody_is_looked_at_in_vain() -> None:
    """A pass over 10,000 connections that are all well looks at few of them."""
    hall = Hall()
    callers = {hall.calls() for _ in range(3)}
    assert set(hall.looks_at()) == callers
    hall.waits(STEP_MS)

    assert hall.looks_at() == []


def test_a_clogged_connection_is_looked_at_in_each_pass() -> None:
    """It is cut when it has read nothing for too long; its silence says nothing."""
    hall = Hall()
    caller = hall.calls()
    hall.waits(STEP_MS)
    caller.clogged = True
    hall.hub.peers.look_at(caller, 0)
    hall.waits(PATIENCE_MS + STEP_MS)
    assert hall.looks_at() == [caller]
    assert caller.closed is None
    caller.stalled_ms = SETTINGS.stall_ms
    hall.waits(STEP_MS)

    assert caller.closed is CloseCode.SLOW_CONSUMER


def test_who_is_gone_leaves_nothing_behind() -> None:
    """Neither a look to come nor a place, also when somebody still speaks of it."""
    hall = Hall()
    caller = hall.calls()
    hall.waits(STEP_MS)
    hall.hub.peers.gone(caller)
    hall.hub.peers.gone(caller)
    hall.hub.peers.look_at(caller, 0)

    assert not hall.hub.peers.all
    assert hall.hub.peers.due(1 << 50) == []
