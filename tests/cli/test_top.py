"""`corral top`: what one look asks for, and how a frame fits its terminal."""

import io
import json
from typing import Any

import msgspec
import pytest
from rich.console import Console

from hub.cli.client import Client
from hub.cli.locate import Address
from hub.cli.top_frame import frame
from hub.cli.top_look import Look, Watch
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble
from tests.cli.test_agents import AGENT, PAUSE

STATES = ("scheduled", "queued", "assigned", "running", "completed", "dead_letter", "cancelled")
SPREAD = {"count": 9, "p50": 12, "p90": 40, "p99": 900}
STATS: dict[str, Any] = {
    "states": dict.fromkeys(STATES, 0) | {"queued": 1_000_000, "completed": 12_345_678},
    "queued_by_priority": {
        "urgent": {"count": 1},
        "high": {"count": 20},
        "normal": {"count": 10_000, "more": True},
        "low": {"count": 0},
    },
    "oldest_queued_ms": 61_000,
    "throughput": [
        {"minutes": n, "completed": 5, "dead_letter": 0, "cancelled": 0, "per_second": 1234.5}
        for n in (1, 5, 15)
    ],
    "wait_ms": SPREAD,
    "run_ms": SPREAD,
    "since": 1_750_000_000_000,
}
EVENT = {
    "id": "e1",
    "seq": 7,
    "type": "task.status.changed",
    "source": "hub",
    "target": "task-01j9zzzzzzzzzzzzzzzzzzzzzz",
    "timestamp": 1_750_000_001.5,
    "payload": {"from": "assigned", "to": "running\x1b[2J", "generation": 16_777_217},
    "meta": {
        "org": "main",
        "actor_id": "birch",
        "actor_type": "agent",
        "correlation_id": None,
        "causation_id": None,
        "schema_version": 1,
    },
}
SIZES = [(80, 24), (200, 50), (60, 10)]


def a_look(agents: int = 3, events: int = 60) -> Look:
    """A look at a busy hub."""
    look = {
        "url": "http://127.0.0.1:8420",
        "at": 1_750_000_060_000,
        "tasks": STATS,
        "rates": {"submitted": 120.5, "completed": 118.0},
        "agents": [AGENT | {"id": f"birch-{n}"} for n in range(agents)],
        "agents_total": agents,
        "pauses": [PAUSE],
        "events": [EVENT] * events,
    }
    return msgspec.convert(look, type=Look)


def drawn(look: Look, width: int, height: int, **options: str) -> list[str]:
    """The lines of a frame as they reach the terminal."""
    file = io.StringIO()
    console = Console(file=file, width=width, height=height, markup=False)
    console.print(frame(look, width, height, **options))
    return file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("agents", [0, 1, 3, 200])
@pytest.mark.parametrize("events", [0, 5, 60])
def test_a_frame_fits_its_terminal(width: int, height: int, agents: int, events: int) -> None:
    """Nothing is wrapped, and nothing is below the end unless the terminal is tiny."""
    lines = drawn(a_look(agents, events), width, height)
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(height, 20)


def test_a_frame_says_what_there_is() -> None:
    """Counts, queues, rates, agents, and the newest events; foreign text is cleaned."""
    text = "\n".join(drawn(a_look(), 110, 24, remark="held: p goes on"))
    for part in (
        "1,000,000",
        "normal 10,000+",
        "oldest waits 61 s",
        "120.5/s in",
        "env=prod",
        "birch-0",
        "idle, paused",
        "assigned → running·[2J",
        "held: p goes on",
    ):
        assert part in text
    assert "\x1b[2J" not in text


def test_narrow_terminals_get_short_ids() -> None:
    """What happened matters more than the whole id."""
    narrow, wide = (drawn(a_look(), width, 24)[-1] for width in (80, 200))
    assert "…zzzzzzzzzzz " in narrow
    assert str(EVENT["target"]) in wide


def test_agents_that_do_not_fit_are_counted() -> None:
    """A picture that shows a part says so."""
    assert any("more)" in line for line in drawn(a_look(agents=200), 80, 24))


def test_without_a_terminal_one_frame_is_printed(hub: HubDouble, corral: Corral) -> None:
    """So a pipe and a script end."""
    prepared(hub)
    ended = corral("top")
    assert ended.exit_code == 0
    assert "12,345,678" in ended.out
    assert "task.status.changed" in ended.out


def test_one_look_is_one_document(hub: HubDouble, corral: Corral) -> None:
    """With the fields of the HTTP API inside."""
    prepared(hub)
    found = json.loads(corral("top", "--json").out)
    assert found["tasks"]["states"]["queued"] == 1_000_000
    assert found["rates"] is None
    assert [event["seq"] for event in found["events"]] == [7]


def test_a_hub_that_refuses_is_told(hub: HubDouble, corral: Corral) -> None:
    """As by every other command."""
    hub.refuse("GET /api/v1/events/stream", 401, "invalid_token")
    assert corral("top").exit_code == 4


def test_rates_are_what_happened_between_looks(hub: HubDouble) -> None:
    """Over the last seconds, from exact counts."""
    prepared(hub)
    more = STATS["states"] | {"completed": 12_345_778, "queued": 1_000_100}
    hub.prepare("GET /api/v1/tasks/stats", STATS | {"states": more})
    with Client(Address(hub.url, "secret")) as client:
        watch = Watch(client)
        assert watch.look([]).rates is None
        rates = watch.look([]).rates
    assert rates is not None
    assert rates.submitted == pytest.approx(2 * rates.completed, abs=0.2)


def prepared(hub: HubDouble) -> None:
    """The double has work, an agent and an event."""
    hub.prepare("GET /api/v1/tasks/stats", STATS)
    hub.prepare("GET /api/v1/agents", {"items": [AGENT], "next_cursor": None, "total": 1})
    hub.prepare("GET /api/v1/dispatch", {"paused": False, "pauses": []})
    hub.prepare(
        "GET /api/v1/events/stream", b'id: 1:7\nevent: heartbeat\ndata: {"cursor":"1:7"}\n\n'
    )
    page = {"items": [EVENT], "next_cursor": "1:7", "at_end": True}
    hub.prepare("GET /api/v1/events", page)
