"""The filter of agents: what people type above the fleet, such as `status:idle -cap:gpu oak`.

The dashboard reads the same words in `components/fleet/filters.ts`; both are tried with the same
cases, so that an action on all agents that a page lists is about exactly those.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from hub.core.agent import Agent
from hub.core.errors import Refused
from schemas.scalars import ErrorCode, Presence
from schemas.to_agent import Flaw

MOST_WORDS: Final = 32
PAUSED: Final = "paused"
INACTIVE: Final = "inactive"
STATUSES: Final = frozenset({*(each.value for each in Presence), PAUSED, INACTIVE})
"""What may follow `status:`."""
ONE_OF: Final = ("status", "host")
"""An agent has one of these, so several words about it mean any of them."""
_WORD: Final = re.compile(r'(-?)(?:([A-Za-z_]+):)?(?:"((?:[^"\\]|\\.)*)"?|(\S+))', re.ASCII)

Condition = Callable[[Agent], bool]


class Word(NamedTuple):
    """One word of a filter."""

    key: str | None
    """What stands before the colon; None for a word without one."""
    value: str
    negated: bool


def words_of(text: str) -> list[Word]:
    """The words of a filter, read as the dashboard reads them."""
    return [_word(*found.groups()) for found in _WORD.finditer(text)]


def _word(minus: str, key: str | None, quoted: str | None, bare: str | None) -> Word:
    value = (bare or "") if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return Word(None if key is None else key.lower(), value, minus == "-")


def meant_by(text: str | None, place: str) -> Condition:
    """What tells whether an agent is one of those meant; without a filter all of them are.

    Raises Refused `validation_failed`, about this place, for what would mean all agents or
    nobody although it may have been meant otherwise.
    """
    if text is None:
        return lambda _: True
    words = words_of(text)
    flaw = _flaw(words)
    if flaw is not None:
        raise Refused(ErrorCode.VALIDATION_FAILED, flaw, flaws=[Flaw(place, flaw)])
    tests = [_opposite(_test(word)) for word in words if word.negated]
    wanted = [word for word in words if not word.negated]
    for key in ONE_OF:
        some = [_test(word) for word in wanted if word.key == key]
        if some:
            tests.append(_any(some))
    tests += [_test(word) for word in wanted if word.key not in ONE_OF]
    return lambda agent: all(test(agent) for test in tests)


def _flaw(words: list[Word]) -> str | None:
    if not words:
        return "a filter has at least one word"
    if len(words) > MOST_WORDS:
        return f"a filter has at most {MOST_WORDS} words"
    for word in words:
        if not word.value:
            return "a word of a filter is empty"
        if word.key == "status" and word.value.lower() not in STATUSES:
            return f"there is no status {word.value[:64]}"
    return None


def _test(word: Word) -> Condition:
    match word.key:
        case "status":
            return _has_status(word.value.lower())
        case "host":
            return _has_host(fits(word.value))
        case "cap":
            return _offers(fits(word.value))
        case "label":
            return _has_label(word.value)
        case None:
            return _is_about(word.value.lower())
        case unknown:
            # Part of what is looked for, so that nothing is left out silently.
            return _is_about(f"{unknown}:{word.value}".lower())


def _opposite(test: Condition) -> Condition:
    return lambda agent: not test(agent)


def _any(tests: Iterable[Condition]) -> Condition:
    some = list(tests)
    return lambda agent: any(test(agent) for test in some)


def _has_status(status: str) -> Condition:
    if status == PAUSED:
        return lambda agent: agent.record.paused
    if status == INACTIVE:
        return lambda agent: not agent.record.active
    return lambda agent: agent.status.value == status


def _has_host(fitting: Callable[[str], bool]) -> Condition:
    return lambda agent: agent.record.host is not None and fitting(agent.record.host)


def _offers(fitting: Callable[[str], bool]) -> Condition:
    return lambda agent: any(fitting(each) for each in agent.capabilities)


def _has_label(text: str) -> Condition:
    name, equals, value = text.partition("=")
    fitting = fits(value if equals else "*")
    return lambda agent: any(key == name and fitting(had) for key, had in agent.record.labels)


def _is_about(text: str) -> Condition:
    def test(agent: Agent) -> bool:
        record = agent.record
        parts = (record.id, record.name, record.host or "")
        return any(text in part.lower() for part in parts)

    return test


def fits(pattern: str) -> Callable[[str], bool]:
    """What tells whether a whole text fits; `*` stands for anything, cases are the same.

    It looks at each letter once: a regular expression with many stars would not.
    """
    head, *pieces = pattern.lower().split("*")
    if not pieces:
        return lambda text: text.lower() == head
    *middle, tail = pieces

    def test(text: str) -> bool:
        text = text.lower()
        at, end = len(head), len(text) - len(tail)
        if at > end or not (text.startswith(head) and text.endswith(tail)):
            return False
        for piece in middle:
            found = text.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True

    return test
