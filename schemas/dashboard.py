"""What the dashboard's socket says: a picture of the fleet, kept up to date.

The page first asks for a snapshot over HTTP, then follows the batches of the socket. A batch
has the number after the one before it; a page that misses one asks for a new snapshot. The
same bytes go to every page of an org.
"""

from typing import Annotated, Any, Final

from msgspec import Meta, Struct

from schemas.http.metrics import Number, SeriesName
from schemas.scalars import AgentId, CloseCode, Count, StateName, TaskId, WallTime

BATCH_MS: Final = 50
"""A batch gathers what happened in so long."""
BEAT_MS: Final = 10_000
"""Something is said at least this often, each way."""
HIDDEN_MS: Final = 1_000
"""A hidden page hears of numbers only, and this seldom."""
MOST_TASKS: Final = 500
"""So many changed tasks are named in a batch; when there are more, it says so."""
MOST_EVENTS: Final = 100
PATH: Final = "/ws/dashboard"
"""Where the hub has the socket."""
CLOSES: Final = {
    CloseCode.CREDENTIAL: "The session or the token is over, or there is none that opens a page: "
    "also that of an agent does not. Log in; `ended` has said why.",
    CloseCode.RATE_LIMITED: "There are too many pages, or this one says too much. Come back later.",
    CloseCode.HEARTBEAT_MISSED: "The page has said nothing for 30 s. Come back.",
    CloseCode.STOPPING: "The hub stops. Come back.",
    CloseCode.PROTOCOL: "What came is no message of a page, or no WebSocket frame. Mend the page.",
    CloseCode.NOT_TEXT: "What came is binary. Mend the page.",
    CloseCode.TOO_LARGE: "A message has more than 4 KiB. Mend the page.",
}
"""Why the hub closes the socket, and what a page does then."""

Names = dict[str, Count]


class AgentRow(Struct, frozen=True, array_like=True):
    """An agent, as far as lists and the map show it."""

    id: AgentId
    name: str
    status: str
    """A value of `Presence`."""
    slots: Count
    running: Count
    paused: bool
    draining: bool
    active: bool
    host: str | None
    seen_at: WallTime | None
    """When it was last seen; null while it is connected."""
    offer: Count
    """Which of the snapshot's `offers` it has; a delta names new ones in `offers`."""
    labels: dict[str, str]


class TaskRow(Struct, frozen=True, array_like=True):
    """A task that changed, as far as a list shows it."""

    id: TaskId
    state: StateName
    version: Count
    attempt: Count
    agent: AgentId | None
    """Which has it, or ended it."""
    percent: int | None
    at: WallTime
    """When it changed."""


class EventRow(Struct, frozen=True, array_like=True):
    """An event, short."""

    seq: Count
    type: str
    entity: str
    actor: str
    at: WallTime
    data: dict[str, Any]


class Counters(Struct, frozen=True):
    """The numbers at the top of the page."""

    tasks: Names
    """How many tasks are in each state."""
    agents: Names
    """How many agents have each status; `paused` counts them again."""
    queued: Names
    """How many tasks wait, by priority."""
    finished_per_s: float
    """Over the last ten seconds."""
    failed_per_s: float
    slots: Count
    """Slots of connected agents..."""
    busy: Count
    """...and how many of them have work."""
    oldest_queued_ms: Count | None
    loop_lag_ms: float
    dispatch_paused: bool
    readers: Count
    """How many pages follow."""


class Snapshot(Struct, frozen=True):
    """Everything a page needs to begin with."""

    epoch: str
    """Changes with every start of the hub."""
    seq: Count
    """The batch after which it was made."""
    at: WallTime
    version: str
    build: str | None
    """Which build of the page the hub serves; another one than the page's own: load it anew."""
    search: bool
    """Whether there is full-text search: a hub may run without."""
    counters: Counters
    offers: list[list[str]] = []
    """The distinct lists of capabilities; only with `scope=agents`."""
    agents: list[AgentRow] = []


class SnapshotQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of it."""

    scope: Annotated[str, Meta(pattern="^(summary|agents)$")] = "summary"


class Hello(Struct, frozen=True, tag_field="type", tag="hello"):
    """The first word of the hub."""

    epoch: str
    seq: Count
    """The last batch."""
    at: WallTime
    resumed: bool
    """The batches after the page's own follow; otherwise it needs a new snapshot."""
    beat_ms: Count


class Delta(Struct, frozen=True, tag_field="type", tag="delta", omit_defaults=True):
    """What changed since the batch before."""

    seq: Count
    """0: only numbers, for a hidden page; it is no batch, and nothing is missed by it."""
    at: WallTime
    counters: Counters | None = None
    offers: dict[str, list[str]] = {}
    """New lists of capabilities, by their number."""
    agents: list[AgentRow] = []
    gone: list[AgentId] = []
    """Agents that were deleted."""
    tasks: list[TaskRow] = []
    events: list[EventRow] = []
    more: bool = False
    """More tasks or events than are named here: what is shown of them has to be asked for."""


class Step(Struct, frozen=True, tag_field="type", tag="step"):
    """A step of the series of `GET /api/v1/metrics` is over: the next value of each.

    It is no batch, and is not told again: a page that misses one asks for the series anew. A
    hidden page hears of none.
    """

    at: WallTime
    """The end of the step."""
    values: dict[SeriesName, Number]
    """What is not named was not known."""


class Reset(Struct, frozen=True, tag_field="type", tag="reset"):
    """The page was too slow: it needs a new snapshot; batches go on after this number."""

    seq: Count
    reason: str


class Beat(Struct, frozen=True, tag_field="type", tag="beat"):
    """Nothing happened, and the hub is well; or the page is.

    A page answers each beat of the hub with one of its own: a timer of a hidden page may come
    too seldom, and a page that is silent for 30 s is closed.
    """

    at: WallTime
    seq: Count = 0
    """The last batch that the hub sent to this page."""


class Ended(Struct, frozen=True, tag_field="type", tag="ended"):
    """The session is over, and the socket closes."""

    reason: str


class Pace(Struct, frozen=True, tag_field="type", tag="pace"):
    """The page is hidden, or is seen again."""

    hidden: bool


ToPage = Hello | Delta | Step | Reset | Beat | Ended
"""What the hub says to a page."""
FromPage = Beat | Pace
"""What a page says to the hub."""
