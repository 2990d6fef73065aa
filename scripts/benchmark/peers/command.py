"""The command line of the comparison: `scripts/bench --peers --help`."""

import argparse
import os
import shlex
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec
from rich.console import Console

from scripts.benchmark import faults, machine
from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.peers.catalogue import CONTESTANTS
from scripts.benchmark.peers.contest import Ring, contest, missing, versions
from scripts.benchmark.peers.environments import ROOT
from scripts.benchmark.peers.figures import (
    REFERENCE,
    Absent,
    Entry,
    PeerReport,
    Round,
    failed,
)
from scripts.benchmark.peers.page import render
from scripts.benchmark.raw import write_raw

NAME: Final = "benchmarks-peers"
EPILOG: Final = f"""\
The plain run writes docs/{NAME}.json and docs/{NAME}.md. A run with other settings is
another benchmark: it is only shown, unless --output says where to write it.

The peers' packages are installed into .venv-peers. Their servers are Debian packages, but for
PostgreSQL, which comes as a wheel; a peer whose server is missing is left out, and the page says
how to install it.

exit status: 0 measured; 1 measured, but a round failed or gave a wrong result; 2 wrong usage;
4 the hub did not start or stop
"""


def main(words: list[str]) -> int:
    """Measure what the words after `--peers` ask for; returns the exit status."""
    arguments = parser().parse_args(words)
    console = Console(stderr=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if arguments.render:
            write_page(arguments.output or ROOT / "docs")
            return faults.MEASURED
        report = measure(arguments, console)
    except BenchmarkError as fault:
        console.print(str(fault), style="red", markup=False)
        return fault.status
    except KeyboardInterrupt:
        console.print("interrupted; all servers are stopped", style="red")
        return faults.INTERRUPTED
    output = arguments.output or (ROOT / "docs" if is_standard(arguments) else None)
    if output:
        write_raw(output, NAME, report)
        write_page(output)
    print(msgspec.json.encode(report).decode() if arguments.json else render(report))
    flawed = any(each.flaw for entry in report.entries for each in entry.rounds)
    return faults.UNTRUE if flawed else faults.MEASURED


def parser() -> argparse.ArgumentParser:
    """The arguments that go with `--peers`."""
    made = argparse.ArgumentParser(
        prog="scripts/bench --peers",
        description="Measures Corral beside other task queues on this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--quick", action="store_true", help="one round of small batches, only to look")
    add("--only", default=",".join(CONTESTANTS), help="which ones (default: %(default)s)")
    add("--rounds", type=int, help="rounds, in each of which every one has its turn (default: 3)")
    add("--json", action="store_true", help="print the raw numbers instead of the page")
    add("--output", type=Path, metavar="DIR", help=f"where to write {NAME}.json and .md")
    add("--render", action="store_true", help=f"only write {NAME}.md anew from its JSON")
    add("--directory", type=Path, help="where servers keep their data: the disk that is measured")
    add("--hub", metavar="COMMAND", help="what starts the hub (default: corral up)")
    return made


def is_standard(arguments: argparse.Namespace) -> bool:
    """Whether this is the comparison of the page: everybody, nothing changed but the rounds."""
    return set(chosen(arguments)) == set(CONTESTANTS) and not (arguments.quick or arguments.hub)


def chosen(arguments: argparse.Namespace) -> list[str]:
    """The names after `--only`, in the order of the page; raises BenchmarkError for a wrong one."""
    names = {name.strip() for name in arguments.only.split(",")}
    if strange := names - CONTESTANTS.keys():
        known = ", ".join(CONTESTANTS)
        raise BenchmarkError(faults.USAGE, f"no contestant {strange.pop()!r}; there are: {known}")
    return [name for name in CONTESTANTS if name in names | {REFERENCE}]


def measure(arguments: argparse.Namespace, console: Console) -> PeerReport:
    """All rounds of all that were chosen and can run here."""
    names = chosen(arguments)
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    absent = []
    for name in names:
        if reason := missing(CONTESTANTS[name]):
            absent.append(Absent(name, reason))
            console.print(f"{name} is left out: {reason}", style="yellow", markup=False)
    present = [name for name in names if name not in {each.name for each in absent}]
    commit, changed = machine.commit(ROOT)
    with tempfile.TemporaryDirectory(prefix="corral-peers-", dir=arguments.directory) as made:
        surroundings = machine.describe(Path(made))
        ring = _ring(arguments, Path(made))
        named = {name: versions(CONTESTANTS[name]) for name in present}
        found = _rounds(ring, present, rounds, console)
    return PeerReport(
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=commit,
        changed=changed,
        quick=arguments.quick,
        machine=surroundings,
        entries=[Entry(name, named[name], found[name]) for name in present],
        absent=absent,
    )


def _ring(arguments: argparse.Namespace, folder: Path) -> Ring:
    """Where and how all are measured; pins this process beside the servers."""
    cores = machine.two_cores()
    if cores:
        os.sched_setaffinity(0, cores[0])
    server_cores, worker_cores = cores or (None, None)
    hub = [str(Path(sys.executable).with_name("corral")), "up"]
    command = shlex.split(arguments.hub) if arguments.hub else hub
    return Ring(folder, command, server_cores, worker_cores, arguments.quick)


def _rounds(ring: Ring, names: list[str], rounds: int, console: Console) -> dict[str, list[Round]]:
    """Everybody's turn in every round, with a line for each on the console."""
    found: dict[str, list[Round]] = {name: [] for name in names}
    for number in range(1, rounds + 1):
        for name in names:
            with console.status(f"{name} {number}/{rounds}"):
                turn = _turn(ring, name)
            found[name].append(turn)
            console.print(f"{name} {number}/{rounds}: {_line(turn)}", highlight=False, markup=False)
    return found


def _turn(ring: Ring, name: str) -> Round:
    try:
        return contest(ring, CONTESTANTS[name])
    except BenchmarkError as fault:
        return failed(str(fault))


def _line(turn: Round) -> str:
    if turn.flaw:
        return f"not to be trusted: {turn.flaw}"
    return (
        f"{turn.tasks_per_s:,.0f} tasks/s of {turn.tasks:,}, submitted at "
        f"{turn.submits_per_s:,.0f}/s, p50 {turn.p50_ms:.2f} ms, p99 {turn.p99_ms:.2f} ms; cores: "
        f"server {turn.server_cores:.2f}, client {turn.client_cores:.2f}, "
        f"worker {turn.worker_cores:.2f}"
    )


def write_page(folder: Path) -> None:
    """Make `benchmarks-peers.md` in `folder` from its JSON alone."""
    report = msgspec.json.decode((folder / f"{NAME}.json").read_bytes(), type=PeerReport)
    (folder / f"{NAME}.md").write_text(render(report))


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that every server is stopped on the way out."""
    del number, frame
    raise KeyboardInterrupt
