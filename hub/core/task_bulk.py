"""Bulk actions on tasks: which tasks a request means, and the job that it becomes. Pure.

A job goes from the newest task to the oldest, beginning below the tasks that come after it.
"""

from typing import Final

from msgspec import UNSET, Struct, json, structs

from hub.core.errors import Refused
from hub.core.filters import TaskFilter, filter_of
from hub.core.jobs import JobRecord
from hub.core.task import HELD, WAITING
from schemas.http.bulk import BulkRequest, BulkState, TaskAction
from schemas.http.tasks import TaskConditions, TaskEdit
from schemas.scalars import ErrorCode, TaskState
from schemas.to_agent import Flaw

APPLIES_TO: Final[dict[TaskAction, frozenset[TaskState]]] = {
    TaskAction.CANCEL: WAITING | HELD,
    TaskAction.RETRY: frozenset({TaskState.DEAD_LETTER, TaskState.CANCELLED}),
    TaskAction.EDIT: WAITING | HELD,
}
"""The states for which an action is."""
WITHOUT_STATES: Final = APPLIES_TO | {TaskAction.RETRY: frozenset({TaskState.DEAD_LETTER})}
"""The states that a filter means when it names none: who cancelled a task meant it."""

_encode: Final = json.Encoder().encode


class Target(Struct, frozen=True, omit_defaults=True):
    """Which tasks: what a filter describes, or those named."""

    filter: TaskConditions | None = None
    ids: list[str] = []


class Arguments(Struct, frozen=True, omit_defaults=True):
    """What an action takes."""

    reason: str | None = None
    edit: TaskEdit | None = None
    more: bool = False
    """There are more tasks than the total says, or there may be."""


_target: Final = json.Decoder(Target).decode
_arguments: Final = json.Decoder(Arguments).decode


def target_of(job: JobRecord) -> Target:
    """Which tasks a job is about."""
    return _target(job.filter)


def arguments_of(job: JobRecord) -> Arguments:
    """What a job's action takes."""
    return _arguments(job.arguments)


def check(request: BulkRequest) -> TaskFilter | None:
    """The filter of a request, or None when it names its tasks.

    Raises Refused `validation_failed` when its parts do not go together.
    """
    flaws: list[Flaw] = []
    if (request.filter is None) == (request.ids is None):
        flaws.append(Flaw("$", "give either a filter or ids"))
    elif request.filter is not None:
        flaws += _without_conditions(request.filter)
    is_edit = request.action is TaskAction.EDIT
    if is_edit and (request.edit is None or not _names_fields(request.edit)):
        flaws.append(Flaw("$.edit", "names no field to change"))
    if not is_edit and request.edit is not None:
        flaws.append(Flaw("$.edit", f"does not go with {request.action}"))
    if flaws:
        raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)
    return None if request.filter is None else narrowed(request.action, request.filter)


def _without_conditions(conditions: TaskConditions) -> list[Flaw]:
    """What would mean all tasks although it may have been meant to say which."""
    given = structs.asdict(conditions)
    flaws = [
        Flaw(f"$.filter.{name}", "is empty: give a value, or leave it out")
        for name, value in given.items()
        if value in ([], {})
    ]
    if all(value is None for value in given.values()):
        text = "a filter names at least one condition; all tasks are those in every state"
        flaws.append(Flaw("$.filter", text))
    return flaws


def _names_fields(edit: TaskEdit) -> bool:
    return any(getattr(edit, name) is not UNSET for name in edit.__struct_fields__)


def narrowed(action: TaskAction, conditions: TaskConditions) -> TaskFilter:
    """The filter, less the states for which the action is not.

    Raises Refused `validation_failed` when no state is left.
    """
    wanted = filter_of(conditions)
    named = frozenset(wanted.states) or WITHOUT_STATES[action]
    states = named & APPLIES_TO[action]
    if not states:
        text = f"no task in these states can be part of a {action}"
        flaws = [Flaw("$.filter.state", text)]
        raise Refused(ErrorCode.VALIDATION_FAILED, text, flaws=flaws)
    return structs.replace(wanted, states=tuple(sorted(states)))


def create(
    request: BulkRequest,
    *,
    org: str,
    job_id: str,
    actor: str,
    wall: int,
    last_seq: int,
    total: int,
    more: bool,
) -> JobRecord:
    """A new job, about tasks up to this seq."""
    return JobRecord(
        org=org,
        id=job_id,
        action=request.action.value,
        filter=_encode(Target(request.filter, request.ids or [])),
        arguments=_encode(Arguments(request.reason, request.edit, more)),
        state=BulkState.WAITING.value,
        created_at=wall,
        created_by=actor,
        cursor=last_seq + 1 if request.ids is None else len(request.ids),
        total=total,
    )
