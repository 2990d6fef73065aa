"""Tasks and explanations as tables that are readable at 80 columns."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, UnsetType
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.screen import OUT, age, clean, one_line, span
from schemas.http.hub import Reason
from schemas.http.tasks import Explanation, TaskStats, TaskView
from schemas.scalars import StateName
from schemas.work import Command, Run

WIDE: Final = 100
"""From this many columns on a table of tasks also shows the agent."""

STATE_STYLES: Final = {
    StateName.SCHEDULED: "yellow",
    StateName.QUEUED: "cyan",
    StateName.ASSIGNED: "blue",
    StateName.RUNNING: "bold blue",
    StateName.COMPLETED: "green",
    StateName.DEAD_LETTER: "bold red",
    StateName.CANCELLED: "magenta",
}


def state_text(state: StateName) -> Text:
    """A state in its colour."""
    return Text(state.value, style=STATE_STYLES[state])


def tasks_table(tasks: Sequence[TaskView]) -> Table:
    """One line a task, newest first."""
    wide = OUT.width >= WIDE
    table = plain("ID", "STATE", "TRY", "AGE", *(["AGENT"] if wide else []))
    table.columns[0].min_width = 31
    table.add_column("DESCRIPTION", no_wrap=True, overflow="ellipsis", ratio=1)
    for task in tasks:
        row: list[RenderableType] = [
            task.id,
            state_text(task.state),
            f"{task.attempt}/{task.max_attempts}",
            age(task.created_at),
        ]
        if wide:
            row.append(task.assigned_to or "-")
        table.add_row(*row, Text(one_line(task.description)))
    return table


def stats_page(stats: TaskStats) -> Group:
    """How the work goes on."""
    counts = plain("STATE", "TASKS")
    for state, count in stats.states.items():
        counts.add_row(state_text(StateName(state)), f"{count:,}")
    queued = ", ".join(
        f"{word} {total.count:,}{'+' if total.more else ''}"
        for word, total in stats.queued_by_priority.items()
        if total.count
    )
    ends = plain("LAST", "COMPLETED", "DEAD LETTERS", "CANCELLED", "PER SECOND")
    for each in stats.throughput:
        numbers = (each.completed, each.dead_letter, each.cancelled)
        shown = [f"{number:,}" for number in numbers]
        ends.add_row(f"{each.minutes} min", *shown, f"{each.per_second:g}")
    times = plain("LAST HOUR", "TASKS", "P50", "P90", "P99")
    for name, spread in (("waited", stats.wait_ms), ("ran", stats.run_ms)):
        parts = (spread.p50, spread.p90, spread.p99)
        shown = ["-" if part is None else span(part) for part in parts]
        times.add_row(name, f"{spread.count:,}", *shown)
    oldest = "" if stats.oldest_queued_ms is None else f", oldest {span(stats.oldest_queued_ms)}"
    line = Text(f"queued: {queued or 'none'}{oldest}")
    return Group(counts, Text(), line, Text(), ends, Text(), times)


def task_page(task: TaskView) -> Group:
    """Everything there is to know about a task."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in _facts(task):
        grid.add_row(label, value)
    return Group(grid, *_outcome(task))


def explanation_page(explanation: Explanation) -> Group:
    """Why a task does or does not run, and each agent's part in it."""
    lines: list[RenderableType] = [
        Text.assemble(explanation.task_id, " is ", state_text(explanation.state))
    ]
    lines += [Text(f"  {clean(reason.message)} ({reason.code})") for reason in explanation.reasons]
    if explanation.candidates:
        table = plain("AGENT")
        table.add_column("WHY NOT", overflow="fold", ratio=1)
        for candidate in explanation.candidates:
            table.add_row(candidate.agent_id, _why_not(candidate.reasons))
        lines += [Text(), table]
    more = explanation.candidates_total - len(explanation.candidates)
    if more > 0:
        lines.append(Text(f"and {more} more agents", style="dim"))
    return Group(*lines)


def _why_not(reasons: Sequence[Reason]) -> Text:
    if not reasons:
        return Text("could take it", style="green")
    return Text("; ".join(clean(reason.message) for reason in reasons))


def plain(*names: str) -> Table:
    """A table with these headings and no lines but the one under them."""
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, expand=True
    )
    for name in names:
        table.add_column(name, no_wrap=True)
    return table


def _facts(task: TaskView) -> list[tuple[str, RenderableType]]:
    """The labelled lines of a task's page; those without a value are left out."""
    facts: list[tuple[str, RenderableType | None]] = [
        ("task", task.id),
        ("state", _state_line(task)),
        ("description", Text(clean(task.description))),
        _run_line(task.run),
        ("needs", Text(", ".join(task.needs)) if task.needs else None),
        ("pinned to", task.assign_to),
        ("priority", task.priority.value),
        ("attempt", f"{task.attempt} of {task.max_attempts}"),
        ("agent", task.assigned_to),
        ("progress", _progress(task)),
        ("lost leases", str(task.reclaims) if task.reclaims else None),
        ("rejections", str(task.rejections) if task.rejections else None),
        ("created", f"{ago(task.created_at)} by {clean(task.submitted_by)}"),
        ("took", _took(task)),
        ("error", Text(clean(task.error), style="red") if task.error else None),
        ("class", task.failure_class.value if task.failure_class else None),
    ]
    return [(label, value) for label, value in facts if value is not None]


def _run_line(run: Run | None) -> tuple[str, RenderableType | None]:
    if run is None or isinstance(run, Command):
        return "command", Text(clean(" ".join(run.argv))) if run else None
    kwargs = decoded(run.kwargs) or {}
    given = [f"{name}={msgspec.json.encode(value).decode()}" for name, value in kwargs.items()]
    return "calls", Text(clean(f"{run.target}({', '.join(given)})"))


def _state_line(task: TaskView) -> Text:
    line = state_text(task.state)
    if task.cancel_requested and task.state in (StateName.ASSIGNED, StateName.RUNNING):
        line.append(", cancel requested", style="magenta")
    if task.cancel_unconfirmed:
        line.append(", the agent did not confirm", style="yellow")
    return line


def _progress(task: TaskView) -> Text | None:
    if task.progress is None:
        return None
    percent = "" if task.progress.percent is None else f"{task.progress.percent} % "
    return Text(f"{percent}{clean(task.progress.message or '')}".strip())


def ago(at_ms: int) -> str:
    """How long ago a wall time was, in words."""
    passed = age(at_ms)
    return "just now" if passed == "now" else f"{passed} ago"


def _took(task: TaskView) -> str | None:
    if task.started_at is None:
        return None
    waited = span(task.started_at - task.created_at)
    if task.finished_at is None:
        return f"waited {waited}, began {ago(task.started_at)}"
    ran = span(task.finished_at - task.started_at)
    return f"{ran} in its last attempt, which began {waited} after submission"


def _outcome(task: TaskView) -> list[RenderableType]:
    result = decoded(task.result)
    if result is None:
        return []
    if not isinstance(result, dict) or "exit_code" not in result:
        shown = msgspec.json.format(msgspec.json.encode(result), indent=2).decode()
        return [Text("result", style="dim"), Text(clean(shown))]
    parts: list[RenderableType] = []
    for stream in ("stdout", "stderr"):
        text = result.get(stream)
        if text:
            parts += [Text(stream, style="dim"), Text(clean(str(text)).rstrip("\n"))]
    return [Text(f"exit code {result['exit_code']}", style="dim"), *parts]


def decoded(raw: Raw | UnsetType) -> Any:
    """Opaque JSON as Python values; nothing when there is none."""
    return msgspec.json.decode(raw) if isinstance(raw, Raw) else None
