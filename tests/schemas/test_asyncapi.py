"""The AsyncAPI document names every message, and nothing that is not there."""

import re
from typing import Any, get_args

import pytest

from schemas.asyncapi import asyncapi
from schemas.dashboard import FromPage, ToPage
from schemas.from_agent import FromAgent
from schemas.to_agent import ToAgent

DOCUMENT = asyncapi("1.2.3")


@pytest.mark.parametrize(
    ("operation", "union"),
    [
        ("from_agent", FromAgent),
        ("to_agent", ToAgent),
        ("from_page", FromPage),
        ("to_page", ToPage),
    ],
)
def test_every_message_goes_its_way(operation: str, union: Any) -> None:
    """What an agent may send is received, what the hub may send is sent."""
    told = DOCUMENT["operations"][operation]["messages"]
    wanted = {str(each.__struct_config__.tag) for each in get_args(union)}

    assert {each["$ref"].rpartition("/")[2] for each in told} == wanted


def test_a_page_comes_with_a_cookie_or_a_token() -> None:
    """An agent has no cookie."""
    told = {name: len(each["security"]) for name, each in DOCUMENT["operations"].items()}

    assert told == {"from_agent": 1, "to_agent": 1, "from_page": 2, "to_page": 2}
    assert DOCUMENT["components"]["securitySchemes"]["session"]["in"] == "cookie"


def test_a_row_says_what_stands_where() -> None:
    """It travels as an array, so only titles tell."""
    items = DOCUMENT["components"]["schemas"]["AgentRow"]["prefixItems"]

    assert [each["title"] for each in items[:3]] == ["id", "name", "status"]


def test_every_reference_leads_somewhere() -> None:
    """A reader can follow each of them to its end."""
    for reference in set(re.findall(r"'\$ref': '([^']+)'", str(DOCUMENT))):
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place
