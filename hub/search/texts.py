"""The texts of a task and of an agent, how they are compared, and the piece that is shown.

Upper and lower case are the same. Folding a text keeps every character in its place, so what
is found in the folded text is marked in the one that people see.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from schemas.scalars import KIB
from schemas.work import Command, Run, TaskSpec

FIELD_BYTES: Final = 16 * KIB
"""So much of each field can be found."""
SNIPPET: Final = 160
"""How many characters of a text are shown at most..."""
LEAD: Final = 40
"""...and how many of them before what was found."""
TITLE: Final = 120

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class Field(NamedTuple):
    """One text of something that can be found."""

    name: str
    text: str


class Place(NamedTuple):
    """Where the words stand."""

    field: str
    snippet: str
    marks: list[tuple[int, int]]


def fold(text: str) -> str:
    """The text as it is compared, each character where it was."""
    folded = text.lower()
    if len(folded) != len(text):
        # A few letters become two; those stay as they are.
        folded = "".join(low if len(low := each.lower()) == 1 else each for each in text)
    return folded.replace("\0", " ").replace("\u03c2", "\u03c3")


def words_of(query: str) -> list[str]:
    """What has to stand somewhere in what is found: all of these, folded, each once."""
    return list(dict.fromkeys(fold(query).split()))


def of_task(
    task_id: str, submitter: str, error: str | None, result: bytes | None, spec: TaskSpec
) -> list[Field]:
    """The texts of a task, those first in which a person looks first."""
    labels = spec.labels or {}
    found = [
        Field("id", task_id),
        Field("description", spec.description),
        Field("run", "" if spec.run is None else _line_of(spec.run)),
        Field("labels", " ".join(f"{name}={value}" for name, value in labels.items())),
        Field("needs", " ".join(spec.needs or ())),
        Field("submitter", submitter),
        Field("payload", "" if spec.payload is UNSET else plain(bytes(spec.payload))),
        Field("metadata", "" if spec.metadata is UNSET else plain(bytes(spec.metadata))),
        Field("error", error or ""),
        Field("result", "" if result is None else plain(result)),
    ]
    return _cut(found)


def of_agent(
    agent_id: str,
    name: str,
    host: str | None,
    capabilities: Iterable[str],
    labels: Iterable[tuple[str, str]],
    note: str | None,
) -> list[Field]:
    """The texts of an agent, likewise."""
    found = [
        Field("id", agent_id),
        Field("name", name),
        Field("host", host or ""),
        Field("capabilities", " ".join(capabilities)),
        Field("labels", " ".join(f"{name}={value}" for name, value in labels)),
        Field("note", note or ""),
    ]
    return _cut(found)


def _cut(fields: list[Field]) -> list[Field]:
    """Only what has a text, each no longer than can be found."""
    return [Field(name, text[:FIELD_BYTES]) for name, text in fields if text]


def _line_of(run: Run) -> str:
    return " ".join(run.argv) if isinstance(run, Command) else run.target


def plain(raw: bytes) -> str:
    """JSON as a person would read it: keys and values without quotes and escapes.

    Of what is long only the beginning, and that as it was written.
    """
    if len(raw) > FIELD_BYTES:
        return raw[:FIELD_BYTES].decode(errors="ignore")
    try:
        return " ".join(_leaves(_decode(raw)))
    except (msgspec.DecodeError, RecursionError):
        return raw.decode(errors="replace")


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield f"{key}:"
            yield from _leaves(below)
    elif isinstance(value, list):
        for below in value:
            yield from _leaves(below)
    else:
        yield value if isinstance(value, str) else _encode(value).decode()


def document(fields: Iterable[Field]) -> str:
    """What the index is given: no word reaches from one field into the next."""
    folded = fold("\n".join(field.text for field in fields))
    return folded.encode(errors="replace").decode()


def place_of(fields: Sequence[Field], words: Sequence[str]) -> Place | None:
    """Where the first of the words stands, if all of them stand somewhere."""
    folded = [fold(text) for _, text in fields]
    if not words or not all(any(word in text for text in folded) for word in words):
        return None
    first = next(n for n, text in enumerate(folded) if words[0] in text)
    name, text = fields[first]
    begin = max(folded[first].index(words[0]) - LEAD, 0)
    if len(text) <= SNIPPET:
        begin = 0
    end = begin + SNIPPET
    return Place(name, on_one_line(text[begin:end]), marks_of(folded[first][begin:end], words))


def marks_of(folded: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """Which characters belong to one of the words: from, to; in order, none of them twice."""
    spans = sorted((at, at + len(word)) for word in words for at in _places(folded, word))
    merged: list[tuple[int, int]] = []
    for begin, end in spans:
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))


def on_one_line(text: str) -> str:
    """The text with a space in the place of each line end and other control character."""
    return "".join(each if each.isprintable() or each > "\x9f" else " " for each in text)


def title_of(text: str) -> str:
    """A text, short enough to be a title."""
    line = on_one_line(text[: TITLE + 1])
    return line if len(line) <= TITLE else line[: TITLE - 1] + "…"
