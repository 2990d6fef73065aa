"""Corral's client over HTTP: one connection, one request at a time, one task in each."""

import http.client
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import msgspec

from schemas.http.tasks import TaskPage, TaskView
from schemas.work import TaskSpec
from scripts.benchmark.peers.programs import course
from scripts.benchmark.peers.programs.corral_agent import ENCODER, Payload

WAIT_MS: Final = 20_000
PAGE: Final = 200
VIEW: Final = msgspec.json.Decoder(TaskView)
PAGE_OF_TASKS: Final = msgspec.json.Decoder(TaskPage)


class Client:
    """Posts every task, waits for the last one, and reads all results in pages."""

    def __init__(self, port: int, token: str) -> None:
        """Connect at the first request."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._batches = 0

    async def batch(self, count: int, submitted: Callable[[], None]) -> list[int]:
        """As `course.Client` says."""
        self._batches += 1
        labels = {"batch": str(self._batches)}
        views = [self._submit(number, labels) for number in range(count)]
        submitted()
        number_of = {view.id: number for number, view in enumerate(views)}
        self._ended(views[-1].id)
        while True:
            ended = self._completed(f"batch={self._batches}")
            if len(ended) == count:
                return [
                    result if number_of[task] == result else -1 for task, result in ended.items()
                ]

    async def one(self, number: int) -> int:
        """As `course.Client` says."""
        return result_of(self._ended(self._submit(number, None).id))

    def _submit(self, number: int, labels: dict[str, str] | None) -> TaskView:
        payload = msgspec.Raw(ENCODER.encode(Payload(number, course.PADDING)))
        spec = TaskSpec(description="a benchmark's task", payload=payload, labels=labels)
        return VIEW.decode(self._asked("POST", "/api/v1/tasks", ENCODER.encode(spec)))

    def _ended(self, task: str) -> TaskView:
        while True:
            view = VIEW.decode(self._asked("GET", f"/api/v1/tasks/{task}?wait_ms={WAIT_MS}"))
            if view.state == "completed":
                return view

    def _completed(self, label: str) -> dict[str, int]:
        found: dict[str, int] = {}
        asked = {"state": "completed", "label": label, "limit": str(PAGE)}
        while True:
            raw = self._asked("GET", f"/api/v1/tasks?{urlencode(asked)}")
            page = PAGE_OF_TASKS.decode(raw)
            found |= {view.id: result_of(view) for view in page.items}
            if page.next_cursor is None:
                return found
            asked["cursor"] = page.next_cursor

    def _asked(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return text


def result_of(view: TaskView) -> int:
    """The number a task returned, or -1 when there is none."""
    return msgspec.json.decode(view.result or b"-1", type=int)


async def drive() -> None:
    """Run the course."""
    client = Client(int(course.OPTIONS["port"]), course.OPTIONS["submitter_token"])
    await course.run(client)
