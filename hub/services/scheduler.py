"""The scheduler: at the end of each loop turn, gives queued tasks to free agents.

Who gets what is decided in `hub/core/matching.py`. The assignment frame leaves when the
assignment is durable, so no generation is ever handed out twice.
"""

from functools import partial

from hub.core import lifecycle
from hub.core.agent import Agent, Attempt
from hub.core.clock import Instant
from hub.core.lanes import Share, place_of, seq_of
from hub.core.matching import Match
from hub.core.old_terms import OLD_TERMS
from hub.core.org import Org
from hub.core.task import Task
from hub.services.clock import Clock
from hub.services.loader import Loader
from hub.services.metrics import Metrics
from hub.services.peers import Peer, Peers, frame_of
from hub.services.settings import Settings
from hub.store.contract import JournalPort, Unit
from schemas.scalars import TaskState
from schemas.to_agent import TaskAssign

TURN = 1_000
"""Matches made in one loop turn at most."""


class Scheduler:
    """Makes the matches, and reads the backlog ahead of need."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        loader: Loader,
        peers: Peers,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._loader = loader
        self._peers = peers
        self._settings = settings
        self._metrics = metrics
        self.orgs: list[Org] = []

    def run_once(self) -> None:
        """Make what matches there are."""
        for org in self.orgs:
            if org.matcher.pending and org.dispatch.whole is None:
                self._run(org, self._clock.now())
            if org.matcher.cold:
                self._read_ahead(org)

    def _run(self, org: Org, now: Instant) -> None:
        self._metrics.scheduler_attempts += 1
        for _ in range(TURN):
            match = org.next_match(now.hub)
            if match is None:
                return
            task = org.tasks.at(seq_of(match.place))
            if task is None:
                org.matcher.cool(match.share)
                continue
            if not _is_at(task, match.place):
                org.matcher.drop(match.share)
                continue
            if org.dispatch.by_label:
                pause = org.dispatch.label_pause_of(task)
                if pause is not None:
                    org.park(match, task, pause.id)
                    continue
            self._assign(org, task, match, now)
        self._journal.wake()

    def _assign(self, org: Org, task: Task, match: Match, now: Instant) -> None:
        agent = match.agent
        change = lifecycle.assign(task, agent.record.id, org.epoch, now)
        attempt = org.hold(match, change.task)
        attempt.position = self._journal.write(Unit(org.name, (change.task,), facts=change.facts))
        org.put(task, change.task, attempt.position)
        self._metrics.dispatched(now.hub - task.queue_key + task.priority * lifecycle.AGING_MS)
        peer = self._peers.by_number.get(agent.session)
        if peer is not None:
            self._journal.promise(self._send, (peer, agent, attempt, change.task))

    def _send(self, what: tuple[Peer, Agent, Attempt, Task]) -> None:
        peer, agent, attempt, task = what
        if attempt.revoked or agent.held.get(task.id) is not attempt:
            return
        terms = OLD_TERMS if agent.is_old else self._settings
        attempt.accept_by = self._clock.hub() + terms.accept_ms
        agent.remind(attempt.accept_by)
        peer.deliver(assign_frame(task))

    def _read_ahead(self, org: Org) -> None:
        if org.matcher.parked:
            # What is parked is read and put away again: it must not fill memory meanwhile.
            org.tasks.trim(self._loader.floor(self._journal.durable))
        shares = list(org.matcher.cold.values())
        org.matcher.cold.clear()
        for share in shares:
            if share.loading:
                continue
            seqs = [seq_of(place) for place in share.start_loading()]
            self._loader.by_seq(org, seqs, partial(self._arrived, org, share))

    def _arrived(self, org: Org, share: Share) -> None:
        for place in share.loading:
            org.tasks.pin(seq_of(place))
        org.matcher.loaded(share)
        self._journal.wake()


def _is_at(task: Task, place: int) -> bool:
    return task.state is TaskState.QUEUED and place_of(task.queue_key, task.seq) == place


def assign_frame(task: Task) -> bytes:
    """The `task_assign` of a task that was just assigned."""
    spec = task.spec
    return frame_of(
        TaskAssign(
            task.id,
            task.generation,
            task.attempt + 1,
            spec.description,
            task.assigned_at or 0,
            spec.run,
            spec.payload,
            spec.metadata,
            spec.timeout_ms,
        )
    )
