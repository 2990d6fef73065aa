"""The process that feeds the index: how it gives way to the hub."""

import os

import pytest

from hub.search.__main__ import _give_way


def test_it_goes_on_where_it_may_not_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may forbid to change the class of a process."""
    asked: list[str] = []

    def refuse(*_: object) -> None:
        asked.append("class")
        raise PermissionError

    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(os, "nice", lambda _: asked.append("nice"))
    for name, value in (("SCHED_IDLE", 5), ("sched_param", int), ("sched_setscheduler", refuse)):
        monkeypatch.setattr(os, name, value, raising=False)
    _give_way()
    assert asked == ["nice", "class"]
