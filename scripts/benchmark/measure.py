"""One repetition of a load on a hub: a fresh hub, its agents, and what its database says after."""

import os
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct, structs

from schemas.scalars import TaskState
from scripts.benchmark import backlog, crowd, fleet, generator
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.beside import Onlookers
from scripts.benchmark.figures import Load, Memory, Settings, spread
from scripts.benchmark.ledger import Ledger
from scripts.benchmark.listing import READERS, Lister, filters
from scripts.benchmark.results import LoadRun
from scripts.benchmark.subject import Hub, rows_of
from scripts.benchmark.watcher import Watcher

Peers = list[tuple[str, str]]
"""Id and token of every agent, and then of the submitter."""


class Before(Struct, frozen=True):
    """What there was before the measured hub started."""

    known: fleet.Known | None = None
    """Agents that are registered already."""
    completed: int = 0
    """Tasks."""
    empty_mib: float = 0.0
    """Memory of a hub that knows no agent."""


def repetition(bench: Bench, settings: Settings, say: Say) -> LoadRun:
    """Measure once; raises BenchmarkError when there is nothing to measure."""
    crowd.check_room(settings.agents)
    with bench.place() as folder:
        return _measured(bench, settings, folder, say)


def _measured(bench: Bench, settings: Settings, folder: Path, say: Say) -> LoadRun:
    before = _prepared(bench, settings, folder, say)
    say("starting a hub")
    with bench.hub(folder) as hub:
        started_mib = hub.memory_mib()
        peers = _peers(hub, settings, before.known, say)
        say("connecting")
        watcher = Watcher(hub, settings, bench.profile, say)
        found = _loaded(bench, hub, peers, settings, watcher, folder)
        watcher.close()
        say("stopping the hub and counting its rows")
    database = folder / "data" / "hub.db"
    state = TaskState.QUEUED if settings.connections else TaskState.COMPLETED
    rows = rows_of(database, state) - before.completed
    run = structs.replace(
        found, completed_rows=rows, database_mib=os.path.getsize(database) / 2**20
    )
    if before.known and watcher.joined_mib is not None:
        cost = _cost(settings.agents, before.empty_mib, started_mib, watcher.joined_mib)
        run = structs.replace(run, memory=cost)
    return run


def _peers(hub: Hub, settings: Settings, known: fleet.Known | None, say: Say) -> Peers:
    if known:
        return [*known.agents, known.operator]
    return [*registered(hub, settings.agents, "bench-agent", say), hub.operator()]


def _prepared(bench: Bench, settings: Settings, folder: Path, say: Say) -> Before:
    if settings.stored:
        return Before(completed=backlog.fill(folder / "data", settings.stored, say))
    if settings.weighed:
        known = fleet.settle(bench, folder, settings.agents, say)
        with bench.place() as other, bench.hub(other) as hub:
            return Before(known=known, empty_mib=hub.memory_mib())
    return Before()


def registered(hub: Hub, count: int, stem: str, say: Say) -> Peers:
    """So many fresh agents, named by this stem. Raises BenchmarkError."""
    names = [f"{stem}-{number}" for number in range(count)]
    agents = []
    for name, token in zip(names, hub.register(names), strict=True):
        agents.append((name, token))
        if len(agents) % 10 == 0:
            say(f"registering agents: {len(agents)} of {count}")
    return agents


def _loaded(
    bench: Bench, hub: Hub, peers: Peers, settings: Settings, watcher: Watcher, folder: Path
) -> LoadRun:
    """The load of these settings, and whoever reads beside it."""
    cores = bench.load_cores
    if settings.connections:
        token = peers[-1][1]
        load = generator.run_http(folder, hub.port, token, settings, watcher.tick, cores)
        return _reckoned(*load, watcher)
    if settings.old:
        load = generator.run_fleets(folder, hub.port, peers, settings, watcher.tick, cores)
        return _reckoned(*load, watcher)
    with ExitStack() as stack:
        lister = stack.enter_context(_lister(hub, settings)) if settings.stored else None
        onlookers = stack.enter_context(Onlookers(hub)) if settings.watched else None

        def tick(word: str, numbers: list[int]) -> None:
            for each in (watcher, lister, onlookers):
                if each:
                    each.tick(word, numbers)

        load = generator.run(bench.program, hub.port, peers, settings, tick, cores)
    run = _reckoned(*load, watcher)
    if lister:
        return structs.replace(run, listings=lister.listings())
    return _watched(run, onlookers) if onlookers else run


def _lister(hub: Hub, settings: Settings) -> Lister:
    wanted = filters(settings.stored)
    return Lister(hub.port, hub.viewers(READERS), wanted, settings.pages, settings.stored)


def _watched(run: LoadRun, onlookers: Onlookers) -> LoadRun:
    return structs.replace(
        run,
        listings=onlookers.listings(),
        stream=onlookers.stream(),
        readers_cores=onlookers.cores(),
    )


def _reckoned(load: Load, ledger: Ledger, watcher: Watcher) -> LoadRun:
    """What is known while the hub still runs."""
    return LoadRun(
        tasks_per_s=load.window_done / load.window_s,
        each_second=ledger.each_second(),
        result_ms=spread(ledger.result_latencies()),
        acknowledged_ms=spread(ledger.acknowledged_latencies()),
        hub_cores=watcher.hub_cores(),
        generator_cores=load.cpu_s / load.window_s,
        hub_memory_mib=watcher.memory_mib(),
        completed_rows=0,
        database_mib=0.0,
        load=load,
    )


def _cost(agents: int, empty_mib: float, registered_mib: float, connected_mib: float) -> Memory:
    each = 1024 / agents
    return Memory(
        registered_kib=(registered_mib - empty_mib) * each,
        connected_kib=(connected_mib - empty_mib) * each,
    )
