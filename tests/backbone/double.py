"""A scripted double of the old Node client, v1.1 and v1.4, as a hub sees it on the wire."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any, Final

from tests.backbone.disk import Queue, Results
from tests.backbone.run import Run
from tests.backbone.script import SUCCEED, Deed, Frame, Pace, Setup, Version

_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,200}")


class OldClient:
    """An old client with its machine: the files and the agents that outlive its process.

    `deeds` tells the agent what to do, by task id or by description; `otherwise` is for all
    other tasks. `sent` and `heard` are what went over the wire, `notes` is the log.
    """

    def __init__(
        self,
        version: Version,
        url: str,
        agent_id: str,
        token: str,
        work: Path,
        pace: Pace | None = None,
        setup: Setup | None = None,
        otherwise: Deed = SUCCEED,
    ) -> None:
        """Nothing runs before `start`; `url` is the hub's, ending in `/ws`."""
        self.version: Version = version
        self.url = url
        self.agent_id = agent_id
        self.token = token
        self.pace = pace or Pace()
        self.setup = setup or Setup()
        self.otherwise = otherwise
        self.deeds: dict[str, Deed] = {}
        work.mkdir(parents=True, exist_ok=True)
        self.queue = Queue(work)
        self.results = Results(work)
        self.sent: list[Frame] = []
        self.heard: list[Any] = []
        self.notes: list[str] = []
        self.shelled: list[str] = []
        """Texts that the real client would have given to a shell."""
        self.exit_codes: list[int] = []
        """How each of its processes ended; a kill is -9."""
        self.run: Run | None = None
        self._agents: set[asyncio.Task[None]] = set()
        self._faults: list[BaseException] = []

    # The process

    async def __aenter__(self) -> "OldClient":
        """Start it."""
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()

    def start(self) -> None:
        """Start the process; again after it ended, as a process manager does."""
        assert self.run is None or self.run.exit_code is not None, "it runs already"
        self.run = Run(self, self.url)

    @property
    def process(self) -> Run:
        """The last process that was started."""
        assert self.run is not None, "never started"
        return self.run

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self.run is not None and self.run.exit_code is None

    async def kill(self) -> None:
        """End the process as SIGKILL does; its agents go on."""
        self.process.exit(-9)
        await self.exited()

    async def terminate(self) -> int:
        """End the process as SIGTERM does: the exit code."""
        await self.process.terminate()
        return await self.exited()

    async def exited(self) -> int:
        """Wait until the process has ended by itself: the exit code."""
        await self.process.stopped()
        return self.exit_codes[-1]

    async def close(self) -> None:
        """End everything; raises what went wrong inside the double itself."""
        if self.is_running:
            await self.kill()
        for agent in self._agents:
            agent.cancel()
        await asyncio.gather(*self._agents, return_exceptions=True)
        if self._faults:
            raise self._faults[0]

    # Its state

    @property
    def working_on(self) -> Any:
        """The id of the task at work, None if there is none."""
        active = self.process.active
        return active.fields.get("task_id") if active is not None else None

    @property
    def status(self) -> str | None:
        """What the task at work is doing: waking, waking_confirmation, working."""
        active = self.process.active
        return active.status if active is not None else None

    @property
    def recovering(self) -> Any:
        """The id of the task that waits for the hub's word."""
        left = self.process.recovering
        return left.fields.get("task_id") if left is not None else None

    @property
    def tries(self) -> list[float]:
        """When each connection was tried, on the clock of `time.monotonic`."""
        return self.process.link.tries

    # Its agent

    def deed(self, fields: Frame) -> Deed:
        """What the agent does with a task."""
        named = (fields.get("task_id"), fields.get("description"))
        found = (self.deeds[each] for each in named if isinstance(each, str) and each in self.deeds)
        return next(found, self.otherwise)

    def launch(self, name: str, deed: Deed) -> None:
        """Let the agent begin a task; it outlives the client's process."""
        if _FILE_NAME.fullmatch(name):
            agent = asyncio.create_task(self._act(name, deed))
            self._agents.add(agent)
            agent.add_done_callback(self._agents.discard)
        else:
            self.note(f"no file can be named {name!r}")

    async def _act(self, name: str, deed: Deed) -> None:
        woken = time.monotonic() + deed.wake_takes
        if deed.cleans:
            self.results.remove(name)
        text = json.dumps(deed.result) if deed.text is None else deed.text
        moments = ((deed.starts, f"{name}.started", ""), (deed.ends, f"{name}.json", text))
        for moment, file, content in moments:
            if moment is not None:
                await asyncio.sleep(max(0.0, woken + moment - time.monotonic()))
                self.results.write(file, content)

    def confirm(self, task_id: str) -> None:
        """Let the agent write `.started` now."""
        self.results.write(f"{task_id}.started", "")

    def finish(self, task_id: str, result: Any = None) -> None:
        """Let the agent write a result now; a success if nothing else is said."""
        self.results.write(f"{task_id}.json", json.dumps(result or SUCCEED.result))

    # For the process

    def note(self, text: str) -> None:
        """A line for the log."""
        self.notes.append(text)

    def fault(self, error: BaseException) -> None:
        """Keep an error of the double itself until it is closed."""
        self._faults.append(error)
