"""One frame of `corral top`, as large as the terminal: from a look to what is printed."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.agent_tables import status_text
from hub.cli.events import brief
from hub.cli.screen import age, clean, one_line, span
from hub.cli.tables import STATE_STYLES, plain
from hub.cli.top_look import Look
from schemas.events import Envelope
from schemas.http.agents import AgentView
from schemas.http.tasks import Spread, TaskStats, Total
from schemas.scalars import Presence, StateName

ORDER: Final = (
    Presence.WORKING,
    Presence.IDLE,
    Presence.DRAINING,
    Presence.DRAINED,
    Presence.STALE,
    Presence.OFFLINE,
)
"""Which agents are shown first when there is no room for all."""
ROOMY: Final = 110
"""From this many columns on ids are written out."""
SHORT: Final = 12
FEWEST: Final = 3
"""Every part gets at least so many lines, however small the terminal is."""


def frame(look: Look, width: int, height: int, *, remark: str = "") -> Group:
    """The whole picture; `remark` stands in its first line, such as that it is paused."""
    head: list[RenderableType] = [
        _title(look, remark),
        Text(),
        _states(look.tasks),
        Text(),
        *_figures(look, width),
        Text(),
    ]
    used = 9 + len(_figures(look, width))
    room = max(2 * FEWEST, height - used)
    events = max(FEWEST, room - len(look.agents)) if look.agents else room
    agents = max(FEWEST, room - min(events, max(FEWEST, room // 2)))
    shown = min(len(look.agents), agents)
    lines = max(FEWEST, room - max(shown, 1))
    return Group(*head, _agents(look, shown, width), Text(), *_events(look, lines, width))


def _title(look: Look, remark: str) -> RenderableType:
    title = Table.grid(expand=True)
    title.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    title.add_column(justify="right", no_wrap=True)
    up = span(look.at - look.tasks.since)
    at = time.strftime("%H:%M:%S", time.localtime(look.at / 1000))
    left = Text.assemble(("corral top", "bold"), f"  {look.url}  ", (f"up {up}", "dim"))
    title.add_row(left, Text.assemble((f"{remark}  " if remark else "", "bold yellow"), at))
    return title


def _states(stats: TaskStats) -> Table:
    """How many tasks are in each state, in colour where there are some."""
    table = Table.grid(padding=(0, 2))
    for _ in StateName:
        table.add_column(justify="right", no_wrap=True)
    table.add_row(*[Text(state.value.replace("_", " "), style="dim") for state in StateName])
    counts = [stats.states.get(state.value, 0) for state in StateName]
    table.add_row(
        *[
            Text(f"{count:,}", style=STATE_STYLES[state] if count else "dim")
            for state, count in zip(StateName, counts, strict=True)
        ]
    )
    return table


def _figures(look: Look, width: int) -> list[Text]:
    stats = look.tasks
    lines = [_labelled("queue", _queue(stats)), _labelled("rate", _rates(look))]
    wait, ran = _spread(stats.wait_ms), _spread(stats.run_ms)
    if width >= 2 * len(wait):
        lines.append(_labelled("took", f"waiting {wait}   running {ran}"))
    lines += [_labelled("paused", _pause(look), "yellow")] if look.pauses else []
    return lines


def _labelled(label: str, text: str, style: str = "") -> Text:
    made = Text(no_wrap=True, overflow="ellipsis")
    return made.append(f"{label:<8}", style="dim").append(text, style=style)


def _queue(stats: TaskStats) -> str:
    parts = [f"{name} {_total(total)}" for name, total in stats.queued_by_priority.items()]
    oldest = stats.oldest_queued_ms
    return "  ".join([*parts, "" if oldest is None else f"oldest waits {span(oldest)}"]).rstrip()


def _total(total: Total) -> str:
    return f"{total.count:,}{'+' if total.more else ''}"


def _rates(look: Look) -> str:
    now = look.rates
    parts = [f"{now.submitted:,.1f}/s in  {now.completed:,.1f}/s done"] if now else []
    parts += [f"{each.minutes} min {each.per_second:,.1f}/s" for each in look.tasks.throughput]
    return "  ".join(parts)


def _spread(spread: Spread) -> str:
    if spread.p50 is None or spread.p99 is None:
        return "-"
    return f"{span(spread.p50)}, 99 % within {span(spread.p99)}"


def _pause(look: Look) -> str:
    names = [
        "all tasks" if each.label is None else clean(f"{each.label.key}={each.label.value}")
        for each in look.pauses
    ]
    return f"{', '.join(names)}: see `corral dispatch show`"


def _agents(look: Look, shown: int, width: int) -> RenderableType:
    if not look.agents:
        return Text("No agents yet. `corral invite` prints the line that joins one.", style="dim")
    first = sorted(look.agents, key=_rank)[:shown]
    more = look.agents_total - len(first)
    title = f"AGENT ({more:,} more)" if more else "AGENT"
    table = plain(title, "STATUS", "BUSY", "SEEN")
    table.columns[0].overflow, table.columns[0].max_width = "ellipsis", max(20, width // 3)
    table.add_column("CAPABILITIES", no_wrap=True, overflow="ellipsis", ratio=1)
    for agent in first:
        table.add_row(
            agent.id,
            status_text(agent),
            f"{len(agent.running)}/{agent.slots}",
            age(agent.last_seen_at, look.at),
            ", ".join(agent.capabilities) or "-",
        )
    return table


def _rank(agent: AgentView) -> tuple[int, int, str]:
    return ORDER.index(agent.status), -len(agent.running), agent.id


def _events(look: Look, lines: int, width: int) -> Sequence[Text]:
    newest = [_event(event, width) for event in look.events[-lines:]]
    return newest or [Text("Nothing has happened yet.", style="dim")]


def _event(event: Envelope, width: int) -> Text:
    """When, what, about what, and what it says, on one line."""
    at = time.strftime("%H:%M:%S", time.localtime(event.timestamp))
    target = one_line(event.target or "-")
    if width < ROOMY and len(target) > SHORT:
        target = "…" + target[1 - SHORT :]
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(at, style="dim").append(f"  {event.type:<19}  ").append(target, style="cyan")
    return text.append(f"  {_says(event.payload)}", style="dim")


def _says(payload: Mapping[str, Any]) -> str:
    given = {name: value for name, value in payload.items() if value is not None}
    given.pop("generation", None)
    moved = [f"{given.pop('from')} → {given.pop('to')}"] if given.keys() >= {"from", "to"} else []
    return one_line("  ".join([*moved, *(f"{name}={brief(each)}" for name, each in given.items())]))
