"""Two commits, measured in turn, pair by pair. What counts is the ratio of each pair.

Every other pair begins with B: what being first or second does must not favour one.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final

from msgspec import Struct, structs
from rich.console import Console

from scripts.benchmark import faults
from scripts.benchmark.arguments import chosen_rows, settings_of
from scripts.benchmark.bench import Bench
from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.figures import Summary, summary
from scripts.benchmark.results import Run
from scripts.benchmark.rows import ROWS, Goal, RowPlan
from scripts.benchmark.session import ROOT, measured_run, opened
from scripts.benchmark.worktrees import worktree

USUAL: Final = ("throughput", "latency", "http-many")
"""The rows that are compared when none are named."""
ENOUGH: Final = 5
"""With fewer pairs than this they agree too often by chance."""
COMMAND: Final = [sys.executable, "-m", "hub.cli", "up"]
"""What starts the hub of a tree."""


class Compared(Struct, frozen=True):
    """One number of one row, pair by pair."""

    row: str
    goal: Goal
    pairs: list[tuple[float, float]]
    """Of A and of B."""

    @property
    def ratios(self) -> Summary:
        """B by A."""
        return summary([later / sooner if sooner else 1.0 for sooner, later in self.pairs])

    @property
    def verdict(self) -> str:
        """What the pairs show, or that they show nothing."""
        over = self.ratios
        difference = abs(over.median - 1)
        if over.lowest <= 1 <= over.highest:
            return "no difference shown: the pairs disagree about who is better"
        if len(self.pairs) < ENOUGH:
            return f"no difference shown: {len(self.pairs)} pairs are too few"
        word = "better" if (over.median > 1) == self.goal.more_is_better else "**worse**"
        if over.highest - over.lowest > difference:
            return f"B {word}, but the pairs differ by more than the {difference:.1%}"
        return f"B {word} by {difference:.1%}"


def compared(arguments: argparse.Namespace, console: Console) -> tuple[str, bool]:
    """Measure both commits; the table, and whether a run must not be believed.

    Raises BenchmarkError.
    """
    if arguments.hub:
        raise BenchmarkError(faults.USAGE, "--compare starts the hubs of two trees, not --hub")
    plans = [_comparable(name) for name in chosen_rows(arguments, USUAL)]
    with ExitStack() as stack:
        bench, _ = stack.enter_context(opened(arguments))
        sides = []
        for letter, commit in zip("AB", arguments.compare, strict=True):
            folder = bench.folder / letter
            folder.mkdir()
            found = stack.enter_context(worktree(ROOT, commit, folder / "tree"))
            if not (folder / "tree" / "hub" / "__init__.py").is_file():
                raise BenchmarkError(faults.USAGE, f"there is no hub in commit {found}")
            sides.append((f"{letter} ({found})", _side(bench, letter)))
        names = [name for name, _ in sides]
        pairs = [(plan, list(_pairs(plan, sides, arguments, console))) for plan in plans]
    flawed = any(run.flaws for _, runs in pairs for pair in runs for run in pair)
    found_all = [each for plan, runs in pairs for each in table_of(plan, runs)]
    return _page(names, found_all, arguments.rounds, flawed), flawed


def _comparable(name: str) -> RowPlan:
    if ROWS[name].settings.stored:
        text = f"row {name} fills the database with the code of this tree; leave it out"
        raise BenchmarkError(faults.USAGE, text)
    return ROWS[name]


def _side(bench: Bench, letter: str) -> Bench:
    folder = bench.folder / letter
    return structs.replace(bench, hub_command=COMMAND, folder=folder, tree=folder / "tree")


def _pairs(
    plan: RowPlan,
    sides: list[tuple[str, Bench]],
    arguments: argparse.Namespace,
    console: Console,
) -> Iterator[tuple[Run, Run]]:
    settings = settings_of(plan, arguments)
    for number in range(1, arguments.rounds + 1):
        title = f"{plan.name} {number}/{arguments.rounds}"
        step = 1 if number % 2 else -1
        found = [
            measured_run(bench, plan, settings, f"{title} {name}", console)
            for name, bench in sides[::step]
        ]
        first, second = found[::step]
        yield first, second


def table_of(plan: RowPlan, runs: Sequence[tuple[Run, Run]]) -> list[Compared]:
    """Every number of a row that has a goal."""
    return [
        Compared(
            plan.name,
            goal,
            [(a.numbers[goal.title], b.numbers[goal.title]) for a, b in runs],
        )
        for goal in plan.goals
        if all(goal.title in run.numbers for pair in runs for run in pair)
    ]


def _page(names: list[str], found: list[Compared], rounds: int, flawed: bool) -> str:
    first, second = names
    lines = [
        f"| row | what | {first} | {second} | B / A median | lowest | highest | |",
        "|---|---|---:|---:|---:|---:|---:|---|",
        *map(_line, found),
        "",
        "A and B are medians. Each ratio is that of a pair, measured one after the other. Where "
        f"nothing differs, {rounds} pairs agree by chance in 1 of {2 ** (rounds - 1):,} "
        "comparisons.",
    ]
    if flawed:
        lines.append("A run is not to be trusted: see what was said while it was measured.")
    return "\n".join(lines)


def _line(each: Compared) -> str:
    over = each.ratios
    sooner, later = (summary(values).median for values in zip(*each.pairs, strict=True))
    unit = each.goal.unit
    numbers = f"{sooner:,.2f}{unit} | {later:,.2f}{unit}"
    ratios = f"{over.median:.3f} | {over.lowest:.3f} | {over.highest:.3f}"
    return f"| {each.row} | {each.goal.title} | {numbers} | {ratios} | {each.verdict} |"
