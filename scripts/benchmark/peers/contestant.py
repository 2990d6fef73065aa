"""What is to be known of a contestant before it is measured."""

from typing import Any, Final

from msgspec import Struct

from scripts.benchmark.peers.losses import Loss

PROGRAMS: Final = "scripts.benchmark.peers.programs"


class Goal(Struct, frozen=True):
    """How many times as fast as this contestant Corral is to be."""

    floor: float
    aim: float


class Contestant(Struct, frozen=True):
    """One system with one choice of settings."""

    name: str
    title: str
    environment: str
    server: str
    """A name in `servers.SERVERS`, or `hub`."""
    client: str
    """The client's module in `programs`."""
    worker: list[str]
    """What Python is given to be the worker."""
    tasks: int
    """A batch, about three seconds of work."""
    packages: list[str]
    """Whose versions are told."""
    settings: str
    loss: Loss
    options: dict[str, Any] = {}
    """What worker and client are told."""
    sequential: int = 100
    goal: Goal | None = None
    stop_by_interrupt: bool = False
    """Its worker takes SIGINT for an orderly end."""


def program(module: str, function: str) -> list[str]:
    """What Python is given to run a function of a program of ours."""
    return ["-m", f"{PROGRAMS}.start", module, function]
