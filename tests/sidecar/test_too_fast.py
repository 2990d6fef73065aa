"""What the sidecar does when the hub finds it too fast: it waits, and loses nothing."""

import pytest

from schemas.attempts import Stream
from schemas.from_agent import Ping
from sidecar.steps import Complain, Send
from tests.sidecar.test_session import KEY, REPORT, Talk, frames


def at_work() -> Talk:
    """A conversation with one accepted task."""
    talk = Talk()
    talk.connect()
    talk.assign()
    talk.session.accept(KEY)
    return talk


def test_output_that_came_too_fast_slows_all_attempts_down() -> None:
    """The hub's rate is for all of them; the piece is sent again, and nothing is sent in a rush."""
    working = at_work()
    other = ("task-other", 9)
    working.assign(other)
    working.session.accept(other)
    for _ in range(3):
        working.session.log(KEY, Stream.STDOUT, 0, "0123456789", 10, working.now)
        working.refuse("rate_limited", "task_log", retryable=True, retry_after_ms=2_000)
    assert working.session.log_offset(other, Stream.STDOUT, working.now + 1) is None
    assert working.session.due(working.now) == pytest.approx(2.0)
    later = working.now + 2
    assert working.session.log_offset(KEY, Stream.STDOUT, later) == 0
    working.session.log(KEY, Stream.STDOUT, 0, "0123456789", 10, later)
    assert working.session.log_offset(other, Stream.STDOUT, later) is None
    assert working.session.log_offset(other, Stream.STDOUT, later + 0.1) == 0


def test_a_report_that_came_too_fast_is_sent_again() -> None:
    """It stays in the spool until then."""
    working = at_work()
    working.session.report(KEY, REPORT)
    assert not working.refuse("rate_limited", "task_complete", retryable=True, retry_after_ms=500)
    assert working.session.tick(working.now + 0.4, list) == []
    assert working.session.tick(working.now + 0.6, list) == [Send(REPORT)]


def test_a_refused_ping_and_a_warning_are_only_logged() -> None:
    """The session goes on, and the next ping comes in its time."""
    talk = at_work()
    about = {"retryable": True, "message_type": "ping", "retry_after_ms": 900}
    found = talk.hub("error", error="rate_limited", message="no", **about)
    found += talk.hub("rate_limit_warning", tier="logs", remaining=1, capacity=9)
    assert [type(step) for step in found] == [Complain, Complain]
    assert [type(frame) for frame in frames(talk.session.tick(talk.now + 99, list))] == [Ping]
