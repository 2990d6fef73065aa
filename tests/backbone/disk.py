"""What survives the process of an old client: its queue file and the result files of its agent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.backbone.script import Frame


class QueueUnwritable(Exception):
    """The queue holds a running timer, which the old client cannot write as JSON."""


class Queue:
    """`queue.json`: the task at work and the one that waits for the hub's word."""

    def __init__(self, work: Path) -> None:
        """Keep it in this folder."""
        self.path = work / "queue.json"

    def read(self) -> tuple[Frame | None, Frame | None]:
        """The task at work and the one to recover, as the process before left them."""
        if not self.path.exists():
            return None, None
        kept = json.loads(self.path.read_text("utf-8"))
        return kept["active"], kept["recovering"]

    def write(self, active: Frame | None, recovering: Frame | None) -> None:
        """Replace the file."""
        self.path.write_text(json.dumps({"active": active, "recovering": recovering}), "utf-8")


class Results:
    """The folder in which the agent leaves `ID.started` and `ID.json`.

    The client hears of new files only: a file that is written again, or written while no
    client runs, is never noticed.
    """

    def __init__(self, work: Path) -> None:
        """Keep it below this folder."""
        self.folder = work / "results"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.on_new: Callable[[str], None] | None = None
        """Who is told the name of a new file; None while the process is dead."""

    def write(self, name: str, text: str) -> None:
        """Write a file as the agent does."""
        path = self.folder / name
        is_new = not path.exists()
        path.write_text(text, "utf-8")
        if is_new and self.on_new is not None:
            self.on_new(name)

    def read(self, name: str) -> str:
        """The text of a file."""
        return (self.folder / name).read_text("utf-8")

    def remove(self, task_id: Any) -> None:
        """Remove what a task left."""
        for ending in ("started", "json"):
            (self.folder / f"{task_id}.{ending}").unlink(missing_ok=True)

    def names(self) -> set[str]:
        """Every file that is there."""
        return {path.name for path in self.folder.iterdir()}
