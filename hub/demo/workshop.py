"""The folder that the demo works on: a checkout, or files it makes itself."""

import ast
import os
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from typing import Final

from msgspec import Struct

SKIPPED: Final = frozenset({"__pycache__", "build", "dist", "node_modules", "scratch"})
MADE_FOLDERS: Final = 14
MADE_MODULES: Final = 4
"""How many modules each made folder holds."""
MADE_SUITES: Final = 4
CHECKOUT_SUITES: Final = (
    "tests/cli/test_locate.py",
    "tests/cli/test_options.py",
    "tests/cli/test_screen.py",
    "tests/schemas/test_scalars.py",
    "tests/sidecar/test_reports.py",
)
"""Test files of the project that are quick and need no network; those that exist are run."""


class Suite(Struct, frozen=True):
    """A file of unit tests: how to run it, and how many tests it has at least."""

    name: str
    root: Path
    """Where it is run."""
    argv: list[str]
    tests: int


class Workshop(Struct, frozen=True):
    """What there is to work on. File names are relative to `root`."""

    root: Path
    files: list[str]
    """Every Python file."""
    suites: list[Suite]

    @property
    def folders(self) -> dict[str, list[str]]:
        """The files by the folder they are in."""
        folders: dict[str, list[str]] = defaultdict(list)
        for file in self.files:
            folders[str(Path(file).parent)].append(file)
        return dict(folders)


def of_checkout(root: Path, copy: Path) -> Workshop:
    """The Python files of a checkout, and some quick tests.

    The tests run where they are. The files are copied: somebody may work on the checkout while
    the demo runs, and what was expected of a file must stay true.
    """
    files = [file for file in python_files(root) if _copied(root / file, copy / file)]
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    suites = [
        Suite(name, root, [*pytest, name], _tests_in(root / name))
        for name in CHECKOUT_SUITES
        if (root / name).is_file()
    ]
    return Workshop(copy, files, suites)


def _copied(file: Path, to: Path) -> bool:
    """Copy a file; whether it was still there."""
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file, to)
    except FileNotFoundError:
        return False
    return True


def made(root: Path) -> Workshop:
    """Modules and tests written into `root`, the same every time."""
    for number in range(MADE_FOLDERS * MADE_MODULES):
        folder = root / f"room_{number // MADE_MODULES:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"part_{number:03}.py").write_text(_module(number))
    suites = []
    for number in range(MADE_SUITES):
        name = f"test_part_{number}.py"
        (root / name).write_text(_suite(number))
        argv = [sys.executable, "-m", "unittest", name]
        suites.append(Suite(name, root, argv, _tests_in(root / name)))
    return Workshop(root, python_files(root), suites)


def python_files(root: Path) -> list[str]:
    """Every Python file below `root` that is neither hidden nor made by a tool, sorted."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in SKIPPED]
        here = Path(folder).relative_to(root)
        found += [str(here / name) for name in names if name.endswith(".py")]
    return sorted(found)


def _tests_in(file: Path) -> int:
    """How many test functions a file has; parameters may make more tests of one."""
    tree = ast.parse(file.read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return sum(function.name.startswith("test") for function in functions)


def _module(number: int) -> str:
    functions = [
        f"def value_{n}(x: int) -> int:\n"
        f'    """Value {n} of part {number}."""\n'
        f"    return x * {number} + {n * n}\n\n"
        for n in range(3 + number % 7)
    ]
    return f'"""Part {number} of the workshop."""\n\n' + "\n".join(functions)


def _suite(number: int) -> str:
    cases = [
        f"    def test_sum_{n}(self):\n"
        f"        self.assertEqual(sum(range({n + 1})), {n * (n + 1) // 2})\n"
        for n in range(number + 2)
    ]
    return "import unittest\n\n\nclass Sums(unittest.TestCase):\n" + "\n".join(cases)
