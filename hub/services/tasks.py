"""The task service: carries out what submitters and agents ask for.

Every command is synchronous and decides in one turn on what memory holds at that moment; what
is not in memory is read first, and then the command runs again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from loguru import logger

from hub.core import lifecycle, matching, reports
from hub.core.agent import Attempt
from hub.core.backlog import has_room
from hub.core.clock import Instant
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.facts import Fact
from hub.core.ids import RANDOM_BYTES, request_id, task_id
from hub.core.org import Org
from hub.core.reports import Report
from hub.core.requirements import key_of
from hub.core.task import ENDED, HELD, Change, Task
from hub.services.agents import Agents
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.loader import Loader
from hub.services.metrics import Metrics
from hub.services.peers import Peer, frame_of
from hub.services.settings import Settings
from hub.services.watch import Watches
from hub.store.contract import JournalPort, Unit
from schemas.attempts import CancelReason, Rejection
from schemas.from_agent import TaskAccepted, TaskProgress, TaskRejected
from schemas.scalars import ErrorCode, Role, TaskState
from schemas.to_agent import Error, TaskAck
from schemas.work import TaskSpec

AgentReport = TaskAccepted | TaskRejected | Report


class Tasks:
    """Commands about tasks."""

    def __init__(
        self,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        loader: Loader,
        watches: Watches,
        agents: Agents,
        settings: Settings,
        metrics: Metrics,
        last_seq: int,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._loader = loader
        self._watches = watches
        self._agents = agents
        self._settings = settings
        self._metrics = metrics
        self._seq = last_seq
        self._joins = False
        """What is written belongs to what was written just before."""
        self.orgs: Sequence[Org] = ()
        """Everybody who shares the backlog."""

    # Submitters

    def submit(
        self, org: Org, principal: Principal, specs: list[TaskSpec], actor: str | None = None
    ) -> list[Task]:
        """Take new tasks, all or none; they are durable at the journal's present position.

        They count as submitted by `actor`, if an admin names one.

        Raises Refused with `busy` or `too_many_lanes`.
        """
        self._check_room(org, specs)
        now = self._clock.now()
        submitter = actor or principal.id
        tasks: list[Task] = []
        facts: list[Fact] = []
        for spec in specs:
            self._seq += 1
            change = lifecycle.create(
                self._seq,
                task_id(now.wall, self._chance.bytes(RANDOM_BYTES)),
                org.name,
                org.epoch,
                spec,
                submitter,
                now,
            )
            tasks.append(change.task)
            facts += change.facts
        position = self._journal.write(Unit(org.name, tasks, fresh=True, facts=facts))
        for task in tasks:
            org.put(None, task, position)
        self._metrics.submitted(self._journal, org.name, len(tasks))
        return tasks

    def _check_room(self, org: Org, specs: list[TaskSpec]) -> None:
        others = 0 if len(self.orgs) == 1 else self._backlog_of_others(org)
        room = has_room(len(specs), org.backlog, others, self._settings.backlog)
        if not room or self._journal.waiting_rows > self._settings.uncommitted_rows:
            raise Refused(
                ErrorCode.BUSY,
                "the hub has as much work as it may take; try again later",
                retryable=True,
                retry_after_ms=1_000,
            )
        crowded = len(org.matcher.lanes) + len(specs) > matching.LANES
        if crowded and not org.matcher.has_room({key_of(spec) for spec in specs}):
            raise Refused(
                ErrorCode.TOO_MANY_LANES,
                "too many different requirements are waiting; reuse needs and assign_to",
            )

    def _backlog_of_others(self, org: Org) -> int:
        return sum(each.backlog for each in self.orgs if each is not org)

    def cancel(self, org: Org, actor: str, task: Task, reason: str | None = None) -> Task:
        """Cancel a task: at once, or by asking the agent that has it; `reason` is for people.

        Asking again for a task that is already cancelled or being cancelled changes nothing.
        Raises Refused `invalid_state` when it ended otherwise.
        """
        if task.state is TaskState.CANCELLED:
            return task
        if task.ended:
            raise Refused(ErrorCode.INVALID_STATE, "the task has already ended")
        now = self._clock.now()
        attempt = org.attempt_of(task) if task.state in HELD else None
        why = reason or "requested"
        change = lifecycle.ask_cancel(task, actor, now, why)
        sent = attempt is not None and attempt.position <= self._journal.durable
        if attempt is None or not sent:
            if attempt is not None:
                attempt.revoked = True
            if change.task.state in HELD:
                ended = lifecycle.cancel(change.task, actor, why, now)
                change = Change(ended.task, change.facts + ended.facts)
            return self.apply(org, task, change)
        asked = self.apply(org, task, change)
        if change.facts:
            self._agents.ask_to_stop(org, asked, attempt, CancelReason.REQUESTED, now)
        return asked

    @staticmethod
    def may_change(principal: Principal, task: Task) -> bool:
        """Whether this principal may cancel or edit the task: an agent only what it submitted."""
        return principal.role is not Role.AGENT or task.submitted_by == principal.id

    # Agents

    def hear(self, peer: Peer, org: Org, agent_id: str, report: AgentReport) -> None:
        """Take what an agent says about a task, and answer it."""
        task = org.tasks.get(report.task_id)
        if task is None:
            again = partial(self._hear_read, peer, org, agent_id, report)
            self._loader.by_id(org, report.task_id, again)
            return
        try:
            self._decide(peer, org, agent_id, task, report)
        except Refused as refused:
            self._refuse(peer, report, refused)
        # Also a refused frame shows that the agent listens and what it has let go.
        self._agents.heard_of(org, agent_id, report.task_id, isinstance(report, TaskRejected))

    def _hear_read(self, peer: Peer, org: Org, agent_id: str, report: AgentReport) -> None:
        if org.tasks.get(report.task_id) is None:
            unknown = Refused(ErrorCode.NOT_FOUND, f"there is no task {report.task_id}")
            self._refuse(peer, report, unknown)
        else:
            self.hear(peer, org, agent_id, report)

    def _decide(self, peer: Peer, org: Org, agent_id: str, task: Task, report: AgentReport) -> None:
        now = self._clock.now()
        attempt = org.attempt_of(task)
        if attempt is not None and attempt.position > self._journal.durable:
            # Its frame has not left, so nobody can know this number: it was guessed.
            raise Refused(ErrorCode.STALE_GENERATION, f"{task.id} was not handed out yet")
        if isinstance(report, TaskAccepted):
            self._accept(org, agent_id, task, attempt, report, now)
        elif isinstance(report, TaskRejected):
            self._reject(org, agent_id, task, report, now)
        else:
            self._take(peer, org, agent_id, task, attempt, report, now)

    def _accept(
        self,
        org: Org,
        agent_id: str,
        task: Task,
        attempt: Attempt | None,
        report: TaskAccepted,
        now: Instant,
    ) -> None:
        reports.fence(task, agent_id, report.generation)
        if task.state is TaskState.RUNNING:
            return
        if task.state is not TaskState.ASSIGNED:
            raise Refused(ErrorCode.STALE_GENERATION, f"{task.id} was taken back")
        after = self.apply(org, task, lifecycle.accept(task, now))
        if attempt is not None:
            self._agents.begin(org.agents[agent_id], attempt, after, now)

    def _reject(
        self, org: Org, agent_id: str, task: Task, report: TaskRejected, now: Instant
    ) -> None:
        reports.fence(task, agent_id, report.generation)
        if task.state is not TaskState.ASSIGNED:
            return
        agent = org.agents[agent_id]
        agent.busy = report.reason is Rejection.BUSY
        if agent.is_old:
            # Often it is at work on something that was given up: no fault of this task.
            self.apply(org, task, lifecycle.unassign(task, agent_id, report.reason, now))
        else:
            self.apply(org, task, lifecycle.reject(task, report.reason, now, report.message))

    def _take(
        self,
        peer: Peer,
        org: Org,
        agent_id: str,
        task: Task,
        attempt: Attempt | None,
        report: Report,
        now: Instant,
    ) -> None:
        timed_out = attempt is not None and attempt.stop_reason == CancelReason.TIMEOUT
        outcome = reports.take(
            task, agent_id, report, now, self._chance.fraction(), timed_out=timed_out
        )
        if outcome.change is not None:
            self.apply(org, task, outcome.change)
        ack = TaskAck(task.id, report.generation, outcome.status)
        self._journal.promise(peer.deliver, frame_of(ack))

    def _refuse(self, peer: Peer, report: AgentReport, refused: Refused) -> None:
        self._metrics.refused(refused.code)
        principal = peer.session.principal
        request = request_id(self._chance.bits(64))
        logger.bind(
            request_id=request,
            agent=principal.id if principal is not None else None,
            task=report.task_id,
            code=refused.code,
        ).info("report refused")
        error = Error(
            refused.code,
            refused.message,
            refused.retryable,
            message_type=str(type(report).__struct_config__.tag),
            task_id=report.task_id,
            generation=report.generation,
            retry_after_ms=refused.retry_after_ms,
            request_id=request,
        )
        self._journal.promise(peer.deliver, frame_of(error))

    def progress(self, org: Org, agent_id: str, message: TaskProgress) -> None:
        """Keep the last progress of an attempt; a stale one is ignored."""
        agent = org.agents.get(agent_id)
        attempt = None if agent is None else agent.held.get(message.task_id)
        if attempt is not None and attempt.generation == message.generation:
            wall = self._clock.now().wall
            attempt.progress = (message.progress, message.message, wall)
            task = org.tasks.get(message.task_id)
            if task is not None:
                org.changes.task(task)

    # Everybody

    def apply(self, org: Org, before: Task, change: Change) -> Task:
        """Write a change, take it into the live state, and tell who waits for an end."""
        after = change.task
        unit = Unit(
            org.name,
            (after,),
            edited=after.spec is not before.spec or before.ended,
            facts=change.facts,
            joins=self._joins,
        )
        position = self._journal.write(unit)
        org.put(before, after, position)
        if after.state in ENDED and before.state not in ENDED:
            self._metrics.finished(after)
            self._watches.ended(after)
        return after

    @contextmanager
    def together(self, org: Org) -> Iterator[None]:
        """What is decided in this block is in one commit: all of it, or nothing.

        Nothing may be awaited in it.
        """
        self._journal.write(Unit(org.name))
        self._joins = True
        try:
            yield
        finally:
            self._joins = False

    @property
    def joins(self) -> bool:
        """Whether what is written now belongs to what was written just before."""
        return self._joins

    @property
    def last_seq(self) -> int:
        """The highest seq of any task."""
        return self._seq

    def with_task(self, org: Org, task_id: str, then: Callable[[Task | None], None]) -> None:
        """Go on with the task, or with None when there is no such task."""
        task = org.tasks.get(task_id)
        if task is not None:
            then(task)
        else:
            self._loader.by_id(org, task_id, lambda: then(org.tasks.get(task_id)))
