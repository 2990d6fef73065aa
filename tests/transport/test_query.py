"""Query parameters: typed, every flaw named, no typo passes."""

from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct
from starlette.datastructures import QueryParams

from hub.core.errors import Refused
from hub.transport.query import read_query
from schemas.scalars import WHOLE, PageLimit, StateName


class Query(Struct, frozen=True):
    """One parameter of each kind."""

    name: str
    limit: PageLimit = 50
    state: list[StateName] | None = None
    label: Annotated[list[str], Meta(extra=WHOLE)] | None = None
    deep: bool = False


def read(text: str) -> Any:
    """A query string as the Struct."""
    return read_query(Query, QueryParams(text))


def flaws(text: str) -> dict[str, str]:
    """What is wrong with a query string, by place."""
    with pytest.raises(Refused) as refused:
        read(text)
    return {flaw.path: flaw.message for flaw in refused.value.flaws}


def test_what_is_left_out_has_its_default() -> None:
    """Only what is required has to be there."""
    assert read("name=x") == Query("x")


@pytest.mark.parametrize(
    "text",
    ["state=queued,running", "state=queued&state=running", "state=queued,&state=,running,"],
)
def test_a_list_is_repeated_or_has_commas(text: str) -> None:
    """Both mean the same; an empty value means nothing."""
    assert read(f"name=x&{text}").state == [StateName.QUEUED, StateName.RUNNING]


@pytest.mark.parametrize("text", ["state=", "state=,", "state=&state=,,", "label="])
def test_a_list_that_is_given_names_a_value(text: str) -> None:
    """A filter that is empty by mistake does not find everything."""
    assert list(flaws(f"name=x&{text}").values()) == ["names no value"]


def test_some_values_may_hold_commas() -> None:
    """Then each is given on its own."""
    assert read("name=x&label=a%3D1,2&label=b").label == ["a=1,2", "b"]


@pytest.mark.parametrize("number", ["0", "201", "-1", "1.5", "ten", "", "null", "+5", "0x10", "٥"])
def test_a_number_is_whole_and_in_range(number: str) -> None:
    """Nothing else passes for one."""
    assert set(flaws(f"name=x&limit={number}")) == {"query.limit"}


def test_every_flaw_is_named() -> None:
    """A caller mends all of them at once."""
    named = flaws("limit=0&state=nowhere&nmae=x&deep=maybe")

    assert set(named) == {"query.limit", "query.state", "query.nmae", "query.deep"}
    assert "limit" in named["query.nmae"]


def test_what_is_required_is_missed() -> None:
    """By its name."""
    assert flaws("limit=1") == {"query.name": "required, but missing"}


def test_once_is_enough() -> None:
    """Two values for what has one are a mistake, not a choice."""
    assert set(flaws("name=x&name=y")) == {"query.name"}


def test_a_hostile_name_is_shown_safely() -> None:
    """Names of parameters come from outside, too."""
    (path,) = flaws("name=x&%1b%5b2J" + "y" * 500 + "=1")

    assert path.isprintable()
    assert len(path) < 100
