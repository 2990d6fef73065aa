"""A bucket lets through its burst and its rate, and never more."""

from hypothesis import given
from hypothesis import strategies as st

from hub.core.bucket import MINUTE_MS, Bucket
from schemas.scalars import DAY_MS

RATES = st.integers(1, 1_000_000)
STEPS = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 50)), max_size=60)


@given(RATES, st.integers(1, 1_000), STEPS)
def test_never_more_than_the_burst_and_the_rate(
    per_minute: int, burst: int, steps: list[tuple[int, int]]
) -> None:
    """Whatever comes when, what was taken up to any moment was there to take."""
    bucket, now, taken = Bucket(per_minute, burst, 0), 0, 0
    for wait, cost in steps:
        now += wait
        if not bucket.take(min(cost, burst), now):
            taken += min(cost, burst)
        assert taken * MINUTE_MS <= burst * MINUTE_MS + now * per_minute
        assert 0 <= bucket.remaining(now) <= burst


@given(RATES, st.integers(1, 1_000), STEPS)
def test_the_wait_it_names_is_exact(
    per_minute: int, burst: int, steps: list[tuple[int, int]]
) -> None:
    """After it the tokens are there, a millisecond earlier they are not."""
    bucket, now = Bucket(per_minute, burst, 0), 0
    for pause, cost in steps:
        now += pause
        wait = bucket.take(cost, now)
        if wait and wait < DAY_MS:
            assert bucket.take(cost, now + wait - 1)
            assert bucket.take(cost, now + wait) == 0
            return


@given(RATES, st.integers(1, 1_000), st.integers(1, 10_000))
def test_what_exceeds_the_burst_leaves_a_debt(per_minute: int, burst: int, more: int) -> None:
    """It is taken from a full bucket only, and paid for in full."""
    bucket = Bucket(per_minute, burst, 0)
    assert bucket.take(burst + more, 0) == 0
    debt = more * MINUTE_MS // per_minute
    assert bucket.remaining(0) == 0
    assert bucket.take(1, debt) > 0
    assert bucket.remaining(debt + MINUTE_MS // per_minute + 2) >= 1


def test_a_clock_that_stands_still_gives_nothing() -> None:
    """Nor does one that goes back."""
    bucket = Bucket(60, 2, 1_000)
    assert [bucket.take(1, 1_000) for _ in range(3)] == [0, 0, 1_000]
    assert bucket.take(1, 0) == 1_000
    assert bucket.take(1, 2_000) == 0


def test_it_warns_once_on_the_way_down() -> None:
    """Below a fifth, and again only after it was half full."""
    bucket = Bucket(60, 10, 0)
    told = [bucket.take(1, 0) or bucket.warns() for _ in range(10)]
    assert told == [False] * 8 + [True, False]
    bucket.take(2, 2_500)
    assert not bucket.warns()
    assert bucket.remaining(9_000) >= 5
    bucket.take(bucket.remaining(9_000), 9_000)
    assert bucket.warns()


def test_nobody_is_sent_away_for_more_than_a_day() -> None:
    """However slow the rate."""
    bucket = Bucket(1, 1_000_000, 0)
    assert bucket.take(1_000_000, 0) == 0
    assert bucket.take(1_000_000, 0) == DAY_MS
    assert not bucket.is_full(DAY_MS)


@given(st.integers(1, 1_000), st.integers(1, 100), st.integers(0, 100))
def test_what_is_given_back_was_never_taken(burst: int, cost: int, more: int) -> None:
    """And a bucket never holds more than its burst."""
    bucket = Bucket(60, burst, 0)
    before = bucket.level
    bucket.take(cost, 0)
    bucket.give(cost + more)

    assert bucket.level == before
