"""Running a process tree: real programs that do not want to end."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from schemas.attempts import Stream
from sidecar import processes
from sidecar.runner import MARK, Plan, Run, end_leftovers, end_tree, spawn
from tests.sidecar.stage import until

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
PR_SET_CHILD_SUBREAPER: Final = 36
"""From `linux/prctl.h`."""


class Stage:
    """Starts programs and knows which processes of theirs are left."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "work").mkdir()
        self.lines: list[str] = []
        self.runs: list[Run] = []

    def python(self, code: str) -> Run:
        """Run this Python code."""
        return self.program(sys.executable, "-c", code)

    def program(self, *argv: str, cwd: str | None = None) -> Run:
        """Run this program."""
        plan = Plan(argv[0], argv, cwd, {"PATH": os.defpath})
        run = spawn(plan, self.home, 2**20, 4096, lambda: None, self.lines.append)
        self.runs.append(run)
        return run

    def marked(self) -> list[int]:
        """Living processes that carry the mark of this stage."""
        mark = f"{MARK}={self.home / 'result.json'}".encode()
        table = processes.read_table().values()
        return [p.pid for p in table if not p.zombie and processes.is_marked(p.pid, mark)]

    async def says(self, word: str) -> None:
        """Wait until the program has printed a line."""
        await until(lambda: word in self.lines)


@pytest.fixture
def adopting() -> Iterator[None]:
    """This process adopts orphans meanwhile, and no longer.

    Those of other tests would never be gone: nobody here waits for them.
    """
    able = processes.become_subreaper()
    yield
    if able:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.fixture
async def stage(tmp_path: Path, adopting: None) -> AsyncIterator[Stage]:
    """A place to run programs; whatever is left of them is killed at the end."""
    stage = Stage(tmp_path)
    yield stage
    for pid in stage.marked():
        os.kill(pid, signal.SIGKILL)
    for run in stage.runs:
        run.close()


def text(run: Run, stream: Stream = Stream.STDOUT) -> str:
    """What the program wrote."""
    return run.captures[stream].read(0, 2**20)


async def test_a_program_runs_and_ends(stage: Stage) -> None:
    """Exit code, both outputs and the time it took."""
    run = stage.python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    outcome = await run.finish()
    assert (outcome.code, outcome.stopped, outcome.survivors) == (3, False, 0)
    assert (text(run), text(run, Stream.STDERR)) == ("out\n", "err\n")
    assert outcome.duration_ms > 0


async def test_a_program_has_a_clean_place(stage: Stage) -> None:
    """Own session, private files, no input, no descriptors or variables but the given."""
    run = stage.python(
        "import os, sys; print(os.getsid(0) == os.getpid(), sys.stdin.read() == '',"
        "oct(os.umask(0)), os.path.basename(os.getcwd()), sorted(os.environ))"
    )
    await run.finish()
    assert text(run).startswith("True True 0o77 work ['")
    assert {"CORRAL_RESULT", "PATH"} <= set(eval(text(run).split(" ", 4)[4]))
    assert "HOME" not in text(run)


async def test_a_program_that_cannot_be_started_leaves_nothing_open(stage: Stage) -> None:
    """The error comes out and the pipes are closed."""
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(OSError):
        stage.program("/no/such/program")
    with pytest.raises(OSError):
        stage.program("/bin/true", cwd="/no/such/directory")
    assert len(os.listdir("/dev/fd")) == before


async def test_a_program_that_ends_on_term_is_not_killed(stage: Stage) -> None:
    """The ladder ends at its first step when that is enough."""
    run = stage.program("/bin/sleep", "60")
    run.stop(30)
    async with asyncio.timeout(5):
        outcome = await run.finish()
    assert (outcome.code, outcome.stopped) == (-signal.SIGTERM, True)


async def test_a_program_that_ignores_term_is_killed_after_the_grace(stage: Stage) -> None:
    """And not before."""
    run = stage.python(
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True);"
        "time.sleep(60)"
    )
    await stage.says("up")
    run.stop(0.3)
    outcome = await run.finish()
    assert outcome.code == -signal.SIGKILL
    assert outcome.duration_ms >= 300


async def test_a_second_stop_can_only_hurry(stage: Stage) -> None:
    """The earliest KILL stands."""
    run = stage.python(
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True);"
        "time.sleep(60)"
    )
    await stage.says("up")
    run.stop(60)
    run.stop(0.1)
    async with asyncio.timeout(5):
        assert (await run.finish()).code == -signal.SIGKILL


GRANDCHILD = (
    "import os, signal, sys, time\n"
    "signal.signal(15, signal.SIG_IGN)\n"
    "if os.fork() == 0:\n"
    "    os.setsid()\n"
    "    {fork}\n"
    "    print('up', flush=True)\n"
    "    time.sleep(60)\n"
    "{parent}\n"
)
SETSID = GRANDCHILD.format(fork="", parent="time.sleep(60)")
DOUBLE_FORK = GRANDCHILD.format(fork="os.fork() and os._exit(0)", parent="time.sleep(60)")
DAEMON = GRANDCHILD.format(fork="os.fork() and os._exit(0)", parent="os.wait(); time.sleep(0.2)")


@LINUX
@pytest.mark.parametrize("code", [SETSID, DOUBLE_FORK], ids=["setsid", "double fork"])
async def test_descendants_in_other_sessions_die_too(stage: Stage, code: str) -> None:
    """Whoever left the session or lost its parents belongs to the tree."""
    run = stage.python(code)
    await stage.says("up")
    run.stop(0.1)
    outcome = await run.finish()
    assert (outcome.survivors, stage.marked()) == (0, [])


@LINUX
async def test_a_daemon_left_behind_is_ended(stage: Stage) -> None:
    """A program that ended well leaves nothing running, even if its daemon holds the pipe."""
    run = stage.python(DAEMON)
    async with asyncio.timeout(5):
        outcome = await run.finish()
    assert (outcome.code, outcome.stopped, stage.marked()) == (0, False, [])


@LINUX
async def test_no_zombie_is_left(stage: Stage) -> None:
    """Adopted descendants are reaped."""
    run = stage.python(DOUBLE_FORK)
    await stage.says("up")
    run.stop(0.1)
    await run.finish()

    table = processes.read_table().values()
    assert [p for p in table if p.zombie and p.parent == os.getpid()] == []


@LINUX
async def test_what_ended_before_its_parent_is_reaped(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It becomes ours only when its parent ends, be that after the last look at the tree."""

    async def see_nothing(_run: Run) -> int:
        return 0

    monkeypatch.setattr(Run, "_ladder", see_nothing)
    run = stage.python("import os; os.fork() or os._exit(0)")
    await run.finish()

    table = processes.read_table().values()
    assert [p for p in table if p.zombie and p.group == run.pid] == []


async def test_a_stopped_program_is_ended_too(stage: Stage) -> None:
    """TERM waits behind STOP; the ladder wakes the program first."""
    run = stage.program("/bin/sleep", "60")
    os.kill(run.pid, signal.SIGSTOP)
    run.stop(30)
    async with asyncio.timeout(5):
        assert (await run.finish()).code == -signal.SIGTERM


async def test_output_beyond_a_megabyte_is_drained(stage: Stage) -> None:
    """Ten megabytes without a newline, and a huge line, do not stall the program."""
    run = stage.python("import sys; sys.stdout.write('x' * 10_000_000); sys.stdout.write('\\nend')")
    async with asyncio.timeout(10):
        outcome = await run.finish()
    assert outcome.code == 0
    assert run.captures[Stream.STDOUT].total == 10_000_004
    assert stage.lines == ["end"]


@LINUX
async def test_leftovers_of_an_earlier_sidecar_are_killed(stage: Stage) -> None:
    """Pid and start time lead to the tree; the mark leads to what had left it."""
    run = stage.python(DOUBLE_FORK)
    await stage.says("up")
    assert len(stage.marked()) == 2
    survivors = await end_leftovers(run.pid, run.started, stage.home)
    assert (survivors, stage.marked()) == (0, [])
    await run.finish()


async def test_a_stranger_with_the_same_pid_is_left_alone(tmp_path: Path, stage: Stage) -> None:
    """Without the start time a process id proves nothing."""
    run = stage.program("/bin/sleep", "60")
    assert await end_leftovers(run.pid, "another boot:1", tmp_path / "elsewhere") == 0
    assert processes.read_process(run.pid) is not None
    run.stop(1)
    await run.finish()


async def test_what_cannot_be_killed_is_given_up() -> None:
    """Every wait has an end: survivors are counted, not waited for."""
    immortal = processes.Process(2**22 + 1, 1, 1, 1, "never", False)
    async with asyncio.timeout(2):
        assert await end_tree(lambda: [immortal], lambda: 0.0, kill_s=0.1) == 1
