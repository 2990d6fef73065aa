"""A task: its record, its states, and the one table of moves between them.

Everything that affects a transition lives in `TABLE`. A move that the table does not have is
a defect, and raises `IllegalMove`. What a move changes besides the state is in
`lifecycle.py` (the hub's own moves) and `reports.py` (what agents say).
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from hub.core.errors import IllegalMove
from hub.core.facts import Fact
from schemas.attempts import FailureClass
from schemas.scalars import STATE_NAMES, Priority, TaskState
from schemas.work import TaskSpec

S = TaskState


class Move(StrEnum):
    """Everything that can happen to a task."""

    DUE = "due"
    """Its time has come, or its backoff is over."""
    ASSIGN = "assign"
    """The scheduler pushed it to an agent."""
    ACCEPT = "accept"
    """The agent starts it: an attempt begins."""
    UNASSIGN = "unassign"
    """It comes back untried: rejected, not accepted in time, or the session was lost."""
    RESUME = "resume"
    """Its last holder turned up again, at work on it or done with it."""
    COMPLETE = "complete"
    FAIL_AGAIN = "fail_again"
    """The attempt failed; another one follows."""
    FAIL_FOR_GOOD = "fail_for_good"
    """The attempt failed, and it was the last."""
    LOSE = "lose"
    """The lease ended without a word; it goes back to the queue."""
    LOSE_FOR_GOOD = "lose_for_good"
    """Lost too often."""
    REJECT_FOR_GOOD = "reject_for_good"
    """Rejected too often."""
    EXPIRE = "expire"
    """`complete_by` passed before it was started."""
    ASK_CANCEL = "ask_cancel"
    """A cancel was asked for while an agent had it."""
    CANCEL = "cancel"
    """It ends cancelled."""
    POSTPONE = "postpone"
    """An edit moved its time into the future."""
    RETRY = "retry"
    """An operator gives it a new life."""


TABLE: Final[dict[TaskState, dict[Move, TaskState]]] = {
    S.SCHEDULED: {
        Move.DUE: S.QUEUED,
        Move.EXPIRE: S.DEAD_LETTER,
        Move.CANCEL: S.CANCELLED,
        Move.COMPLETE: S.COMPLETED,
        Move.FAIL_AGAIN: S.SCHEDULED,
        Move.FAIL_FOR_GOOD: S.DEAD_LETTER,
    },
    S.QUEUED: {
        Move.ASSIGN: S.ASSIGNED,
        Move.EXPIRE: S.DEAD_LETTER,
        Move.CANCEL: S.CANCELLED,
        Move.RESUME: S.RUNNING,
        Move.POSTPONE: S.SCHEDULED,
        Move.COMPLETE: S.COMPLETED,
        Move.FAIL_AGAIN: S.SCHEDULED,
        Move.FAIL_FOR_GOOD: S.DEAD_LETTER,
    },
    S.ASSIGNED: {
        Move.ACCEPT: S.RUNNING,
        Move.UNASSIGN: S.QUEUED,
        Move.REJECT_FOR_GOOD: S.DEAD_LETTER,
        Move.COMPLETE: S.COMPLETED,
        Move.FAIL_AGAIN: S.SCHEDULED,
        Move.FAIL_FOR_GOOD: S.DEAD_LETTER,
        Move.ASK_CANCEL: S.ASSIGNED,
        Move.CANCEL: S.CANCELLED,
    },
    S.RUNNING: {
        Move.COMPLETE: S.COMPLETED,
        Move.FAIL_AGAIN: S.SCHEDULED,
        Move.FAIL_FOR_GOOD: S.DEAD_LETTER,
        Move.LOSE: S.QUEUED,
        Move.LOSE_FOR_GOOD: S.DEAD_LETTER,
        Move.ASK_CANCEL: S.RUNNING,
        Move.CANCEL: S.CANCELLED,
    },
    S.COMPLETED: {},
    S.DEAD_LETTER: {Move.RETRY: S.QUEUED},
    S.CANCELLED: {Move.RETRY: S.QUEUED},
}

ENDED: Final = frozenset({S.COMPLETED, S.DEAD_LETTER, S.CANCELLED})
HELD: Final = frozenset({S.ASSIGNED, S.RUNNING})
"""The states in which an agent has the task."""
WAITING: Final = frozenset({S.SCHEDULED, S.QUEUED})
"""The states in which it waits for its time or for an agent."""
NAMES: Final = STATE_NAMES


class Task(Struct, frozen=True, gc=False):
    """The full record of one task. It never changes: a move makes the next one."""

    seq: int
    """The integer key, in order of submission over all orgs."""
    id: str
    org: str
    spec: TaskSpec
    priority: Priority
    requires: str
    """What an agent must offer, as the key of its lane: see `requirements.py`."""
    submitted_by: str
    created_at: int
    state: TaskState
    generation: int
    queue_key: int = 0
    """Its place in the queue, in hub time: when it became ready plus priority times aging."""
    due_at: int = 0
    """Hub time at which a backoff is over; 0 when it does not back off."""
    attempt: int = 0
    reclaims: int = 0
    """How often its lease was lost."""
    rejections: int = 0
    holder: str | None = None
    """The agent of the current generation, also after it lost the task."""
    assigned_to: str | None = None
    """The agent that has it now, or that ended it."""
    cancel_requested: bool = False
    cancel_unconfirmed: bool = False
    report: bytes | None = None
    """SHA-256 of the report accepted for the current generation."""
    result: bytes | None = None
    error: str | None = None
    failure_class: FailureClass | None = None
    tokens_used: int | None = None
    usage: bytes | None = None
    queued_at: int | None = None
    assigned_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    version: int = 1
    """Rises with every durable change a person cares about."""

    @property
    def ended(self) -> bool:
        """Whether it is in a terminal state."""
        return self.state in ENDED


class Change(Struct, frozen=True, gc=False):
    """The next record of a task, and what happened."""

    task: Task
    facts: tuple[Fact, ...]


def target(task: Task, move: Move) -> TaskState:
    """The state a move leads to.

    Raises IllegalMove when the table has no such move.
    """
    after = TABLE[task.state].get(move)
    if after is None:
        raise IllegalMove(task.id, NAMES[task.state], move)
    return after


def evolve(task: Task, move: Move, **changes: object) -> Task:
    """The next record of a task: the state the table gives, these changes, version + 1.

    Raises IllegalMove.
    """
    return structs.replace(task, state=target(task, move), version=task.version + 1, **changes)
