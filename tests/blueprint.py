"""The plan of the house as tables: the rooms, their walls, and every exception with its reason.

`tests/test_house.py` holds the house to it.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
OURS: Final = ("hub", "sidecar", "schemas")


class Room(NamedTuple):
    """What a room may import: of ours, of others, and what of the standard library it may not."""

    ours: tuple[str, ...]
    theirs: frozenset[str]
    never: frozenset[str] = frozenset()


IMPURE = frozenset({"asyncio", "time", "random", "os", "socket", "logging", "threading"})
ROOMS: Final = {
    "schemas": Room(("schemas",), frozenset({"msgspec"})),
    "hub.core": Room(("hub.core", "schemas"), frozenset({"msgspec"}), IMPURE),
    "hub.store": Room(
        ("hub.store", "hub.core", "schemas"), frozenset({"msgspec", "apsw", "aiosqlite"})
    ),
    "hub.search": Room(
        ("hub.search", "hub.store", "hub.core", "schemas"), frozenset({"msgspec", "apsw"})
    ),
    "hub.services": Room(
        ("hub.services", "hub.core", "hub.store.contract", "hub.search.contract", "schemas"),
        frozenset({"msgspec", "loguru", "prometheus_client"}),
    ),
    "hub.transport": Room(
        (
            *("hub.transport", "hub.services", "hub.core", "schemas"),
            *("hub.search.contract", "hub.search.texts"),
        ),
        frozenset(
            {"msgspec", "loguru", "starlette", "uvicorn", "httptools", "websockets", "jsonschema"}
        ),
    ),
    "hub.dashboard": Room(("hub.dashboard", "hub.transport.assets"), frozenset({"loguru"})),
    "sidecar": Room(
        ("sidecar", "schemas"), frozenset({"msgspec", "loguru", "websockets", "aiosqlite"})
    ),
}
ONE_HOME: Final = {
    "prometheus_client": "hub/services/exposition.py",
    "jsonschema": "hub/transport/refusals.py",
    "httptools": "hub/transport/guard.py",
}
"""Packages that one file hides from the rest of the hub."""

LONG_CORE: Final = {
    "hub/core/lifecycle.py": "every move the hub itself makes, one short function each",
    "hub/core/matching.py": "matching and its explanation are one code path",
    "hub/core/session.py": "the whole defence of the socket stands in one place",
}
"""Files of the core above 260 lines, each with its reason."""

EDGES: Final = {
    "hub/cli/program.py": "the edge of the command line: a program gets its one object",
    "hub/transport/agent_socket.py": "the socket's edge: a bad frame must not end the hub",
    "hub/transport/page_socket.py": "the same for a page: only its connection ends",
    "hub/transport/guard.py": "the HTTP edge before there is a request: the connection ends",
    "hub/transport/edge.py": "the HTTP edge: a request answers 500 and is logged",
    "sidecar/app.py": "the supervisor thread's edge: its death must reach the exit code",
}
"""The only places that may catch everything; elsewhere it must be raised again."""

ENVIRONMENT: Final = {
    "hub/config.py": "the hub's settings",
    "sidecar/config.py": "the sidecar's settings",
    "hub/cli/locate.py": "finds the hub that a command is for",
    "hub/dashboard/build.py": "a build has no settings of a hub, and npm gets its environment",
    "hub/demo/chores.py": "a task's program, which is told about its task this way",
    "sidecar/executors/python_child.py": "the same for a task's function",
}
"""The only places that may read the environment."""

TESTED_ROOMS: Final = ("schemas", "hub.core", "hub.store", "hub.search", "sidecar")
"""The rooms that promise something: each of their files has a test file."""

TESTED_ELSEWHERE: Final[dict[str, str]] = {}
"""Source files without a test file of their own, each with the place that tests it."""

BANNED_NAMES: Final = frozenset(
    {"utils", "util", "helpers", "helper", "manager", "managers", "common", "base", "misc"}
    | {"handler", "handlers"}
)


class Source(NamedTuple):
    """A Python file of ours."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """Its dotted name."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def in_room(self, room: str) -> bool:
        """Whether it stands in this room."""
        return under(self.module, room)


def under(name: str, package: str) -> bool:
    """Whether a dotted name is a package or inside it."""
    return name == package or name.startswith(package + ".")


def read(*folders: str) -> list[Source]:
    """Every Python file in some folders of the checkout."""
    found = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    texts = [(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in found]
    return [Source(path, text, ast.parse(text)) for path, text in texts]


SOURCES: Final = read(*OURS)
TESTS: Final = read("tests")


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Everything a file imports: the line and the full name."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def breaks_wall(room: Room, name: str) -> bool:
    """Whether a room may not import this name."""
    top = name.split(".")[0]
    if top in OURS:
        return not any(under(name, allowed) for allowed in room.ours)
    if top in sys.stdlib_module_names:
        return top in room.never
    return top not in room.theirs
