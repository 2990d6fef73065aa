"""What every way to use the benchmark begins with: a folder, the generator, the cores."""

import argparse
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from scripts.benchmark import faults, generator, machine
from scripts.benchmark.bench import Bench
from scripts.benchmark.crowd import raise_open_files
from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.figures import Machine, Settings
from scripts.benchmark.results import LoadRun, QueueRun, Run, StartRun
from scripts.benchmark.rows import RowPlan

ROOT: Final = Path(__file__).resolve().parents[2]


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[tuple[Bench, Machine]]:
    """What all measurements share, for as long as they take. Raises BenchmarkError."""
    if arguments.profile and not shutil.which("py-spy"):
        raise BenchmarkError(faults.USAGE, "--profile needs py-spy on the PATH")
    raise_open_files()
    with tempfile.TemporaryDirectory(prefix="corral-bench-", dir=arguments.directory) as made:
        folder = Path(made)
        program = generator.build(folder)
        surroundings = machine.describe(folder)
        cores = machine.two_cores()
        command = hub_command(arguments)
        with _pinned(cores[1] if cores else None):
            yield Bench(command, program, folder, cores, arguments.profile), surroundings


@contextmanager
def _pinned(cores: set[int] | None) -> Iterator[None]:
    """This process keeps to these cores, so that the hub has its own."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def hub_command(arguments: argparse.Namespace) -> list[str]:
    """What starts a hub; `--data`, `--port` and `--json` are added when it is started."""
    if arguments.hub:
        return shlex.split(arguments.hub)
    return [str(Path(sys.executable).with_name("corral")), "up"]


def measured_run(
    bench: Bench, plan: RowPlan, settings: Settings, title: str, console: Console
) -> Run:
    """One repetition, with its progress and its line on the console."""
    with console.status(title) as status:
        run = plan.measure(bench, settings, lambda text: status.update(f"{title}: {text}"))
    console.print(f"{title}: {summed_up(run)}", highlight=False, soft_wrap=True)
    refusals = run.load.refusals if isinstance(run, LoadRun) else []
    for flaw in [*run.flaws, *map(str, refusals)]:
        console.print(f"  {flaw}", style="red", highlight=False, markup=False, soft_wrap=True)
    return run


def summed_up(run: Run) -> str:
    """A run in one line."""
    match run:
        case LoadRun():
            return _load_summed_up(run)
        case StartRun():
            return ", ".join(f"{seconds:.2f} s" for seconds in run.seconds)
        case QueueRun():
            return (
                f"{run.tasks:,} tasks submitted at {run.tasks_per_s:,.0f}/s, "
                f"{max(run.taken_mib, run.restarted_mib):,.0f} MiB, "
                f"{run.bytes_a_task:,.0f} B each on disk, cold start {run.cold_start_s:.2f} s; "
                + "; ".join(
                    f"{name} {value:.2f}" for name, value in run.numbers.items() if "p99" in name
                )
            )


def _load_summed_up(run: LoadRun) -> str:
    text = (
        f"{run.tasks_per_s:,.0f} tasks/s, result p50 {run.result_ms.p50:.2f} ms, "
        f"p99 {run.result_ms.p99:.2f} ms; hub {run.hub_cores:.2f} cores, "
        f"generator {run.generator_cores:.2f} cores"
    )
    if slowest := run.slowest_listing:
        text += f"; pages of 50: worst p99 {slowest.ms.p99:.2f} ms ({slowest.name})"
    if run.stream:
        text += f"; {run.stream.events:,} events read, {run.stream.behind:,} behind"
    if run.memory:
        text += f"; {run.memory.connected_kib:.1f} KiB an agent"
    return text
