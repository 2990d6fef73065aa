"""Why a task does, or does not, run: told by the same checks that matching uses."""

from collections.abc import Callable
from typing import Final

from hub.core.agent import Agent, Attempt
from hub.core.clock import Instant
from hub.core.dispatch import label_text
from hub.core.eligibility import Question, obstacles
from hub.core.org import Org
from hub.core.pauses import PauseRecord
from hub.core.requirements import Requirements, decode
from hub.core.task import NAMES, Task
from schemas.http.hub import Reason
from schemas.http.tasks import Candidate, Explanation
from schemas.scalars import TaskState

CANDIDATES: Final = 200
"""How many agents are listed, those with the fewest obstacles first."""
ABOUT_TO_RUN: Final = "about_to_run"

STATIC: Final = frozenset({"pinned_elsewhere", "missing_capability", "no_executor"})
"""Obstacles that do not go away by waiting."""


def _with_note(text: str, note: str | None) -> str:
    return text if note is None else f"{text}: {note}"


SENTENCES: Final[dict[str, Callable[[Requirements, Agent], str]]] = {
    "offline": lambda _need, _agent: "has no session",
    "paused": lambda _need, agent: _with_note("is paused", agent.record.pause_note),
    "draining": lambda _need, _agent: "is draining: it gets nothing new",
    "inactive": lambda _need, _agent: "was taken out of use by the list of agents",
    "pinned_elsewhere": lambda need, _agent: f"the task is pinned to {need.agent}",
    "missing_capability": lambda need, agent: (
        "does not offer " + ", ".join(sorted(set(need.needs) - agent.capabilities))
    ),
    "no_executor": lambda need, _agent: f"runs no tasks of kind {need.executor}",
    "excluded": lambda need, agent: (
        "rejected this task for good"
        if need.excludes_for_good(agent.record.id)
        else "gave this task back, or was told to stop it, and is left out for a while"
    ),
    "older_attempt_running": lambda _need, _agent: "still runs an older attempt of this task",
    "said_busy": lambda _need, _agent: "rejected a task as busy and has not shown a free slot",
    "not_answering": lambda _need, _agent: "left its last assignment unanswered",
    "not_reading": lambda _need, _agent: "does not read what it is sent",
    "just_arrived": lambda _need, _agent: "came a moment ago and may still say what it works on",
    "no_free_slot": lambda _need, agent: f"all {agent.slots} slots are taken",
}


def explain(org: Org, task: Task, now: Instant) -> Explanation:
    """Why the task stands where it does, and what each agent lacks for it."""
    waits = task.state in (TaskState.QUEUED, TaskState.SCHEDULED)
    candidates = _candidates(org, task, now) if waits else []
    attempt = org.attempt_of(task)
    reasons = _reasons(task, candidates, attempt, now)
    pause = org.dispatch.pause_of(task) if task.state is TaskState.QUEUED else None
    if pause is not None:
        reasons = [_why_held_back(pause), *(each for each in reasons if each.code != ABOUT_TO_RUN)]
    return Explanation(
        task_id=task.id,
        state=NAMES[task.state],
        reasons=reasons,
        candidates=candidates[:CANDIDATES],
        candidates_total=len(candidates),
    )


def _candidates(org: Org, task: Task, now: Instant) -> list[Candidate]:
    need = decode(task.requires)
    found: list[tuple[int, int, str, Candidate]] = []
    for agent in org.agents.values():
        codes = list(obstacles(Question(need, agent, task.id, now.hub)))
        reasons = [Reason(code, SENTENCES[code](need, agent)) for code in codes]
        missing = len(set(need.needs) - agent.capabilities)
        candidate = Candidate(agent.record.id, reasons)
        found.append((len(reasons), missing, candidate.agent_id, candidate))
    return [candidate for *_, candidate in sorted(found, key=lambda each: each[:3])]


def _reasons(
    task: Task, candidates: list[Candidate], attempt: Attempt | None, now: Instant
) -> list[Reason]:
    match task.state:
        case TaskState.SCHEDULED:
            return [_why_scheduled(task, now)]
        case TaskState.QUEUED:
            return [_why_queued(task, candidates)]
        case TaskState.ASSIGNED:
            return [Reason("not_accepted_yet", f"{task.assigned_to} has not accepted it yet")]
        case TaskState.RUNNING:
            text = f"{task.assigned_to} runs attempt {task.attempt}"
            if attempt is not None and attempt.silent_ms is not None:
                text += (
                    f"; its last output was {attempt.silent_ms / 1000:.0f} s before its last ping"
                )
            if attempt is not None and attempt.doubtful:
                text += "; it was cut off meanwhile, and its result may be lost"
            return [Reason("cancelling" if task.cancel_requested else "running", text)]
        case TaskState.COMPLETED:
            return [Reason("completed", "it has completed")]
        case TaskState.CANCELLED:
            return [Reason("cancelled", "it was cancelled")]
        case TaskState.DEAD_LETTER:
            kind = task.failure_class or "failed"
            return [Reason(kind, task.error or "it failed for good")]


def _why_scheduled(task: Task, now: Instant) -> Reason:
    if task.due_at:
        seconds = max(task.due_at - now.hub, 0) / 1000
        text = f"backs off for another {seconds:.1f} s after: {task.error}"
        return Reason("backing_off", text)
    seconds = max((task.spec.not_before or 0) - now.wall, 0) / 1000
    return Reason("not_before", f"is not to start for another {seconds:.1f} s")


def _why_queued(task: Task, candidates: list[Candidate]) -> Reason:
    if not candidates:
        return Reason("no_agents", "no agent has ever joined this hub")
    if not candidates[0].reasons:
        text = f"{candidates[0].agent_id} can take it; it is about to be assigned"
        return Reason(ABOUT_TO_RUN, text)
    need = decode(task.requires)
    fitting = [
        candidate
        for candidate in candidates
        if STATIC.isdisjoint(reason.code for reason in candidate.reasons)
    ]
    if not fitting:
        text = f"no agent ever seen could run it: it needs {_in_words(need)}"
        return Reason("no_such_agent", text)
    able = [each for each in fitting if not need.excludes_for_good(each.agent_id)]
    if not able:
        text = f"every agent that could run it has rejected it for good; the last one: {task.error}"
        return Reason("rejected_by_all", text)
    verb = "agent that could run it is" if len(able) == 1 else "agents that could run it are"
    return Reason("waiting_for_agent", f"the {len(able)} {verb} not free now")


def _why_held_back(pause: PauseRecord) -> Reason:
    what = "dispatch" if pause.label is None else f"dispatch of {label_text(pause.label)}"
    return Reason("dispatch_paused", _with_note(f"{what} is paused", pause.note))


def _in_words(need: Requirements) -> str:
    parts = [f"the capability {name}" for name in need.needs]
    if need.executor is not None:
        parts.append(f"the executor {need.executor}")
    if need.agent is not None:
        parts.append(f"the agent {need.agent}")
    return " and ".join(parts) or "any agent"
