"""Ids: a prefix and a lower-case ULID.

A ULID (github.com/ulid/spec) is 48 bits of wall time and 80 random bits in Crockford's
base 32, so ids sort by time, which keeps the index compact, and cannot be guessed.
"""

from functools import lru_cache
from typing import Final

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
RANDOM_BYTES: Final = 16
"""How many random bytes an id takes: the low five bits of each are one of its digits."""
_DIGIT_OF: Final = (_DIGITS * 8).encode()


@lru_cache(maxsize=4)
def _time_digits(wall_ms: int) -> str:
    return "".join(_DIGITS[wall_ms >> shift & 31] for shift in range(45, -1, -5))


def ulid(wall_ms: int, randomness: bytes) -> str:
    """The ULID of a wall time in milliseconds and `RANDOM_BYTES` random bytes."""
    return _time_digits(wall_ms) + randomness.translate(_DIGIT_OF).decode()


def task_id(wall_ms: int, randomness: bytes) -> str:
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
