"""`corral events`: the newest, those after a cursor, and those that happen from now on."""

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from hub.cli import events
from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import Address
from hub.cli.sse import Told, told
from tests.cli.conftest import Corral
from tests.cli.hub_double import TASK_ID, HubDouble

LIST = "GET /api/v1/events"
STREAM = "GET /api/v1/events/stream"


def event(seq: int, kind: str = "task.updated", **payload: Any) -> dict[str, Any]:
    """An event as the hub sends it."""
    return {
        "id": f"evt-main-1-{seq}",
        "seq": seq,
        "type": kind,
        "source": "hub",
        "target": TASK_ID,
        "timestamp": 1_763_700_000.5,
        "payload": payload or {"change": "edited"},
        "meta": {
            "org": "main",
            "actor_id": "admin",
            "actor_type": "admin",
            "correlation_id": TASK_ID,
            "causation_id": None,
            "schema_version": 1,
        },
    }


def page(*seqs: int, at_end: bool = True, cursor: str | None = None) -> dict[str, Any]:
    """A page of events."""
    after = cursor or f"1:{seqs[-1]}"
    return {"items": [event(seq) for seq in seqs], "next_cursor": after, "at_end": at_end}


def block(seq: int, kind: str = "task.updated") -> bytes:
    """An event in a stream, or a heartbeat."""
    data = {"cursor": f"1:{seq}"} if kind == "heartbeat" else event(seq, kind)
    return f": hello\nid: 1:{seq}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_a_stream_is_read_wherever_it_is_cut(size: int) -> None:
    """What belongs together is put together, and only what is whole is told."""
    text = b"retry: 2000\n\n" + block(1, "heartbeat") + block(2) + b"id: 1:3\nevent: x"
    chunks = [text[at : at + size] for at in range(0, len(text), size)]
    assert [(each.cursor, each.event) for each in told(chunks)] == [
        ("1:1", "heartbeat"),
        ("1:2", "task.updated"),
    ]


def test_the_newest(hub: HubDouble, corral: Corral) -> None:
    """As many as asked for, oldest first, with what each says."""
    hub.prepare(STREAM, block(100, "heartbeat"))
    hub.prepare(LIST, page(98, 99, 100))
    ended = corral("events", "-n", "3")
    assert ended.exit_code == 0
    assert hub.asked[-1].query == {"after": "1:97", "limit": "200"}
    lines = ended.out.splitlines()
    assert len(lines) == 3
    assert TASK_ID in lines[0]
    assert "task.updated" in lines[0]
    assert "by admin  change=edited" in lines[0]


def test_a_filter_looks_further_back(hub: HubDouble, corral: Corral) -> None:
    """And shows only the newest of what it finds."""
    hub.prepare(STREAM, block(100, "heartbeat"))
    hub.prepare(LIST, page(3, 4, at_end=False, cursor="1:50"))
    hub.prepare(LIST, page(60, 61))
    ended = corral("events", "-n", "3", "--type", "task.updated,agent.*", "--actor", "me", "--json")
    assert [json.loads(line)["seq"] for line in ended.out.splitlines()] == [4, 60, 61]
    first, second = hub.asked[-2:]
    assert first.query == {"limit": "200", "type": "task.updated,agent.*", "actor": "me"}
    assert second.query["after"] == "1:50"


@pytest.mark.parametrize(("after", "sent"), [("1:5", "1:5"), ("start", None)])
def test_everything_after_a_cursor(
    hub: HubDouble, corral: Corral, after: str, sent: str | None
) -> None:
    """Page by page up to now, as one JSON document a line."""
    hub.prepare(LIST, page(6, 7, at_end=False))
    hub.prepare(LIST, page(8))
    ended = corral("events", "--after", after, "--json")
    assert [json.loads(line) for line in ended.out.splitlines()] == [event(n) for n in (6, 7, 8)]
    assert [asked.query.get("after") for asked in hub.asked] == [sent, "1:7"]


def test_a_type_that_is_not_there(hub: HubDouble, corral: Corral) -> None:
    """The person is told which there are, and the hub is not asked."""
    ended = corral("events", "--type", "task")
    assert ended.exit_code == Exit.USAGE
    assert "task.created" in ended.err
    assert hub.asked == []


def test_a_cursor_that_cannot_go_on(hub: HubDouble, corral: Corral) -> None:
    """It is an error with a code of its own."""
    hub.refuse(LIST, 410, "cursor_expired")
    ended = corral("events", "--after", "1:1")
    assert ended.exit_code == Exit.REFUSED
    assert "cursor_expired" in ended.err


@pytest.fixture
def live(hub: HubDouble, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Follow from `1:1` until so many events came; their seqs."""
    monkeypatch.setattr(events, "AGAIN_S", 0.0)

    def follow(count: int) -> list[int]:
        with Client(Address(hub.url, "secret")) as client:
            found = events._live(client, "1:1", {"type": "task.*"})
            return [envelope.seq for envelope in islice(found, count)]

    return follow


def test_following_goes_on_where_it_was(
    hub: HubDouble, live: Callable[[int], list[int]], capsys: pytest.CaptureFixture[str]
) -> None:
    """After an end, an error, and a heartbeat that moved the cursor."""
    hub.prepare(STREAM, block(2) + block(3))
    hub.prepare(STREAM, block(4) + block(9, "heartbeat"))
    hub.refuse(STREAM, 503, "busy", Retry_After="0")
    hub.prepare(STREAM, block(10) + block(11))
    assert live(5) == [2, 3, 4, 10, 11]
    assert [asked.query["after"] for asked in hub.asked] == ["1:1", "1:3", "1:9", "1:9"]
    assert {asked.query["type"] for asked in hub.asked} == {"task.*"}


def test_following_ends_when_it_may_not(hub: HubDouble, live: Callable[[int], list[int]]) -> None:
    """A token that was revoked does not become valid by waiting."""
    hub.prepare(STREAM, block(2))
    hub.refuse(STREAM, 401, "invalid_token")
    with pytest.raises(Trouble) as trouble:
        live(2)
    assert trouble.value.exit_code is Exit.DENIED


def test_a_cursor_without_events() -> None:
    """Nothing is told before a block is whole."""

    def nothing() -> Iterator[bytes]:
        yield b""

    assert list(told(nothing())) == []
    assert next(told([block(1)])) == Told("1:1", "task.updated", json.dumps(event(1)))


def test_more_than_can_be_remembered_is_refused(hub: HubDouble, corral: Corral) -> None:
    """Before the hub is asked."""
    for most in ("100001", "99999999999999999999"):
        assert corral("events", "--limit", most).exit_code == 2
    assert hub.asked == []
