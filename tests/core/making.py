"""Makes what the tests of the core speak about: tasks, agents, reports, moments."""

from typing import Any

from msgspec import UNSET, Raw, UnsetType

from hub.core import lifecycle, reports
from hub.core.agent import Agent, AgentRecord
from hub.core.clock import Instant
from hub.core.task import Task
from schemas.from_agent import TaskCancelled, TaskComplete, TaskFailed
from schemas.scalars import Executor, TaskState
from schemas.work import Command, TaskSpec

AGENT = "agent-1"
EPOCH = 1
NOW = Instant(1_000_000, 1_700_000_000_000)
RUN = Command(["true"])


def later(ms: int) -> Instant:
    """The moment so many milliseconds after `NOW`."""
    return Instant(NOW.hub + ms, NOW.wall + ms)


def queued(seq: int = 1, now: Instant = NOW, **spec: Any) -> Task:
    """A task as it stands after its submission."""
    wanted = TaskSpec("a test", **spec)
    return lifecycle.create(seq, f"task-{seq}", "main", EPOCH, wanted, "someone", now).task


def assigned(seq: int = 1, agent: str = AGENT, **spec: Any) -> Task:
    """A task that an agent was given."""
    return lifecycle.assign(queued(seq, **spec), agent, EPOCH, NOW).task


def running(seq: int = 1, agent: str = AGENT, **spec: Any) -> Task:
    """A task that an agent accepted."""
    return lifecycle.accept(assigned(seq, agent, **spec), NOW).task


def in_state(state: TaskState, **spec: Any) -> Task:
    """A task in a state, by the usual way to it; `agent-1` is its holder where there is one."""
    match state:
        case TaskState.SCHEDULED:
            return queued(not_before=NOW.wall + 1, **spec)
        case TaskState.QUEUED:
            return queued(**spec)
        case TaskState.ASSIGNED:
            return assigned(**spec)
        case TaskState.RUNNING:
            return running(**spec)
        case TaskState.COMPLETED:
            return changed(reports.take(running(**spec), AGENT, complete(), NOW, 0.0))
        case TaskState.DEAD_LETTER:
            return lifecycle.expire(queued(**spec), NOW).task
        case TaskState.CANCELLED:
            return lifecycle.cancel(running(**spec), "someone", "requested", NOW).task


def changed(outcome: Any) -> Task:
    """The task after a report that changed it."""
    assert outcome.change is not None
    task: Task = outcome.change.task
    return task


def first_generation() -> int:
    """The generation of the first assignment in `EPOCH`."""
    return assigned().generation


def _raw(result: bytes | None) -> Raw | UnsetType:
    return UNSET if result is None else Raw(result)


def complete(result: bytes | None = b"1", task: Task | None = None) -> TaskComplete:
    """A report of success, of a task's present generation."""
    generation = first_generation() if task is None else task.generation
    return TaskComplete("task-1" if task is None else task.id, generation, _raw(result))


def failed(task: Task | None = None, result: bytes | None = None, **more: Any) -> TaskFailed:
    """A report of failure."""
    generation = first_generation() if task is None else task.generation
    name = "task-1" if task is None else task.id
    return TaskFailed(name, generation, result=_raw(result), **more)


def stopped(task: Task | None = None, result: bytes | None = None) -> TaskCancelled:
    """A report that the attempt was stopped."""
    generation = first_generation() if task is None else task.generation
    return TaskCancelled("task-1" if task is None else task.id, generation, _raw(result))


def record(name: str = AGENT, slots: int = 1, *needs: str, run: bool = True) -> AgentRecord:
    """An agent's record."""
    executors = (Executor.COMMAND,) if run else ()
    return AgentRecord("main", name, name, tuple(sorted(needs)), executors, slots, NOW.wall)


def online(name: str = AGENT, slots: int = 1, *needs: str, run: bool = True) -> Agent:
    """An agent with a session."""
    agent = Agent(record(name, slots, *needs, run=run))
    agent.session = 1
    return agent
