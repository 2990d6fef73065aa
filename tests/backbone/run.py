"""One life of the process of an old client: what it keeps in memory and how it takes frames."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from tests.backbone import direct, verify, wake
from tests.backbone.disk import QueueUnwritable
from tests.backbone.link import Link
from tests.backbone.memory import Machine, Work, key_of
from tests.backbone.script import Frame


class Run:
    """From the start of the process to its exit."""

    def __init__(self, machine: Machine, url: str) -> None:
        """Read the queue and begin to connect."""
        self.machine = machine
        self.newer = machine.version == "1.4"
        self.pace = machine.pace
        self.generations: dict[str, Any] = {}
        """What results say, by task; forgotten with the process."""
        self.active: Work | None = None
        self.identified = False
        self.restart_reason: Any = None
        """Why it restarts once the result is sent."""
        self.exit_code: int | None = None
        self.exited = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reports: asyncio.Task[None] | None = None
        active, waiting = machine.queue.read()
        left = active or waiting
        self.recovering = Work(left) if left is not None else None
        machine.results.on_new = self._file_appears
        self.link = Link(url, self.pace, self)
        self.spawn(self.link.run())

    # The process

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something that ends with the process at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.machine.fault(error)

    def exit(self, code: int) -> None:
        """End the process now, without a close frame."""
        if self.exit_code is not None:
            return
        self.exit_code = code
        self.machine.exit_codes.append(code)
        self.machine.results.on_new = None
        self.link.cut()
        for task in self._tasks:
            task.cancel()
        if self.active is not None and self.active.timer is not None:
            self.active.timer.cancel()
        self.exited.set()

    async def stopped(self) -> None:
        """Wait until nothing of the process is left."""
        await self.exited.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def terminate(self) -> None:
        """Take SIGTERM: a farewell, or a crash while the queue cannot be written."""
        try:
            self.save()
        except QueueUnwritable:
            self.exit(1)
            return
        self.spawn(self.link.bid_farewell())
        await asyncio.sleep(self.pace.exit_after)
        self.exit(0)

    def later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Do something after a time, unless the process has ended by then."""

        def fire() -> None:
            if self.exit_code is None:
                act()

        return asyncio.get_running_loop().call_later(seconds, fire)

    def save(self) -> None:
        """Write the queue; raises `QueueUnwritable` while a confirmation is awaited."""
        if self.active is not None and self.active.timer is not None:
            raise QueueUnwritable
        self.machine.queue.write(
            self.active.fields if self.active else None,
            self.recovering.fields if self.recovering else None,
        )

    def enters(self, work: Work, status: str) -> None:
        """Put a task into a status and keep that."""
        work.fields["status"] = status
        self.save()

    # Sending

    def send(self, kind: str, **fields: Any) -> None:
        """Send a frame once; without a connection it is lost."""
        frame = {"type": kind, **fields, "protocol_version": 1}
        if self.link.send(frame):
            self.machine.sent.append(frame)
        else:
            self.machine.note(f"lost: {kind}")

    def complete(self, work: Work, result: Any, **more: Any) -> None:
        """Report the result file and forget the task, whether or not it could be sent."""
        generation = self._generation(work)
        self.send("task_complete", **work.named, result=result, generation=generation, **more)
        self._leave(work)

    def fail(self, work: Work, reason: str) -> None:
        """Report a failure; whatever task is at work now is dropped with it."""
        self.send("task_failed", **work.named, reason=reason, generation=self._generation(work))
        self._leave(work)

    def _generation(self, work: Work) -> Any:
        generation = self.generations.pop(work.key, None)
        return 0 if generation is None else generation

    def _leave(self, work: Work) -> None:
        if self.restart_reason is None:
            self.machine.results.remove(work.file)
        if self.active is not None and self.active.timer is not None:
            self.active.timer.cancel()
        self.active = None
        self.save()
        if self.restart_reason is not None:
            self.restart(self.restart_reason)

    def restart(self, reason: Any) -> None:
        """Say so, then end; the process manager is the one that starts it again."""
        self.send("agent_restarting", reason=reason)
        self.later(self.pace.exit_after, lambda: self.exit(0))

    def holds(self, work: Work) -> bool:
        """Whether a task of this id is at work."""
        return self.active is not None and self.active.key == work.key

    # The link's news

    def opened(self) -> None:
        """Identify; the status is always idle."""
        machine, setup = self.machine, self.machine.setup
        more: Frame = {"ollama_url": setup.ollama_url} if setup.ollama_url else {}
        more |= {"pm2_info": dict(setup.pm2)} if setup.pm2 else {}
        self.send(
            "identify",
            agent_id=machine.agent_id,
            token=machine.token,
            name=machine.agent_id,
            status="idle",
            capabilities=list(setup.capabilities),
            client_type="sidecar",
            **(more if self.newer else {}),
        )
        if self.newer:
            self._reports = self.spawn(self._report_resources())

    def closed(self) -> None:
        """Nothing but the connection is lost."""
        self.identified = False
        if self._reports is not None:
            self._reports.cancel()

    def note(self, text: str) -> None:
        """A line for the log."""
        self.machine.note(text)

    async def _report_resources(self) -> None:
        opened = time.monotonic()
        await asyncio.sleep(self.pace.resources_after)
        count = 0
        while True:
            await self.link.awake()
            if self.identified:
                self.send(
                    "resource_report",
                    agent_id=self.machine.agent_id,
                    **self.machine.setup.resources,
                    vram_total_bytes=None,
                    timestamp=verify.now_ms(),
                )
            count += 1
            due = opened + count * self.pace.resources_every
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def heard(self, data: str | bytes) -> None:
        """Take a frame; what is no object with a known type is passed over."""
        try:
            frame = json.loads(data)
        except (ValueError, RecursionError):
            self.note(f"not JSON: {data[:80]!r}")
            return
        self.machine.heard.append(frame)
        kind = frame.get("type") if isinstance(frame, dict) else None
        take = _TAKES.get(kind) if isinstance(kind, str) else None
        if take is None or (kind in _NEWER_ONLY and not self.newer):
            self.note(f"ignored: {kind!r}")
            return
        try:
            take(self, frame)
        except QueueUnwritable:
            self.note("failed to parse a frame: the queue cannot be written")

    # The agent's news

    def _file_appears(self, name: str) -> None:
        self.later(self.pace.file_settles, lambda: self._file_settled(name))

    def _file_settled(self, name: str) -> None:
        stem, _, ending = name.rpartition(".")
        work = self.active
        if work is None or work.fields.get("task_id") != stem:
            self.note(f"ignored file: {name}")
        elif ending == "started" and work.status == "waking_confirmation":
            assert work.timer is not None
            work.timer.cancel()
            work.timer = None
            self.enters(work, "working")
        elif ending == "json":
            wake.report(self, work, self.machine.results.read(name))

    # Frames

    def _identified(self, _: Frame) -> None:
        self.identified = True
        if (left := self.recovering) is not None:
            kept = {key: left.fields[key] for key in ("description", "metadata")}
            self.send("task_recovering", **left.named, **kept, last_status=left.status)
        if self.newer and (work := self.active) is not None:
            told = {"status": work.status, "assigned_at": work.fields["assigned_at"]}
            generation = work.fields.get("generation")
            self.send("state_report", **work.named, generation=generation or 0, **told)

    def _assigned(self, frame: Frame) -> None:
        if self.active is not None:
            self.send("task_rejected", **Work(frame).named, reason="busy")
            return
        fields = frame | dict(self.machine.setup.assigned_more)
        work = Work({key: value for key, value in fields.items() if key != "type"})
        for name, empty in (("description", ""), ("metadata", {})):
            if frame.get(name) is None:
                work.fields[name] = empty
        if frame.get("assigned_at") is None:
            work.fields["assigned_at"] = verify.now_ms()
        self.active = work
        self.generations[work.key] = frame.get("generation")
        self.enters(work, "accepted")
        self.send("task_accepted", **work.named)
        self._begin(work)

    def _begin(self, work: Work) -> None:
        if not self.machine.setup.wake_command:
            if not self.newer:
                self.enters(work, "working")
                return
            self.fail(work, "no_wake_command_configured")
            wake.tell(self, work, "failed", attempt=0, error="no_wake_command_configured")
            return
        routing = work.fields.get("routing_decision")
        target = routing.get("target_type") if isinstance(routing, dict) else None
        if not self.newer or target in (None, "wake"):
            self.spawn(wake.wake(self, work))
        elif target not in direct.TARGETS:
            self.fail(work, f"Unknown target type: {target}")
        else:
            self.spawn(direct.execute(self, work, target))

    def _continued(self, frame: Frame) -> None:
        key, generation = key_of(frame), frame.get("generation")
        if self.recovering is not None and self.recovering.key == key:
            work = self.active = self.recovering
            self.recovering = None
            work.fields["status"] = "working"
        elif self.active is not None and self.active.key == key:
            work = self.active
        else:
            return
        if generation is not None:
            self.generations[key] = work.fields["generation"] = generation
        self.save()

    def _reassigned(self, frame: Frame) -> None:
        key = key_of(frame)
        if self.recovering is not None and self.recovering.key == key:
            self.recovering = None
            self.save()
        elif self.active is not None and self.active.key == key:
            self.generations.pop(key, None)

    def _cancelled(self, frame: Frame) -> None:
        key = key_of(frame)
        if self.active is not None and self.active.key == key:
            self._drop()
        elif self.recovering is not None and self.recovering.key == key:
            self.recovering = None
            self.save()

    def _drop(self) -> None:
        """Forget the task at work; its agent, wake tries and timer go on."""
        assert self.active is not None
        self.generations.pop(self.active.key, None)
        self.active = None
        self.save()

    def _acknowledged(self, frame: Frame) -> None:
        held = self.active is not None and self.active.key == key_of(frame)
        if held and frame.get("action") == "abort":
            self._drop()

    def _told_to_restart(self, frame: Frame) -> None:
        reason = frame.get("reason") or "hub_commanded"
        if self.active is not None and self.active.status == "working":
            self.restart_reason = reason
        else:
            self.restart(reason)

    def _room(self, frame: Frame) -> None:
        self.machine.shelled.append(str(frame.get("text")))

    def _error(self, frame: Frame) -> None:
        self.note(f"error: {frame.get('error')!r}")

    def _pong(self, _: Frame) -> None:
        self.link.ponged()

    def _ack(self, frame: Frame) -> None:
        self.note(f"ack: {frame.get('task_id')!r}")


_TAKES: Final[dict[str, Callable[[Run, Frame], None]]] = {
    "identified": Run._identified,
    "pong": Run._pong,
    "task_assign": Run._assigned,
    "task_ack": Run._ack,
    "task_continue": Run._continued,
    "task_reassign": Run._reassigned,
    "task_cancelled": Run._cancelled,
    "state_report_ack": Run._acknowledged,
    "restart_sidecar": Run._told_to_restart,
    "room_message": Run._room,
    "error": Run._error,
}
_NEWER_ONLY: Final = {"task_cancelled", "state_report_ack", "restart_sidecar", "room_message"}
