"""Ids: a prefix and a lower-case ULID.

A ULID (github.com/ulid/spec) is 48 bits of wall time and 80 random bits in Crockford's
base 32, so ids sort by time, which keeps the index compact, and cannot be guessed.
"""

from functools import lru_cache

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [a + b for a in _DIGITS for b in _DIGITS]
"""Two digits for every ten bits: half as many look-ups."""


@lru_cache(maxsize=4)
def _time_digits(wall_ms: int) -> str:
    return "".join(_PAIRS[wall_ms >> shift & 1023] for shift in range(40, -1, -10))


def ulid(wall_ms: int, randomness: int) -> str:
    """The ULID of a wall time in milliseconds and 80 random bits."""
    pairs, bits = _PAIRS, randomness
    return (
        f"{_time_digits(wall_ms)}"
        f"{pairs[bits >> 70 & 1023]}{pairs[bits >> 60 & 1023]}"
        f"{pairs[bits >> 50 & 1023]}{pairs[bits >> 40 & 1023]}"
        f"{pairs[bits >> 30 & 1023]}{pairs[bits >> 20 & 1023]}"
        f"{pairs[bits >> 10 & 1023]}{pairs[bits & 1023]}"
    )


def task_id(wall_ms: int, randomness: int) -> str:
    """A new task's id."""
    return "task-" + ulid(wall_ms, randomness)


def request_id(randomness: int) -> str:
    """The id of one request: 64 random bits as 16 hexadecimal digits."""
    return f"{randomness & (1 << 64) - 1:016x}"


EPOCH_SHIFT = 24
"""A generation is `epoch << 24 | n`: 16 million assignments of one task, then it overflows."""


def first_generation(epoch: int) -> int:
    """The generation of a task never assigned, in this epoch."""
    return epoch << EPOCH_SHIFT


def next_generation(generation: int, epoch: int) -> int:
    """The generation of the next assignment; a new epoch starts above every older number."""
    return max(generation, epoch << EPOCH_SHIFT) + 1
