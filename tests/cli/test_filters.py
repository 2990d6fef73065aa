"""The options that say which tasks are meant: what reaches the hub."""

import time

from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble, task
from tests.cli.test_tasks import page

EVERYTHING = (
    ("--state", "queued"),
    ("--agent", "birch"),
    ("--priority", "urgent"),
    ("--capability", "a,b"),
    ("--label", "k=v=w"),
    ("--mission", "m"),
    ("--submitter", "me"),
    ("--text", "fence & gate"),
)


def test_every_condition_reaches_the_hub(hub: HubDouble, corral: Corral) -> None:
    """As it was typed, whatever characters it has."""
    hub.prepare("GET /api/v1/tasks", page(task()))
    given = [word for pair in EVERYTHING for word in pair]
    assert corral("tasks", *given).exit_code == 0
    query = hub.asked[0].query
    assert query.pop("limit") == "20"
    assert query == {flag.removeprefix("--"): value for flag, value in EVERYTHING}


def test_times_are_said_from_now(hub: HubDouble, corral: Corral) -> None:
    """Two hours ago, in milliseconds."""
    hub.prepare("GET /api/v1/dead-letters", page())
    corral("dead-letters", "--newer-than", "2h", "--older-than", "90s")
    query = hub.asked[0].query
    now = time.time() * 1000
    assert abs(now - 7_200_000 - int(query["created_after"])) < 60_000
    assert abs(now - 90_000 - int(query["created_before"])) < 60_000


def test_what_is_no_condition_is_refused_here(hub: HubDouble, corral: Corral) -> None:
    """Before the hub is asked."""
    for words in (("--label", "x"), ("--newer-than", "soon"), ("--state", "done")):
        assert corral("tasks", *words).exit_code == 2
    assert hub.asked == []


def test_what_is_listed_can_be_counted(hub: HubDouble, corral: Corral) -> None:
    """In a sentence for people, as a field for programs."""
    counted = page(task()) | {"total": {"count": 10_000, "more": True}}
    hub.prepare("GET /api/v1/tasks", counted)
    assert "10,000+ in all" in corral("tasks", "--count").err
    assert '"total":{"count":10000,"more":true}' in corral("tasks", "--count", "--json").out
