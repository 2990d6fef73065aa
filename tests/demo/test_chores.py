"""The program that the demo's tasks run."""

import json
import subprocess
import sys
from pathlib import Path

from hub.demo import chores


def chore(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a chore as a task does."""
    return subprocess.run(
        [sys.executable, "-I", chores.__file__, *arguments],
        cwd=folder,
        env={"CORRAL_RESULT": str(folder / "result.json")},
        capture_output=True,
        text=True,
        check=False,
    )


def result(folder: Path) -> object:
    """What the chore left for the sidecar."""
    return json.loads((folder / "result.json").read_text())


def test_a_file_that_does_not_compile_is_told_apart(tmp_path: Path) -> None:
    """It counts as nothing; the chore itself goes on."""
    (tmp_path / "good.py").write_text("def f():\n    return 1\n")
    (tmp_path / "bad.py").write_text("def f(:\n")
    assert chore(tmp_path, "compile", "good.py", "bad.py").returncode == 0
    found = result(tmp_path)
    assert found == chores.compiled(["good.py", "bad.py"], tmp_path)
    assert isinstance(found, dict)
    assert found["bad.py"] is None
    assert found["good.py"] > 0


def test_it_fails_twice_and_then_succeeds(tmp_path: Path) -> None:
    """The file remembers how often it was tried."""
    notes = str(tmp_path / "notes")
    ended = [chore(tmp_path, "fail-twice", notes).returncode for _ in range(3)]
    assert ended == [1, 1, 0]
    assert result(tmp_path) == {"tries": 3}


def test_it_stays_only_the_first_time(tmp_path: Path) -> None:
    """It says that it is in place, as progress."""
    notes = str(tmp_path / "notes")
    assert "::progress 25 in place, try 1" in chore(tmp_path, "stay", notes, "0").stdout
    assert "try 2" in chore(tmp_path, "stay", notes, "60").stdout
