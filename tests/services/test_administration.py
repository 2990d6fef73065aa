"""What admins change about the hub itself: the level of its log."""

import json

from schemas.scalars import Role
from tests.transport.conftest import StartHub


def test_the_level_of_the_log_holds_until_the_next_start(own_hub: StartHub) -> None:
    """A change works at once, leaves one event, and is lost at a restart."""
    hub = own_hub()
    path = "/api/v1/admin/log-level"
    changed = hub.http("PUT", path, {"level": "ERROR"})
    again = hub.http("PUT", path, {"level": "ERROR"})
    lines = len(hub.log_lines())
    hub.http("GET", "/api/v1/nothing")

    assert (changed.status, changed.json, again.json) == (200, {"level": "ERROR"}, changed.json)
    assert hub.get("/admin/log-level") == {"level": "ERROR"}
    assert len(hub.log_lines()) == lines
    told = [each for each in hub.get("/events?limit=200")["items"] if "log_level" in each["type"]]
    assert [each["payload"] for each in told] == [{"from": "INFO", "to": "ERROR"}]
    hub.restart()
    assert hub.get("/admin/log-level") == {"level": "INFO"}


def test_only_levels_there_are(own_hub: StartHub) -> None:
    """Anything else is named as what it is: a mistake; only admins get that far."""
    hub = own_hub()
    path = "/api/v1/admin/log-level"

    assert hub.http("PUT", path, {"level": "LOUD"}).status == 422
    assert hub.http("PUT", path, json.loads('{"level": null}')).status == 422
    assert hub.http("PUT", path, {"level": "DEBUG"}, role=Role.OPERATOR).status == 403
