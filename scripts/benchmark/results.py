"""What a run of the benchmark found, as it is kept, and why it may not be believed."""

import statistics
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from scripts.benchmark.figures import (
    LIGHT_LOAD,
    Listing,
    Load,
    Machine,
    Memory,
    Settings,
    Spread,
    Stream,
)


class LoadRun(Struct, frozen=True, tag="load"):
    """One repetition of a row in which a load runs on a hub."""

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
    hub_memory_mib: float
    """Resident memory of the hub's processes, added up: the larger of the window's two ends."""
    completed_rows: int
    """Tasks completed in the database after the hub has ended, but for those stored before."""
    database_mib: float
    load: Load
    listings: list[Listing] = []
    stream: Stream | None = None
    readers_cores: float = 0.0
    """What the readers beside the load used, on the generator's core."""
    memory: Memory | None = None

    @property
    def numbers(self) -> dict[str, float]:
        """What goals are about, by its name."""
        found = {
            "tasks/s": self.tasks_per_s,
            "p50": self.result_ms.p50,
            "p99": self.result_ms.p99,
        }
        if self.listings:
            found["worst p99 of a page"] = self.worst_page_ms
        if self.memory:
            found["memory of an agent"] = self.memory.connected_kib
        if rates := self.load.slot_rates:
            found["old slot / new alone"] = rates.old / rates.alone
            found["new slot / new alone"] = rates.new / rates.alone
        return found

    def values(self, name: str) -> list[float]:
        """The number of this name, if the run has it."""
        return [self.numbers[name]] if name in self.numbers else []

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
    def lower_bound(self) -> bool:
        """The generator's core was so busy that the hub might have done more."""
        return self.generator_cores + self.readers_cores > LIGHT_LOAD

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
        found += [flaw for each in self.listings for flaw in _flaws_of_pages(each)]
        if self.stream:
            found += _flaws_of_stream(self.stream)
        return found


def _flaws_of_pages(listing: Listing) -> Iterator[str]:
    if listing.refused:
        yield f"{listing.name}: {listing.refused} pages refused"
    if not listing.tasks:
        yield f"{listing.name}: {listing.pages} pages, no task found"


def _flaws_of_stream(stream: Stream) -> Iterator[str]:
    if stream.ended:
        yield "the hub ended the stream of events"
    if stream.missing:
        yield f"{stream.missing} events are missing in their stream"


class StartRun(Struct, frozen=True, tag="start"):
    """Several starts of a hub on an empty data directory."""

    seconds: list[float]
    """From the start of the command to the first 200, start by start."""

    @property
    def numbers(self) -> dict[str, float]:
        """What goals are about, by its name."""
        return {"first 200": statistics.median(self.seconds)}

    def values(self, name: str) -> list[float]:
        """That of each start."""
        return self.seconds if name in self.numbers else []

    @property
    def lower_bound(self) -> bool:
        """There is no generator."""
        return False

    @property
    def flaws(self) -> list[str]:
        """A start either succeeds or ends the benchmark."""
        return []


class Pair(Struct, frozen=True):
    """Two windows of the same load, one after the other, on two hubs."""

    empty_p50_ms: float
    empty_p99_ms: float
    full_p50_ms: float
    full_p99_ms: float
    crowd: int
    """Agents that were connected to the full hub, besides those of the load."""

    @property
    def ratio(self) -> float:
        """How the p99 of the full hub compares with that of the empty one."""
        return self.full_p99_ms / self.empty_p99_ms if self.empty_p99_ms else 0.0


QUEUE_NUMBERS: Final = (
    "memory",
    "on disk",
    "cold start",
    "p99 / empty hub",
    "p99 with crowd / empty hub",
)


class QueueRun(Struct, frozen=True, tag="queue"):
    """One repetition of the row with very many queued tasks."""

    tasks: int
    tasks_per_s: float
    """How fast they were submitted."""
    generator_cores: float
    """While they were."""
    hub_cores: float
    taken_mib: float
    """Resident memory of the hub that took them, with all of them in its queue."""
    restarted_mib: float
    """The same of the hub that was started on them."""
    crowded_mib: float
    """The same with the crowd connected."""
    bytes_a_task: float
    """By which the data directory grew without the search index, after the hub has ended."""
    index_mib: float
    """The search index at the end of all."""
    cold_start_s: float
    """From the start of the command to the first 200 with all of them in the database."""
    pairs: list[Pair]
    faults: dict[str, int]
    """What went wrong in any of the loads."""
    done: int
    """Results seen beside the queue."""
    queued_rows: int
    completed_rows: int
    """Rows in the database at the end, of the full hub."""

    @property
    def numbers(self) -> dict[str, float]:
        """What goals are about, by its name."""
        found = {name: self.values(name) for name in QUEUE_NUMBERS}
        return {name: statistics.median(values) for name, values in found.items() if values}

    def values(self, name: str) -> list[float]:
        """The number of this name; of ratios that of each pair."""
        match name:
            case "memory":
                return [max(self.taken_mib, self.restarted_mib)]
            case "on disk":
                return [self.bytes_a_task]
            case "cold start":
                return [self.cold_start_s]
            case "p99 / empty hub":
                return [pair.ratio for pair in self.pairs if not pair.crowd]
            case "p99 with crowd / empty hub":
                return [pair.ratio for pair in self.pairs if pair.crowd]
            case _:
                return []

    @property
    def lower_bound(self) -> bool:
        """What is judged here is no rate."""
        return False

    @property
    def flaws(self) -> list[str]:
        """Why the run must not be believed; empty when all is well."""
        found = [f"{name}: {count}" for name, count in self.faults.items() if count]
        if self.queued_rows != self.tasks:
            found.append(f"{self.tasks} tasks submitted, {self.queued_rows} queued on disk")
        if self.completed_rows != self.done:
            found.append(f"{self.done} results seen, {self.completed_rows} tasks completed on disk")
        return found


Run = LoadRun | StartRun | QueueRun


class Row(Struct, frozen=True):
    """One line of the benchmark: the same settings, several times."""

    name: str
    settings: Settings
    runs: list[Run]


class Report(Struct, frozen=True):
    """All that `docs/benchmarks.md` is made of."""

    measured_at: str
    commit: str
    changed: bool
    """The working tree differed from the commit."""
    machine: Machine
    rows: list[Row]
