"""Short runs of the rows that start real hubs in a way of their own."""

import shutil
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from scripts.benchmark import generator
from scripts.benchmark.bench import Bench
from scripts.benchmark.measure import repetition
from scripts.benchmark.queued import queued
from scripts.benchmark.rows import CROWD, HTTP, QUEUE, START, WATCHED
from scripts.benchmark.starts import starts

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)
HUB = [sys.executable, "-m", "hub.cli", "up"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench on the hub of this checkout, in a folder of its own."""
    return Bench(HUB, generator.build(tmp_path), tmp_path, None, None)


def quiet(text: str) -> None:
    """Nobody watches."""


def test_readers_look_on_beside_the_load(bench: Bench) -> None:
    """Pages are answered, every event comes, and what the readers use is known."""
    asked = replace(WATCHED.settings, agents=4, in_flight=20, seconds=1.0, warmup_seconds=0.5)

    found = repetition(bench, asked, quiet)

    assert found.flaws == []
    assert [each.name for each in found.listings] == ["no filter", "state completed"]
    assert found.stream is not None
    assert found.stream.events > found.load.window_done
    assert found.readers_cores > 0


def test_agents_are_weighed(bench: Bench) -> None:
    """They are registered once, by another hub, and again used for the next repetition."""
    asked = replace(CROWD.settings, agents=30, rate=100, seconds=0.5, warmup_seconds=0.1)

    first = repetition(bench, asked, quiet)
    known = bench.folder / "fleet-30" / "known.json"
    written = known.stat().st_mtime_ns
    second = repetition(bench, asked, quiet)

    assert first.flaws == second.flaws == []
    assert first.memory is not None
    assert first.memory.connected_kib > first.memory.registered_kib
    assert known.stat().st_mtime_ns == written


def test_a_queue_is_filled_restarted_and_dispatched_beside(bench: Bench) -> None:
    """Every task is in the queue at the end, and the urgent ones are done."""
    asked = replace(
        QUEUE.settings,
        agents=3,
        rate=100,
        queued=2_000,
        crowd=5,
        rounds=2,
        seconds=0.5,
        warmup_seconds=0.1,
    )

    found = queued(bench, asked, quiet)

    assert found.flaws == []
    assert found.queued_rows == 2_000
    assert found.done == found.completed_rows > 0
    assert [pair.crowd for pair in found.pairs] == [0, 0, 5, 5]
    assert found.bytes_a_task > 0
    assert found.index_mib > 0
    assert 0 < found.restarted_mib <= found.crowded_mib
    assert not list(bench.folder.glob("corral-bench-*"))


def test_posts_with_keys_are_counted(bench: Bench) -> None:
    """An operator's keys are taken, and each task is there once."""
    (keys,) = (plan for plan in HTTP if plan.settings.keys)
    found = repetition(bench, replace(keys.settings, seconds=0.5, warmup_seconds=0.1), quiet)

    assert found.flaws == []
    assert found.completed_rows > 0


def test_each_start_is_timed(bench: Bench) -> None:
    """From the command to a hub that is ready."""
    found = starts(bench, replace(START.settings, rounds=2), quiet)

    assert len(found.seconds) == 2
    assert all(seconds > 0 for seconds in found.seconds)
