"""`corral search`: a table for people, JSON for programs."""

import json
from typing import Any

from tests.cli.conftest import Corral
from tests.cli.hub_double import TASK_ID, HubDouble

ROUTE = "GET /api/v1/search"


def found(**fields: Any) -> dict[str, Any]:
    """Something that was found."""
    return {
        "kind": "task",
        "id": TASK_ID,
        "title": "Sweep the yard",
        "state": "queued",
        "at": 1_750_000_000_000,
        "field": "payload",
        "snippet": "tool: besom\x1b[2J broom",
        "marks": [[6, 11]],
    } | fields


def page(*items: Any, **fields: Any) -> dict[str, Any]:
    """A page."""
    usual = {"next_cursor": None, "behind": 0, "behind_ms": 0, "ready": True}
    return {"items": list(items), **usual} | fields


def test_a_table_fits_80_columns(hub: HubDouble, corral: Corral) -> None:
    """The id whole, the place where the words stand, and nothing that drives the terminal."""
    hub.prepare(ROUTE, page(found(title="long " * 40)))
    ended = corral("search", "besom", "broom", "--kind", "task")
    assert (ended.exit_code, ended.err) == (0, "")
    assert hub.asked[0].query == {"q": "besom broom", "kind": "task", "limit": "20"}
    assert TASK_ID in ended.out
    assert "payload:" in ended.out
    assert "\x1b" not in ended.out
    assert max(len(line) for line in ended.out.splitlines()) <= 80


def test_what_is_in_the_title_is_said_once(hub: HubDouble, corral: Corral) -> None:
    """The description is the title."""
    hub.prepare(ROUTE, page(found(field="description", snippet="Sweep the yard")))
    assert corral("search", "yard").out.count("Sweep") == 1


def test_pages_are_collected(hub: HubDouble, corral: Corral) -> None:
    """As many as are wanted; a short page is not the last."""
    hub.prepare(ROUTE, page(*[found()] * 3, next_cursor="c1"))
    hub.prepare(ROUTE, page(*[found()] * 100, next_cursor="c2"))
    hub.prepare(ROUTE, page(*[found()] * 17, next_cursor="c3"))
    ended = corral("search", "besom", "--limit", "120", "--json")
    answer = json.loads(ended.out)
    assert (len(answer["items"]), answer["next_cursor"]) == (120, "c3")
    assert [each.query["limit"] for each in hub.asked] == ["100", "100", "17"]
    assert hub.asked[1].query["cursor"] == "c1"


def test_nothing_is_said_to_be_nothing(hub: HubDouble, corral: Corral) -> None:
    """And that an index is late or not whole, which may be why."""
    hub.prepare(ROUTE, page())
    assert "Nothing has all these words" in corral("search", "cats").err
    hub.prepare(ROUTE, page(behind=9, behind_ms=65_000))
    hub.prepare(ROUTE, page(ready=False))
    corral("search", "cats")
    assert "65 s behind" in corral("search", "cats").err
    assert "being built" in corral("search", "cats").err
