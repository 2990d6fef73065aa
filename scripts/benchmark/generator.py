"""The load generator: compiled from `load/`, run once per measurement."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from scripts.benchmark.crowd import Crowd, most_sockets, together
from scripts.benchmark.faults import NO_LOAD, NOT_HERE, BenchmarkError
from scripts.benchmark.figures import Load, Settings
from scripts.benchmark.ledger import Ledger

SOURCES: Final = Path(__file__).parent / "load"
FLAGS: Final = ("-std=c11", "-O3", "-Wall", "-Wextra", "-Werror")
DRAIN_MS: Final = 30_000
MOST_TASKS_PER_S: Final = 100_000
"""More than any hub answers: room for that many is kept in the ledger."""

Tick = Callable[[str, list[int]], None]
"""Called with `joined` when all are connected, then with `begin`, `end`, or `tick` and its
numbers: the second and the results so far."""


def compiler() -> str:
    """The C compiler's name; raises BenchmarkError where there is none, or no Linux."""
    if sys.platform != "linux":
        raise BenchmarkError(NOT_HERE, "the load generator needs Linux (epoll, timerfd)")
    found = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if found is None:
        raise BenchmarkError(NOT_HERE, "no C compiler found: install gcc or clang")
    return found


def build(folder: Path) -> Path:
    """Compile the generator into `folder`; raises BenchmarkError with what the compiler said."""
    program = folder / "load"
    sources = [str(path) for path in sorted(SOURCES.glob("*.c"))]
    made = subprocess.run(
        [compiler(), *FLAGS, *sources, "-o", str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise BenchmarkError(NO_LOAD, f"the load generator does not compile:\n{made.stderr}")
    return program


def run_http(
    folder: Path,
    port: int,
    token: str,
    settings: Settings,
    on_tick: Tick,
    cores: set[int] | None = None,
) -> tuple[Load, Ledger]:
    """The same over HTTP, for a submitter with this token."""
    values = {
        "port": port,
        "connections": settings.connections,
        "batch": settings.batch,
        "keys": int(settings.keys),
        "total": settings.total,
    }
    return _run_module("http_load", folder, values, settings, [token], on_tick, cores)


def run_fleets(
    folder: Path,
    port: int,
    peers: list[tuple[str, str]],
    settings: Settings,
    on_tick: Tick,
    cores: set[int] | None = None,
) -> tuple[Load, Ledger]:
    """The same with agents that take their time, half of them old in the measured window."""
    values = {"port": port, "agents": settings.agents}
    lines = [f"{peer} {token}" for peer, token in peers]
    return _run_module("fleet_load", folder, values, settings, lines, on_tick, cores)


def _run_module(
    name: str,
    folder: Path,
    values: dict[str, int],
    settings: Settings,
    lines: list[str],
    on_tick: Tick,
    cores: set[int] | None,
) -> tuple[Load, Ledger]:
    """A generator that is a module of this package."""
    times = {
        "warmup-ms": int(settings.warmup_seconds * 1000),
        "window-ms": int(settings.seconds * 1000),
    }
    options = [f"--{option}={value}" for option, value in (values | times).items()]
    command = [sys.executable, "-m", f"scripts.benchmark.{name}", *options]
    return _run(command, folder / f"{name}.ledger", lines, on_tick, cores)


def run(
    program: Path,
    port: int,
    peers: list[tuple[str, str]],
    settings: Settings,
    on_tick: Tick,
    cores: set[int] | None = None,
    most: int | None = None,
) -> tuple[Load, Ledger]:
    """Put the load on the hub at `port`, from `cores` if given, and wait for its end.

    `peers` holds (id, token) of every agent and then of the submitter. Agents beyond `most`, by
    default what the open files allow, are in further programs. Raises BenchmarkError when the
    generator gives up, with its last words.
    """
    here = max(0, len(peers) - (most or most_sockets()))
    others, here_peers = peers[:here], peers[here:]
    cpu: list[float] = []
    with Crowd(program, port, others, settings.slots, cores=cores, most=most) as crowd:

        def tick(word: str, numbers: list[int]) -> None:
            if others and word in ("begin", "end"):
                cpu.append(crowd.cpu_s())
            on_tick(word, numbers)

        lines = [f"{peer} {token}" for peer, token in here_peers]
        command = [str(program), *_options(port, settings, len(here_peers) - 1)]
        load, ledger = _run(command, program.with_suffix(".ledger"), lines, tick, cores)
    return together(load, crowd.loads, cpu[-1] - cpu[0] if cpu else 0.0), ledger


def _run(
    command: list[str], ledger: Path, lines: list[str], on_tick: Tick, cores: set[int] | None
) -> tuple[Load, Ledger]:
    process = subprocess.Popen(
        [*command, str(ledger)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if cores:
        os.sched_setaffinity(process.pid, cores)
    try:
        words = _converse(process, lines, on_tick)
    finally:
        if process.poll() is None:
            process.kill()
        output, _ = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(NO_LOAD, "the load generator gave up:\n" + "\n".join(words[-10:]))
    for line in words:
        print(f"load generator: {line}", file=sys.stderr)
    load = msgspec.json.decode(output, type=Load)
    return load, Ledger(ledger.read_bytes(), load.window_s)


def _options(port: int, settings: Settings, agents: int) -> list[str]:
    seconds = settings.seconds + settings.warmup_seconds
    rate = settings.rate or MOST_TASKS_PER_S
    values = {
        "port": port,
        "agents": agents,
        "slots": settings.slots,
        "in-flight": settings.in_flight,
        "rate": settings.rate,
        "tasks-max": int(seconds * rate) + settings.in_flight + 1_000,
        "warmup-ms": int(settings.warmup_seconds * 1000),
        "window-ms": int(settings.seconds * 1000),
        "drain-ms": DRAIN_MS,
        "urgent": int(settings.urgent),
    }
    return [f"--{name}={value}" for name, value in values.items()]


def _converse(process: "subprocess.Popen[str]", lines: list[str], on_tick: Tick) -> list[str]:
    """Give the credentials in, report each tick; returns all other lines it said."""
    if process.stdin is None or process.stderr is None:
        raise BenchmarkError(NO_LOAD, "the load generator was started without pipes")
    try:
        process.stdin.writelines(f"{line}\n" for line in lines)
        process.stdin.flush()
    except BrokenPipeError:
        return process.stderr.read().splitlines()
    words = []
    for line in process.stderr:
        word, *numbers = line.split()
        if word in ("joined", "begin", "tick", "end"):
            on_tick(word, [int(number) for number in numbers])
        else:
            words.append(line.rstrip())
    # The pipe's end comes before the program's; its last output fits into the pipe.
    process.wait()
    return words
