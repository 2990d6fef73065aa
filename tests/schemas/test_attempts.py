"""The words about attempts: agents of other versions know them, so none of them ever changes."""

from enum import StrEnum

import pytest

from schemas.attempts import (
    AckStatus,
    CancelReason,
    FailureClass,
    Holding,
    Rejection,
    Stream,
    Verdict,
)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Rejection, "busy not_allowed no_executor bad_task draining no_resources"),
        (
            FailureClass,
            "infra agent timeout lost config policy verification quota auth budget "
            "report_refused rejected expired",
        ),
        (Stream, "stdout stderr"),
        (CancelReason, "requested timeout stale"),
        (Verdict, "continue stop resend"),
        (Holding, "running reported"),
        (AckStatus, "complete retried dead_letter cancelled"),
    ],
)
def test_words_stay_as_they_are(kind: type[StrEnum], words: str) -> None:
    """A new one is written down here too, with a thought for those who do not know it."""
    assert [each.value for each in kind] == words.split()
