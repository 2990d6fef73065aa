"""Watches: who wants to hear that a task ended."""

from asyncio import Future
from collections.abc import Callable

from msgspec import UNSET, Raw

from hub.core.task import NAMES, Task
from hub.services.peers import Peer, frame_of
from hub.store.contract import JournalPort
from schemas.to_agent import TaskResult


class Watches:
    """Peers and waiting requests, by the task they wait for."""

    def __init__(self, journal: JournalPort) -> None:
        self._journal = journal
        self._peers: dict[str, list[Peer]] = {}
        self._waiting: dict[str, list[Future[None]]] = {}
        self.stopped = False
        """Nobody may wait any more: the hub stops."""

    def watch(self, peer: Peer, task_id: str) -> None:
        """Push the task's end to this peer."""
        if task_id in peer.watched:
            return
        peer.watched.add(task_id)
        self._peers.setdefault(task_id, []).append(peer)

    def wait(self, task_id: str, future: "Future[None]") -> Callable[[], None]:
        """Resolve the future when the task ends. Returns what takes it back."""
        waiting = self._waiting.setdefault(task_id, [])
        waiting.append(future)
        if self.stopped:
            _resolve(future)

        def forget() -> None:
            if future in waiting:
                waiting.remove(future)
            if not waiting and self._waiting.get(task_id) is waiting:
                del self._waiting[task_id]

        return forget

    def ended(self, task: Task) -> None:
        """A task ended: tell whoever waits, once that is durable."""
        peers = self._peers.pop(task.id, None)
        if peers is not None:
            frame = result_frame(task)
            for peer in peers:
                peer.watched.discard(task.id)
                self._journal.promise(peer.deliver, frame)
        if self._waiting:
            for future in self._waiting.pop(task.id, ()):
                if not future.done():
                    self._journal.promise(_resolve, future)

    def stop(self) -> None:
        """The hub stops: let every request that waits go on with what there is."""
        self.stopped = True
        for futures in self._waiting.values():
            for future in futures:
                _resolve(future)

    def left(self, peer: Peer) -> None:
        """A peer is gone: forget what it watched."""
        for task_id in peer.watched:
            peers = self._peers.get(task_id, [])
            if peer in peers:
                peers.remove(peer)
            if not peers:
                self._peers.pop(task_id, None)
        peer.watched.clear()


def result_frame(task: Task) -> bytes:
    """The `task_result` of a task that ended."""
    result = UNSET if task.result is None else Raw(task.result)
    state = NAMES[task.state]
    return frame_of(TaskResult(task.id, state, task.attempt, result, task.error))


def _resolve(future: "Future[None]") -> None:
    if not future.done():
        future.set_result(None)
