"""The sidecar's session, spoken to frame by frame: no socket, no clock, no process."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from schemas.attempts import FailureClass, Rejection, Stream
from schemas.from_agent import Alive, FromAgent, Identify, Ping, TaskCancelled, TaskFailed
from schemas.scalars import PROTOCOL_VERSION
from sidecar.holding import LOG_WINDOW
from sidecar.session import Phase, Session
from sidecar.steps import (
    Complain,
    Ending,
    Keep,
    Key,
    Replace,
    Send,
    Settle,
    Start,
    Step,
    Stop,
)

KEY: Key = ("task-1", 7)
REPORT = b'{"type":"task_complete","task_id":"task-1","generation":7,"result":1}'
LIMITS = {
    "frame_bytes": 1000,
    "result_bytes": 500,
    "log_chunk_bytes": 100,
    "error_chars": 50,
}


class Talk:
    """A session and the hub's side of the conversation, with a clock the test moves."""

    def __init__(self, slots: int = 2) -> None:
        self.now = 100.0
        self.session = Session(Identify("agent-1", PROTOCOL_VERSION, slots=slots))

    def hub(self, kind: str, **fields: Any) -> list[Step]:
        """The hub says something."""
        return self.session.receive(msgspec.json.encode({"type": kind, **fields}), self.now)

    def connect(self, *verdicts: dict[str, Any]) -> tuple[Identify, list[Step]]:
        """Open a connection; what the session said of itself and what it did once welcome."""
        (greeting,) = frames(self.session.opened(self.now))
        assert isinstance(greeting, Identify)
        steps = self.hub(
            "identified",
            agent_id="agent-1",
            session=1,
            epoch=1,
            heartbeat_ms=10_000,
            lease_ms=60_000,
            limits=LIMITS,
            verdicts=list(verdicts),
        )
        return greeting, steps + self.session.tick(self.now, list)

    def assign(self, key: Key = KEY) -> list[Step]:
        """The hub assigns a task."""
        return self.hub(
            "task_assign",
            task_id=key[0],
            generation=key[1],
            attempt=1,
            description="a test",
            assigned_at=0,
        )

    def cancel(self, key: Key = KEY, reason: str = "requested") -> list[Step]:
        """The hub wants it stopped."""
        return self.hub(
            "task_cancel", task_id=key[0], generation=key[1], reason=reason, grace_ms=500
        )

    def refuse(self, code: str, kind: str, key: Key = KEY, **more: Any) -> list[Step]:
        """The hub refuses a frame about an attempt."""
        fields = {"task_id": key[0], "generation": key[1], "message_type": kind}
        return self.hub("error", error=code, message="no", **{"retryable": False, **fields, **more})

    def ack(self, key: Key = KEY) -> list[Step]:
        """The hub has the report."""
        return self.hub("task_ack", task_id=key[0], generation=key[1], status="complete")


def frames(steps: Iterable[Step]) -> list[Any]:
    """The messages that steps would send, read by the hub's decoder."""
    sent = [step for step in steps if isinstance(step, Send)]
    return [msgspec.json.decode(step.frame, type=FromAgent) for step in sent]


def verdict(word: str, key: Key = KEY, **offsets: int) -> dict[str, Any]:
    """The hub's word about an attempt."""
    about = {"task_id": key[0], "generation": key[1], "verdict": word}
    return about | ({"log_offsets": offsets} if offsets else {})


@pytest.fixture
def talk() -> Talk:
    """A conversation whose connection stands."""
    talk = Talk()
    talk.connect()
    return talk


@pytest.fixture
def working(talk: Talk) -> Talk:
    """One that has accepted a task."""
    talk.assign()
    talk.session.accept(KEY)
    return talk


def test_nothing_is_said_before_the_welcome() -> None:
    """Until `identified`, frames other than the greeting are not sent."""
    talk = Talk()
    talk.session.opened(talk.now)
    assert talk.session.phase is Phase.GREETING
    assert talk.session.report(KEY, REPORT) == []
    assert talk.session.tick(talk.now + 5, list) == []


def test_an_assignment_starts_and_is_accepted(talk: Talk) -> None:
    """The session asks for a start and says so once it happened."""
    (start,) = talk.assign()
    assert isinstance(start, Start)
    assert start.assign.task_id == "task-1"
    (accepted,) = frames(talk.session.accept(KEY))
    assert (accepted.task_id, accepted.generation) == KEY


def test_the_same_assignment_again_is_ignored(working: Talk) -> None:
    """A repeated or older assignment of a held task does nothing."""
    assert working.assign() == []
    assert working.assign(("task-1", 6)) == []


def test_a_newer_generation_kills_the_older_tree_first(working: Talk) -> None:
    """The old attempt is stopped without a report and the new one waits for it."""
    stop, start = working.assign(("task-1", 8))
    assert stop == Stop(KEY, Ending.NOTHING, 2_000)
    assert isinstance(start, Start)
    assert start.older == (KEY,)


def test_more_than_the_slots_is_rejected_as_busy() -> None:
    """A task beyond the slots is given back."""
    talk = Talk(slots=1)
    talk.connect()
    talk.assign()
    (rejected,) = frames(talk.assign(("task-2", 1)))
    assert rejected.reason is Rejection.BUSY
    assert ("task-2", 1) not in talk.session.held


def test_a_reported_task_frees_its_slot(working: Talk) -> None:
    """A report that waits for its ack takes no slot."""
    working.session.report(KEY, REPORT)
    assert isinstance(working.assign(("task-2", 1))[0], Start)
    assert isinstance(working.assign(("task-3", 1))[0], Start)


def test_a_draining_sidecar_takes_nothing(talk: Talk) -> None:
    """While draining, tasks are rejected and the next greeting offers no slots."""
    talk.session.draining = True
    (rejected,) = frames(talk.assign())
    assert rejected.reason is Rejection.DRAINING
    talk.session.closed()
    assert talk.connect()[0].slots == 0


def test_a_report_is_sent_until_it_is_acknowledged(working: Talk) -> None:
    """It goes out at once, again after a reconnect, and not after the ack."""
    assert working.session.report(KEY, REPORT) == [Send(REPORT)]
    working.session.closed()
    greeting, steps = working.connect(verdict("resend"))
    assert greeting.in_flight is not None
    assert greeting.in_flight[0].state == "reported"
    assert steps == [Send(REPORT)]
    assert working.ack() == [Settle(KEY)]
    assert working.connect()[0].in_flight == []


def test_a_report_made_while_disconnected_waits(working: Talk) -> None:
    """Work ends without the hub; the report goes with the next connection."""
    working.session.closed()
    assert working.session.report(KEY, REPORT) == []
    assert working.connect(verdict("continue"))[1] == [Send(REPORT)]


def test_an_attempt_that_ends_during_the_greeting_is_reported(working: Talk) -> None:
    """Listed as running, ended before `identified`: the report follows the welcome."""
    working.session.closed()
    working.session.opened(working.now)
    working.session.report(KEY, REPORT)
    steps = working.connect(verdict("continue"))[1]
    assert steps == [Send(REPORT)]


def test_the_verdict_stop_kills_what_runs(working: Talk) -> None:
    """It is not ours any more: kill it and report nothing."""
    working.session.closed()
    assert working.connect(verdict("stop"))[1] == [Stop(KEY, Ending.NOTHING, 2_000)]


def test_the_verdict_stop_keeps_a_report_as_evidence(working: Talk) -> None:
    """A report nobody wants is not sent."""
    working.session.closed()
    working.session.report(KEY, REPORT)
    assert working.connect(verdict("stop"))[1] == [Keep(KEY, "stop")]
    assert working.session.held == {}


@pytest.mark.parametrize("code", ["stale_generation", "conflict", "not_found"])
def test_a_report_the_hub_decided_without_is_evidence(working: Talk, code: str) -> None:
    """These refusals settle the attempt."""
    working.session.report(KEY, REPORT)
    assert working.refuse(code, "task_complete") == [Keep(KEY, f"{code}: no")]
    assert working.session.held == {}


def test_a_report_the_hub_cannot_take_is_replaced_once(working: Talk) -> None:
    """In its place goes a failure that says so; refused again, it is only evidence."""
    working.session.report(KEY, REPORT)
    (replace,) = working.refuse("validation_failed", "task_complete")
    assert isinstance(replace, Replace)
    (failed,) = frames(working.session.report(KEY, replace.frame, replaced=True))
    assert isinstance(failed, TaskFailed)
    assert failed.failure_class is FailureClass.REPORT_REFUSED
    assert isinstance(working.refuse("validation_failed", "task_failed")[0], Keep)


def test_a_report_beyond_the_frame_limit_is_replaced(working: Talk) -> None:
    """What the hub would close the connection for is not sent."""
    (replace,) = working.session.report(KEY, b"x" * 1001)
    assert isinstance(replace, Replace)


def test_a_retryable_refusal_is_sent_again_when_the_hub_says(working: Talk) -> None:
    """The report stays and goes out after `retry_after_ms`."""
    working.session.report(KEY, REPORT)
    again = working.refuse("busy", "task_complete", retryable=True, retry_after_ms=3_000)
    assert again == []
    assert working.session.due(working.now) == pytest.approx(3.0)
    assert working.session.tick(working.now + 2.9, list) == []
    assert working.session.tick(working.now + 3.1, list) == [Send(REPORT)]


def test_an_acceptance_that_came_too_late_stops_the_attempt(working: Talk) -> None:
    """Stale: killed, no report."""
    assert working.refuse("stale_generation", "task_accepted") == [Stop(KEY, Ending.NOTHING, 2_000)]


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("requested", Ending.CANCELLED),
        ("timeout", Ending.TIMEOUT),
        ("stale", Ending.NOTHING),
    ],
)
def test_a_cancel_runs_the_ladder(working: Talk, reason: str, ending: Ending) -> None:
    """The reason decides what will be reported."""
    assert working.cancel(reason=reason) == [Stop(KEY, ending, 500)]


def test_a_cancel_for_an_unknown_task_is_confirmed(talk: Talk) -> None:
    """The hub judges; a stale one needs no answer."""
    (answer,) = frames(talk.cancel())
    assert isinstance(answer, TaskCancelled)
    assert talk.cancel(reason="stale") == []


def test_a_cancel_after_the_report_changes_nothing(working: Talk) -> None:
    """The attempt has ended; its report stands."""
    working.session.report(KEY, REPORT)
    assert working.cancel() == []


def test_a_ping_lists_what_is_alive(working: Talk) -> None:
    """At each heartbeat, and only then."""
    alive = [Alive(*KEY, output_age_ms=5)]
    assert working.session.tick(working.now + 9.9, lambda: alive) == []
    (ping,) = frames(working.session.tick(working.now + 10, lambda: alive))
    assert isinstance(ping, Ping)
    assert ping.running == alive


def test_two_silent_heartbeats_make_the_connection_dead(talk: Talk) -> None:
    """Any frame counts as a sign of life."""
    assert not talk.session.deaf(talk.now + 19)
    assert talk.session.deaf(talk.now + 20)
    talk.now += 19
    talk.hub("pong", timestamp=0)
    assert not talk.session.deaf(talk.now + 19)


def test_a_hub_that_never_answers_the_greeting_is_dropped() -> None:
    """Ten seconds are enough for `identified`."""
    talk = Talk()
    talk.session.opened(talk.now)
    assert talk.session.due(talk.now) == pytest.approx(10)
    assert talk.session.deaf(talk.now + 10)


def test_progress_is_thinned_and_its_last_word_sent(working: Talk) -> None:
    """The first goes at once, later ones are spaced, the last goes before the report."""
    now = working.now
    assert len(frames(working.session.progress(KEY, 1, "a", now))) == 1
    assert working.session.progress(KEY, 2, "b", now + 0.1) == []
    assert working.session.progress(KEY, 3, "c", now + 0.2) == []
    (third,) = frames(working.session.tick(now + 0.25, list))
    assert (third.progress, third.message) == (3, "c")
    working.session.progress(KEY, 4, "d", now + 0.3)
    last, report = working.session.report(KEY, REPORT)
    assert frames([last])[0].progress == 4
    assert report == Send(REPORT)


def test_logs_wait_for_acks_at_the_window(working: Talk) -> None:
    """Unacknowledged output is bounded; an ack makes room."""
    out, now = Stream.STDOUT, working.now
    assert working.session.log_offset(KEY, out, now) == 0
    working.session.log(KEY, out, 0, "x", LOG_WINDOW)
    assert working.session.log_offset(KEY, out, now) is None
    working.hub("log_ack", task_id="task-1", generation=7, stream="stdout", offset=100)
    assert working.session.log_offset(KEY, out, now) == LOG_WINDOW


def test_logs_go_on_where_the_hub_left_off(working: Talk) -> None:
    """After a reconnect the hub's offsets stand, or its last acks when it names none."""
    working.session.log(KEY, Stream.STDOUT, 0, "0123456789", 10)
    working.session.closed()
    assert working.session.log_offset(KEY, Stream.STDOUT, working.now) is None
    working.connect(verdict("continue", stdout=4))
    assert working.session.log_offset(KEY, Stream.STDOUT, working.now) == 4
    assert working.session.log_offset(KEY, Stream.STDERR, working.now) == 0


def test_refused_logs_pause_or_end_without_touching_the_task(working: Talk) -> None:
    """Retryable: again later from the last ack. Otherwise: no more logs of this attempt."""
    working.session.log(KEY, Stream.STDOUT, 0, "0123456789", 10)
    working.refuse("busy", "task_log", retryable=True, retry_after_ms=2_000)
    assert working.session.log_offset(KEY, Stream.STDOUT, working.now + 1) is None
    assert working.session.log_offset(KEY, Stream.STDOUT, working.now + 2) == 0
    working.refuse("validation_failed", "task_log")
    assert working.session.log_offset(KEY, Stream.STDOUT, working.now + 1e6) is None
    assert KEY in working.session.held


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"[]", b'{"type":"poem"}', b'{"type":"pong"}', b"\xff\xfe", b"[" * 99999]
)
def test_an_unreadable_frame_is_complained_about(talk: Talk, junk: bytes) -> None:
    """Nothing the hub sends can break the session."""
    (complaint,) = talk.session.receive(junk, talk.now)
    assert isinstance(complaint, Complain)


def test_a_farewell_is_remembered_until_the_next_connection(talk: Talk) -> None:
    """The connection asks for it when it closes."""
    talk.hub("bye", code=4000, reason="stopping", reconnect=True, retry_after_ms=700)
    assert talk.session.bye is not None
    assert talk.session.bye.retry_after_ms == 700
    talk.session.opened(talk.now)
    assert talk.session.bye is None


def test_the_last_output_may_follow_the_ack(working: Talk) -> None:
    """A settled attempt keeps its log until it is dropped."""
    working.session.log(KEY, Stream.STDOUT, 0, "0123456789", 10)
    working.session.report(KEY, REPORT)
    working.ack()
    sizes = {Stream.STDOUT: 20}
    assert working.session.behind(KEY, sizes, acked=False)
    assert working.session.log_offset(KEY, Stream.STDOUT, working.now) == 10
    working.session.drop(KEY)
    assert not working.session.behind(KEY, sizes, acked=False)


def test_a_refused_last_output_ends_the_waiting(working: Talk) -> None:
    """The hub has forgotten the attempt; there is nobody to tell the rest."""
    working.session.report(KEY, REPORT)
    working.ack()
    assert working.session.behind(KEY, {Stream.STDOUT: 20}, acked=True)
    assert working.refuse("stale_generation", "task_log") == []
    assert not working.session.behind(KEY, {Stream.STDOUT: 20}, acked=True)
