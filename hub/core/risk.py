"""The risk of a change to code: how carefully somebody should look at it before it is merged.

It is judged by what the agent says about its change; the hub never sees the change itself, so
what is not said counts against it.
"""

import re
from typing import Final

from msgspec import Struct

LOW: Final = 1
USUAL: Final = 2
HIGH: Final = 3
LINES: Final = 20
"""A change of low risk has fewer lines, added and deleted together."""
FILES: Final = 3
"""A change of low risk is in so many files at most."""
NAMED: Final = 5
"""So many protected paths are named as reasons."""
PATH_CHARS: Final = 200
PROTECTED: Final = frozenset(
    {"auth", "authentication", "authorization", "login", "oauth", "permission", "permissions"}
    | {"password", "passwords", "secret", "secrets", "credential", "credentials"}
    | {"token", "tokens", "jwt", "sso", "security", "crypto", "pem", "key", "keys", "apikey"}
    | {"passwd", "rsa", "dsa", "ecdsa", "ed25519", "ssh", "npmrc", "pypirc", "netrc", "htpasswd"}
    | {"config", "configs", "configuration", "settings", "env", "migration", "migrations"}
    | {"github", "gitlab", "workflows", "ci", "deploy", "deployment", "dockerfile"}
)
"""Words in a path that stand for access, secrets, configuration, and how code gets out."""
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
"""Where a word ends within camelCase or behind an acronym."""
_WORD: Final = re.compile(r"[a-z0-9]+")
_LETTERS: Final = re.compile(r"[a-z]+")


class CodeChange(Struct, frozen=True):
    """What is known of a change; None is what nobody said."""

    lines: int | None = None
    """Lines added and deleted."""
    files: int | None = None
    """Files changed in any way."""
    new_files: int | None = None
    paths: tuple[str, ...] = ()
    """Files that are touched."""
    are_all_named: bool = False
    """No file is touched that `paths` does not name."""
    tests_exist: bool = False


class Risk(Struct, frozen=True):
    """A tier from 1, low, to 3, high, and why it is not lower."""

    tier: int
    reasons: list[str]


def assess(change: CodeChange) -> Risk:
    """The risk of a change."""
    protected = [path for path in change.paths if is_protected(path)]
    if protected:
        named = [f"protected path: {path[:PATH_CHARS]}" for path in protected[:NAMED]]
        return Risk(HIGH, named)
    reasons = [
        *_too_much(change.lines, LINES - 1, "changed lines"),
        *_too_much(change.files, FILES, "files"),
        *_too_much(change.new_files, 0, "new files"),
    ]
    if not change.are_all_named:
        reasons.append("not every file that is touched is named")
    if not change.tests_exist:
        reasons.append("there are no tests")
    return Risk(USUAL, reasons) if reasons else Risk(LOW, ["small, and tested"])


def _too_much(count: int | None, most: int, what: str) -> list[str]:
    if count is None:
        return [f"the number of {what} is not known"]
    return [f"{count} {what}, more than {most}"] if count > most else []


def is_protected(path: str) -> bool:
    """Whether a path is about access, secrets or configuration, by the words in it."""
    apart, whole = _HUMP.sub("/", path).lower(), path.lower()
    words = (*_WORD.findall(apart), *_LETTERS.findall(apart))
    return not PROTECTED.isdisjoint((*words, *_WORD.findall(whole), *_LETTERS.findall(whole)))
