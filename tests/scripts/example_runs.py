"""Runs of the benchmark as they might be, for tests of what is made of them."""

from msgspec.structs import replace

from scripts.benchmark.figures import (
    Listing,
    Load,
    Machine,
    Memory,
    SlotRates,
    Spread,
    Stream,
)
from scripts.benchmark.results import LoadRun, Pair, QueueRun, Report, Row, Run, StartRun
from scripts.benchmark.rows import QUEUE, START

PLACE = Machine(
    cores=2,
    processor="Some Processor",
    kernel="6.1",
    python="3.11.7",
    sqlite="3.51.3",
    pinned=True,
    load_before=0.1,
    filesystem="ext4",
    sync_p50_ms=0.2,
    sync_p99_ms=0.4,
)


def run(tasks_per_s: float = 15_000, p50: float = 0.5, p99: float = 4.0) -> LoadRun:
    """A run in which nothing went wrong."""
    load = Load(
        window_s=10,
        cpu_s=4,
        late_ms=0,
        submitted=1_000,
        acknowledged=1_000,
        done=1_000,
        window_done=900,
        assigned=1_000,
        task_acks=1_000,
        faults={"lost_peers": 0},
    )
    return LoadRun(
        tasks_per_s=tasks_per_s,
        each_second=[14_000, 16_000],
        result_ms=Spread(p50, 2.0, p99, 9.0),
        acknowledged_ms=Spread(0.2, 0.5, 1.0, 2.0),
        hub_cores=0.98,
        generator_cores=0.4,
        hub_memory_mib=50,
        completed_rows=1_000,
        database_mib=1,
        load=load,
    )


def full_run() -> LoadRun:
    """A run that has every number a load may have."""
    listing = Listing("no filter", False, 10, 500, 0, Spread(1.0, 2.0, 3.0, 4.0))
    return replace(
        run(),
        listings=[listing],
        stream=Stream(events=4_000, missing=0, behind=7, ended=False),
        memory=Memory(registered_kib=2.0, connected_kib=12.5),
        load=replace(run().load, slot_rates=SlotRates(10.0, 9.8, 9.9)),
    )


def queue_run() -> QueueRun:
    """A million tasks, in whose way nothing went wrong."""
    return QueueRun(
        tasks=1_000_000,
        tasks_per_s=20_000,
        generator_cores=0.1,
        hub_cores=1.0,
        taken_mib=120.0,
        restarted_mib=130.0,
        crowded_mib=260.0,
        bytes_a_task=390.0,
        index_mib=70.0,
        cold_start_s=1.2,
        pairs=[Pair(1.0, 4.0, 1.1, 4.4, 0), Pair(1.0, 4.0, 1.2, 6.0, 10_000)],
        faults={"again": 0},
        done=500,
        queued_rows=1_000_000,
        completed_rows=500,
    )


def run_of(name: str) -> Run:
    """A good run of the kind that a row makes."""
    special: dict[str, Run] = {QUEUE.name: queue_run(), START.name: StartRun([0.4, 0.6, 0.5])}
    return special.get(name, full_run())


def report_of(*rows: Row) -> Report:
    """A report of these rows."""
    return Report("2026-01-01 00:00 UTC", "0123456789ab", False, PLACE, list(rows))
