"""When a pause ends."""

import pytest

from hub.core.errors import Refused
from hub.core.pauses import end_of
from schemas.scalars import ErrorCode


def test_an_end_is_said_in_either_way_or_not_at_all() -> None:
    """As a time or as a span; without one somebody has to end the pause."""
    assert end_of(None, None, 100) is None
    assert end_of(101, None, 100) == 101
    assert end_of(None, 5, 100) == 105


@pytest.mark.parametrize(("until", "for_ms"), [(101, 5), (100, None), (1, None)])
def test_an_end_that_makes_no_sense_is_refused(until: int, for_ms: int | None) -> None:
    """Two ends, or one that has passed; the flaw is named."""
    with pytest.raises(Refused) as caught:
        end_of(until, for_ms, 100)

    assert caught.value.code is ErrorCode.VALIDATION_FAILED
    assert [flaw.path for flaw in caught.value.flaws] == ["$.until"]
