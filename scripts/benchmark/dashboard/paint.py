"""The part about opening the page: when something is seen, and when it follows the hub."""

from typing import Final

from scripts.benchmark import fleet
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.dashboard.browser import Visit, chromium
from scripts.benchmark.dashboard.figures import Asked, Part
from scripts.benchmark.dashboard.shares import Meter
from scripts.benchmark.dashboard.stage import all_cores, let_rest

_PAINTED: Final = (
    "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
)
_NOTE_LIVE: Final = """
const look = () => {
  const said = [...document.querySelectorAll('[role="status"]')];
  if (said.some((one) => one.textContent === 'Live')) window.corralLive = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
_LIVE: Final = "() => window.corralLive ?? null"


def paint(bench: Bench, asked: Asked, say: Say) -> Part:
    """Open the page as often as asked for; raises BenchmarkError when it cannot be."""
    values: dict[str, list[float]] = {"cold": [], "warm": [], "live, cold": [], "live, warm": []}
    faults: list[str] = []
    with bench.place() as folder:
        known = fleet.settle(bench, folder, asked.agents, say)
        with bench.hub(folder) as hub, chromium(all_cores(bench)) as browser:
            let_rest(hub, say)
            meter = Meter(hub, browser.pid)
            meter.look()
            for number in range(asked.loads):
                say(f"opening the page, {number + 1} of {asked.loads}")
                with browser.visit(hub, known.operator[1]) as visit:
                    visit.page.add_init_script(_NOTE_LIVE)
                    for kind in ("cold", "warm"):
                        painted, live = _opened(visit)
                        values[kind].append(painted)
                        values[f"live, {kind}"].append(live)
                    faults += visit.faults
            meter.look()
    return Part("paint", values, {"all the while": [meter.cores()]}, flaws=faults)


def _opened(visit: Visit) -> tuple[float, float]:
    """Open the page; the times since then of the first paint and of following the hub."""
    visit.open("/", live=False)
    live = float(visit.poll(_LIVE))
    return float(visit.poll(_PAINTED)), live
