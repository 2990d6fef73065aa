"""Dispatch: whether a task may be given out at all, whoever is free.

The pauses of one org that last. A pause for everything stops matching; a pause for a label
is noticed where the task's record is at hand, and the task's place is parked meanwhile: see
`Matcher.park`.
"""

from typing import Final

from hub.core.pauses import PauseRecord
from hub.core.task import Task

PAUSES: Final = 100
"""The most pauses that may last at once in one org."""


def label_text(label: tuple[str, str]) -> str:
    """A label as people write it."""
    return f"{label[0]}={label[1]}"


class Dispatch:
    """The pauses that last; at most one for everything, and one for each label."""

    def __init__(self) -> None:
        self.pauses: dict[str, PauseRecord] = {}
        """By id."""
        self.by_label: dict[tuple[str, str], PauseRecord] = {}
        """Those for tasks with a label."""
        self.whole: PauseRecord | None = None
        """The one for everything."""

    def of_label(self, label: tuple[str, str] | None) -> PauseRecord | None:
        """The pause for this label, or the one for everything."""
        return self.whole if label is None else self.by_label.get(label)

    def begin(self, pause: PauseRecord) -> None:
        """A pause lasts from now on, or is described in other words."""
        self.pauses[pause.id] = pause
        if pause.label is None:
            self.whole = pause
        else:
            self.by_label[pause.label] = pause

    def end(self, pause: PauseRecord) -> None:
        """A pause is over."""
        del self.pauses[pause.id]
        if pause.label is None:
            self.whole = None
        else:
            del self.by_label[pause.label]

    def label_pause_of(self, task: Task) -> PauseRecord | None:
        """The pause for one of the task's labels."""
        for label in (task.spec.labels or {}).items():
            pause = self.by_label.get(label)
            if pause is not None:
                return pause
        return None

    def pause_of(self, task: Task) -> PauseRecord | None:
        """What keeps the task from being given out; None when it may be."""
        return self.whole or self.label_pause_of(task)

    def over(self, wall_now: int) -> list[PauseRecord]:
        """The pauses whose end has come."""
        return [
            pause
            for pause in self.pauses.values()
            if pause.until is not None and pause.until <= wall_now
        ]
