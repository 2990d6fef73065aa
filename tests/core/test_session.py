"""A session's door: what is taken, and every way in which something is refused."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.credentials import Principal
from hub.core.gates import ALLOWED, spec_flaws
from hub.core.session import MODELS, Close, Phase, Refusal, Session
from schemas.from_agent import NOT_YET, FromAgent, Identify, Ping, TaskComplete, TaskSubmit
from schemas.scalars import (
    GREETING_BYTES,
    PROTOCOL_VERSION,
    SAFE_INTEGER,
    CloseCode,
    ErrorCode,
    Role,
)
from schemas.to_agent import Error
from schemas.work import TaskSpec

IDENTIFY = {"type": "identify", "agent_id": "a", "protocol_version": PROTOCOL_VERSION}
COMPLETE = {"type": "task_complete", "task_id": "t", "generation": 1}


def opened(role: Role = Role.AGENT) -> Session:
    """A session after its greeting."""
    session = Session(0)
    session.identified(Principal("a", role, "main"), 7)
    return session


def say(session: Session, message: Any) -> Any:
    """What becomes of a message, given as an object or as bytes."""
    data = message if isinstance(message, bytes) else msgspec.json.encode(message)
    return session.receive(data, 5)


def refused(session: Session, message: Any) -> Refusal:
    """How a message is refused."""
    refusal = say(session, message)
    assert isinstance(refusal, Refusal)
    return refusal


def test_the_greeting_is_taken() -> None:
    """And the time of the frame is noted."""
    session = Session(0)
    message = say(session, IDENTIFY)

    assert message == Identify("a", PROTOCOL_VERSION)
    assert (session.heard_at, session.phase) == (5, Phase.GREETING)


def test_nothing_is_taken_before_the_greeting() -> None:
    """The answer says what comes first."""
    refusal = refused(Session(0), COMPLETE)

    assert (refusal.code, refusal.message_type) == (ErrorCode.NOT_IDENTIFIED, "task_complete")
    assert (refusal.task_id, refusal.generation) == ("t", 1)


@pytest.mark.parametrize("version", [3, 1000])
def test_another_protocol_is_sent_away(version: int) -> None:
    """A client of a later version would not understand the rest."""
    found = say(Session(0), IDENTIFY | {"protocol_version": version})

    assert isinstance(found, Close)
    assert (found.code, found.reconnect) == (CloseCode.VERSION, False)


def test_a_stranger_says_little() -> None:
    """Before anybody is known, a large frame ends the session; a known one may list much."""
    large = IDENTIFY | {"more": "x" * GREETING_BYTES}
    stranger, trusted = Session(0), Session(0)
    trusted.trusted = True
    found = say(stranger, large)

    assert isinstance(found, Close)
    assert found.code is CloseCode.TOO_LARGE
    assert isinstance(say(trusted, large), Identify)


def test_identify_comes_once() -> None:
    """A second one is refused and changes nothing."""
    assert refused(opened(), IDENTIFY).code is ErrorCode.ALREADY_IDENTIFIED


def test_a_closed_session_takes_nothing() -> None:
    """Whatever was allowed before."""
    session, greeting = opened(), Session(0)
    session.closed()
    greeting.closed()

    assert refused(session, COMPLETE).code is ErrorCode.NOT_IDENTIFIED
    assert refused(session, {"type": "ping"}).code is ErrorCode.NOT_IDENTIFIED
    assert refused(greeting, IDENTIFY).code is ErrorCode.NOT_IDENTIFIED


@pytest.mark.parametrize("role", Role)
def test_each_role_may_say_its_part(role: Role) -> None:
    """Agents work, people submit and watch, viewers say nothing."""
    work = {"task_accepted", "task_rejected", "task_progress", "task_log", "task_complete"}
    work |= {"task_failed", "task_cancelled"}
    submit = {"identify", "ping", "task_submit", "task_watch"}
    wanted = {Role.AGENT: work | submit, Role.VIEWER: set[str]()}.get(role, submit)

    assert {str(kind.__struct_config__.tag) for kind in ALLOWED[role]} == wanted
    assert set(MODELS) == work | submit


def test_a_person_does_no_work() -> None:
    """A message outside the role is refused by name."""
    refusal = refused(opened(Role.OPERATOR), COMPLETE)

    assert (refusal.code, refusal.task_id) == (ErrorCode.FORBIDDEN, "t")


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"nonsense", "malformed"),
        (b'{"type":"ping"}}', "trailing"),
        (b'{"type":"task_accepted","task_id":"\xff","generation":1}', "UTF-8"),
        (b'{"type":"\xff"}', "UTF-8"),
        (b'{"type":"ping","x":' + b"[" * 100_000, "deep"),
        (b'{"type":"ping","x":' + b'{"a":' * 100_000, "deep"),
    ],
)
def test_what_is_no_json_is_refused(data: bytes, part: str) -> None:
    """With a sentence on what is wrong, and the session goes on."""
    session = opened()
    refusal = refused(session, data)

    assert refusal.code is ErrorCode.INVALID_JSON
    assert part in refusal.message
    assert isinstance(say(session, {"type": "ping"}), Ping)


@pytest.mark.parametrize(
    "data", [b"[]", b"1", b"null", b'"ping"', b"{}", b'{"type":1}', b'{"type":null}']
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    """A message is an object with a type."""
    assert refused(opened(), data).code is ErrorCode.VALIDATION_FAILED


@pytest.mark.parametrize("kind", sorted(NOT_YET))
def test_types_of_the_protocol_that_are_not_built_say_so(kind: str) -> None:
    """They are no mistake of the sender."""
    refusal = refused(opened(), {"type": kind})

    assert (refusal.code, refusal.message_type) == (ErrorCode.UNSUPPORTED, kind)


def test_an_unknown_type_is_named_in_short() -> None:
    """A type of any length is answered."""
    refusal = refused(opened(), {"type": "x" * 10_000})

    assert refusal.code is ErrorCode.UNKNOWN_MESSAGE_TYPE
    assert refusal.message_type == "x" * 64


def test_a_wrong_field_is_refused_with_what_it_was_about() -> None:
    """The answer names the task, so that the sender finds its report."""
    refusal = refused(opened(), COMPLETE | {"tokens_used": -1})

    assert refusal.code is ErrorCode.VALIDATION_FAILED
    assert (refusal.task_id, refusal.generation, refusal.model) == ("t", 1, TaskComplete)
    assert "$.tokens_used" in refusal.message


@pytest.mark.parametrize("generation", [-1, True, 1.5, "1", None, 2**64, 10**30, SAFE_INTEGER + 1])
@pytest.mark.parametrize("task_id", ["", "x" * 65, 5, None])
def test_a_refusal_repeats_only_what_fits_an_answer(generation: Any, task_id: Any) -> None:
    """The error frame keeps to its own schema, whatever came."""
    refusal = refused(opened(), COMPLETE | {"generation": generation, "task_id": task_id})
    error = Error(
        refusal.code,
        refusal.message,
        False,
        refusal.message_type,
        refusal.ref,
        refusal.task_id,
        refusal.generation,
    )

    assert msgspec.json.decode(msgspec.json.encode(error), type=Error) == error
    assert (refusal.task_id, refusal.generation) == (None, None)


def test_a_reference_is_repeated_up_to_its_limit() -> None:
    """A submitter finds its request again."""
    empty: dict[str, Any] = {"type": "task_submit", "tasks": []}

    assert refused(opened(), empty | {"ref": "r" * 128}).ref == "r" * 128
    assert refused(opened(), empty | {"ref": "r" * 129}).ref is None


@pytest.mark.parametrize("kind", ["task_complete", "task_failed", "task_cancelled"])
@pytest.mark.parametrize("bad", [b'"\xff"', b"9007199254740992", b"[" * 50 + b"]" * 50])
def test_bad_results_stop_at_the_door(kind: str, bad: bytes) -> None:
    """What would close another's socket is never kept."""
    head = msgspec.json.encode(COMPLETE | {"type": kind})[:-1]
    refusal = refused(opened(), head + b',"result":' + bad + b"}")

    assert refusal.code in (ErrorCode.VALIDATION_FAILED, ErrorCode.INVALID_JSON)
    assert [flaw.path for flaw in refusal.flaws] in (["$.result"], [])


def test_usage_is_an_object() -> None:
    """Both opaque fields of a report are looked at, and each flaw is named."""
    refusal = refused(opened(), COMPLETE | {"usage": [1], "result": 2**53})

    assert [flaw.path for flaw in refusal.flaws] == ["$.result", "$.usage"]


def test_every_task_of_a_request_is_looked_at() -> None:
    """The paths name which one, at most twenty of them."""
    bad = {"description": "x", "payload": 2**53, "metadata": 1}
    tasks = [{"description": "fine"}, bad, *[bad] * 20]
    refusal = refused(opened(), {"type": "task_submit", "ref": "r", "tasks": tasks})
    paths = [flaw.path for flaw in refusal.flaws]

    assert paths[:2] == ["$.tasks[1].payload", "$.tasks[1].metadata"]
    assert len(paths) == 20
    assert refusal.ref == "r"
    assert spec_flaws(TaskSpec("x"), "$") == []


def test_the_arguments_of_a_function_are_looked_at() -> None:
    """They have to be names and values."""
    runs = [{"kind": "python", "target": "a:b", "kwargs": bad} for bad in ([1], {"a-b": 1}, {})]
    tasks = [{"description": "x", "run": run} for run in runs]
    refusal = refused(opened(), {"type": "task_submit", "ref": "r", "tasks": tasks})

    assert [(flaw.path, flaw.message) for flaw in refusal.flaws] == [
        ("$.tasks[0].run.kwargs", "expected an object"),
        ("$.tasks[1].run.kwargs", "'a-b' is not a Python identifier"),
    ]


def test_a_good_request_passes() -> None:
    """Opaque parts are kept byte for byte, and what is not known of a frame is passed over."""
    frame = b'{"type":"task_submit","ref":"r","tasks":[{"description":"x","payload": {"a" :1}}]}'
    assert say(opened(), b'{"type":"ping","zz":"\xff"}') == Ping()
    message = say(opened(Role.OPERATOR), frame)

    assert isinstance(message, TaskSubmit)
    assert bytes(message.tasks[0].payload) == b'{"a" :1}'  # type: ignore[arg-type]


@given(st.binary(max_size=200))
def test_no_bytes_hurt(data: bytes) -> None:
    """Whatever comes is a message, a refusal or a close."""
    for session in (Session(0), opened()):
        assert isinstance(session.receive(data, 1), Refusal | Close | FromAgent)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(sorted(MODELS)),
    st.dictionaries(
        st.sampled_from(
            ["task_id", "generation", "result", "usage", "running", "tasks", "ref", "in_flight"]
        ),
        JSON,
    ),
)
def test_no_message_with_odd_fields_hurts(kind: str, fields: dict[str, Any]) -> None:
    """Each is taken or refused, and what a refusal repeats can be sent."""
    found = say(opened(), {"type": kind, **fields})

    assert isinstance(found, Refusal | FromAgent)
    if isinstance(found, Refusal):
        msgspec.json.encode([found.message, found.ref, found.task_id, found.generation])
