"""What reaches the terminal: results on standard output, everything else on standard error.

Text from elsewhere is cleaned of control characters, so that a task's description cannot
move the cursor or recolour the screen.
"""

import re
import time
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.text import Text

OUT: Final = Console(highlight=False, markup=False, emoji=False)
NOTES: Final = Console(stderr=True, highlight=False, markup=False, emoji=False)

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def emit(document: Any) -> None:
    """Print one JSON document on one line of standard output."""
    print(msgspec.json.encode(document).decode(), flush=True)


def note(text: str, style: str = "dim") -> None:
    """Tell the person something that is not the result."""
    NOTES.print(Text(text, style=style), soft_wrap=True)


def clean(text: str) -> str:
    """The text with every control character but tab and newline made visible as a dot."""
    return _CONTROL.sub("·", text)


def one_line(text: str) -> str:
    """The text on one line, cleaned."""
    return clean(" ".join(text.split()))


def age(at_ms: int | None, now_ms: float | None = None) -> str:
    """How long ago a wall time was, as briefly as possible; a dash when it never was."""
    if at_ms is None:
        return "-"
    passed_ms = (time.time() * 1000 if now_ms is None else now_ms) - at_ms
    return span(passed_ms) if passed_ms >= 1_000 else "now"


def span(duration_ms: float) -> str:
    """A duration for people: `340 ms`, `12 s`, `5 min`, `3 h`, `9 d`."""
    if duration_ms < 1_000:
        return f"{max(0, round(duration_ms))} ms"
    for limit_ms, unit_ms, unit in _SPANS:
        if duration_ms < limit_ms:
            return f"{duration_ms / unit_ms:.0f} {unit}"
    return f"{duration_ms / 86_400_000:.0f} d"


def moment(at_ms: int) -> str:
    """A wall time as people here write it, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


_SPANS: Final = (
    (120_000, 1_000, "s"),
    (7_200_000, 60_000, "min"),
    (172_800_000, 3_600_000, "h"),
)
