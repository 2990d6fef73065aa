"""What a check of `corral doctor` finds, how a check is made, and how findings are shown.

A check is a function from the scene to findings. It never changes anything; what keeps it from
being made is a finding as well, never a traceback.
"""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import msgspec
from msgspec import Struct
from rich.table import Table
from rich.text import Text

from hub.cli.exits import Trouble
from hub.cli.locate import Runtime
from hub.cli.screen import clean
from hub.store.contract import StoreError


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    """It works, but not as well or as safely as it could."""
    FAIL = "fail"
    """Something does not work, or will not; the hint says what to do next."""
    SKIP = "skip"
    """The check could not be made, or has no object here."""


class Finding(Struct, frozen=True):
    """What a check found: a sentence, and what to do next when something is to be done."""

    check: str
    verdict: Verdict
    message: str
    hint: str = ""


class Scene(NamedTuple):
    """What is looked at: a hub by its address, its data directory, a sidecar's configuration."""

    data: Path
    config: Path
    url: str | None = None
    token: str | None = None
    runtime: Runtime | None = None
    """What the hub of the data directory says of itself, also when it is dead."""
    held: bool = False
    """A process holds the data directory."""

    @property
    def hub_pid(self) -> int | None:
        """The hub's process, when one has the data directory open."""
        return self.runtime.pid if self.runtime and self.held else None


Check = Callable[[Scene], Iterable[Finding]]

NOT_MADE: Final = (
    OSError,
    ValueError,
    StoreError,
    Trouble,
    apsw.Error,
    msgspec.MsgspecError,
)
"""What may keep a check from being made."""


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, message)


def warn(check: str, message: str, hint: str) -> Finding:
    """It works, and could be better."""
    return Finding(check, Verdict.WARN, message, hint)


def fail(check: str, message: str, hint: str) -> Finding:
    """It does not work."""
    return Finding(check, Verdict.FAIL, message, hint)


def skip(check: str, message: str, hint: str = "") -> Finding:
    """It cannot be told, or does not matter here."""
    return Finding(check, Verdict.SKIP, message, hint)


def made(name: str, check: Check, scene: Scene) -> list[Finding]:
    """What one check finds; what keeps it from being made is said as such."""
    found: list[Finding] = []
    try:
        found.extend(check(scene))
    except Trouble as trouble:
        found.append(skip(name, trouble.message, trouble.hint))
    except NOT_MADE as error:
        found.append(skip(name, f"This could not be looked at: {error}."))
    return found


def page(findings: Sequence[Finding]) -> Table:
    """The findings as lines for people: verdict, check, sentence, and the hint below it."""
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    for finding in findings:
        said = Text(clean(finding.message))
        if finding.hint:
            said.append(f"\n→ {clean(finding.hint)}", style="bold")
        style = STYLES[finding.verdict]
        grid.add_row(Text(finding.verdict.value.upper(), style=style), finding.check, said)
    return grid


STYLES: Final = {
    Verdict.OK: "green",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "bold red",
    Verdict.SKIP: "dim",
}


def count(findings: Sequence[Finding], verdict: Verdict) -> int:
    """How many findings ended so."""
    return sum(1 for finding in findings if finding.verdict is verdict)


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings for programs."""
    numbers = {verdict.value: count(findings, verdict) for verdict in Verdict}
    return {"checks": findings, **numbers}


def verdict_line(findings: Sequence[Finding]) -> str:
    """The sum of it in a sentence."""
    failed, warned = count(findings, Verdict.FAIL), count(findings, Verdict.WARN)
    if not failed and not warned:
        return "All is well."
    parts = [f"{failed} failed"] if failed else []
    parts += [f"{warned} could be better"] if warned else []
    return f"Of {len(findings)} checks {' and '.join(parts)}."
