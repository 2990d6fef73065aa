"""A session's rates and violations: what costs, what counts, and what follows."""

from typing import Any

import msgspec
import pytest

from hub.core.limits import FLOOD, Meter, Rate, Rates
from hub.core.session import Close, Refusal, Session
from schemas.from_agent import Ping, TaskComplete, TaskSubmit
from schemas.scalars import CloseCode, ErrorCode, Role, Tier
from schemas.to_agent import RateLimitWarning
from tests.core.test_session import COMPLETE, IDENTIFY, opened, refused, say


def metered(role: Role = Role.AGENT, **rates: Rate) -> Session:
    """An open session with rates of the test's own."""
    session = opened(role)
    session.meter = Meter(msgspec.structs.replace(Rates(), **rates), role)
    return session


SUBMIT: dict[str, Any] = {"type": "task_submit", "ref": "r", "tasks": [{"description": "x"}] * 3}
CHATTER = {"type": "message", "to": "b"}


def test_too_much_is_refused_until_later() -> None:
    """The answer names what it was about, and when the same frame will be taken."""
    session = metered(agent_submit=Rate(60, 4))
    assert isinstance(say(session, SUBMIT), TaskSubmit)
    refusal = refused(session, SUBMIT)
    assert (refusal.code, refusal.ref) == (ErrorCode.RATE_LIMITED, "r")
    assert refusal.retry_after_ms == 2_000
    data = msgspec.json.encode(SUBMIT)
    assert isinstance(session.receive(data, 5 + 1_999), Refusal)
    assert isinstance(session.receive(data, 5 + 2_000), TaskSubmit)


def test_reports_are_taken_whatever_else_came() -> None:
    """An empty bucket holds up new work, not the end of old work."""
    session = metered(agent_submit=Rate(1, 1), control=Rate(1, 1))
    for _ in range(3):
        say(session, SUBMIT)
    for _ in range(50):
        assert isinstance(say(session, COMPLETE), TaskComplete)


def test_two_sessions_share_what_their_principal_has() -> None:
    """To connect twice buys nothing."""
    meter = Meter(Rates(pings=Rate(1, 3)), Role.AGENT)
    sessions = [opened(), opened()]
    for session in sessions:
        session.meter = meter
    taken = [isinstance(say(sessions[n % 2], {"type": "ping"}), Ping) for n in range(5)]
    assert taken == [True] * 3 + [False] * 2


def test_a_warning_comes_once() -> None:
    """When less than a fifth is left; whoever tells it clears it."""
    session = metered(pings=Rate(1, 10))
    told = []
    for _ in range(12):
        say(session, {"type": "ping"})
        told.append(session.warning)
        session.warning = None
    assert [n for n, warning in enumerate(told) if warning] == [8]
    assert told[8] == RateLimitWarning(Tier.PINGS, 1, 10)


@pytest.mark.parametrize(
    "frame", [b"{", b"[]", {"type": "nonsense"}, {"type": "ping", "running": 1}, {"type": "ping"}]
)
def test_the_tenth_violation_ends_the_session(frame: Any) -> None:
    """What no working client sends may happen nine times a minute; good frames never count."""
    session = metered()
    found = [say(session, frame) for _ in range(10)]
    if frame == {"type": "ping"}:
        assert all(isinstance(each, Ping) for each in found)
        return
    assert all(isinstance(each, Refusal) for each in found[:9])
    assert isinstance(found[9], Close)
    assert (found[9].code, found[9].reconnect) == (CloseCode.COOLDOWN, True)
    assert found[9].retry_after_ms == 30_000
    assert session.meter.violations.cooling(5) == 30_000


def test_what_a_role_may_not_send_counts() -> None:
    """An operator's session that reports work is no mistake of the moment."""
    session = metered(Role.OPERATOR)
    assert isinstance([say(session, COMPLETE) for _ in range(10)][9], Close)


def test_what_is_not_built_never_counts() -> None:
    """It costs from the tier of messages, and is refused for its rate after that."""
    session = metered()
    codes = [refused(session, CHATTER).code for _ in range(100)]
    assert codes == [ErrorCode.UNSUPPORTED] * 60 + [ErrorCode.RATE_LIMITED] * 40
    assert isinstance(say(session, {"type": "ping"}), Ping)


def test_what_comes_out_of_turn_never_counts() -> None:
    """A second greeting is refused, not punished."""
    session = metered()
    codes = {refused(session, IDENTIFY).code for _ in range(30)}
    assert codes == {ErrorCode.ALREADY_IDENTIFIED}


def test_bad_frames_cost_and_are_not_explained_for_nothing() -> None:
    """Behind an empty bucket nobody looks for every flaw."""
    session = metered(control=Rate(1, 2))
    bad = COMPLETE | {"tokens_used": -1}
    found = [refused(session, bad) for _ in range(4)]
    assert [each.model for each in found] == [TaskComplete, TaskComplete, None, None]
    assert [each.retry_after_ms is None for each in found] == [True, True, False, False]
    assert found[3].task_id == "t"


def test_who_does_not_stop_is_cut_off() -> None:
    """A thousand refusals for the rate within a minute; only the first is worth a line."""
    session = metered(pings=Rate(1, 1))
    found = [say(session, {"type": "ping"}) for _ in range(FLOOD + 1)]
    assert [each.repeated for each in found[1:4]] == [False, True, True]
    assert isinstance(found[-1], Close)
    assert (found[-1].code, found[-1].reconnect) == (CloseCode.RATE_LIMITED, True)
    assert all(isinstance(each, Refusal) for each in found[1:-1])


def test_while_it_is_judged_nothing_else_is_taken() -> None:
    """The greeting was taken; what follows too early is out of turn, not a violation."""
    session = Session(0)
    session.judging()
    for _ in range(20):
        assert refused(session, {"type": "ping"}).code is ErrorCode.NOT_IDENTIFIED
    assert refused(session, IDENTIFY).code is ErrorCode.ALREADY_IDENTIFIED


def test_refused_output_cuts_nobody_off() -> None:
    """What many attempts have under way is refused at once, and sent again later."""
    session = metered(logs=Rate(1, 1))
    log = {"type": "task_log", "task_id": "t", "generation": 1, "stream": "stdout", "offset": 0}
    found = [say(session, log | {"text": "xx"}) for _ in range(FLOOD + 10)]
    assert all(isinstance(each, Refusal) for each in found[1:])
