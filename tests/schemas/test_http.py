"""The bodies of HTTP: msgspec and the published schema take and refuse the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import dashboard
from schemas.generate import http_structs
from schemas.http import access, tasks
from tests.schemas.agreement import assert_both, assert_corpus, assert_same, changed, published
from tests.schemas.messages import anything_good

BODIES = [
    each
    for each in http_structs()
    if not each.__name__.endswith("Query") and each.__module__ != dashboard.__name__
]
"""Queries are read in another way: see `tests/transport/test_query.py`. What the dashboard is told
has rows that are arrays, and is said by the hub alone: see `test_dashboard.py`."""


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
def test_corpus(body: Any) -> None:
    """Everything that can be wrong with a body is refused by both."""
    kinds = assert_corpus(body, body, published("http.json", body.__name__))

    assert len(kinds) >= 2


@given(st.data())
def test_good_bodies_are_taken(data: st.DataObject) -> None:
    """Whatever fits the Structs is taken by both."""
    body = data.draw(st.sampled_from(BODIES))

    assert_both(True, data.draw(anything_good(body)), body, published("http.json", body.__name__))


@given(st.data())
def test_changed_bodies_are_judged_alike(data: st.DataObject) -> None:
    """One random change to a good body, and both still say the same."""
    body = data.draw(st.sampled_from(BODIES))

    assert_same(data.draw(changed(body)), body, published("http.json", body.__name__))


@pytest.mark.parametrize(
    "body", [tasks.TaskBatch, tasks.Cancel, access.InviteRequest, access.Register], ids=str
)
def test_a_typo_in_a_request_does_not_pass(body: Any) -> None:
    """Requests refuse fields they do not know."""
    assert body.__struct_config__.forbid_unknown_fields
