"""What a person sees of the demo: bars at a terminal, plain lines elsewhere, then the table."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Final, Self

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from hub.demo.verdict import Check, Figures
from hub.demo.watch import Watch

SHOWN_FLAWS: Final = 5
"""How many flaws of one check are spelt out."""


class Stage:
    """The demo's screen. Time is counted from when it is made."""

    def __init__(self) -> None:
        """Begin to count."""
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._began = time.monotonic()
        self._bars = Progress(
            TextColumn("  {task.description:<12}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._bar_ids: dict[str, TaskID] = {}
        self._told = 0
        self.first_result_s: float | None = None

    def __enter__(self) -> Self:
        """Show the bars."""
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away."""
        self._bars.stop()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def tell(self, text: str) -> None:
        """One line about something that happened."""
        line = Text.assemble((f"{self.elapsed_s:5.1f} s  ", "dim"), text)
        self._bars.console.print(line, soft_wrap=True)

    def show(self, watch: Watch) -> None:
        """How many tasks of each kind have ended."""
        total = Counter(job.kind for job in watch.jobs.values())
        done = Counter(watch.jobs[task.id].kind for task in watch.ended if task.id in watch.jobs)
        if self.first_result_s is None and watch.ended:
            self.first_result_s = self.elapsed_s
            self.tell("first result")
        for kind, count in total.items():
            if kind not in self._bar_ids:
                self._bar_ids[kind] = self._bars.add_task(kind, total=count)
            self._bars.update(self._bar_ids[kind], completed=done[kind])
        if not self._console.is_terminal:
            self._tell_quarters(len(watch.ended), len(watch.jobs))

    def conclude(self, checks: Sequence[Check], figures: Figures) -> None:
        """The verdict as a table, what is wrong in words, and the figures."""
        self._console.print()
        self._console.print(_table(checks))
        for check in checks:
            for flaw in check.wrong[:SHOWN_FLAWS]:
                self._console.print(Text(f"  {check.name}: {flaw}", style="red"), soft_wrap=True)
        self._console.print()
        first = self.first_result_s or 0.0
        self._console.print(
            f"{figures.tasks} tasks in {figures.total_s:.1f} s ({figures.per_s:.1f} per second)."
            f" First result {first:.1f} s after the start."
        )
        self._console.print(
            f"From submission to result: p50 {figures.p50_s:.2f} s, p95 {figures.p95_s:.2f} s."
        )
        self._console.print(_conclusion(checks))

    def _tell_quarters(self, done: int, total: int) -> None:
        quarter = 4 * done // total
        if quarter > self._told:
            self._told = quarter
            self.tell(f"{done} of {total} tasks have ended")


def _table(checks: Sequence[Check]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("CHECK", no_wrap=True)
    table.add_column("TASKS", justify="right")
    table.add_column("MUST BE")
    table.add_column("", no_wrap=True)
    for check in checks:
        mark = Text("wrong", style="bold red") if check.wrong else Text("holds", style="green")
        table.add_row(check.name, str(check.tasks or ""), check.wanted, mark)
    return table


def _conclusion(checks: Sequence[Check]) -> Text:
    broken = sum(1 for check in checks if check.wrong)
    if broken:
        return Text(f"{broken} of {len(checks)} checks do not hold.", style="bold red")
    return Text(f"All {len(checks)} checks hold.", style="bold green")
