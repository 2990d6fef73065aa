"""The messages of the dashboard: the published documents take what the Structs take."""

from typing import get_args

import msgspec
import pytest

from schemas import dashboard
from schemas.dashboard import FromPage, ToPage
from schemas.http.metrics import SeriesName
from tests.schemas.agreement import assert_corpus, published

COUNTERS = dashboard.Counters(
    tasks={"queued": 1},
    agents={"idle": 1, "paused": 0},
    queued={"normal": 1},
    finished_per_s=0.5,
    failed_per_s=0,
    slots=1,
    busy=0,
    oldest_queued_ms=None,
    loop_lag_ms=0,
    dispatch_paused=False,
    readers=1,
)
DELTA = dashboard.Delta(
    seq=1,
    at=1,
    counters=COUNTERS,
    offers={"0": ["gpu"]},
    agents=[
        dashboard.AgentRow("a", "A", "idle", 1, 0, False, False, True, None, None, 0, {"k": "v"})
    ],
    gone=["b"],
    more=True,
)


@pytest.mark.parametrize("member", get_args(FromPage), ids=lambda each: each.__name__)
def test_what_a_page_may_say(member: type[msgspec.Struct]) -> None:
    """Both refuse the same."""
    assert len(assert_corpus(member, FromPage, published("from_page.json", None))) >= 1


@pytest.mark.parametrize(
    "message",
    [
        DELTA,
        dashboard.Hello("e", 1, 1, True, 10_000),
        dashboard.Step(1, {SeriesName.RUNNING: 1, SeriesName.UTILISATION: 0.5}),
        dashboard.Reset(1, "too slow"),
        dashboard.Beat(1, 1),
        dashboard.Ended("revoked"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_the_hub_says(message: msgspec.Struct) -> None:
    """It is as published, and comes back as it was."""
    raw = msgspec.json.encode(message)
    published("to_page.json", None).validate(msgspec.json.decode(raw))
    assert msgspec.json.decode(raw, type=ToPage) == message
