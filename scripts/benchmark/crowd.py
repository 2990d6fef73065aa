"""Agents without a submitter, in programs of their own: as many as the open files ask for."""

import os
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
from msgspec import structs

from scripts.benchmark.faults import NO_LOAD, NOT_HERE, BenchmarkError
from scripts.benchmark.figures import Load
from scripts.benchmark.processes import cpu_seconds

SPARE_FILES: Final = 64
"""Open files that a program needs besides its connections."""
END_SECONDS: Final = 30.0


def raise_open_files() -> None:
    """Let this program and those it starts have as many files open as they ever may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def most_sockets() -> int:
    """How many connections one program may hold."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES


def check_room(agents: int) -> None:
    """Raise BenchmarkError when a hub on this machine cannot hold so many connections."""
    if agents > most_sockets():
        text = f"{agents:,} agents need as many open files, and a hub here may have"
        raise BenchmarkError(
            NOT_HERE, f"{text} {most_sockets():,}: raise the hard limit (ulimit -Hn)"
        )


def together(load: Load, others: Sequence[Load], cpu_s: float) -> Load:
    """One load that was put on the hub by several programs; `cpu_s` is what the others used."""
    faults = dict(load.faults)
    for other in others:
        for name, count in other.faults.items():
            faults[name] = faults.get(name, 0) + count
    return structs.replace(
        load,
        cpu_s=load.cpu_s + cpu_s,
        assigned=load.assigned + sum(other.assigned for other in others),
        task_acks=load.task_acks + sum(other.task_acks for other in others),
        faults=faults,
        refusals=[*load.refusals, *(frame for other in others for frame in other.refusals)],
        processes=load.processes + len(others),
    )


class Crowd:
    """Connected agents that do what they are given, until this is left."""

    def __init__(
        self,
        program: Path,
        port: int,
        agents: Sequence[tuple[str, str]],
        slots: int,
        *,
        cores: set[int] | None = None,
        most: int | None = None,
    ) -> None:
        """`agents` holds an id and a token each; at most `most` of them are in one program."""
        most = most or most_sockets()
        self.loads: list[Load] = []
        """What each program said at its end."""
        self._shares = [agents[at : at + most] for at in range(0, len(agents), most)]
        self._command = [str(program), f"--port={port}", f"--slots={slots}", "--crowd=1"]
        self._cores = cores
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        """Connect all; raises BenchmarkError when one is not let in."""
        try:
            for share in self._shares:
                self._start(share)
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Let all leave; raises BenchmarkError when a program gave up before."""
        try:
            if error is None:
                self.loads = [_ended(process) for process in self._processes]
        finally:
            self._kill()

    def cpu_s(self) -> float:
        """CPU seconds that all programs have used by now."""
        return cpu_seconds([process.pid for process in self._processes])

    def _start(self, share: Sequence[tuple[str, str]]) -> None:
        process = subprocess.Popen(
            [*self._command, f"--agents={len(share)}", "--tasks-max=1", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        if self._cores:
            os.sched_setaffinity(process.pid, self._cores)
        if process.stdin is None or process.stderr is None:
            raise BenchmarkError(NO_LOAD, "a crowd was started without pipes")
        words = []
        try:
            process.stdin.writelines(f"{agent} {token}\n" for agent, token in share)
            process.stdin.flush()
        except BrokenPipeError:
            words.append("it ended before it had all of its lines")
        for line in process.stderr:
            if line == "joined\n":
                return
            words.append(line.rstrip())
        raise BenchmarkError(NO_LOAD, "agents could not connect:\n" + "\n".join(words[-10:]))

    def _kill(self) -> None:
        """Whatever still runs ends now."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.communicate()


def _ended(process: "subprocess.Popen[str]") -> Load:
    """What a program says when its input has ended."""
    try:
        output, words = process.communicate(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        raise BenchmarkError(NO_LOAD, "agents did not leave") from None
    if process.returncode != 0:
        raise BenchmarkError(NO_LOAD, f"agents gave up:\n{words[-1000:]}")
    return msgspec.json.decode(output, type=Load)
