"""One repetition: a fresh hub, its agents, the load, and what the database says afterwards."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct, structs

from scripts.benchmark import backlog, generator
from scripts.benchmark.figures import Ledger, Listing, Load, Run, Settings, spread
from scripts.benchmark.listing import READERS, Lister
from scripts.benchmark.subject import Hub, ProcessTimes, process_times, rows_of, running_hub

Say = Callable[[str], None]
"""Shows what goes on right now; each call replaces the last."""


class Bench(Struct, frozen=True):
    """What all repetitions share."""

    hub_command: list[str]
    program: Path
    """The compiled load generator."""
    folder: Path
    """Where databases are made; it decides which disk is measured."""
    cores: tuple[set[int], set[int]] | None
    """The hub's and the load's, when there are two."""
    profile: Path | None
    """Where py-spy writes a flame graph of the hub, if it is to run."""


class Watcher:
    """Looks at the hub when the measured window begins and when it ends."""

    def __init__(self, hub: Hub, settings: Settings, profile: Path | None, say: Say) -> None:
        """Find the hub's processes now, so that a look within the window costs next to nothing."""
        self.pids = hub.processes()
        self.settings = settings
        self.profile = profile
        self.say = say
        self.looks: list[tuple[float, ProcessTimes]] = []
        self.profiler: subprocess.Popen[bytes] | None = None

    def tick(self, word: str, numbers: list[int]) -> None:
        """Take one word of the load generator."""
        if word == "tick":
            second, results = numbers
            self.say(f"second {second} of {self.settings.seconds:g}: {results:,} results")
            return
        self.looks.append((time.monotonic(), process_times(self.pids)))
        if word == "begin" and self.profile:
            self.profiler = _start_profiler(self.pids[-1], self.profile, self.settings.seconds)

    def hub_cores(self) -> float:
        """The share of a core the hub used within the window."""
        (begin, before), (end, after) = self.looks[0], self.looks[-1]
        return (after.cpu_s - before.cpu_s) / max(end - begin, 1e-9)

    def close(self) -> None:
        """Wait for the profiler, if one runs, so that its file is whole."""
        if self.profiler:
            self.profiler.wait(60)


def repetition(bench: Bench, settings: Settings, say: Say) -> Run:
    """Measure once; raises BenchmarkError when there is nothing to measure."""
    folder = Path(tempfile.mkdtemp(prefix="corral-bench-", dir=bench.folder))
    try:
        return _measured(bench, settings, folder, say)
    finally:
        shutil.rmtree(folder)


def _measured(bench: Bench, settings: Settings, folder: Path, say: Say) -> Run:
    hub_cores, load_cores = bench.cores or (None, None)
    data = folder / "data"
    completed_before = backlog.fill(data, settings.stored, say) if settings.stored else 0
    say("starting a hub")
    with running_hub(bench.hub_command, folder, hub_cores) as hub:
        peers = _peers(hub, settings.agents, say)
        say("connecting")
        watcher = Watcher(hub, settings, bench.profile, say)
        listings: list[Listing] = []
        if settings.connections:
            load, ledger = generator.run_http(
                folder, hub.port, hub.admin_token(), settings, watcher.tick, load_cores
            )
        elif settings.old:
            load, ledger = generator.run_fleets(
                folder, hub.port, peers, settings, watcher.tick, load_cores
            )
        elif settings.stored:
            load, ledger, listings = _loaded_and_listed(bench, hub, peers, settings, watcher)
        else:
            load, ledger = generator.run(
                bench.program, hub.port, peers, settings, watcher.tick, load_cores
            )
        watcher.close()
        say("stopping the hub and counting its rows")
    database = data / "hub.db"
    rows = rows_of(database, ended=not settings.connections) - completed_before
    run = _reckon(load, ledger, watcher, rows, os.path.getsize(database))
    return structs.replace(run, listings=listings)


def _loaded_and_listed(
    bench: Bench, hub: Hub, peers: list[tuple[str, str]], settings: Settings, watcher: Watcher
) -> tuple[Load, Ledger, list[Listing]]:
    """The load with readers of pages beside it, in this process."""
    with Lister(hub.port, hub.viewers(READERS), settings.stored, settings.pages) as lister:

        def tick(word: str, numbers: list[int]) -> None:
            watcher.tick(word, numbers)
            lister.tick(word, numbers)

        load_cores = bench.cores[1] if bench.cores else None
        load, ledger = generator.run(bench.program, hub.port, peers, settings, tick, load_cores)
    return load, ledger, lister.listings()


def _peers(hub: Hub, count: int, say: Say) -> list[tuple[str, str]]:
    names = [f"bench-agent-{number}" for number in range(count)]
    peers = []
    for name, token in zip(names, hub.register(names), strict=True):
        peers.append((name, token))
        if len(peers) % 10 == 0:
            say(f"registering agents: {len(peers)} of {count}")
    return [*peers, ("bench-submitter", hub.admin_token())]


def _reckon(load: Load, ledger: Ledger, watcher: Watcher, rows: int, size: int) -> Run:
    return Run(
        tasks_per_s=load.window_done / load.window_s,
        each_second=ledger.each_second(),
        result_ms=spread(ledger.result_latencies()),
        acknowledged_ms=spread(ledger.acknowledged_latencies()),
        hub_cores=watcher.hub_cores(),
        generator_cores=load.cpu_s / load.window_s,
        hub_resident_mib=max(look.resident_mib for _, look in watcher.looks),
        completed_rows=rows,
        database_mib=size / 2**20,
        load=load,
    )


def _start_profiler(pid: int, path: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """py-spy on the hub itself: the last descendant, whoever started it on the way."""
    return subprocess.Popen(
        ["py-spy", "record", "-p", str(pid), "-d", str(max(1, int(seconds) - 1)), "-o", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
