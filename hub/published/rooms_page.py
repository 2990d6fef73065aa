"""The tables of `docs/architecture.md`: how a task moves, and what each file is for."""

import ast
import re
from pathlib import Path
from typing import Final

from hub.core.task import NAMES, TABLE, Move

ROOMS: Final = {
    "schemas": "The street: `schemas`",
    "hub/core": "The ground floor: `hub/core`",
    "hub/store": "The first floor: `hub/store`",
    "hub/search": "The first floor, next door: `hub/search`",
    "hub/services": "The second floor: `hub/services`",
    "hub/transport": "The third floor: `hub/transport`",
    "sidecar": "Across the street: `sidecar`",
}
"""The rooms of which every file is listed."""
_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")


def tables(root: Path) -> str:
    """The moves of a task, and a table of files for each room of the checkout."""
    parts = ["## All moves of a task", _moves(), "## All files"]
    for room, title in ROOMS.items():
        parts += [f"### {title}", _files(root / room)]
    return "\n\n".join(parts) + "\n"


def _moves() -> str:
    """A line for each move, with the state it leads to from each state it may start in."""
    lines = ["| move | from → to |", "|---|---|"]
    for move in Move:
        steps = [
            f"{NAMES[state]} → {NAMES[moves[move]]}"
            for state, moves in TABLE.items()
            if move in moves
        ]
        lines.append(f"| `{move}` | {'; '.join(steps)} |")
    return "\n".join(lines)


def _files(room: Path) -> str:
    lines = ["| file | what it is for |", "|---|---|"]
    for path in sorted(room.rglob("*.py")):
        if path.stem not in ("__init__", "__main__"):
            lines.append(f"| `{path.relative_to(room).as_posix()}` | {first_sentence(path)} |")
    return "\n".join(lines)


def first_sentence(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    first = " ".join(text.partition("\n\n")[0].split())
    return _END.split(first)[0].replace("|", "\\|")
