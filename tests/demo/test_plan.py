"""The demo's tasks, what they must lead to, and what counts as a flaw."""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.demo import plan, workshop
from hub.demo.plan import Job, Plan, flaws
from schemas.attempts import FailureClass
from schemas.http.tasks import TaskView
from schemas.scalars import StateName
from schemas.work import Command


@pytest.fixture
def made(tmp_path: Path) -> Plan:
    """A plan for files that were made for it."""
    return plan.made_for(workshop.made(tmp_path / "files"), tmp_path)


def view(job: Job, **fields: Any) -> TaskView:
    """A job's task as the hub would show it when all went well."""
    shown = {
        "id": "task-1",
        "org": "main",
        "state": job.state,
        "description": job.spec.description,
        "priority": "normal",
        "submitted_by": "admin",
        "created_at": 1,
        "version": 1,
        "generation": 1,
        "attempt": job.attempts,
        "max_attempts": 3,
        "failure_class": job.failure_class,
    }
    return msgspec.convert(shown | fields, TaskView)


def job_of(made: Plan, kind: str) -> Job:
    """The first ordinary job of a kind."""
    return next(job for job in made.ordinary if job.kind == kind)


def output_of(job: Job, tmp_path: Path) -> dict[str, Any]:
    """Run a job's command here, as a sidecar would, and return what came out."""
    assert isinstance(job.spec.run, Command)
    target = tmp_path / "result.json"
    ended = subprocess.run(
        job.spec.run.argv,
        cwd=job.spec.run.cwd,
        env={"CORRAL_RESULT": str(target), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    if target.exists():
        result: dict[str, Any] = json.loads(target.read_text())
        return result
    return {"stdout": ended.stdout, "stderr": ended.stderr}


def test_there_are_about_sixty_tasks(made: Plan) -> None:
    """Enough to keep three sidecars busy, few enough to watch."""
    assert 50 <= len(made.jobs) <= 75
    assert len({id(job) for job in made.jobs}) == len(made.jobs)


@pytest.mark.parametrize("kind", ["compile", "hash", "count lines", "unit tests"])
def test_the_commands_do_what_was_computed(made: Plan, kind: str, tmp_path: Path) -> None:
    """A program and the demo's own process come to the same result."""
    job = job_of(made, kind)
    assert flaws(job, view(job), output_of(job, tmp_path), interrupted=False) == []


def test_another_result_is_a_flaw(made: Plan) -> None:
    """One wrong digest is noticed."""
    job = job_of(made, "hash")
    assert job.result is not None
    wrong = dict.fromkeys(job.result, "0" * 64)
    assert flaws(job, view(job), wrong, interrupted=False) == ["another result than the demo's own"]


def test_tests_that_fail_are_a_flaw(made: Plan) -> None:
    """A suite has to say how many tests passed."""
    job = job_of(made, "unit tests")
    failed = {"stdout": "1 failed", "stderr": ""}
    assert flaws(job, view(job), failed, interrupted=False)


def test_a_state_or_an_attempt_too_many_is_a_flaw(made: Plan) -> None:
    """Only the kill of its sidecar or a lost lease makes up for one attempt more."""
    job = job_of(made, "compile")
    task = view(job, attempt=2)
    assert flaws(job, task, job.result, interrupted=False) == ["2 attempts instead of 1"]
    assert flaws(job, task, job.result, interrupted=True) == []
    assert flaws(job, view(job, attempt=2, reclaims=1), job.result, interrupted=False) == []
    dead = view(job, state="dead_letter", error="no", failure_class="agent")
    assert "dead_letter (no) instead of completed" in flaws(job, dead, None, interrupted=False)


def test_the_special_tasks_have_their_own_ends(made: Plan) -> None:
    """Each of them is meant to end differently."""
    assert made.slow.failure_class is FailureClass.TIMEOUT
    assert made.unwanted.state is StateName.CANCELLED
    assert made.impossible.attempts == 0
    assert (made.flaky.attempts, made.orphan.attempts) == (3, 2)
    unharmed = view(made.orphan, attempt=1)
    assert flaws(made.orphan, unharmed, {"tries": 2}, interrupted=False) == [
        "1 attempts instead of 2"
    ]
    assert flaws(made.orphan, view(made.orphan, reclaims=1), {"tries": 2}, interrupted=False) == []
