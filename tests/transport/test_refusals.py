"""What a peer is told about a message that was refused."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from hub.transport import refusals
from hub.transport.refusals import EXPLAINED_BYTES, FLAWS, explain
from schemas.from_agent import Identify, TaskLog, TaskProgress, TaskSubmit
from schemas.to_agent import Flaw
from schemas.work import TaskSpec

GREETING = b'{"type":"identify","agent_id":"a",'
"""The beginning of a message that is right so far."""


def refused(raw: bytes, model: type[Struct]) -> Exception:
    """The error msgspec answers this message with."""
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError, RecursionError)) as caught:
        msgspec.json.decode(raw, type=model)
    return caught.value


def flaws_of(message: Any, model: type[Struct]) -> dict[str, str]:
    """What is said about a refused message, by path."""
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    return {flaw.path: flaw.message for flaw in explain(raw, model, refused(raw, model))}


def submit(*tasks: Any) -> dict[str, Any]:
    """A submit of these tasks."""
    return {"type": "task_submit", "ref": "r", "tasks": list(tasks)}


def test_every_flaw_is_named() -> None:
    """One answer names all flaws, each at its place, however deep."""
    good = {"description": "x"}
    bad = {"description": "", "priority": "soon", "needs": ["a", 3], "max_attempts": 0}

    assert flaws_of(submit(good, bad), TaskSubmit) == {
        "$.tasks[1].description": "must have 1 or more characters, has 0",
        "$.tasks[1].priority": (
            'must be one of critical, high, low, medium, normal, urgent, is "soon"'
        ),
        "$.tasks[1].needs[1]": "expected string, got integer",
        "$.tasks[1].max_attempts": "must be at least 1, is 0",
    }


def test_missing_fields_are_named_at_their_own_place() -> None:
    """A missing field has a path, so that a form can show it where it belongs."""
    assert flaws_of({"type": "task_progress"}, TaskProgress) == {
        "$.task_id": "required, but missing",
        "$.generation": "required, but missing",
    }


def test_a_misspelt_field_is_named_with_the_nearest_word() -> None:
    """A typo in a task is answered with the field that was probably meant."""
    said = flaws_of({"description": "x", "priorty": "low", "zzz": 1}, TaskSpec)

    assert said == {
        "$.priorty": "unknown field, did you mean `priority`?",
        "$.zzz": "unknown field",
    }


def test_keys_of_maps_are_named() -> None:
    """A bad key is told apart from a bad value, and quoted when it is no plain word."""
    run = {"kind": "command", "argv": ["x"], "env": {"9 9": "a", "OK": 1}}

    assert flaws_of({"description": "x", "run": run}, TaskSpec) == {
        '$.run.env["9 9"]': r'the key must match ^[A-Za-z_][A-Za-z0-9_]*(?![\s\S]), is "9 9"',
        "$.run.env.OK": "expected string, got integer",
    }


def test_the_arguments_of_a_function_are_named_with_the_rest() -> None:
    """What only the scan of opaque JSON finds stands beside what the schema finds."""
    run = {"kind": "python", "target": "shop", "kwargs": {"a b": 1}}

    said = flaws_of(submit({"description": "x", "run": run}), TaskSubmit)

    assert said["$.tasks[0].run.kwargs"] == "'a b' is not a Python identifier"
    assert set(said) == {"$.tasks[0].run.kwargs", "$.tasks[0].run.target"}


@pytest.mark.parametrize("run", [7, None, {"kwargs": "\ud800"}, {"kwargs": {}}, [1]])
def test_what_a_run_could_be_does_not_hurt(run: Any) -> None:
    """It is looked into only as far as it can be read."""
    assert flaws_of({"description": 3, "run": run}, TaskSpec)["$.description"]


def test_a_long_value_is_cut() -> None:
    """No answer repeats more than a few characters of what was sent."""
    (flaw,) = explain(
        raw := json.dumps({"description": "x", "priority": "y" * 9_000}).encode(),
        TaskSpec,
        refused(raw, TaskSpec),
    )

    assert flaw.message.endswith('"' + "y" * 49 + '…"')


def test_at_most_twenty_flaws_are_named() -> None:
    """A message full of flaws gets a bounded answer."""
    raw = json.dumps(submit(*[{}] * 1000)).encode()

    assert len(explain(raw, TaskSubmit, refused(raw, TaskSubmit))) == FLAWS


def test_a_large_message_gets_the_first_flaw_only() -> None:
    """Above the limit only the decoder's own flaw is told, with its path."""
    raw = json.dumps(submit({"description": "x" * EXPLAINED_BYTES, "needs": [1, 2]})).encode()

    assert explain(raw, TaskSubmit, refused(raw, TaskSubmit)) == [
        Flaw("$.tasks[0].description", "Expected `str` of length <= 10000")
    ]


def test_the_decoder_speaks_when_the_schema_finds_nothing() -> None:
    """What only msgspec refuses is told in its words."""
    assert flaws_of(b'{"type":"task_progress","task_id":"t","generation":1.0}', TaskProgress) == {
        "$.generation": "Expected `int`, got `float`"
    }


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", Flaw("$", "Input data was truncated")),
        (b"[]", Flaw("$", "expected object, got array")),
        (GREETING + b'"name":"\xff"}', Flaw("$", "not valid UTF-8")),
        (GREETING + b'"name":NaN}', Flaw("$", "JSON is malformed: invalid character (byte 41)")),
        (GREETING + b'"name":"\\ud800"}', Flaw("$", "a text holds half a surrogate pair")),
        (
            GREETING + b'"slots":' + b"9" * 5_000 + b"}",
            Flaw("$.slots", "Integer value out of range"),
        ),
        (GREETING + b'"slots":-1,"slots":2}', Flaw("$.slots", "Expected `int` >= 0")),
    ],
)
def test_hostile_input_is_answered(raw: bytes, said: Flaw) -> None:
    """Input that is no JSON, or that two readers see differently, gets one plain flaw."""
    assert explain(raw, Identify, refused(raw, Identify))[0] == said


def test_nesting_that_exhausts_the_stack_is_answered() -> None:
    """How deep that is depends on the Python; the answer does not."""
    raw = GREETING + b'"x":' + b"[" * 60_000

    assert explain(raw, Identify, RecursionError()) == [Flaw("$", "nested too deeply")]


def test_text_that_moves_a_cursor_is_escaped() -> None:
    """Controls, lone surrogates and direction marks from a peer never reach a terminal."""
    said = flaws_of(b'{"agent_id":"\\u001b[2J\\ud800\\u202e"}', Identify)

    assert said["$.agent_id"].endswith(r'"\x1b[2J\ud800\u202e"')


@given(st.binary(max_size=200) | st.recursive(st.none() | st.text(), st.lists).map(repr))
def test_any_bytes_are_answered_and_can_be_sent(text: bytes | str) -> None:
    """Whatever came, there is an answer, and the answer can be encoded."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")

    flaws = explain(raw, TaskLog, msgspec.ValidationError("no"))

    assert 1 <= len(flaws) <= FLAWS
    assert msgspec.json.encode(flaws)


def test_a_validator_is_built_once() -> None:
    """The second refusal of a type finds its validator ready."""
    assert refusals._validator(TaskLog) is refusals._validator(TaskLog)
