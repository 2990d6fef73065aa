"""Ids sort by time, cannot be mistaken, and generations only rise."""

import re

from hypothesis import given
from hypothesis import strategies as st

from hub.core import ids

WALL = st.integers(0, (1 << 48) - 1)
RANDOM = st.binary(min_size=ids.RANDOM_BYTES, max_size=ids.RANDOM_BYTES)
EPOCHS = st.integers(1, (1 << 28) - 1)
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def number_of(ulid: str) -> int:
    """The 130 bits that 26 digits stand for."""
    value = 0
    for digit in ulid:
        value = value * 32 + ALPHABET.index(digit)
    return value


@given(WALL, RANDOM)
def test_a_ulid_holds_time_and_randomness(wall: int, randomness: bytes) -> None:
    """26 digits of Crockford's base 32 hold the time and five bits of each random byte."""
    ulid = ids.ulid(wall, randomness)

    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{26}", ulid)
    assert number_of(ulid[:10]) == wall
    assert [number_of(digit) for digit in ulid[10:]] == [byte & 31 for byte in randomness]


@given(st.lists(WALL, min_size=2, max_size=2, unique=True), RANDOM, RANDOM)
def test_ids_sort_by_time(walls: list[int], one: bytes, other: bytes) -> None:
    """Comparing the texts compares the times."""
    earlier, later = sorted(walls)
    assert ids.ulid(earlier, one) < ids.ulid(later, other)


def test_ids_have_their_form() -> None:
    """A task's id has a prefix; a request's id is 16 digits, whatever bits it is made of."""
    assert ids.task_id(0, bytes(ids.RANDOM_BYTES)) == "task-" + "0" * 26
    assert ids.request_id((1 << 64) + 255) == "00000000000000ff"


@given(EPOCHS, st.lists(EPOCHS, max_size=20))
def test_a_generation_never_goes_down(first: int, epochs: list[int]) -> None:
    """Each assignment has a higher generation, and is above everything of older epochs."""
    generation = ids.first_generation(first)
    for epoch in epochs:
        after = ids.next_generation(generation, epoch)
        assert after > generation
        assert after > epoch << 24
        generation = after


def test_generations_count_within_an_epoch() -> None:
    """The low 24 bits count the assignments of the task."""
    generation = ids.first_generation(3)

    assert ids.next_generation(generation, 3) == 3 << 24 | 1
    assert ids.next_generation(ids.next_generation(generation, 3), 4) == 4 << 24 | 1
