"""The part about time: what the page holds on to while a busy day goes by."""

import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any, Final

from playwright.sync_api import CDPSession

from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.dashboard.browser import Visit
from scripts.benchmark.dashboard.figures import Asked, Part, Point
from scripts.benchmark.dashboard.shares import Meter
from scripts.benchmark.dashboard.stage import connected_fleet, let_rest
from scripts.benchmark.dashboard.steady import Steady, flaws_of, settings_for

SCREENS: Final = ("overview", "fleet", "tasks", "events", "metrics")
"""Each is looked at in turn, for one step."""
STEP_SECONDS: Final = 60.0
FEWEST_STEPS: Final = len(SCREENS)
MB: Final = 1e6
COLLECTIONS: Final = 2
"""What the first one lets go of may keep something that the second one finds."""


def heap(bench: Bench, asked: Asked, say: Say) -> Part:
    """Measure once; raises BenchmarkError when there is nothing to measure."""
    with connected_fleet(bench, asked.agents, say) as stage:
        let_rest(stage.hub, say)
        seconds = asked.heap_minutes * 60
        settings = settings_for(asked.events, seconds, asked.warmup_seconds, agents=1)
        meter = Meter(stage.hub, stage.browser.pid)
        with stage.browser.visit(stage.hub, stage.operator[1]) as visit:
            visit.open("/overview")
            with Steady(bench, stage.hub, stage.peers, settings, meter) as load:
                load.wait_for_begin(visit.rest)
                curve = list(_curve(visit, seconds, say))
                load.wait_for_end(visit.rest)
                found, _ = load.result(visit.rest)
            flaws = [*flaws_of(found), *visit.faults]
    tour = [point.heap_mb for point in curve[-len(SCREENS) :]]
    values = {
        "at the end": [max(tour)],
        "at the beginning": [max(point.heap_mb for point in curve[: len(SCREENS)])],
        "highest": [max(point.heap_mb for point in curve)],
        "elements and buffers at the end": [max(each.dom_mb for each in curve[-len(SCREENS) :])],
    }
    return Part("heap", values, {"all the while": [meter.cores()]}, curve, flaws)


def _curve(visit: Visit, seconds: float, say: Say) -> Iterator[Point]:
    """A look at each step's end; the screens take turns."""
    door = visit.cdp()
    step = min(STEP_SECONDS, seconds / FEWEST_STEPS)
    began = time.monotonic()
    for number, screen in enumerate(cycle(SCREENS), 1):
        if number * step > seconds + step / 2:
            return
        visit.page.locator(f'nav .nav-link[href$="/{screen}"]').click()
        visit.rest(max(began + number * step - time.monotonic(), 0))
        minute = (time.monotonic() - began) / 60
        point = _looked(door, minute, screen)
        say(f"minute {minute:.1f}: {point.heap_mb:.1f} MB on {screen}")
        yield point


def _looked(door: CDPSession, minute: float, screen: str) -> Point:
    for _ in range(COLLECTIONS):
        door.send("HeapProfiler.collectGarbage")
    usage: dict[str, Any] = door.send("Runtime.getHeapUsage")
    besides = usage.get("embedderHeapUsedSize", 0) + usage.get("backingStorageSize", 0)
    return Point(minute, screen, usage["usedSize"] / MB, besides / MB)
