"""The table of moves, against a picture of it drawn independently."""

import pytest

from hub.core.errors import IllegalMove
from hub.core.task import ENDED, HELD, TABLE, WAITING, Move, evolve, target
from schemas.scalars import TaskState
from tests.core.making import in_state, queued

PICTURE = """
                 scheduled    queued       assigned     running      completed  dead_letter  cancelled
due              queued       -            -            -            -          -            -
assign           -            assigned     -            -            -          -            -
accept           -            -            running      -            -          -            -
unassign         -            -            queued       -            -          -            -
resume           -            running      -            -            -          -            -
complete         completed    completed    completed    completed    -          -            -
fail_again       scheduled    scheduled    scheduled    scheduled    -          -            -
fail_for_good    dead_letter  dead_letter  dead_letter  dead_letter  -          -            -
lose             -            -            -            queued       -          -            -
lose_for_good    -            -            -            dead_letter  -          -            -
reject_for_good  -            -            dead_letter  -            -          -            -
expire           dead_letter  dead_letter  -            -            -          -            -
ask_cancel       -            -            assigned     running      -          -            -
cancel           cancelled    cancelled    cancelled    cancelled    -          -            -
postpone         -            scheduled    -            -            -          -            -
retry            -            -            -            -            -          queued       queued
"""  # noqa: E501 - a table is read in one piece
ROWS = [line.split() for line in PICTURE.strip().splitlines()]
STATES = ROWS[0]
PAIRS = [
    (before, row[0], after)
    for row in ROWS[1:]
    for before, after in zip(STATES, row[1:], strict=True)
]


def test_the_picture_is_whole() -> None:
    """Every state and every move stands in the picture, so each pair is decided."""
    assert {state.upper() for state in STATES} == {state.name for state in TaskState}
    assert {row[0] for row in ROWS[1:]} == set(Move)
    assert len(PAIRS) == len(TaskState) * len(Move)
    assert set(TABLE) == set(TaskState)


@pytest.mark.parametrize(("before", "move", "after"), PAIRS)
def test_every_state_answers_every_move(before: str, move: str, after: str) -> None:
    """A move leads where the picture says, or is refused with what was tried."""
    task = in_state(TaskState[before.upper()])
    if after == "-":
        with pytest.raises(IllegalMove, match=f"no move '{move}' from state '{before}'"):
            evolve(task, Move(move))
    else:
        moved = evolve(task, Move(move), error="why")
        assert moved.state is target(task, Move(move)) is TaskState[after.upper()]
        assert (moved.version, moved.error) == (task.version + 1, "why")


def test_states_are_grouped() -> None:
    """Each state waits, is held, or has ended: exactly one of these."""
    assert set(TaskState) == WAITING | HELD | ENDED
    assert len(WAITING) + len(HELD) + len(ENDED) == len(TaskState)
    assert all(in_state(state).ended is (state in ENDED) for state in TaskState)


def test_a_record_never_changes() -> None:
    """A move makes the next record and leaves the one before as it was."""
    task = queued()
    evolve(task, Move.CANCEL)

    assert task == queued()
