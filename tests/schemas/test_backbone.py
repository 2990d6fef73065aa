"""Protocol 1: every frame that was recorded is taken, with any nulls and extras."""

from typing import Any, get_args

import pytest
from msgspec import json

from schemas.backbone import FromOldAgent

RECORDED: list[dict[str, Any]] = [
    {"type": "ping"},
    {"type": "identify", "agent_id": "a", "token": "t", "name": "a", "status": "idle"},
    {"type": "task_accepted", "task_id": "t"},
    {"type": "task_rejected", "task_id": "t", "reason": "busy"},
    {
        "type": "task_complete",
        "task_id": "t",
        "result": {"status": "success", "tokens_used": None},
        "generation": "7",
        "verification_report": None,
        "verification_history": None,
    },
    {"type": "task_failed", "task_id": 5, "reason": "a\nb", "generation": 0},
    {"type": "task_progress", "task_id": "t", "execution_event": {"event_type": "stdout"}},
    {"type": "task_recovering", "task_id": "t", "description": "", "last_status": "working"},
    {"type": "state_report", "task_id": "t", "status": "waking", "generation": None},
    {"type": "wake_result", "task_id": "t", "status": "failed", "attempt": 4, "error": "e"},
    {"type": "resource_report", "agent_id": "a", "cpu_percent": None, "vram_used_bytes": None},
    {"type": "agent_restarting", "reason": "hub_commanded"},
]


def test_every_type_was_recorded() -> None:
    """And none is missing here."""
    tags = {str(kind.__struct_config__.tag) for kind in get_args(FromOldAgent)}
    assert tags == {frame["type"] for frame in RECORDED}


@pytest.mark.parametrize("frame", RECORDED, ids=lambda frame: str(frame["type"]))
def test_it_is_taken(frame: dict[str, Any]) -> None:
    """As it came, with more fields, and with null for all but its type."""
    nulls = dict.fromkeys(frame) | {"type": frame["type"]}
    for said in (frame, frame | {"protocol_version": 1, "odd": {}}, nulls):
        found = json.decode(json.encode(said), type=FromOldAgent)
        assert str(type(found).__struct_config__.tag) == frame["type"]
