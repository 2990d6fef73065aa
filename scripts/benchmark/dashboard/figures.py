"""What is asked for and what is found, as data. Nothing here touches the machine."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct

from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.figures import Machine, percentile
from scripts.benchmark.rows import Goal


class Asked(Struct, frozen=True):
    """The settings of all parts."""

    agents: int = 10_000
    """Connected, in the parts about a large fleet."""
    seconds: float = 20.0
    """How long each thing is looked at."""
    warmup_seconds: float = 3.0
    events: int = 1_000
    """Events a second, in the parts about a large fleet."""
    stored: int = 1_000_000
    """Tasks in the table that is scrolled."""
    loads: int = 12
    """How often the page is opened."""
    heap_minutes: float = 30.0
    tabs: int = 50
    tab_events: int = 200
    """Events a second, in the part about open tabs."""
    rounds: int = 6
    """How often windows without and with the tabs follow each other."""


class Point(Struct, frozen=True):
    """The page's memory at one time, after its garbage was collected."""

    minute: float
    screen: str
    heap_mb: float
    """What scripts hold."""
    dom_mb: float
    """What the browser holds for them besides: elements and buffers."""


Cores = dict[str, float]
"""Shares of a core: of the hub, the browser, and all else."""


class Part(Struct, frozen=True):
    """What one part found."""

    name: str
    values: dict[str, list[float]]
    """Each number by its title, as often as it was measured."""
    cores: dict[str, list[Cores]] = {}
    """Who used how much, in each window of this name."""
    curve: list[Point] = []
    flaws: list[str] = []
    """Why it must not be believed; empty when all is well."""


class Plan(Struct, frozen=True):
    """One part before it is measured."""

    name: str
    title: str
    told: str
    """How it is measured, for the page."""
    goals: list[Goal]
    measure: Callable[[Bench, Asked, Say], Part]
    repeat: int = 1


class DashboardReport(Struct, frozen=True):
    """All that `docs/benchmarks-dashboard.md` is made of."""

    measured_at: str
    commit: str
    changed: bool
    """The working tree differed from the commit."""
    quick: bool
    machine: Machine
    browser: str
    asked: Asked
    parts: list[Part]


def together(parts: Sequence[Part]) -> Part:
    """The repetitions of one part as one."""
    values: dict[str, list[float]] = {}
    cores: dict[str, list[Cores]] = {}
    for part in parts:
        for title, found in part.values.items():
            values.setdefault(title, []).extend(found)
        for window, shares in part.cores.items():
            cores.setdefault(window, []).extend(shares)
    return Part(
        parts[0].name,
        values,
        cores,
        [point for part in parts for point in part.curve],
        [flaw for part in parts for flaw in part.flaws],
    )


class Frames(Struct, frozen=True):
    """How smoothly something moved."""

    per_s: float
    """Over the whole time."""
    p5: float
    """Of twenty frames one came no faster than this many a second."""
    longest_ms: float
    moves_per_s: float
    """Frames in which it stood elsewhere than before: where the hand was slower, there are less."""


def frames_of(times_ms: Sequence[float], moves: int) -> Frames:
    """From the times at which frames began, and how many of them moved something."""
    steps = sorted(later - earlier for earlier, later in pairwise(times_ms))
    whole = sum(steps)
    if whole <= 0:
        return Frames(0.0, 0.0, 0.0, 0.0)
    return Frames(
        per_s=len(steps) * 1000 / whole,
        p5=1000 / percentile(steps, 95),
        longest_ms=steps[-1],
        moves_per_s=moves * 1000 / whole,
    )
