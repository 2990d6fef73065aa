"""A hub with a large fleet that is connected, and a browser beside it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct

from scripts.benchmark import crowd, fleet
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.crowd import Crowd
from scripts.benchmark.dashboard.browser import Chromium, chromium
from scripts.benchmark.dashboard.steady import SLOTS, Rest
from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.processes import cpu_seconds
from scripts.benchmark.subject import Hub

SPARE: Final = 16
"""Connections besides those of the agents."""
QUIET_CORES: Final = 0.05
"""A hub that uses less of a core is at rest."""
QUIET_SECONDS: Final = 1_200.0


class Stage(Struct, frozen=True):
    """What there is before anything is measured."""

    hub: Hub
    browser: Chromium
    operator: tuple[str, str]
    last: tuple[str, str]
    """The one agent that is not connected: the load brings it."""

    @property
    def peers(self) -> list[tuple[str, str]]:
        """Whom the load connects; all other agents are there and do what they are given."""
        return [self.last, self.operator]


@contextmanager
def connected_fleet(bench: Bench, agents: int, say: Say) -> Iterator[Stage]:
    """So many agents but one are connected to a fresh hub. Raises BenchmarkError."""
    crowd.check_room(agents + SPARE)
    with bench.place() as folder:
        known = fleet.settle(bench, folder, agents, say)
        say(f"connecting {agents:,} agents")
        with (
            bench.hub(folder) as hub,
            Crowd(bench.program, hub.port, known.agents[1:], SLOTS, cores=bench.load_cores),
            chromium(all_cores(bench)) as browser,
        ):
            yield Stage(hub, browser, known.operator, known.agents[0])


def all_cores(bench: Bench) -> set[int] | None:
    """The hub's and the load's."""
    return None if bench.cores is None else bench.cores[0] | bench.cores[1]


def let_rest(hub: Hub, say: Say, rest: Rest = time.sleep) -> None:
    """Wait until the hub has nothing left to do, such as reading for its search index.

    Raises BenchmarkError when it never has.
    """
    give_up = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < give_up:
        say("waiting for the hub to be at rest")
        before = cpu_seconds(hub.processes())
        rest(1.0)
        if cpu_seconds(hub.processes()) - before < QUIET_CORES:
            return
    raise BenchmarkError(NO_HUB, f"the hub was not at rest within {QUIET_SECONDS:.0f} s")
