"""The listing row: the database it begins with, the pages it asks for, and a short real run."""

import shutil
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from hub.core.filters import filter_of
from hub.store.opening import Origin, open_data
from schemas.http.tasks import TaskConditions
from schemas.scalars import PriorityName, StateName
from scripts.benchmark import backlog, generator
from scripts.benchmark.arguments import parser, settings_of
from scripts.benchmark.bench import Bench
from scripts.benchmark.faults import NO_HUB, BenchmarkError
from scripts.benchmark.figures import Listing, Spread
from scripts.benchmark.listing import filters, path_of
from scripts.benchmark.measure import repetition
from scripts.benchmark.rows import LISTING, THROUGHPUT
from tests.scripts.example_runs import run

STORED = 5_000
HUB = [sys.executable, "-m", "hub.cli", "up"]


def quiet(text: str) -> None:
    """Nobody watches."""


def listing(name: str, p99: float) -> Listing:
    """Ten pages of one task each."""
    ms = Spread(1.0, 2.0, p99, p99)
    return Listing(name=name, is_combined=False, pages=10, tasks=10, refused=0, ms=ms)


def test_every_filter_finds_something_in_the_full_database(tmp_path: Path) -> None:
    """A page that is always empty would be fast, and tell nothing."""
    completed = backlog.fill(tmp_path / "data", STORED, quiet)

    assert backlog.tasks_in(tmp_path / "data" / "hub.db") == STORED
    with closing(open_data(tmp_path / "data")) as opened:
        assert opened.origin is Origin.KNOWN
        reader = opened.store.reader()
        done = filter_of(TaskConditions(state=[StateName.COMPLETED]))
        assert reader.count(backlog.ORG, done, STORED).number == completed > STORED / 2
        for each in filters(STORED):
            found = reader.search(backlog.ORG, filter_of(each.conditions), None, 50)
            assert found.rows, each.name
        reader.close()


def test_deep_pages_begin_where_such_tasks_are(tmp_path: Path) -> None:
    """From the end of its span on, a filter finds a page too."""
    backlog.fill(tmp_path / "data", STORED, quiet)
    with closing(open_data(tmp_path / "data")) as opened:
        reader = opened.store.reader()
        for each in filters(STORED):
            below = int(each.last * STORED) + 1
            found = reader.search(backlog.ORG, filter_of(each.conditions), below, 50)
            assert found.rows, each.name
            assert min(task.seq for task in opened.store.decode(found.rows)) < below
        reader.close()


def test_a_directory_that_is_in_use_is_not_filled(tmp_path: Path) -> None:
    """Whoever has it open is named."""
    with closing(open_data(tmp_path)), pytest.raises(BenchmarkError, match="open") as error:
        backlog.fill(tmp_path, 1, quiet)
    assert error.value.status == NO_HUB


def test_conditions_become_a_query() -> None:
    """Lists repeat their parameter, and labels are pairs."""
    wanted = TaskConditions(
        state=[StateName.QUEUED, StateName.RUNNING],
        priority=[PriorityName.LOW],
        labels={"team": "a b"},
        created_before=7,
    )

    assert parse_qs(urlsplit(path_of(wanted, "abc")).query) == {
        "state": ["queued", "running"],
        "priority": ["low"],
        "label": ["team=a b"],
        "created_before": ["7"],
        "limit": ["50"],
        "cursor": ["abc"],
    }


def test_filters_have_names_of_their_own() -> None:
    """Most have one condition; those with more are three."""
    wanted = filters(1_000_000)

    assert len({each.name for each in wanted}) == len(wanted)
    assert sum(each.is_combined for each in wanted) == 3
    assert all(0 <= each.first < each.last <= 1 for each in wanted)


def test_the_slowest_listing_has_one_condition() -> None:
    """Combinations are shown, not judged."""
    both = replace(listing("both", 90.0), is_combined=True)
    found = replace(run(), listings=[listing("a", 3.0), both, listing("b", 7.0)])

    assert found.worst_page_ms == 7.0
    assert run().worst_page_ms == 0.0
    assert found.flaws == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"refused": 2}, "odd: 2 pages refused"), ({"tasks": 0}, "odd: 10 pages, no task found")],
)
def test_pages_that_were_not_read_are_a_flaw(changes: dict[str, object], words: str) -> None:
    """A refusal is quick, and so is an empty page."""
    found = replace(run(), listings=[replace(listing("odd", 1.0), **changes)])

    assert found.flaws == [words]


def test_only_the_listing_row_begins_with_tasks() -> None:
    """The number can be changed, and is small for a quick look."""
    changed, quick = parser().parse_args(["--stored", "7"]), parser().parse_args(["--quick"])

    assert settings_of(LISTING, changed).stored == 7
    assert settings_of(THROUGHPUT, changed).stored == 0
    assert 0 < settings_of(LISTING, quick).stored < LISTING.settings.stored


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler"
)
def test_a_short_run_reads_pages_beside_the_load(tmp_path: Path) -> None:
    """Tasks run, every page is answered, and nothing is left behind."""
    program = generator.build(tmp_path)
    before = sorted(tmp_path.iterdir())
    bench = Bench(HUB, program, tmp_path, None, None)
    asked = replace(LISTING.settings, agents=4, rate=200, seconds=1, stored=STORED)

    measured = repetition(bench, asked, quiet)

    assert measured.completed_rows == measured.load.done >= 200
    assert [each.name for each in measured.listings] == [each.name for each in filters(STORED)]
    assert sum(each.pages for each in measured.listings) > 10
    assert not any(each.refused for each in measured.listings)
    ledgers = {program.with_suffix(".ledger")}
    assert set(tmp_path.iterdir()) - ledgers == set(before)
