"""What the process of an old client keeps in memory, and the machine on which it runs."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Protocol

from tests.backbone.disk import Queue, Results
from tests.backbone.script import Deed, Frame, Pace, Setup, Version


@dataclass(eq=False)
class Work:
    """A task in memory."""

    fields: Frame
    """What the queue file keeps of it."""
    timer: asyncio.TimerHandle | None = None
    """Runs while the agent has not confirmed; the queue cannot be written meanwhile."""

    @property
    def named(self) -> Frame:
        """Its id as a field of a frame; no field if it came without one."""
        return {"task_id": self.fields["task_id"]} if "task_id" in self.fields else {}

    @property
    def key(self) -> str:
        """Its id, so that 7 and "7" differ and none is one too."""
        return key_of(self.fields)

    @property
    def file(self) -> str:
        """What its files are named after."""
        return str(self.fields.get("task_id", "undefined"))

    @property
    def status(self) -> str:
        """accepted, waking, waking_confirmation or working."""
        return str(self.fields["status"])


def key_of(frame: Frame) -> str:
    """The id that a frame names, to be compared."""
    return json.dumps(frame.get("task_id"), sort_keys=True)


class Machine(Protocol):
    """What is around the process and outlives it."""

    version: Version
    agent_id: str
    token: str
    pace: Pace
    setup: Setup
    queue: Queue
    results: Results
    sent: list[Frame]
    heard: list[Any]
    shelled: list[str]
    exit_codes: list[int]

    def deed(self, fields: Frame) -> Deed:
        """What the agent does with a task."""

    def launch(self, name: str, deed: Deed) -> None:
        """Let the agent begin."""

    def note(self, text: str) -> None:
        """A line for the log."""

    def fault(self, error: BaseException) -> None:
        """Keep an error of the double itself."""
