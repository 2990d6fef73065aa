"""The command line of the benchmark: `scripts/bench --help`."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from scripts.benchmark import faults, machine
from scripts.benchmark.arguments import (
    chosen_rows,
    is_standard,
    parser,
    repetitions,
    settings_of,
)
from scripts.benchmark.bench import Bench
from scripts.benchmark.compare import compared
from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.page import render
from scripts.benchmark.peers.command import main as peers
from scripts.benchmark.plots import plots
from scripts.benchmark.raw import write_raw
from scripts.benchmark.results import Report, Row
from scripts.benchmark.rows import ROWS
from scripts.benchmark.session import ROOT, measured_run, opened


def main() -> int:
    """Measure what the arguments ask for and show or write it; returns the exit status."""
    if "--peers" in sys.argv[1:]:
        return peers([word for word in sys.argv[1:] if word != "--peers"])
    arguments = parser().parse_args()
    console = Console(stderr=True)
    try:
        return _done(arguments, console)
    except BenchmarkError as fault:
        console.print(str(fault), style="red", markup=False)
        return fault.status


def _done(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.render:
        write_page(arguments.output or ROOT / "docs")
        return faults.MEASURED
    if arguments.compare:
        text, flawed = compared(arguments, console)
        print(text)
        return faults.UNTRUE if flawed else faults.MEASURED
    report = measure(arguments, console)
    output = arguments.output or (ROOT / "docs" if is_standard(arguments) else None)
    if output:
        write_report(output, report)
    print(msgspec.json.encode(report).decode() if arguments.json else render(report))
    flawed = any(run.flaws for row in report.rows for run in row.runs)
    return faults.UNTRUE if flawed else faults.MEASURED


def measure(arguments: argparse.Namespace, console: Console) -> Report:
    """Every chosen row, repetition by repetition, with a line for each on the console."""
    names = chosen_rows(arguments)
    commit, changed = machine.commit(ROOT)
    with opened(arguments) as (bench, surroundings):
        rows = [measured_row(bench, name, arguments, console) for name in names]
    return Report(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=commit,
        changed=changed,
        machine=surroundings,
        rows=rows,
    )


def measured_row(bench: Bench, name: str, arguments: argparse.Namespace, console: Console) -> Row:
    """One row, with all its repetitions."""
    plan = ROWS[name]
    settings, repeat = settings_of(plan, arguments), repetitions(plan, arguments)
    titles = [f"{name} {number}/{repeat}" for number in range(1, repeat + 1)]
    runs = [measured_run(bench, plan, settings, title, console) for title in titles]
    return Row(name, settings, runs)


def write_report(folder: Path, report: Report) -> None:
    """Write the raw numbers, and the page that is made from them."""
    write_raw(folder, "benchmarks", report)
    write_page(folder)


def write_page(folder: Path) -> None:
    """Make `benchmarks.md` and its plots in `folder` from its `benchmarks.json` alone."""
    report = msgspec.json.decode((folder / "benchmarks.json").read_bytes(), type=Report)
    (folder / "benchmarks.md").write_text(render(report))
    for name, drawing in plots(report).items():
        (folder / name).write_text(drawing)


if __name__ == "__main__":
    sys.exit(main())
