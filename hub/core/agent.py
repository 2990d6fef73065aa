"""An agent: its durable record, and what the hub knows of it while it lives.

Its status is derived, never set by a client's words: see `Agent.status`. What people say
about it (pause, drain, edits) is in `standing.py`.
"""

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from hub.core.violations import Window
from schemas.scalars import OLD_PROTOCOL, Executor, Presence

if TYPE_CHECKING:
    from hub.core.lanes import Share
    from hub.core.profiles import Profile

NEVER: Final = 1 << 62
"""A hub time that does not come."""


class AgentRecord(Struct, frozen=True):
    """What is stored of an agent."""

    org: str
    id: str
    name: str
    capabilities: tuple[str, ...]
    executors: tuple[Executor, ...]
    slots: int
    created_at: int
    host: str | None = None
    protocol_version: int | None = None
    last_seen_at: int | None = None
    labels: tuple[tuple[str, str], ...] = ()
    """Names with values, sorted, each name once."""
    note: str | None = None
    paused: bool = False
    """It gets no new work, and goes on with what it has."""
    pause_note: str | None = None
    paused_until: int | None = None
    """Wall time in milliseconds at which the pause ends by itself."""
    draining: bool = False
    """It gets no new work, and goes away when it is done."""
    source: str = "self"
    """Who made it known: `self` when it registered, `file` when a list of agents has it."""
    active: bool = True
    """A list of agents that has it no longer makes it inactive: it may not connect."""
    fixed: tuple[str, ...] = ()
    """Names of fields that an operator or the list set: the agent itself cannot change them."""
    version: int = 1
    """Rises with every change a person makes."""


def is_barred(record: AgentRecord) -> bool:
    """Whether people want it to get no new work."""
    return record.paused or record.draining or not record.active


class Attempt:
    """One assignment an agent holds: the terms that run while it does."""

    __slots__ = (
        "accept_by",
        "accepted",
        "assumed",
        "cancel_by",
        "doubtful",
        "generation",
        "lease_until",
        "position",
        "progress",
        "revoked",
        "share",
        "silent_ms",
        "stop_reason",
        "task_id",
        "times_out_at",
    )

    def __init__(self, task_id: str, generation: int, share: "Share") -> None:
        self.task_id = task_id
        self.generation = generation
        self.share = share
        """Where it was taken from: it counts there as running."""
        self.accepted = False
        self.accept_by = NEVER
        """Hub time by which the agent has to accept; runs from the frame's release."""
        self.lease_until = NEVER
        self.times_out_at = NEVER
        """Hub time at which the hub asks for a stop, when the sidecar has not done it."""
        self.cancel_by = NEVER
        """Hub time after which an asked-for stop counts as done, unconfirmed."""
        self.stop_reason: str | None = None
        self.position = 0
        """The journal position of the assignment."""
        self.revoked = False
        """Taken back before its frame left: the frame is never sent."""
        self.doubtful = False
        """Its agent came back and did not name it: its result may be lost (protocol 1 only)."""
        self.assumed = False
        """It counts as accepted because its agent was busy with something (protocol 1 only)."""
        self.silent_ms: int | None = None
        """How long ago it last wrote anything, as of the last ping."""
        self.progress: tuple[int | None, str | None, int] | None = None

    @property
    def earliest(self) -> int:
        """The first of its terms."""
        return min(self.accept_by, self.lease_until, self.times_out_at, self.cancel_by)

    def extend(self, gap_ms: int) -> None:
        """Every term that runs ends so much later."""
        self.accept_by = _later(self.accept_by, gap_ms)
        self.lease_until = _later(self.lease_until, gap_ms)
        self.times_out_at = _later(self.times_out_at, gap_ms)
        self.cancel_by = _later(self.cancel_by, gap_ms)


def _later(term: int, gap_ms: int) -> int:
    return term if term == NEVER else term + gap_ms


class OldTraits:
    """What is remembered of an agent of protocol 1 from session to session.

    Times are hub time in milliseconds.
    """

    __slots__ = ("greeted_at", "is_newer", "probe_at", "quiet_until", "showed_it", "superseding")

    def __init__(self) -> None:
        self.is_newer = False
        """It is of the kind that says what it works on after a cut."""
        self.showed_it = False
        """It did so in this session: the next one may be of another version."""
        self.greeted_at = 0
        self.quiet_until = 0
        """Until then it is given nothing."""
        self.probe_at = 0
        """From then on it may be asked by another task whether it still works."""
        self.superseding = Window()
        """How often its new sessions took the place of standing ones."""


class Agent:
    """One agent's live state."""

    __slots__ = (
        "barred",
        "busy",
        "capabilities",
        "clogged",
        "earliest",
        "executors",
        "foreign",
        "held",
        "is_old",
        "old_traits",
        "profile",
        "record",
        "session",
        "settling",
        "silent",
        "slots",
    )

    def __init__(self, record: AgentRecord) -> None:
        self.record = record
        self.barred = is_barred(record)
        """Paused, draining or out of use: people want it to get no new work."""
        self.is_old = record.protocol_version == OLD_PROTOCOL
        """It speaks protocol 1, and is treated by the terms of `old_terms.py`."""
        self.slots = _slots(record)
        """How many attempts it may hold at once."""
        self.settling = False
        """Its session began a moment ago, and it may still say what it works on."""
        self.old_traits: OldTraits | None = None
        """What else is remembered of it; None unless it ever spoke protocol 1."""
        self.capabilities = frozenset(record.capabilities)
        self.executors = frozenset(record.executors)
        self.profile: Profile | None = None
        """Where the matcher has it; None while it is not known there."""
        self.session = 0
        """The number of its one session; 0 while it has none."""
        self.held: dict[str, Attempt] = {}
        self.foreign: dict[str, int] = {}
        """Attempts it says it runs that the hub does not hold for it: they fill slots."""
        self.busy = False
        """It rejected a task as busy: nothing until a report or ping shows a free slot."""
        self.silent = False
        """It let an assignment go unanswered: nothing until it sends a task frame."""
        self.clogged = False
        """It does not read what it is sent."""
        self.earliest = NEVER
        """No term of its attempts ends before this hub time."""

    @property
    def free(self) -> int:
        """How many slots are free."""
        return self.slots - len(self.held) - len(self.foreign)

    @property
    def available(self) -> bool:
        """Whether it may be given work now."""
        return (
            self.session != 0
            and not (self.busy or self.silent or self.clogged or self.barred or self.settling)
            and self.slots > len(self.held) + len(self.foreign)
        )

    @property
    def status(self) -> Presence:
        """Its derived status."""
        if self.session == 0:
            return Presence.STALE if self.held else Presence.OFFLINE
        if self.record.draining:
            return Presence.DRAINING if self.held else Presence.DRAINED
        return Presence.WORKING if self.held else Presence.IDLE

    def becomes(self, record: AgentRecord) -> None:
        """It has this record from now on."""
        self.record = record
        self.barred = is_barred(record)
        self.is_old = record.protocol_version == OLD_PROTOCOL
        self.slots = _slots(record)

    def remind(self, hub_time: int) -> None:
        """A term of one of its attempts ends at this hub time."""
        self.earliest = min(self.earliest, hub_time)


def _slots(record: AgentRecord) -> int:
    """An agent of protocol 1 works on one task at a time, whatever its record says."""
    return 1 if record.protocol_version == OLD_PROTOCOL else record.slots
