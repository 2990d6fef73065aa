"""The pauses that last: what they name, and when they are over."""

from hub.core.dispatch import Dispatch, label_text
from hub.core.pauses import PauseRecord
from tests.core.making import queued


def pause(name: str, label: tuple[str, str] | None, until: int | None = None) -> PauseRecord:
    """A pause as it is stored."""
    return PauseRecord("main", name, label, None, until, 1, "me")


def test_a_pause_for_a_label_names_its_tasks_only() -> None:
    """Any label of a task may be the one."""
    dispatch = Dispatch()
    dispatch.begin(pause("p", ("env", "prod")))

    assert dispatch.pause_of(queued()) is None
    assert dispatch.pause_of(queued(labels={"env": "test"})) is None
    assert dispatch.pause_of(queued(labels={"a": "b", "env": "prod"})) == pause(
        "p", ("env", "prod")
    )


def test_a_pause_for_everything_names_every_task() -> None:
    """Also those without labels; a scheduler need not look at the task."""
    dispatch = Dispatch()
    dispatch.begin(pause("all", None))

    assert dispatch.whole == dispatch.pause_of(queued()) == pause("all", None)
    assert dispatch.label_pause_of(queued(labels={"env": "prod"})) is None


def test_a_pause_is_found_by_what_it_names_until_it_ends() -> None:
    """One for everything and one for a label do not know of each other."""
    dispatch = Dispatch()
    whole, some = pause("all", None), pause("p", ("env", "prod"))
    dispatch.begin(whole)
    dispatch.begin(some)
    assert dispatch.of_label(None) == whole
    assert dispatch.of_label(("env", "prod")) == some
    dispatch.end(whole)
    dispatch.end(some)

    assert dispatch.of_label(None) is None
    assert dispatch.of_label(("env", "prod")) is None
    assert dispatch.pauses == {}


def test_a_pause_is_over_at_its_end() -> None:
    """At that very millisecond; one without an end is never over."""
    dispatch = Dispatch()
    dispatch.begin(pause("all", None))
    dispatch.begin(pause("p", ("env", "prod"), until=50))

    assert dispatch.over(49) == []
    assert [each.id for each in dispatch.over(50)] == ["p"]


def test_a_label_is_written_as_people_write_it() -> None:
    """Key, equals sign, value."""
    assert label_text(("env", "prod")) == "env=prod"
