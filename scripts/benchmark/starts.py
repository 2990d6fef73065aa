"""The row about the start of a hub that has nothing to remember."""

from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.figures import Settings
from scripts.benchmark.results import StartRun


def starts(bench: Bench, settings: Settings, say: Say) -> StartRun:
    """Start as many hubs as asked for, one after the other; raises BenchmarkError."""
    seconds = []
    for number in range(settings.rounds):
        say(f"start {number + 1} of {settings.rounds}")
        with bench.place() as folder, bench.hub(folder) as hub:
            seconds.append(hub.start_s)
    return StartRun(seconds)
