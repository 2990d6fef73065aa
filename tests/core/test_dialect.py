"""The dialect: what an old sidecar was seen to send means what it meant."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from hub.core.dialect import Dialect, Recovering, Working
from hub.core.old_frames import number_of
from schemas import backbone as old
from schemas import from_agent as wire
from schemas.attempts import AckStatus, CancelReason, Rejection, Stream
from schemas.to_agent import LogAck, Pong, TaskAck, TaskAssign, TaskCancel

ASSIGN = TaskAssign("task-1", 7, 1, "do it", 5)


def frame(**fields: Any) -> bytes:
    """A frame of the sidecar."""
    return json.encode({"protocol_version": 1} | fields)


def sent() -> Dialect:
    """A session on which a task was sent."""
    dialect = Dialect()
    dialect.say(json.encode(ASSIGN))
    return dialect


def heard(**fields: Any) -> Any:
    """What a frame about that task means."""
    return sent().hear(frame(task_id="task-1", **fields)).message


def test_an_assignment_has_all_that_is_read() -> None:
    """Metadata is an object, the generation a number, whatever the task has."""
    said = json.decode(Dialect().say(json.encode(ASSIGN)) or b"")
    assert said["type"] == "task_assign"
    assert (said["task_id"], said["generation"], said["metadata"]) == ("task-1", 7, {})
    with_data = msgspec.structs.replace(ASSIGN, metadata=msgspec.Raw(b'{"a":  1}'))
    assert b'{"a":  1}' in (Dialect().say(json.encode(with_data)) or b"")


def test_acceptance_and_rejection_are_of_what_was_sent() -> None:
    """They name no generation."""
    assert heard(type="task_accepted") == wire.TaskAccepted("task-1", 7)
    assert heard(type="task_rejected", reason="busy") == wire.TaskRejected(
        "task-1", 7, Rejection.BUSY
    )


@pytest.mark.parametrize(("said", "meant"), [(9, 9), ("9", 9), (0, 7), (None, 7), ("x", 7)])
def test_a_result_is_of_the_generation_it_names(said: Any, meant: int) -> None:
    """Also when that is a text; none or zero means the one that was sent."""
    found = heard(type="task_complete", result={"ok": True}, generation=said)
    assert found == wire.TaskComplete("task-1", meant, result=msgspec.Raw(b'{"ok":true}'))


@pytest.mark.parametrize("kind", ["task_accepted", "task_rejected", "task_complete", "task_failed"])
@pytest.mark.parametrize("task_id", [None, 5, "task-2"])
def test_what_names_no_task_of_this_session_means_nothing(kind: str, task_id: Any) -> None:
    """It is no error."""
    assert sent().hear(frame(type=kind, task_id=task_id, reason="x", result={})).message is None


def test_a_failure_has_its_reason() -> None:
    """A long one is cut, one that is missing has a word."""
    assert heard(type="task_failed", reason="boom", generation=7).error == "boom"
    assert heard(type="task_failed", error="as error").error == "as error"
    assert heard(type="task_failed", reason="x" * 50_000).error.startswith("xxx")
    assert heard(type="task_failed", reason=None).error == "failed"


def test_a_completion_that_tells_of_a_failure_is_one() -> None:
    """Its result is kept with it."""
    result = {"status": "failed", "error": "boom"}
    found = heard(type="task_complete", result=result, generation=7)
    assert isinstance(found, wire.TaskFailed)
    assert isinstance(found.result, msgspec.Raw)
    assert (found.error, json.decode(found.result)) == ("boom", result)


def test_a_busy_sidecar_may_be_told_a_number_and_holds_nothing() -> None:
    """The task went back: what it names without a number is not meant any more."""
    dialect = sent()
    dialect.hear(frame(type="task_rejected", task_id="task-1", reason="busy"))
    assert json.decode(dialect.renumber("task-1", 8))["generation"] == 8
    assert dialect.sent == {}


@pytest.mark.parametrize(("kind", "ended"), [("task_failed", "task-2"), ("task_accepted", None)])
def test_an_end_is_told_also_when_it_means_nothing(kind: str, ended: str | None) -> None:
    """It shows what else the sidecar does not work on."""
    found = sent().hear(frame(type=kind, task_id="task-2", generation=0))
    assert found == (None, ended)


def test_progress_is_its_text() -> None:
    """There is no number in it."""
    event = {"event_type": "stdout", "text": "line 1"}
    found = heard(type="task_progress", execution_event=event)
    assert found == wire.TaskProgress("task-1", 7, message="line 1")


@pytest.mark.parametrize(
    ("kind", "newer"),
    [("wake_result", True), ("resource_report", True), ("agent_restarting", False)],
)
def test_news_of_the_sidecar_itself_change_nothing(kind: str, newer: bool) -> None:
    """But they tell which of the two versions it is."""
    dialect = sent()
    assert dialect.hear(frame(type=kind, cpu_percent=None, status={}, reason="r")).message is None
    assert dialect.reports_state is newer


def test_questions_are_handed_on() -> None:
    """With what is needed for an answer."""
    recovering = heard(type="task_recovering", last_status="working", metadata={})
    assert recovering == Recovering("task-1", has_begun=True)
    assert heard(type="task_recovering", last_status="waking") == Recovering("task-1", False)
    assert heard(type="state_report", status="waking", generation=3) == Working("task-1", 3)


def test_answers_set_what_the_next_result_is_of() -> None:
    """Going on has a new generation; what was let go has none."""
    dialect = Dialect()
    assert json.decode(dialect.go_on("t", 9)) == {
        "type": "task_continue",
        "task_id": "t",
        "generation": 9,
    }
    assert dialect.sent == {"t": 9}
    assert json.decode(dialect.judge("t", 10))["action"] == "continue"
    assert dialect.sent == {"t": 10}
    assert json.decode(dialect.judge("t", None))["action"] == "abort"
    assert json.decode(dialect.let_go("u")) == {"type": "task_reassign", "task_id": "u"}
    assert dialect.sent == {}


def test_a_cancel_has_its_old_name_and_the_rest_is_left_out() -> None:
    """What a sidecar has no use for is not sent to it."""
    dialect = sent()
    cancel = TaskCancel("task-1", 7, CancelReason.REQUESTED, 10)
    assert json.decode(dialect.say(json.encode(cancel)) or b"") == {
        "type": "task_cancelled",
        "task_id": "task-1",
    }
    assert dialect.sent == {}
    assert dialect.say(json.encode(LogAck("task-1", 7, Stream.STDOUT, 1))) is None
    for message in (Pong(5), TaskAck("task-1", 7, AckStatus.COMPLETE)):
        assert dialect.say(json.encode(message)) == json.encode(message)


Junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(str(kind.__struct_config__.tag) for kind in old.FromOldAgent.__args__)),
    st.dictionaries(
        st.sampled_from(["task_id", "generation", "result", "reason", "verification_report"]), Junk
    ),
)
def test_nothing_odd_breaks_it(kind: str, fields: dict[str, Any]) -> None:
    """A frame is understood or means nothing."""
    sent().hear(frame(type=kind, **({"task_id": "task-1"} | fields)))


@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans())
def test_a_number_is_a_whole_one_above_zero(value: Any) -> None:
    """From whatever it comes."""
    found = number_of(msgspec.Raw(json.encode(value)))
    assert found is None or (type(found) is int and found > 0 and int(value) == found)
