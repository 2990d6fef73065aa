"""The demo's tasks, and what each must lead to, known before any of them runs."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from hub.demo import chores
from hub.demo.workshop import Suite, Workshop
from schemas.attempts import FailureClass
from schemas.http.tasks import TaskView
from schemas.scalars import PriorityName, StateName
from schemas.work import Command, Retry, TaskSpec

BATCHES: Final = 17
"""Into how many tasks the files are divided for compiling, and again for hashing."""
FOLDERS: Final = 18
"""How many folders are counted at most, the largest first."""
LONG_S: Final = 300
"""How long a task stays that is not meant to end by itself, in seconds."""
TIMEOUT_MS: Final = 800


class Job(Struct, frozen=True):
    """One task, and what must come of it."""

    kind: str
    spec: TaskSpec
    state: StateName = StateName.COMPLETED
    attempts: int = 1
    losses: int = 0
    """How many of the attempts are lost with their sidecar."""
    result: Mapping[str, Any] | None = None
    """What a program writes as its result."""
    lines: Mapping[str, int] | None = None
    """What `wc` prints: lines by file."""
    suite: Suite | None = None
    failure_class: FailureClass | None = None


class Plan(Struct, frozen=True):
    """All tasks: the ordinary ones, and those that something happens to."""

    ordinary: list[Job]
    flaky: Job
    slow: Job
    """Runs out of time."""
    unwanted: Job
    """Cancelled while it runs."""
    impossible: Job
    """Needs what nobody offers."""
    orphan: Job
    """Its sidecar is killed while it runs."""
    notes: Path
    """Where tasks write down the ids of their processes."""

    @property
    def jobs(self) -> list[Job]:
        """Every job; those that something happens to come first."""
        special = [self.orphan, self.unwanted, self.slow, self.flaky, self.impossible]
        return [*special, *self.ordinary]


def made_for(workshop: Workshop, notes: Path) -> Plan:
    """The plan for a workshop; does all the work once, to know what must come out."""
    ordinary = [*_compile(workshop), *_hash(workshop), *_count(workshop), *_test(workshop)]
    return Plan(
        ordinary=ordinary,
        flaky=_special(
            "fail twice, then succeed",
            _chore(workshop.root, "fail-twice", str(notes / "flaky")),
            attempts=3,
            result={"tries": 3},
        ),
        slow=_special(
            "run out of time",
            _stay(workshop.root, notes / "slow"),
            state=StateName.DEAD_LETTER,
            failure_class=FailureClass.TIMEOUT,
            timeout_ms=TIMEOUT_MS,
            max_attempts=1,
        ),
        unwanted=_special(
            "be cancelled while running",
            _stay(workshop.root, notes / "unwanted"),
            state=StateName.CANCELLED,
        ),
        impossible=_special(
            "need what nobody offers",
            _stay(workshop.root, notes / "impossible"),
            needs="quantum",
            state=StateName.CANCELLED,
            attempts=0,
        ),
        orphan=_special(
            "lose its sidecar",
            _stay(workshop.root, notes / "orphan"),
            needs="long",
            attempts=2,
            losses=1,
            result={"tries": 2},
        ),
        notes=notes,
    )


def flaws(job: Job, task: TaskView, result: Any, *, interrupted: bool) -> list[str]:
    """What is not as it must be.

    Two things make up for one attempt more: that the task ran on the sidecar that was killed,
    which is `interrupted`, or a lease that the hub knows to be lost, as where the machine
    stood still.
    """
    found = []
    if task.state is not job.state:
        why = f" ({task.error})" if task.error else ""
        found.append(f"{task.state.value}{why} instead of {job.state.value}")
    more = max(task.reclaims - job.losses, interrupted)
    if task.attempt not in range(job.attempts, job.attempts + 1 + more):
        found.append(f"{task.attempt} attempts instead of {job.attempts}")
    if task.failure_class is not job.failure_class:
        found.append(f"failure class {task.failure_class} instead of {job.failure_class}")
    if task.state is StateName.COMPLETED and not _as_expected(job, result):
        found.append("another result than the demo's own")
    return found


def _as_expected(job: Job, result: Any) -> bool:
    if job.result is not None:
        return bool(result == job.result)
    if job.lines is not None:
        return _counted(result["stdout"]) == job.lines
    if job.suite is not None:
        return _passed(result["stdout"] + result["stderr"]) >= job.suite.tests
    return True


def _compile(workshop: Workshop) -> list[Job]:
    return [
        Job(
            "compile",
            _spec(
                f"compile {len(files)} files", _chore(workshop.root, "compile", *files), "compile"
            ),
            result=chores.compiled(files, workshop.root),
        )
        for files in _shares(workshop)
    ]


def _hash(workshop: Workshop) -> list[Job]:
    return [
        Job(
            "hash",
            _spec(f"hash {len(files)} files", _chore(workshop.root, "hash", *files), "hash"),
            result=chores.hashed(files, workshop.root),
        )
        for files in _shares(workshop)
    ]


def _count(workshop: Workshop) -> list[Job]:
    folders = sorted(workshop.folders.items(), key=lambda item: -len(item[1]))[:FOLDERS]
    return [
        Job(
            "count lines",
            _spec(f"count lines in {folder}", _command(workshop.root, "wc", "-l", *files), "lines"),
            lines={file: (workshop.root / file).read_bytes().count(b"\n") for file in files},
        )
        for folder, files in folders
    ]


def _test(workshop: Workshop) -> list[Job]:
    return [
        Job(
            "unit tests",
            _spec(f"test {suite.name}", _command(suite.root, *suite.argv), "tests"),
            suite=suite,
        )
        for suite in workshop.suites
    ]


def _shares(workshop: Workshop) -> list[list[str]]:
    """The files dealt out to the batches, like cards."""
    shares = [workshop.files[start::BATCHES] for start in range(BATCHES)]
    return [share for share in shares if share]


def _special(description: str, run: Command, *, needs: str = "tests", **fields: Any) -> Job:
    about = {name: fields.pop(name) for name in list(fields) if name in Job.__struct_fields__}
    spec = _spec(description, run, needs, priority=PriorityName.HIGH, **fields)
    return Job("special", spec, **about)


def _spec(description: str, run: Command, needs: str, **fields: Any) -> TaskSpec:
    # A task that loses its sidecar shall not keep the demo waiting.
    fields = {"retry": Retry(base_ms=200)} | fields
    return TaskSpec(description=description, run=run, needs=[needs], **fields)


def _stay(root: Path, notes: Path) -> Command:
    return _chore(root, "stay", str(notes), str(LONG_S))


def _chore(root: Path, chore: str, *arguments: str) -> Command:
    return _command(root, sys.executable, "-I", chores.__file__, chore, *arguments)


def _command(root: Path, *argv: str) -> Command:
    return Command(argv=list(argv), cwd=str(root))


def _counted(text: str) -> dict[str, int]:
    """Lines by file from the output of `wc -l`, whose last line may be a total."""
    pairs = (line.split(None, 1) for line in text.splitlines())
    return {file: int(count) for count, file in pairs if file != "total"}


def _passed(text: str) -> int:
    """How many tests a run of pytest or unittest says went well."""
    match = re.search(r"(\d+) passed", text) or re.search(r"Ran (\d+) tests?.*\n\nOK", text)
    return int(match.group(1)) if match else 0
