"""Finding: all words, newest first, page by page, and nothing of another org."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from hub.search import finder, shelves
from hub.search.contract import ALL
from hub.search.finder import ASKED, IndexFinder, expression_of
from hub.search.source import Past
from schemas.http.search import Kind
from schemas.scalars import TaskState
from tests.search.desk import Desk

HOSTILE = [
    '"a', '""', "'; DROP TABLE task; --", "* OR 1", "NEAR(a b)", "a AND NOT b", "text:needle",
    "^needle", "needle*", "(((", "\0\0\0", "x\0needle", "%" * 256, "_" * 256, "*" * 256,
    "[a-z]" * 50, "\u202e\u202eneedle", "😀😀😀", "\ufeff\ufeff\ufeff", "a" * 256, "\\" * 256,
    "0 " * 128, "{shelf}", ":org",
]  # fmt: skip


def test_the_newest_come_first_page_by_page(desk: Desk) -> None:
    """Each once, and the last page says that it is the last."""
    tasks = desk.submit(*(f"needle {number}" for number in range(7)))
    desk.join("needle-keeper")
    desk.feed()
    found: list[str] = []
    rest, pages = ALL, 0
    while not rest.is_empty:
        page = desk.ask("needle", limit=3, rest=rest)
        found += [hit.id for hit in page.hits]
        rest, pages = page.rest, pages + 1
    assert sorted(found) == sorted(["needle-keeper", *(task.id for task in tasks)])
    assert [each for each in found if each != "needle-keeper"] == [
        task.id for task in reversed(tasks)
    ]
    assert pages == 3


def test_shelves_are_looked_through_one_by_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page may reach over several of them, and ends when there is no time left."""
    monkeypatch.setattr(shelves, "BLOCK_BITS", 2)
    tasks = desk.submit(*(f"needle {number}" for number in range(11)))
    desk.feed()
    assert len(desk.index._shelves) == 3
    assert desk.ids("needle", limit=9) == [task.id for task in reversed(tasks)][:9]
    late = desk.ask("needle", limit=9, seconds=0.0)
    assert [hit.number for hit in late.hits] == [11, 10, 9, 8]
    assert late.rest.tasks == 8
    assert [hit.number for hit in desk.ask("needle", rest=late.rest).hits] == list(range(7, 0, -1))


def test_orgs_are_apart(desk: Desk) -> None:
    """Neither words nor numbers of another org are ever found."""
    desk.submit("our needle")
    desk.submit("their needle", org="other")
    desk.join("needle-keeper", org="other")
    desk.feed()
    assert [hit.title for hit in desk.ask("needle").hits] == ["our needle"]
    assert len(desk.ids("needle", org="other")) == 2
    assert desk.ids("ne", org="main") == desk.ids("needle")
    assert desk.ask("needle", org="nobody").hits == []


def test_a_document_on_a_wrong_shelf_is_not_shown(desk: Desk) -> None:
    """What is shown is read from the database, and has to be the asker's."""
    desk.submit("our needle")
    (theirs,) = desk.submit("their needle", org="other")
    desk.feed()
    shelf = shelves.shelf_of(1, 0)
    desk.index._connection.execute(shelves.on(shelf, "put"), (theirs.seq, "their needle"))
    assert [hit.title for hit in desk.ask("needle").hits] == ["our needle"]


def test_an_index_may_be_gone_at_any_moment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also right after somebody saw it: then it is not ready, as before there was one."""
    desk.submit("the needle")
    desk.feed()
    assert desk.ids("needle")
    (desk.folder / "search.db").unlink()
    monkeypatch.setattr(Path, "exists", lambda _: True)
    found = desk.ask("needle")
    assert (found.hits, found.ready) == ([], False)


def test_kinds_can_be_asked_for(desk: Desk) -> None:
    """Tasks only, or agents only."""
    (task,) = desk.submit("needle")
    desk.join("needle-keeper")
    desk.feed()
    assert desk.ids("needle", kind=Kind.TASK) == [task.id]
    assert desk.ids("needle", kind=Kind.AGENT) == ["needle-keeper"]
    agent = desk.ask("needle", kind=Kind.AGENT).hits[0]
    assert (agent.state, agent.title, agent.field) == (None, "agent needle-keeper", "id")


def test_short_words_are_found_in_names_and_descriptions(desk: Desk) -> None:
    """Alone, and beside longer ones anywhere."""
    (task,) = desk.submit("go on with the needle")
    desk.join("ox")
    desk.feed()
    assert desk.ids("go") == [task.id]
    assert desk.ids("on go") == [task.id]
    assert desk.ids("needle on") == [task.id]
    assert desk.ids("needle xy") == []
    assert desk.ids("ox") == ["ox"]


def test_many_agents_are_looked_through_for_short_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces."""
    monkeypatch.setattr(finder, "MANY", 2)
    desk.join("ox", "a1", "a2", "a3", "a4")
    desk.feed()
    assert desk.ids("ox") == ["ox"]


def test_what_is_shown_is_as_it_is_now(desk: Desk) -> None:
    """The index may be behind: words that are gone are not found, states are new."""
    (task,) = desk.submit("the needle")
    desk.feed()
    desk.change(structs.replace(task, state=TaskState.COMPLETED))
    found = desk.ask("needle")
    assert found.hits[0].state is TaskState.COMPLETED
    assert (found.seen, found.unseen_at is None) == (1, False)
    spec = structs.replace(task.spec, description="no more")
    desk.change(structs.replace(task, spec=spec), edited=True)
    assert desk.ids("needle") == []


def test_without_an_index_nothing_is_ready(desk: Desk) -> None:
    """There is none yet, or it is of another history: it is not asked."""
    desk.submit("the needle")
    desk.feed()
    stranger = IndexFinder(desk.folder, Past(7, "other"))
    desk.finder.close()
    desk.finder = stranger
    found = desk.ask("needle")
    assert (found.hits, found.ready, found.seen) == ([], False, 0)
    assert found.unseen_at is not None


def test_another_index_in_its_place_is_taken(desk: Desk) -> None:
    """It was begun anew while somebody had the old one open."""
    desk.submit("the needle")
    desk.feed()
    assert len(desk.ids("needle")) == 1
    desk.index.close()
    (desk.folder / "search.db").unlink()
    desk.open()
    assert not desk.ask("needle").ready
    desk.feed()
    assert len(desk.ids("needle")) == 1


@pytest.mark.parametrize("query", HOSTILE)
def test_a_question_is_text(desk: Desk, query: str) -> None:
    """Nothing in it is an operator, and nothing in it takes long."""
    desk.submit("the needle", "abc" * 50, query.replace("\0", " ") or "x")
    desk.feed()
    began = time.monotonic()
    desk.ask(query)
    assert time.monotonic() - began < 2.0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(query=st.text(min_size=2, max_size=256))
def test_no_question_breaks_anything(desk: Desk, query: str) -> None:
    """Whatever it is made of."""
    desk.ask(query)


def test_a_long_question_is_asked_in_part() -> None:
    """The longest words first; what was left out is looked for in what is found."""
    assert expression_of(['sa"y', "on", "hello"]) == '"hello" "sa""y"'
    assert len(expression_of(["0" * 256])) == ASKED + 2
    assert len(expression_of([f"word{n}" for n in range(60)])) < 2 * ASKED


def test_what_was_left_out_of_the_question_counts(desk: Desk) -> None:
    """A long word is found as a whole only."""
    desk.submit("0" * 100, "0" * 200)
    desk.feed()
    assert [hit.number for hit in desk.ask("0" * 150).hits] == [2]
