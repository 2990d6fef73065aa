"""The part about many readers: what open tabs cost the hub, and those who submit."""

import statistics
import time
from itertools import cycle, islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hub.services.following import LINGER_MS
from scripts.benchmark import fleet
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.dashboard.figures import Asked, Cores, Part
from scripts.benchmark.dashboard.onlookers import OpenTabs
from scripts.benchmark.dashboard.shares import Meter
from scripts.benchmark.dashboard.stage import let_rest
from scripts.benchmark.dashboard.steady import Steady, flaws_of, settings_for
from scripts.benchmark.figures import spread
from scripts.benchmark.subject import Hub

AGENTS: Final = 100
READERS: Final = 7
"""People who have the tabs open: the hub lets nobody have more than 32."""
LINGER_SECONDS: Final = LINGER_MS / 1000 + 2
"""So long after the last tab the hub still gathers what changes."""


class Window(Struct, frozen=True):
    """One window of the load."""

    cores: Cores
    p99_ms: float
    """From the moment a task was due to the hub's word that it is durable."""
    flaws: list[str]


class Scene(Struct, frozen=True):
    """Who takes part."""

    bench: Bench
    asked: Asked
    hub: Hub
    known: fleet.Known
    readers: list[str]
    """Their tokens."""


def tabs(bench: Bench, asked: Asked, say: Say) -> Part:
    """Windows without and with the tabs in turn; raises BenchmarkError when there are none."""
    with bench.place() as folder:
        known = fleet.settle(bench, folder, AGENTS, say)
        with bench.hub(folder) as hub:
            scene = Scene(bench, asked, hub, known, hub.viewers(READERS))
            without, beside = _rounds(scene, say)
    return _part(without, beside)


def _rounds(scene: Scene, say: Say) -> tuple[list[Window], list[Window]]:
    """Every other round begins with the tabs: what changes in time must not favour one side."""
    found: dict[bool, list[Window]] = {False: [], True: []}
    were_open = False
    let_rest(scene.hub, say)
    for number in range(scene.asked.rounds):
        for are_open in (False, True) if number % 2 == 0 else (True, False):
            if were_open and not are_open:
                say("waiting until the hub has forgotten the tabs")
                time.sleep(LINGER_SECONDS)
            say(f"round {number + 1} of {scene.asked.rounds}, {_words(scene, are_open)}")
            found[are_open].append(_window(scene, are_open=are_open))
            were_open = are_open
    return found[False], found[True]


def _words(scene: Scene, are_open: bool) -> str:
    return f"{scene.asked.tabs} tabs" if are_open else "no tab"


def _window(scene: Scene, *, are_open: bool) -> Window:
    if not are_open:
        return _measured(scene)
    tokens = list(islice(cycle(scene.readers), scene.asked.tabs))
    with OpenTabs(scene.hub.port, tokens) as tabs:
        window = _measured(scene)
        faults = [f"{text} ({count} times)" for text, count in tabs.faults.items()]
        if tokens and not tabs.batches:
            faults.append("the tabs have heard nothing")
    return replace(window, flaws=[*window.flaws, *faults])


def _measured(scene: Scene) -> Window:
    asked = scene.asked
    settings = settings_for(asked.tab_events, asked.seconds, asked.warmup_seconds, AGENTS)
    meter = Meter(scene.hub)
    peers = [*scene.known.agents, scene.known.operator]
    with Steady(scene.bench, scene.hub, peers, settings, meter) as running:
        load, ledger = running.result(time.sleep)
    p99 = spread(ledger.acknowledged_latencies()).p99
    return Window(meter.cores(), p99, flaws_of(load))


def _part(without: list[Window], beside: list[Window]) -> Part:
    pairs = list(zip(without, beside, strict=True))
    costs = [(with_.cores["hub"] - empty.cores["hub"]) * 100 for empty, with_ in pairs]
    ratios = [_ratio(empty.p99_ms, with_.p99_ms) for empty, with_ in pairs]
    p99s = [[each.p99_ms for each in side] for side in (without, beside)]
    return Part(
        "tabs",
        {
            "cost to the hub": costs,
            "submit p99, with / without": ratios,
            "submit p99 without": p99s[0],
            "submit p99 with": p99s[1],
            "ratio of the medians": [_ratio(*map(statistics.median, p99s))],
        },
        {"without": [each.cores for each in without], "with": [each.cores for each in beside]},
        flaws=[flaw for each in (*without, *beside) for flaw in each.flaws],
    )


def _ratio(without: float, beside: float) -> float:
    return beside / without if without else 0.0
