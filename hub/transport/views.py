"""Views: records as readers over HTTP see them."""

from msgspec import UNSET, Raw, UnsetType, json, structs

from hub.core import agent_bulk, bulk, task_bulk
from hub.core.clock import Instant
from hub.core.jobs import JobRecord
from hub.core.org import Org
from hub.core.task import NAMES, Task
from schemas.http.bulk import TARGET_IDS, BulkAction, BulkState, BulkSubject, BulkView
from schemas.http.tasks import Progress, TaskView, Total
from schemas.scalars import PriorityName, TaskState


def task_view(org: Org, task: Task, now: Instant) -> TaskView:
    """A task, with the progress its attempt reported."""
    spec = task.spec
    return TaskView(
        id=task.id,
        org=task.org,
        state=NAMES[task.state],
        description=spec.description,
        priority=PriorityName[task.priority.name],
        submitted_by=task.submitted_by,
        created_at=task.created_at,
        version=task.version,
        generation=task.generation,
        attempt=task.attempt,
        max_attempts=spec.max_attempts,
        run=spec.run,
        payload=spec.payload,
        metadata=spec.metadata,
        needs=spec.needs,
        assign_to=spec.assign_to,
        fairness_key=spec.fairness_key,
        labels=spec.labels,
        not_before=spec.not_before,
        complete_by=spec.complete_by,
        timeout_ms=spec.timeout_ms,
        retry=spec.retry,
        mission_id=spec.mission_id,
        reclaims=task.reclaims,
        rejections=task.rejections,
        assigned_to=task.assigned_to,
        progress=_progress(org, task),
        cancel_requested=task.cancel_requested,
        cancel_unconfirmed=task.cancel_unconfirmed,
        queued_at=task.queued_at,
        assigned_at=task.assigned_at,
        started_at=task.started_at,
        finished_at=task.finished_at,
        retry_at=_retry_at(task, now),
        result=_raw(task.result),
        error=task.error,
        failure_class=task.failure_class,
        tokens_used=task.tokens_used,
        usage=_raw(task.usage),
    )


def brief(view: TaskView) -> TaskView:
    """The view without what may be large."""
    return structs.replace(view, run=None, payload=UNSET, metadata=UNSET, result=UNSET, usage=UNSET)


def _raw(value: bytes | None) -> Raw | UnsetType:
    return UNSET if value is None else Raw(value)


def _retry_at(task: Task, now: Instant) -> int | None:
    if task.state is not TaskState.SCHEDULED or not task.due_at:
        return None
    return now.wall + max(task.due_at - now.hub, 0)


def _progress(org: Org, task: Task) -> Progress | None:
    attempt = org.attempt_of(task) if task.state is TaskState.RUNNING else None
    if attempt is None or attempt.progress is None:
        return None
    percent, message, at = attempt.progress
    return Progress(percent, message, at)


def bulk_view(job: JobRecord) -> BulkView:
    """A bulk action as a reader sees it."""
    about = bulk.about(job)
    target, more, reason = Raw(job.filter), False, None
    if about is BulkSubject.AGENTS:
        meant, reason = agent_bulk.target_of(job), agent_bulk.arguments_of(job).note
        shown = structs.replace(meant, ids=meant.ids[:TARGET_IDS], found=[])
        target = Raw(json.encode(shown))
    else:
        arguments = task_bulk.arguments_of(job)
        more = arguments.more and job.state != BulkState.COMPLETED
        reason = arguments.reason
    return BulkView(
        id=job.id,
        about=about,
        action=BulkAction(job.action),
        state=BulkState(job.state),
        target=target,
        created_at=job.created_at,
        created_by=job.created_by,
        total=Total(job.total, more),
        done=job.done,
        failed=job.failed,
        skipped=job.skipped,
        failures=bulk.failures_of(job),
        finished_at=job.finished_at,
        reason=reason,
        why_stopped=job.why_stopped,
    )
