"""The part about events: how long until one of them can be seen."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.dashboard import probe as probes
from scripts.benchmark.dashboard.browser import Clock, Visit
from scripts.benchmark.dashboard.figures import Asked, Part
from scripts.benchmark.dashboard.probe import Probe
from scripts.benchmark.dashboard.shares import Meter
from scripts.benchmark.dashboard.stage import Stage, connected_fleet, let_rest
from scripts.benchmark.dashboard.steady import Steady, flaws_of, settings_for
from scripts.benchmark.figures import Spread, spread

NAME: Final = "a-probe"
"""By its name it stands at the top of the table."""
PATIENCE_SECONDS: Final = 2.0
"""For the last of them to be seen."""

_WATCH: Final = """(name) => {
  const rows = [...document.querySelectorAll('.fleet-columns')];
  const row = rows.find((one) => one.querySelector('.fleet-id bdi')?.textContent === name);
  const cell = row?.querySelector('.fleet-running');
  if (!cell) return false;
  const seen = (window.corralSeen = []);
  const look = () => {
    const number = parseInt(cell.textContent, 10);
    requestAnimationFrame(() => seen.push([number, performance.now()]));
  };
  new MutationObserver(look).observe(cell, { childList: true, characterData: true, subtree: true });
  return true;
}"""
_SEEN: Final = "() => window.corralSeen"


class Seen(Struct, frozen=True):
    """What became of the probes."""

    latencies_ms: list[float]
    unseen: int
    strange: int = 0
    """By how much the last number was higher than it can be by the probes."""


def pixel(bench: Bench, asked: Asked, say: Say) -> Part:
    """Measure once; raises BenchmarkError when there is nothing to measure."""
    with connected_fleet(bench, asked.agents, say) as stage:
        agent = (NAME, next(stage.hub.agent_tokens([NAME])))
        prober = stage.hub.operator("bench-prober")
        let_rest(stage.hub, say)
        with (
            stage.browser.visit(stage.hub, stage.operator[1]) as visit,
            Probe(stage.hub.port, agent, prober) as probe,
        ):
            say("opening the fleet")
            visit.open("/fleet")
            visit.poll(f"() => ({_WATCH})({NAME!r}) || null")
            return _measured(bench, asked, stage, visit, probe, say)


def _measured(
    bench: Bench, asked: Asked, stage: Stage, visit: Visit, probe: Probe, say: Say
) -> Part:
    events = asked.events - probes.A_SECOND * probes.EVENTS_EACH
    settings = settings_for(events, asked.seconds, asked.warmup_seconds, agents=1)
    meter = Meter(stage.hub, stage.browser.pid)
    clock = visit.clock()
    with Steady(bench, stage.hub, stage.peers, settings, meter) as load:
        load.wait_for_begin(visit.rest)
        say("watching")
        began, before = time.monotonic(), visit.newest_event()
        probe.begin()
        load.wait_for_end(visit.rest)
        probe.end()
        per_s = (visit.newest_event() - before) / (time.monotonic() - began)
        found, _ = load.result(visit.rest)
    visit.rest(PATIENCE_SECONDS)
    seen = seen_at(visit.page.evaluate(_SEEN), probe.due_ms, clock)
    pixels, durable = _spread(seen.latencies_ms), _spread(probe.answers_ms())
    values = {
        "p50": pixels.p50,
        "p99": pixels.p99,
        "p90": pixels.p90,
        "highest": pixels.highest,
        "durable p50": durable.p50,
        "durable p99": durable.p99,
        "events/s": per_s,
        "probes": float(len(probe.due_ms)),
        "error of the clocks": clock.error_ms,
    }
    return Part(
        "event-to-pixel",
        {title: [value] for title, value in values.items()},
        {"while it is watched": [meter.cores()]},
        flaws=[*flaws_of(found), *probe.faults, *visit.faults, *_flaws(seen)],
    )


def _spread(latencies_ms: Sequence[float]) -> Spread:
    return spread([int(each * 1e6) for each in latencies_ms])


def seen_at(numbers: Sequence[Sequence[Any]], due_ms: Sequence[float], clock: Clock) -> Seen:
    """Each probe was seen when the number was its own or a later one.

    `numbers` are what the page showed and when, in order.
    """
    latencies: list[float] = []
    for number, at in numbers:
        for due in due_ms[len(latencies) : int(number)]:
            latencies.append(clock.here(float(at)) - due)
    last = int(numbers[-1][0]) if numbers else 0
    return Seen(latencies, len(due_ms) - len(latencies), max(last - len(due_ms), 0))


def _flaws(seen: Seen) -> Iterator[str]:
    if seen.unseen or not seen.latencies_ms:
        yield f"{seen.unseen} probes were never seen, {len(seen.latencies_ms)} were"
    if seen.strange:
        yield f"the probe's agent was given {seen.strange} tasks of others"
