"""Agents and pauses of dispatch as tables that are readable at 80 columns."""

from collections.abc import Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hub.cli.screen import age, clean, moment
from hub.cli.tables import ago, plain
from schemas.http.agents import AgentView
from schemas.http.dispatch import DispatchPause
from schemas.scalars import Presence

STATUS_STYLES: Final = {
    Presence.IDLE: "green",
    Presence.WORKING: "bold blue",
    Presence.STALE: "yellow",
    Presence.DRAINING: "yellow",
}


def agents_table(agents: Sequence[AgentView]) -> Table:
    """One line an agent."""
    table = plain("ID", "STATUS", "BUSY", "SEEN")
    table.add_column("CAPABILITIES", overflow="fold", ratio=1)
    for agent in agents:
        table.add_row(
            agent.id,
            status_text(agent),
            f"{len(agent.running)}/{agent.slots}",
            age(agent.last_seen_at),
            Text(", ".join(agent.capabilities) or "-"),
        )
    return table


def status_text(agent: AgentView) -> Text:
    """A status in its colour, and what people said about the agent."""
    text = Text(agent.status.value, style=STATUS_STYLES.get(agent.status, "dim"))
    if agent.paused:
        text.append(", paused", style="yellow")
    if not agent.active:
        text.append(", out of use", style="magenta")
    return text


def agent_page(agent: AgentView) -> Table:
    """Everything there is to know about an agent."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in _facts(agent):
        if value is not None:
            grid.add_row(label, value)
    return grid


def _facts(agent: AgentView) -> list[tuple[str, RenderableType | None]]:
    seen = "never" if agent.last_seen_at is None else ago(agent.last_seen_at)
    labels = ", ".join(f"{key}={value}" for key, value in agent.labels.items())
    return [
        ("agent", agent.id),
        ("name", Text(clean(agent.name))),
        ("status", status_text(agent)),
        ("paused", _pause(agent)),
        ("note", Text(clean(agent.note)) if agent.note else None),
        ("labels", Text(clean(labels)) if labels else None),
        ("capabilities", Text(", ".join(agent.capabilities) or "-")),
        ("runs", Text(", ".join(kind.value for kind in agent.executors) or "-")),
        ("slots", f"{len(agent.running)} of {agent.slots} taken"),
        ("tasks", Text("\n".join(agent.running)) if agent.running else None),
        ("fixed", ", ".join(agent.fixed) if agent.fixed else None),
        ("host", Text(clean(agent.host)) if agent.host else None),
        ("protocol", None if agent.protocol_version is None else str(agent.protocol_version)),
        ("seen", seen),
        ("known", f"{ago(agent.created_at)}, from {agent.source}"),
        ("version", str(agent.version)),
    ]


def _pause(agent: AgentView) -> Text | None:
    if not agent.paused:
        return None
    until = "until it is resumed" if agent.paused_until is None else _until(agent.paused_until)
    return Text(until if agent.pause_note is None else f"{until}: {clean(agent.pause_note)}")


def _until(at_ms: int) -> str:
    return f"until {moment(at_ms)}"


def pauses_table(pauses: Sequence[DispatchPause]) -> Table:
    """One line a pause of dispatch."""
    table = plain("ID", "TASKS", "BY", "SINCE", "UNTIL")
    table.add_column("NOTE", overflow="fold", ratio=1)
    for pause in pauses:
        table.add_row(
            pause.id,
            "all" if pause.label is None else clean(f"{pause.label.key}={pause.label.value}"),
            Text(clean(pause.created_by)),
            age(pause.created_at),
            "-" if pause.until is None else moment(pause.until),
            Text(clean(pause.note or "-")),
        )
    return table
