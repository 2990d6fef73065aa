"""What is measured, as data, and the arithmetic on it. Nothing here touches the machine."""

import statistics
from array import array
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

NEVER: Final = -(2**63)
"""How the ledger says that something did not happen."""
LIGHT_LOAD: Final = 0.9
"""Above this share of a core the generator itself may be the limit."""


class Settings(Struct, frozen=True):
    """What one row of the benchmark asks for."""

    agents: int
    slots: int
    in_flight: int
    """Tasks kept between submission and result; counts only while `rate` is 0."""
    rate: int
    """Tasks offered a second, whatever the answers; 0 means as many as are answered."""
    seconds: float
    warmup_seconds: float
    connections: int = 0
    """Connections that post over HTTP, one request at a time each; 0 means the socket."""
    batch: int = 1
    """Tasks in one request over HTTP."""
    stored: int = 0
    """Mixed tasks in the database beforehand; above 0, pages of them are read meanwhile."""
    pages: int = 0
    """Pages of tasks read a second, one at a time."""
    old: bool = False
    """Half of the agents come back with protocol 1, after a window of the same length without."""


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


class Spread(Struct, frozen=True):
    """Percentiles of one kind of latency, in ms."""

    p50: float
    p90: float
    p99: float
    highest: float


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


class Run(Struct, frozen=True):
    """One repetition."""

    tasks_per_s: float
    each_second: list[int]
    """Results seen in each whole second of the window."""
    result_ms: Spread
    """From the moment a task was due to its result at the submitter."""
    acknowledged_ms: Spread
    """From the moment a task was due to the hub's word that it is durable."""
    hub_cores: float
    """CPU time of the hub and its children, user and system, by wall time."""
    generator_cores: float
    hub_resident_mib: float
    """Resident memory of the hub's processes, added up: the larger of the window's two ends."""
    completed_rows: int
    """Tasks completed in the database after the hub has ended, but for those stored before."""
    database_mib: float
    load: Load
    listings: list[Listing] = []

    @property
    def slowest_listing(self) -> Listing | None:
        """Of those with a single condition the one with the highest p99; None without any."""
        single = [each for each in self.listings if not each.is_combined]
        return max(single, key=lambda each: each.ms.p99, default=None)

    @property
    def worst_page_ms(self) -> float:
        """The p99 of the slowest listing; 0.0 when no page was read."""
        return self.slowest_listing.ms.p99 if self.slowest_listing else 0.0

    @property
    def old_share(self) -> float:
        """What a slot of an old agent does, as a share of one among new agents only; 0 if none."""
        rates = self.load.slot_rates
        return rates.old / rates.alone if rates else 0.0

    @property
    def new_share(self) -> float:
        """The same for a slot of a new agent beside old ones."""
        rates = self.load.slot_rates
        return rates.new / rates.alone if rates else 0.0

    @property
    def lower_bound(self) -> bool:
        """The generator was so busy that the hub might have done more."""
        return self.generator_cores > LIGHT_LOAD

    @property
    def flaws(self) -> list[str]:
        """Why the run must not be believed; empty when all is well."""
        found = [f"{name}: {count}" for name, count in self.load.faults.items() if count]
        if self.completed_rows != self.load.done:
            found.append(
                f"{self.load.done} results seen, {self.completed_rows} tasks completed on disk"
            )
        if self.load.acknowledged != self.load.submitted:
            found.append(f"{self.load.submitted} submitted, {self.load.acknowledged} acknowledged")
        for each in self.listings:
            if each.refused:
                found.append(f"{each.name}: {each.refused} pages refused")
            if not each.tasks:
                found.append(f"{each.name}: {each.pages} pages, no task found")
        return found


class Row(Struct, frozen=True):
    """One line of the benchmark: the same settings, several times."""

    name: str
    settings: Settings
    runs: list[Run]


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


class Report(Struct, frozen=True):
    """All that `docs/benchmarks.md` is made of."""

    measured_at: str
    commit: str
    changed: bool
    """The working tree differed from the commit."""
    machine: Machine
    rows: list[Row]


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


class Ledger:
    """The generator's record of every task: due, acknowledged, done, in ns of the window."""

    def __init__(self, raw: bytes, window_s: float) -> None:
        """Take what the generator wrote: three native int64 a task.

        Raises ValueError when a record is cut short.
        """
        times = array("q")
        times.frombytes(raw)
        if len(times) % 3:
            raise ValueError("the ledger ends within a task")
        self.window_ns = int(window_s * 1e9)
        self.tasks = list(zip(times[0::3], times[1::3], times[2::3], strict=True))

    def result_latencies(self) -> list[int]:
        """Due to done, for the tasks that were due within the window and ended."""
        return [done - due for due, _, done in self.tasks if self._within(due) and done != NEVER]

    def acknowledged_latencies(self) -> list[int]:
        """Due to acknowledged, for the tasks that were due within the window."""
        return [ack - due for due, ack, _ in self.tasks if self._within(due) and ack != NEVER]

    def each_second(self) -> list[int]:
        """How many results came in each whole second of the window."""
        counts = [0] * (self.window_ns // 1_000_000_000)
        for _, _, done in self.tasks:
            second = done // 1_000_000_000
            if 0 <= second < len(counts):
                counts[second] += 1
        return counts

    def _within(self, moment: int) -> bool:
        return 0 <= moment < self.window_ns


class Summary(Struct, frozen=True):
    """One number over all repetitions."""

    median: float
    lowest: float
    highest: float


def summary(values: Sequence[float]) -> Summary:
    """Median, smallest and largest of at least one value."""
    return Summary(statistics.median(values), min(values), max(values))
