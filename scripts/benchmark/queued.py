"""The row about very many queued tasks: what they cost, and whether they are in the way.

Two hubs run side by side, of which only one is given a load at a time: one holds the queue,
the other is empty. Windows on both follow each other, so that what the machine does meanwhile
hits both. For the second half of the rounds a crowd of agents is connected to the full hub.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from schemas.scalars import TaskState
from scripts.benchmark import crowd, fleet, generator
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.crowd import Crowd
from scripts.benchmark.figures import Load, Settings, Spread, spread
from scripts.benchmark.measure import Peers, registered
from scripts.benchmark.results import Pair, QueueRun
from scripts.benchmark.subject import Hub, rows_of
from scripts.benchmark.watcher import Watcher

CONNECTIONS: Final = 4
BATCH: Final = 100
EMPTY: Final = "empty"
FULL: Final = "full"
INDEX: Final = "search.db*"
MIB: Final = 1024 * 1024
LONGEST_SECONDS: Final = 600.0
"""How long the tasks may take to be submitted."""


class Filled(Struct, frozen=True):
    """The queue has its tasks."""

    load: Load
    hub_cores: float
    taken_mib: float
    bytes_a_task: float


class Side(Struct, frozen=True):
    """One of the two hubs, and who puts the load on it."""

    hub: Hub
    peers: Peers


class Tally:
    """What all loads on both hubs found."""

    def __init__(self) -> None:
        """Nothing ran yet."""
        self.faults: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.pairs: list[Pair] = []

    def add(self, load: Load, side: str) -> None:
        """Take over what one load found on one side."""
        self.done[side] += load.done
        self.faults.update(load.faults)
        self.faults["not acknowledged"] += load.submitted - load.acknowledged


def queued(bench: Bench, settings: Settings, say: Say) -> QueueRun:
    """Measure once; raises BenchmarkError when there is nothing to measure."""
    crowd.check_room(settings.agents + settings.crowd)
    with bench.place() as empty, bench.place() as full:
        known = fleet.settle(bench, full, settings.crowd, say)
        filled = _filled(bench, full, known, settings, say)
        tally = Tally()
        tally.add(structs.replace(filled.load, done=0), FULL)
        say("starting a hub on the queue")
        with bench.hub(full) as hub, bench.hub(empty) as other:
            start_s, restarted_mib = hub.start_s, hub.memory_mib()
            sides = {
                EMPTY: _side(other, other.operator(), settings, say),
                FULL: _side(hub, known.operator, settings, say),
            }
            _rounds(bench, sides, 0, settings, tally, say)
            say("connecting the crowd")
            with _crowd(bench, hub, known, settings, tally):
                crowded_mib = hub.memory_mib()
                _rounds(bench, sides, settings.crowd, settings, tally, say)
            say("stopping both hubs and counting their rows")
        index_mib = _bytes_in(full / "data", INDEX) / MIB
        lost = tally.done[EMPTY] - rows_of(empty / "data" / "hub.db", TaskState.COMPLETED)
        tally.faults["rows missing in the empty hub"] += lost
        return QueueRun(
            tasks=settings.queued,
            tasks_per_s=filled.load.window_done / filled.load.window_s,
            generator_cores=filled.load.cpu_s / filled.load.window_s,
            hub_cores=filled.hub_cores,
            taken_mib=filled.taken_mib,
            restarted_mib=restarted_mib,
            crowded_mib=crowded_mib,
            bytes_a_task=filled.bytes_a_task,
            index_mib=index_mib,
            cold_start_s=start_s,
            pairs=tally.pairs,
            faults=dict(tally.faults),
            done=tally.done[FULL],
            queued_rows=rows_of(full / "data" / "hub.db", TaskState.QUEUED),
            completed_rows=rows_of(full / "data" / "hub.db", TaskState.COMPLETED),
        )


def _filled(bench: Bench, folder: Path, known: fleet.Known, settings: Settings, say: Say) -> Filled:
    """Put the tasks into the queue, in batches over HTTP, and end that hub."""
    asked = Settings(
        connections=CONNECTIONS, batch=BATCH, total=settings.queued, seconds=LONGEST_SECONDS
    )
    before = stored_in(folder / "data")
    with bench.hub(folder) as hub:
        say(f"submitting {settings.queued:,} tasks")
        watcher = Watcher(hub, asked, None, say)
        token, cores = known.operator[1], bench.load_cores
        load, _ = generator.run_http(folder, hub.port, token, asked, watcher.tick, cores)
        taken_mib = hub.memory_mib()
    grown = stored_in(folder / "data") - before
    return Filled(load, watcher.hub_cores(), taken_mib, grown / max(settings.queued, 1))


def stored_in(folder: Path) -> int:
    """Bytes of what is there but the search index, which follows behind and can be made anew."""
    return _bytes_in(folder, "*") - _bytes_in(folder, INDEX)


def _bytes_in(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def _side(hub: Hub, operator: tuple[str, str], settings: Settings, say: Say) -> Side:
    return Side(hub, [*registered(hub, settings.agents, "bench-load", say), operator])


def _rounds(
    bench: Bench,
    sides: dict[str, Side],
    present: int,
    settings: Settings,
    tally: Tally,
    say: Say,
) -> None:
    """Windows on the empty and the full hub in turn, with so many agents in the crowd.

    Every other round begins with the full hub: what changes in time must not favour one.
    """
    for number in range(1, settings.rounds + 1):
        found: dict[str, Spread] = {}
        for name, side in list(sides.items())[:: 1 if number % 2 else -1]:
            say(f"round {number} of {settings.rounds}, {present:,} further agents: {name} hub")
            found[name] = _window(bench, side, settings, tally, name)
        empty, full = found[EMPTY], found[FULL]
        tally.pairs.append(Pair(empty.p50, empty.p99, full.p50, full.p99, present))


def _window(bench: Bench, side: Side, settings: Settings, tally: Tally, name: str) -> Spread:
    load, ledger = generator.run(
        bench.program, side.hub.port, side.peers, settings, _unseen, bench.load_cores
    )
    tally.add(load, name)
    return spread(ledger.result_latencies())


def _unseen(_word: str, _numbers: list[int]) -> None:
    """Nobody looks at the hub within a window."""


@contextmanager
def _crowd(
    bench: Bench, hub: Hub, known: fleet.Known, settings: Settings, tally: Tally
) -> Iterator[None]:
    """The crowd is there; at its end its faults are counted."""
    present = Crowd(bench.program, hub.port, known.agents, settings.slots, cores=bench.load_cores)
    with present:
        yield
    for load in present.loads:
        tally.add(load, "crowd")
