"""The script that breaks the code on purpose."""

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "mutants"

CODE = "def double(n: int) -> int:\n    return n * 2\n"
TEST = """
from number import double

def test_two() -> None:
    assert double(2) == 4

def test_three() -> None:
    assert double(3) == 6

def test_wrong() -> None:
    assert double(1) == 3
"""


@pytest.fixture(scope="module")
def script() -> Any:
    """The script as a module, although its name has no ending."""
    loader = SourceFileLoader("mutants", str(SCRIPT))
    spec = importlib.util.spec_from_loader("mutants", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A tiny project with one function and its tests."""
    (tmp_path / "number.py").write_text(CODE)
    (tmp_path / "test_number.py").write_text(TEST)
    return tmp_path


def mutant(script: Any, old: str, new: str, test: str) -> Any:
    """A mutant of the tiny project."""
    return script.Mutant("m", "number.py", old, new, f"test_number.py::{test}")


def test_a_noticed_mutant_is_told_from_a_survivor(script: Any, place: Path) -> None:
    """A test that fails through the change has caught it, one that still passes has not."""
    sound: set[str] = set()

    assert script.judge(mutant(script, "n * 2", "n * 3", "test_three"), place, sound)
    assert not script.judge(mutant(script, "n * 2", "n + 2", "test_two"), place, sound)
    assert (place / "number.py").read_text() == CODE


@pytest.mark.parametrize(
    ("old", "new", "test", "reason"),
    [
        ("n", "m", "test_two", "stands 5 times"),
        ("gone", "m", "test_two", "stands 0 times"),
        ("n * 2", "n * 3", "test_wrong", "does not pass on the unchanged code"),
        ("n * 2", "n *", "test_two", "ends with code"),
        ("n * 2", "n * 3", "test_nowhere", "ends with code"),
    ],
)
def test_a_mutant_that_proves_nothing_is_told(
    script: Any, place: Path, old: str, new: str, test: str, reason: str
) -> None:
    """A mutant must fit the code exactly once, and its test must run and pass without it."""
    with pytest.raises(script.Misfit, match=reason):
        script.judge(mutant(script, old, new, test), place, set())


def test_every_listed_mutant_still_fits(script: Any) -> None:
    """Code that moves on takes its mutants along."""
    root = SCRIPT.parent.parent

    for listed in script.read([]):
        assert (root / listed.file).read_text("utf-8").count(listed.old) == 1, listed.name
        assert (root / listed.test.split("::")[0]).is_file(), listed.name
