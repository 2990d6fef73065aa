"""Holds the house to its plan: who may import whom, how long things are, and where they are.

Each rule answers with the places that break it, as `file:line`. A rule about a room that
is not built yet holds for nothing, and bites as soon as the room is there.
"""

import ast
import importlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from statistics import median
from typing import get_args

import pytest

from hub.published import stale
from schemas.from_agent import FromAgent
from tests.blueprint import (
    BANNED_NAMES,
    EDGES,
    ENVIRONMENT,
    LONG_CORE,
    ONE_HOME,
    ROOMS,
    ROOT,
    SOURCES,
    TESTED_ELSEWHERE,
    TESTED_ROOMS,
    TESTS,
    Source,
    breaks_wall,
    imports,
)


def expect_none(found: Iterable[str]) -> None:
    """Fail with one line for each place that was found."""
    places = list(found)

    assert not places, "\n" + "\n".join(places)


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, its signature included."""
    return (function.end_lineno or 0) - function.lineno + 1


@pytest.mark.parametrize("name", ROOMS)
def test_imports_point_down(name: str) -> None:
    """Each room imports only what its place in the house allows."""
    expect_none(
        f"{source.path}:{line} imports {imported}"
        for source in SOURCES
        if source.in_room(name)
        for line, imported in imports(source)
        if breaks_wall(ROOMS[name], imported)
    )


def test_a_breach_of_a_wall_is_seen() -> None:
    """The rule above tells right from wrong, whichever way an import is written."""
    core, services = ROOMS["hub.core"], ROOMS["hub.services"]

    assert breaks_wall(core, "asyncio")
    assert breaks_wall(core, "hub.store.contract")
    assert breaks_wall(core, "loguru.logger")
    assert not breaks_wall(core, "hub.core.task.Task")
    assert breaks_wall(services, "hub.store.journal")
    assert not breaks_wall(services, "hub.store.contract.Store")
    assert breaks_wall(ROOMS["sidecar"], "hub.core")


def test_some_packages_have_one_home() -> None:
    """Metrics and the explanation of refusals can be replaced in one file."""
    expect_none(
        f"{source.path}:{line} imports {imported}"
        for source in SOURCES
        for line, imported in imports(source)
        if ONE_HOME.get(imported.split(".")[0], source.path) != source.path
    )


def test_files_are_short() -> None:
    """No file has more than 400 lines, and few of the core more than 260."""
    lengths = {source.path: source.text.count("\n") for source in SOURCES + TESTS}
    core = {path: lines for path, lines in lengths.items() if path.startswith("hub/core/")}

    expect_none(f"{path} has {lines}" for path, lines in lengths.items() if lines > 400)
    expect_none(
        f"{path} has {lines}"
        for path, lines in core.items()
        if lines > 260 and path not in LONG_CORE
    )


def test_functions_are_short() -> None:
    """No function has more than 60 lines; the median is printed for the record."""
    lengths = {
        f"{source.path}:{function.lineno} {function.name}": length(function)
        for source in SOURCES + TESTS
        for function in functions(source)
    }

    print(f"{len(lengths)} functions, median length {median(lengths.values())} lines")
    expect_none(f"{place} has {lines}" for place, lines in lengths.items() if lines > 60)


def test_every_source_has_its_test() -> None:
    """The rooms that promise something have a test file for each file, or for its folder."""
    tests = [PurePosixPath(source.path).parts[1:] for source in TESTS]
    there = {(parts[0], parts[-1]) for parts in tests if len(parts) > 1}

    def is_tested(room: str, path: PurePosixPath) -> bool:
        names = {path.name, f"{path.parent.name}.py"}
        return any((room.split(".")[-1], f"test_{name}") in there for name in names)

    expect_none(
        source.path
        for source in SOURCES
        for room in TESTED_ROOMS
        if source.in_room(room) and source.path not in TESTED_ELSEWHERE
        if not source.path.endswith("__.py")
        if not is_tested(room, PurePosixPath(source.path))
    )


def test_every_message_has_its_command() -> None:
    """A message without a command, or the reverse, is noticed."""
    if not (ROOT / "hub/transport/commands.py").exists():
        pytest.skip("no commands yet")
    commands = importlib.import_module("hub.transport.commands")

    assert set(commands.COMMANDS) == set(get_args(FromAgent))


def test_every_api_function_is_routed() -> None:
    """A function of the HTTP API that no route leads to is noticed."""
    routes = [source for source in SOURCES if source.path.startswith("hub/transport/routes")]
    named = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for source in routes
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute | ast.Name)
    }

    expect_none(
        f"{source.path}:{node.lineno} {node.name}"
        for source in SOURCES
        if source.path.startswith("hub/transport/api_")
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if not node.name.startswith("_") and node.name not in named
    )


def test_the_published_schemas_are_fresh() -> None:
    """`scripts/schemas` would change nothing."""
    assert stale() == []


def catches_everything(node: ast.AST) -> bool:
    """Whether a handler takes any error and does not raise it again, or a call suppresses all."""
    broad = {"Exception", "BaseException"}
    if isinstance(node, ast.ExceptHandler):
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        wide = any(kind is None or getattr(kind, "id", "") in broad for kind in kinds)
        return wide and not isinstance(node.body[-1], ast.Raise)
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "suppress"
        and any(getattr(argument, "id", "") in broad for argument in node.args)
    )


def test_only_the_edges_catch_everything() -> None:
    """Elsewhere an error is caught by its name, or raised again."""
    expect_none(
        f"{source.path}:{node.lineno}"
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler | ast.Call)
        if catches_everything(node) and source.path not in EDGES
    )


@pytest.mark.parametrize(
    ("text", "broad"),
    [
        ("try: f()\nexcept: pass", True),
        ("try: f()\nexcept (ValueError, Exception) as error: log(error)", True),
        ("try: f()\nexcept BaseException:\n  undo()\n  raise", False),
        ("try: f()\nexcept OSError: pass", False),
        ("with contextlib.suppress(Exception): f()", True),
        ("with suppress(OSError): f()", False),
    ],
)
def test_a_broad_except_is_seen(text: str, broad: bool) -> None:
    """The rule above tells a broad handler from a named one, however it is written."""
    assert any(map(catches_everything, ast.walk(ast.parse(text)))) is broad


def test_only_settings_read_the_environment() -> None:
    """What a program does is decided by its settings, which are read in one place."""
    expect_none(
        f"{source.path}:{node.lineno}"
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv"}
        if source.path not in ENVIRONMENT
    )


def test_the_core_has_no_clock() -> None:
    """Times are arguments in the core: it never asks what time it is."""
    expect_none(
        f"{source.path}:{node.lineno}"
        for source in SOURCES
        if source.in_room("hub.core")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
        if getattr(node.value, "id", getattr(node.value, "attr", "")) in {"datetime", "date"}
    )


def test_modules_are_named_after_what_they_are() -> None:
    """No file is a drawer for whatever fits nowhere else."""
    expect_none(
        source.path
        for source in SOURCES
        if BANNED_NAMES & set(PurePosixPath(source.path).stem.split("_"))
    )


def undocumented(source: Source) -> Iterator[str]:
    """The public module, classes and functions of a file that say nothing about themselves."""
    if not ast.get_docstring(source.tree) and source.text.strip():
        yield source.path
    owners: list[ast.Module | ast.ClassDef] = [source.tree]
    owners += [node for node in source.tree.body if isinstance(node, ast.ClassDef)]
    for owner in owners:
        for node in owner.body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not node.name.startswith("_") and not ast.get_docstring(node):
                yield f"{source.path}:{node.lineno} {node.name}"


def test_what_is_public_is_documented() -> None:
    """Every public module, class and function has a sentence, and so has every test."""
    expect_none(place for source in SOURCES + TESTS for place in undocumented(source))


def test_every_state_is_documented() -> None:
    """Each state of a task says what it means where it is declared."""
    (scalars,) = [source for source in SOURCES if source.path == "schemas/scalars.py"]
    (states,) = [n for n in scalars.tree.body if getattr(n, "name", "") == "TaskState"]
    assert isinstance(states, ast.ClassDef)
    body = states.body

    expect_none(
        ast.unparse(node)
        for node, after in zip(body, [*body[1:], None], strict=True)
        if isinstance(node, ast.Assign) and not isinstance(after, ast.Expr)
    )
