"""What an error of the core carries."""

from hub.core.errors import CoreError, IllegalMove, Refused
from schemas.scalars import ErrorCode
from schemas.to_agent import Flaw


def test_a_refusal_says_all_a_caller_may_hear() -> None:
    """Its code, its sentence, whether and when to try again, and every flaw."""
    flaw = Flaw("$.a", "bad")
    refused = Refused(ErrorCode.BUSY, "too much", retryable=True, retry_after_ms=5, flaws=[flaw])

    assert (refused.code, refused.message, str(refused)) == (ErrorCode.BUSY, "too much", "too much")
    assert (refused.retryable, refused.retry_after_ms, refused.flaws) == (True, 5, [flaw])


def test_a_refusal_is_final_unless_it_says_otherwise() -> None:
    """Without more, there is nothing to try again and no flaw."""
    refused = Refused(ErrorCode.NOT_FOUND, "none")

    assert (refused.retryable, refused.retry_after_ms, refused.flaws) == (False, None, [])


def test_an_illegal_move_names_task_state_and_move() -> None:
    """A defect can be found from its sentence."""
    error = IllegalMove("task-1", "queued", "accept")

    assert isinstance(error, CoreError)
    assert str(error) == "task task-1: no move 'accept' from state 'queued'"
    assert (error.task_id, error.state, error.move) == ("task-1", "queued", "accept")
