"""The allow-list, with real files and links."""

from pathlib import Path
from typing import Any

import pytest

from schemas.attempts import Rejection
from schemas.to_agent import TaskAssign
from schemas.work import Command
from sidecar.config import Config
from sidecar.executors import Refusal
from sidecar.executors.command import CommandExecutor
from sidecar.runner import Plan


def program(path: Path) -> Path:
    """A file that can be executed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bin_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is the whole PATH, with a multi-call program and its links."""
    where = tmp_path / "bin"
    box = program(tmp_path / "lib" / "box")
    where.mkdir()
    for name in ("cat", "rm"):
        (where / name).symlink_to(box)
    monkeypatch.setenv("PATH", str(where))
    return where


def executor(*allow: str, **more: Any) -> CommandExecutor:
    """An executor that allows these."""
    return CommandExecutor(Config(url="http://h:1", agent_id="a", token="t", allow=allow, **more))


def assign(*argv: str, **more: Any) -> TaskAssign:
    """An assignment to run this."""
    return TaskAssign("task-1", 1, 2, "do it", 0, run=Command(list(argv), **more))


def test_an_allowed_name_is_planned(bin_dir: Path) -> None:
    """By name, by the path it was found at, or by the file it leads to."""
    known = executor("cat")
    for name in ("cat", str(bin_dir / "cat"), str((bin_dir / "cat").resolve())):
        plan = known.plan(assign(name, "x"))
        assert isinstance(plan, Plan)
        assert plan.argv == (name, "x")


def test_another_link_to_the_same_file_is_another_program(bin_dir: Path) -> None:
    """Allowing `cat` of a multi-call binary does not allow `rm`."""
    refusal = executor("cat").plan(assign("rm", "-rf"))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Rejection.NOT_ALLOWED
    assert str(bin_dir / "rm") in refusal.message


def test_a_link_that_was_turned_is_not_allowed(bin_dir: Path, tmp_path: Path) -> None:
    """What was allowed is what was there at the start."""
    known = executor("cat")
    (bin_dir / "cat").unlink()
    (bin_dir / "cat").symlink_to(program(tmp_path / "evil"))
    assert isinstance(known.plan(assign("cat")), Refusal)


@pytest.mark.parametrize("name", ["no-such", "./cat", "bin/cat", "/no/such", "", "/"])
def test_what_cannot_be_found_is_a_bad_task(bin_dir: Path, name: str) -> None:
    """Names on PATH or whole paths, nothing relative."""
    refusal = executor("cat").plan(assign(name))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Rejection.BAD_TASK


@pytest.mark.parametrize("cwd", ["/no/such/place", "relative", "/dev/null"])
def test_a_wrong_directory_is_a_bad_task(bin_dir: Path, cwd: str) -> None:
    """It must exist here and be a whole path."""
    refusal = executor("cat").plan(assign("cat", cwd=cwd))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Rejection.BAD_TASK


def test_a_task_adds_its_variables(bin_dir: Path) -> None:
    """To the inherited ones and the sidecar's own."""
    plan = executor("cat").plan(assign("cat", env={"MINE": "1"}))
    assert isinstance(plan, Plan)
    assert plan.env == {
        **executor("cat")._inherited,
        "MINE": "1",
        "CORRAL_TASK_ID": "task-1",
        "CORRAL_ATTEMPT": "2",
    }


@pytest.mark.parametrize("name", ["CORRAL_RESULT", "CORRAL_TASK_ID", "LD_PRELOAD", "DYLD_X"])
def test_a_task_cannot_set_reserved_variables(bin_dir: Path, name: str) -> None:
    """Neither what the sidecar says nor what loads foreign code into an allowed program."""
    refusal = executor("cat").plan(assign("cat", env={name: "forged"}))
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Rejection.BAD_TASK
    assert name in refusal.message


def test_a_task_without_a_command_needs_a_default(bin_dir: Path) -> None:
    """The default is the operator's own choice and needs no allowing."""
    bare = TaskAssign("task-1", 1, 1, "write\0 a poem", 0)
    refusal = executor("cat").plan(bare)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Rejection.NO_EXECUTOR
    plan = executor(default=("rm", "-i")).plan(bare)
    assert isinstance(plan, Plan)
    assert plan.argv == ("rm", "-i")
    assert plan.env["CORRAL_DESCRIPTION"] == "write  a poem"


def test_missing_programs_are_named(bin_dir: Path) -> None:
    """So that the log can warn about a typo."""
    assert executor("cat", "kat").missing == ["kat"]
