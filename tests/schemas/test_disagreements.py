"""Where msgspec and JSON Schema do not say the same: all such kinds, counted and listed."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

import schemas
from schemas.events import Envelope
from schemas.from_agent import FromAgent
from tests.schemas.agreement import msgspec_accepts, published, schema_accepts

REPORT = b'{"type":"task_progress","task_id":"t","generation":1,%b}'
EVENT = (
    b'{"id":"e","seq":1,"type":"task.updated","source":"s","target":null,'
    b'"timestamp":%b,"payload":{"change":"x"},"meta":{"org":"o",'
    b'"actor_id":"a","actor_type":"hub","correlation_id":null,"causation_id":null,'
    b'"schema_version":1}}'
)


class Kind(NamedTuple):
    """A kind of text on which the two disagree, with examples."""

    in_words: str
    """As the table in schemas/README.md has it."""
    hub_takes_it: bool
    examples: list[bytes]
    model: Any = FromAgent
    place: tuple[str, str | None] = ("from_agent.json", None)


KINDS = [
    Kind(
        "a whole number written with a fraction or an exponent",
        False,
        [REPORT % b'"progress":1.0', REPORT % b'"progress":1e1', REPORT % b'"progress":-0.0'],
    ),
    Kind(
        "a key given twice, wrong the first time",
        False,
        [REPORT % b'"progress":-1,"progress":1', REPORT % b'"type":"ping","type":"task_progress"'],
    ),
    Kind(
        "half a surrogate pair",
        False,
        [REPORT % rb'"message":"\ud800"', REPORT % rb'"new":"\ude00\ud83d"'],
    ),
    Kind(
        "the words NaN and Infinity",
        False,
        [REPORT % b'"new":NaN', REPORT % b'"new":-Infinity'],
    ),
    Kind(
        "a number beyond the range of a double",
        False,
        [EVENT % b"1e400", EVENT % (b"9" * 400)],
        Envelope,
        ("events.json", "Envelope"),
    ),
    Kind(
        "bytes that are not UTF-8, in an unknown field or opaque JSON",
        True,
        [REPORT % b'"new":"\xff"', REPORT % b'"new":"\xc0\x80"'],
    ),
    Kind(
        "an integer of more than 4,300 digits, in an unknown field or opaque JSON",
        True,
        [REPORT % (b'"new":' + b"9" * 5_000)],
    ),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.in_words)
def test_disagreement(kind: Kind) -> None:
    """Each listed kind is still one, and goes the way the table says."""
    validator = published(*kind.place)

    for raw in kind.examples:
        assert msgspec_accepts(raw, kind.model) is kind.hub_takes_it
        assert schema_accepts(raw, validator) is not kind.hub_takes_it


def test_the_table_lists_them_all() -> None:
    """The readers of the contract find exactly these kinds in its README."""
    text = (Path(schemas.__file__).parent / "README.md").read_text("utf-8")
    table = text.split("## Where the judges disagree")[1].split("\n## ")[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]

    print(f"{len(KINDS)} kinds of disagreement, {sum(len(k.examples) for k in KINDS)} examples")
    assert [row for row in rows if row and not row.startswith("|")][-len(KINDS) :] == [
        kind.in_words for kind in KINDS
    ]
