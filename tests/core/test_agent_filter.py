"""The filter of agents, tried with the cases that the dashboard is tried with."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import json

from hub.core.agent import Agent, AgentRecord
from hub.core.agent_filter import MOST_WORDS, Word, fits, meant_by, words_of
from hub.core.errors import Refused

FLEET_OF_PAGE = Path(__file__).parents[2] / "hub/dashboard/ui/tests/components/fleet"
CASES: dict[str, Any] = json.decode((FLEET_OF_PAGE / "filterCases.json").read_bytes())


def agent_of(fields: dict[str, Any]) -> Agent:
    """An agent of the cases, in its state."""
    record = AgentRecord(
        "main",
        fields["id"],
        fields["name"],
        tuple(fields["capabilities"]),
        (),
        1,
        0,
        host=fields["host"],
        labels=tuple(sorted(fields["labels"].items())),
        paused=fields["paused"],
        draining=fields["draining"],
        active=fields["active"],
    )
    agent = Agent(record)
    agent.session = 0 if fields["status"] in ("offline", "stale") else 1
    if fields["status"] in ("working", "draining", "stale"):
        agent.held["task-1"] = object()  # type: ignore[assignment]
    assert agent.status.value == fields["status"]
    return agent


AGENTS = [agent_of(fields) for fields in CASES["agents"]]


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["filter"])
def test_it_means_what_the_page_means(case: dict[str, Any]) -> None:
    """So what a page lists is what an action is about."""
    meant = meant_by(case["filter"], "$")
    assert [agent.record.id for agent in AGENTS if meant(agent)] == case["meant"]


def test_without_a_filter_all_are_meant() -> None:
    """That is not what an empty one means."""
    assert all(map(meant_by(None, "$"), AGENTS))


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("", "at least one word"),
        (" \t ", "at least one word"),
        ('""', "is empty"),
        ('-label:""', "is empty"),
        ("-status:ofline", "no status ofline"),
        ("a " * (MOST_WORDS + 1), "at most"),
    ],
)
def test_what_would_mean_too_much_is_refused(text: str, flaw: str) -> None:
    """A slip must not become an action on everybody."""
    with pytest.raises(Refused, match=flaw) as caught:
        meant_by(text, "$.filter")
    assert [each.path for each in caught.value.flaws] == ["$.filter"]


def test_words_are_read_as_the_page_reads_them() -> None:
    """Quotes keep spaces, a minus turns round, a colon needs a value."""
    assert words_of('-Host:"a \\"b\\" c" gpu - cap: "open') == [
        Word("host", 'a "b" c', True),
        Word(None, "gpu", False),
        Word(None, "-", False),
        Word(None, "cap:", False),
        Word(None, "open", False),
    ]


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("Oak", "oAK", True),
        ("oak", "oaks", False),
        ("*", "", True),
        ("build-*", "BUILD-7", True),
        ("build-*", "rebuild-7", False),
        ("*-7", "build-7", True),
        ("a*a", "a", False),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("a.c*", "abc", False),
        ("**x**", "x", True),
    ],
)
def test_stars_stand_for_anything(pattern: str, text: str, does: bool) -> None:
    """For nothing, too; all else is itself."""
    assert fits(pattern)(text) is does


def test_many_stars_cost_nothing() -> None:
    """A pattern that would keep a regular expression busy for years."""
    assert not fits("a*" * 200 + "b")("a" * 255)
