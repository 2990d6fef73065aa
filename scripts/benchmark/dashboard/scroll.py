"""The part about long lists: how smoothly a table of very many tasks moves."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playwright.sync_api import CDPSession, FloatRect

from scripts.benchmark import backlog
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.dashboard.browser import Visit, chromium
from scripts.benchmark.dashboard.figures import Asked, Frames, Part, frames_of
from scripts.benchmark.dashboard.shares import Meter
from scripts.benchmark.dashboard.stage import all_cores, let_rest
from scripts.benchmark.faults import NO_HUB, BenchmarkError

WHEEL_PX_PER_S: Final = 6_000
"""About 190 rows a second: a hand that turns the wheel as fast as it can."""
GRIP_PX: Final = 20
"""Below the top of the bar, where it can be taken hold of."""
BAR_PX: Final = 7
"""From the right edge to the middle of the bar."""
AHEAD_SECONDS: Final = 0.1
STEPS: Final = 6
SETTLE_SECONDS: Final = 1.0
FAR: Final = 0.9
"""The share of the whole way that is far enough to call it the whole."""
LIST: Final = ".virtual-list[aria-label='Tasks']"

_BEGIN: Final = """() => {
  const seen = (window.corralFrames = { times: [], moves: 0 });
  const step = (at) => {
    if (window.corralFrames !== seen) return;
    seen.times.push(at);
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  document.addEventListener('scroll', () => (seen.moves += 1), { capture: true, passive: true });
}"""
_END: Final = """() => {
  const seen = window.corralFrames;
  window.corralFrames = null;
  return seen;
}"""
_PLACE: Final = f"""() => {{
  const list = document.querySelector("{LIST}");
  const top = list.getBoundingClientRect().top + 40;
  const rows = [...list.querySelectorAll('.virtual-row')];
  const row = rows.find((one) => one.getBoundingClientRect().bottom > top);
  return Number(row.getAttribute('aria-rowindex'));
}}"""
_HEIGHT: Final = (
    f"""() => document.querySelector("{LIST} .virtual-row").getBoundingClientRect().height"""
)
_SHOWN: Final = f"""() => document.querySelector("{LIST} .virtual-row bdi") ? true : null"""


def scroll(bench: Bench, asked: Asked, say: Say) -> Part:
    """Measure once; raises BenchmarkError when there is nothing to measure."""
    folder = _filled(bench, asked.stored, say)
    with bench.hub(folder) as hub, chromium(all_cores(bench)) as browser:
        let_rest(hub, say)
        token = hub.operator(f"bench-reader-{time.monotonic_ns()}")[1]
        with browser.visit(hub, token) as visit:
            visit.open("/tasks")
            visit.poll(_SHOWN)
            meter = Meter(hub, browser.pid)
            say("turning the wheel")
            wheel, rows = _moved(visit, meter, lambda box: _turn(visit.cdp(), box, asked.seconds))
            wheel_cores = meter.cores()
            height = float(visit.page.evaluate(_HEIGHT))
            flaws = _too_short("the wheel", rows, asked.seconds * WHEEL_PX_PER_S / height)
            say("dragging the bar")
            visit.open("/tasks")
            visit.poll(_SHOWN)
            drag, rows = _moved(visit, meter, lambda box: _drag(visit, box, asked.seconds))
            flaws += _too_short("the bar", rows, asked.stored)
            cores = {"wheel": [wheel_cores], "bar": [meter.cores()]}
            values = {**_values("wheel", wheel), **_values("bar", drag)}
            return Part("scroll", values, cores, flaws=[*flaws, *visit.faults])


def _filled(bench: Bench, count: int, say: Say) -> Path:
    """A folder with a hub's data that holds so many tasks; filled the first time only."""
    folder = bench.folder / f"stored-{count}"
    if not folder.exists():
        folder.mkdir()
        backlog.fill(folder / "data", count, say)
    return folder


def _moved(visit: Visit, meter: Meter, move: Callable[[FloatRect], None]) -> tuple[Frames, int]:
    """The frames while something moves the list, and by how many rows it moved."""
    box = visit.page.locator(LIST).bounding_box()
    if box is None:
        raise BenchmarkError(NO_HUB, "there is no list of tasks on the page")
    before = int(visit.page.evaluate(_PLACE))
    visit.rest(SETTLE_SECONDS)
    visit.page.evaluate(_BEGIN)
    meter.look()
    move(box)
    meter.look()
    seen = visit.page.evaluate(_END)
    visit.rest(SETTLE_SECONDS)
    return frames_of(seen["times"], seen["moves"]), int(visit.page.evaluate(_PLACE)) - before


def _turn(door: CDPSession, box: FloatRect, seconds: float) -> None:
    """Turn the wheel: the browser itself makes the events, as often as it draws."""
    gesture = {
        "x": box["x"] + box["width"] / 2,
        "y": box["y"] + box["height"] / 2,
        "yDistance": -int(seconds * WHEEL_PX_PER_S),
        "speed": WHEEL_PX_PER_S,
        "gestureSourceType": "mouse",
        "preventFling": True,
    }
    door.send("Input.synthesizeScrollGesture", gesture)


def _drag(visit: Visit, box: FloatRect, seconds: float) -> None:
    """Take hold of the bar at its top, and move it to its end at an even speed.

    The browser answers each move once the page has taken it, which it does once a frame; so some
    are handed over together, as many as go into the time until the next ones.
    """
    mouse = visit.page.mouse
    x = box["x"] + box["width"] - BAR_PX
    top, way = box["y"] + GRIP_PX, box["height"]
    mouse.move(x, top)
    mouse.down()
    began = time.monotonic()
    while (done := (time.monotonic() - began) / seconds) < 1:
        mouse.move(x, top + min(done + AHEAD_SECONDS / seconds, 1) * way, steps=STEPS)
    mouse.move(x, top + way)
    mouse.up()


def _values(how: str, frames: Frames) -> dict[str, list[float]]:
    return {
        how: [frames.per_s],
        f"{how}, one frame in twenty": [frames.p5],
        f"{how}, longest frame": [frames.longest_ms],
        f"{how}, moves": [frames.moves_per_s],
    }


def _too_short(what: str, rows: int, expected: float) -> list[str]:
    if rows >= expected * FAR:
        return []
    return [f"{what} moved the list by {rows:,} rows and not by {expected:,.0f}"]
