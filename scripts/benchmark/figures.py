"""What is measured, as data, and the arithmetic on it. Nothing here touches the machine."""

import statistics
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

LIGHT_LOAD: Final = 0.9
"""Above this share of a core the generator itself may be the limit."""


class Settings(Struct, frozen=True):
    """What one row of the benchmark asks for."""

    agents: int = 0
    slots: int = 0
    in_flight: int = 0
    """Tasks kept between submission and result; counts only while `rate` is 0."""
    rate: int = 0
    """Tasks offered a second, whatever the answers; 0 means as many as are answered."""
    seconds: float = 0.0
    warmup_seconds: float = 0.0
    connections: int = 0
    """Connections that post over HTTP, one request at a time each; 0 means the socket."""
    batch: int = 1
    """Tasks in one request over HTTP."""
    keys: bool = False
    """Each request over HTTP has an idempotency key of its own."""
    total: int = 0
    """The load over HTTP ends when so many tasks were posted; 0 means after its window."""
    urgent: bool = False
    """Tasks over the socket have the highest priority."""
    watched: bool = False
    """Two readers of pages and one of events are there beside the load."""
    weighed: bool = False
    """The hub knows its agents before it starts, and their memory is measured."""
    stored: int = 0
    """Mixed tasks in the database beforehand; above 0, pages of them are read meanwhile."""
    pages: int = 0
    """Pages of tasks read a second, one at a time."""
    old: bool = False
    """Half of the agents come back with protocol 1, after a window of the same length without."""
    queued: int = 0
    """Tasks that nobody can do, put into the queue through the API."""
    crowd: int = 0
    """Agents that connect for the second half of the rounds."""
    rounds: int = 0
    """How often windows of the hubs that are compared follow each other; or starts of a hub."""


class SlotRates(Struct, frozen=True):
    """Tasks a second and slot, of agents that take their time."""

    alone: float
    """While all of them were new."""
    new: float
    """Of the new half, beside old ones."""
    old: float


class Load(Struct, frozen=True):
    """What the load generator says about one run."""

    window_s: float
    cpu_s: float
    late_ms: float
    """How late it ever was with a task that was due."""
    submitted: int
    acknowledged: int
    done: int
    window_done: int
    assigned: int
    task_acks: int
    faults: dict[str, int]
    refusals: list[dict[str, Any]] = []
    """The first `error` frames of the hub, as they came."""
    slot_rates: SlotRates | None = None
    processes: int = 1
    """How many programs it was split over."""


class Spread(Struct, frozen=True):
    """Percentiles of one kind of latency, in ms."""

    p50: float
    p90: float
    p99: float
    highest: float


class Stream(Struct, frozen=True):
    """What one reader of events took while the load ran."""

    events: int
    """All that came."""
    missing: int
    """Numbers between the first and the last that did not come."""
    behind: int
    """How many events were newer than the last one that came, at the window's end."""
    ended: bool
    """The hub ended it, because it was too slow or for another reason."""


class Memory(Struct, frozen=True):
    """What connected agents cost the hub, in KiB of memory each."""

    registered_kib: float
    """A hub that knows them, against one that knows none."""
    connected_kib: float
    """The same with all of them connected, against a hub that knows none."""


class Listing(Struct, frozen=True):
    """The pages that were read by one filter."""

    name: str
    is_combined: bool
    """It has more than one condition."""
    pages: int
    tasks: int
    """On all its pages together."""
    refused: int
    """Requests that were answered by no page."""
    ms: Spread
    """From the request to the last byte of the page."""


class Machine(Struct, frozen=True):
    """Where it was measured."""

    cores: int
    processor: str
    kernel: str
    python: str
    sqlite: str
    pinned: bool
    """The hub had one core and the load another."""
    load_before: float
    """Processes that wanted a core in the minute before."""
    filesystem: str
    """What holds the databases; on tmpfs nothing is durable and the numbers mean little."""
    sync_p50_ms: float
    sync_p99_ms: float


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all reach (nearest rank); 0.0 of none."""
    if not ordered:
        return 0.0
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def spread(values_ns: Sequence[int]) -> Spread:
    """Percentiles in ms of latencies in ns, in any order."""
    ordered = [value / 1e6 for value in sorted(values_ns)]
    return Spread(
        p50=percentile(ordered, 50),
        p90=percentile(ordered, 90),
        p99=percentile(ordered, 99),
        highest=ordered[-1] if ordered else 0.0,
    )


class Summary(Struct, frozen=True):
    """One number over all repetitions."""

    median: float
    lowest: float
    highest: float


def summary(values: Sequence[float]) -> Summary:
    """Median, smallest and largest of at least one value."""
    return Summary(statistics.median(values), min(values), max(values))
