"""The greeting: from `identify` to `identified`, with a verdict on all the agent still holds."""

import asyncio
from functools import partial

from hub.core import lifecycle
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.org import Org
from hub.core.session import Close, Phase
from hub.core.task import Task
from hub.services.agents import Agents
from hub.services.clock import Clock
from hub.services.fleet import OUT_OF_USE, is_out_of_use
from hub.services.loader import Loader
from hub.services.peers import Peer, Peers, frame_of
from hub.services.reconcile import Reconciler
from hub.services.settings import Settings
from hub.services.task_logs import TaskLogs
from hub.services.tasks import Tasks
from hub.store.contract import JournalPort
from schemas.attempts import CancelReason, Holding, Verdict
from schemas.from_agent import Alive, Identify, InFlight
from schemas.scalars import (
    ERROR_CHARS,
    FRAME_BYTES,
    LOG_CHUNK_BYTES,
    OPAQUE_BYTES,
    CloseCode,
    Role,
    TaskState,
)
from schemas.to_agent import Identified, Judged, Limits, LogOffsets

LIMITS = Limits(FRAME_BYTES, OPAQUE_BYTES, LOG_CHUNK_BYTES, ERROR_CHARS)


class Greeting:
    """Opens sessions."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        loader: Loader,
        peers: Peers,
        agents: Agents,
        tasks: Tasks,
        logs: TaskLogs,
        settings: Settings,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._loader = loader
        self._peers = peers
        self._agents = agents
        self._tasks = tasks
        self._logs = logs
        self._settings = settings
        self._reconciler = Reconciler(tasks.apply, agents.begin_again)
        self._under_way: dict[Peer, asyncio.Task[None]] = {}

    def greet(self, org: Org, principal: Principal, peer: Peer, message: Identify) -> None:
        """Open the session of a peer whose credential was checked."""
        if principal.role is not Role.AGENT:
            self._open(org, principal, peer)
            self._answer(org, principal, peer, [])
        elif message.in_flight:
            peer.session.judging()
            task = asyncio.create_task(self._reconcile(org, principal, peer, message))
            self._under_way[peer] = task
            task.add_done_callback(partial(self._judged, peer))
        else:
            self._welcome(org, principal, peer, message, {})

    def _open(self, org: Org, principal: Principal, peer: Peer) -> None:
        number = self._peers.next_number()
        peer.session.identified(principal, number)
        self._peers.by_number[number] = peer
        self._peers.look_at(peer, 0)

    async def _reconcile(
        self, org: Org, principal: Principal, peer: Peer, message: Identify
    ) -> None:
        listed = message.in_flight or []
        running = [
            (item.task_id, item.generation) for item in listed if item.state is Holding.RUNNING
        ]
        offsets = await self._logs.offsets(running)
        # Last, and all of them: nothing may leave memory between the look and the verdict.
        ids = [item.task_id for item in listed]
        rows = await self._loader.read_again(lambda reader: reader.by_id(org.name, ids))
        self._loader.keep(org, rows)
        if peer.session.phase is not Phase.JUDGING:
            return
        if is_out_of_use(org, principal.id):
            peer.close(Close(CloseCode.DISABLED, OUT_OF_USE, reconnect=False))
        else:
            self._welcome(org, principal, peer, message, offsets)

    def _judged(self, peer: Peer, task: "asyncio.Task[None]") -> None:
        self._under_way.pop(peer, None)
        if not task.cancelled():
            task.result()

    def forget(self, peer: Peer) -> None:
        """A peer left before its greeting was answered."""
        task = self._under_way.get(peer)
        if task is not None:
            task.cancel()

    def _welcome(
        self,
        org: Org,
        principal: Principal,
        peer: Peer,
        message: Identify,
        offsets: dict[str, LogOffsets],
    ) -> None:
        now = self._clock.now()
        self._open(org, principal, peer)
        agent = self._agents.welcome(org, principal, peer, message, now)
        listed = message.in_flight or []
        verdicts = []
        for item in listed:
            verdict = self._reconciler.judge(org, agent, item, now)
            if verdict is Verdict.STOP:
                agent.foreign[item.task_id] = item.generation
            verdicts.append(_judged(item, verdict, offsets.get(item.task_id)))
        if not agent.is_old:
            self._reconciler.take_back(org, agent, listed, now)
        self._answer(org, principal, peer, verdicts)
        self._ask_again(org, principal.id, now)
        self._agents.ready(org, agent)

    def hear_ping(self, org: Org, agent_id: str, running: list[Alive]) -> None:
        """A heartbeat; an attempt that was given up but still runs, and is still free, goes on."""
        now = self._clock.now()
        for task in self._agents.ping(org, agent_id, running):
            after = self._tasks.apply(org, task, lifecycle.resume(task, now))
            attempt = org.hold_again(org.agents[agent_id], after)
            self._agents.begin(org.agents[agent_id], attempt, after, now)

    def farewell(self, org: Org, peer: Peer, agent_id: str, reason: str) -> None:
        """A session ended: what was never accepted goes back at once, the rest has its lease."""
        now = self._clock.now()
        left = self._agents.left(org, peer, agent_id, reason)
        if peer.dialect is not None:
            # It may well have begun; that it said so was lost with the connection.
            return
        for attempt in left:
            task = org.tasks.get(attempt.task_id)
            if task is not None and task.state is TaskState.ASSIGNED:
                change = lifecycle.unassign(task, "hub", "session lost", now)
                self._tasks.apply(org, task, change)

    def _answer(self, org: Org, principal: Principal, peer: Peer, verdicts: list[Judged]) -> None:
        settings = self._settings
        answer = Identified(
            agent_id=principal.id,
            session=peer.session.number,
            epoch=org.epoch,
            heartbeat_ms=settings.heartbeat_ms,
            lease_ms=settings.lease_ms,
            limits=LIMITS,
            verdicts=verdicts,
        )
        self._journal.promise(peer.deliver, frame_of(answer))

    def _ask_again(self, org: Org, agent_id: str, now: Instant) -> None:
        """A stop that was asked for in an earlier session may never have arrived."""
        for attempt in list(org.agents[agent_id].held.values()):
            task: Task | None = org.tasks.get(attempt.task_id)
            if task is None:
                continue
            if attempt.stop_reason is not None:
                self._agents.ask_to_stop(org, task, attempt, CancelReason(attempt.stop_reason), now)
            elif task.cancel_requested:
                self._agents.ask_to_stop(org, task, attempt, CancelReason.REQUESTED, now)


def _judged(item: InFlight, verdict: Verdict, offsets: LogOffsets | None) -> Judged:
    wanted = offsets if verdict is Verdict.CONTINUE else None
    return Judged(item.task_id, item.generation, verdict, wanted)
