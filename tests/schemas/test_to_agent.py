"""What the hub sends: msgspec and the published schema take and refuse the same."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.to_agent import ToAgent
from tests.schemas.agreement import assert_both, assert_corpus, assert_same, changed, published
from tests.schemas.messages import anything_good

VALIDATOR = published("to_agent.json", None)
MEMBERS = get_args(ToAgent)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.__name__)
def test_corpus(member: Any) -> None:
    """At least five kinds of wrong per message, each refused by both."""
    kinds = assert_corpus(member, ToAgent, VALIDATOR)

    print(member.__name__, dict(kinds))
    assert len(kinds) >= 5


@given(st.data())
def test_good_messages_are_taken(data: st.DataObject) -> None:
    """Whatever fits the Structs is taken by both."""
    member = data.draw(st.sampled_from(MEMBERS))

    assert_both(True, data.draw(anything_good(member)), ToAgent, VALIDATOR)


@given(st.data())
def test_changed_messages_are_judged_alike(data: st.DataObject) -> None:
    """One random change to a good message, and both still say the same."""
    member = data.draw(st.sampled_from(MEMBERS))

    assert_same(data.draw(changed(member)), ToAgent, VALIDATOR)
