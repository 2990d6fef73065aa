"""Records to rows and back: the only place that knows the order of columns.

Wire enums are numbers and words that SQLite takes as they are, so that most columns of a task
are picked out of its fields in C.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Any, Final

from msgspec import json, structs
from msgspec.structs import astuple

from hub.core import requirements
from hub.core.agent import AgentRecord
from hub.core.browser_sessions import BrowserSession
from hub.core.clock import Instant
from hub.core.credentials import Credential, InviteRecord
from hub.core.jobs import JobRecord
from hub.core.pauses import PauseRecord
from hub.core.replays import Replay
from hub.core.task import Task
from hub.store.contract import Numbered
from schemas.attempts import FailureClass
from schemas.scalars import Executor, Priority, Role, TaskState
from schemas.work import TaskSpec

Row = tuple[Any, ...]

_HEAD: Final = ("org", "spec", "fairness_key", "not_before", "complete_by", "queued_after")
_FRESH: Final = (
    *("seq", "id", "state", "priority", "requires", "submitted_by", "created_at"),
    *("queue_key", "due_at"),
)
_CHANGING: Final = (
    *("generation", "attempt", "reclaims", "rejections", "holder", "assigned_to"),
    *("cancel_requested", "cancel_unconfirmed", "error", "failure_class", "tokens_used"),
    *("assigned_at", "started_at", "finished_at", "version", "report", "usage", "result"),
)
_CHANGED: Final = ("seq", "state", "requires", "queue_key", "due_at", "queued_at", *_CHANGING)


def _picker(names: Iterable[str]) -> Callable[[Row], Row]:
    """Picks these fields out of all those of a task: half the time of reading them by name."""
    places = [field.name for field in structs.fields(Task)]
    return itemgetter(*(places.index(name) for name in names))


_fresh_part: Final = _picker((*_FRESH, *_CHANGING))
_changed_part: Final = _picker(_CHANGED)
FRESH_WIDTH: Final = len(_HEAD) + len(_FRESH) + len(_CHANGING)
CHANGED_WIDTH: Final = len(_CHANGED)
EVENT_WIDTH: Final = 7

_READ: Final = (
    *("seq", "id", "org", "spec", "priority", "requires", "submitted_by", "created_at"),
    *("state", "generation", "queue_key", "due_at", "attempt", "reclaims", "rejections"),
    *("holder", "assigned_to", "cancel_requested", "cancel_unconfirmed", "report", "result"),
    *("error", "failure_class", "tokens_used", "usage", "created_at + queued_after"),
    *("assigned_at", "started_at", "finished_at", "version"),
)
TASK_COLUMNS: Final = ", ".join(_READ)
"""What a reader selects of a task, in the order of the fields of `Task`."""

_NEEDS: Final = '"needs"'
_encode: Final = json.Encoder().encode
_decode_spec: Final = json.Decoder(TaskSpec).decode
_decode_names: Final = json.Decoder(tuple[str, ...]).decode
_decode_labels: Final = json.Decoder(tuple[tuple[str, str], ...]).decode
_decode_executors: Final = json.Decoder(tuple[Executor, ...]).decode


_PLAIN: Final = (
    *("slots", "created_at", "host", "protocol_version", "last_seen_at", "note", "pause_note"),
    *("paused_until", "source", "version"),
)
_agent_part: Final = attrgetter("paused", "draining", "active", *_PLAIN)
_decode_job: Final = json.Decoder(JobRecord).decode
_decode_pause: Final = json.Decoder(PauseRecord).decode


def _without_told_needs(spec: TaskSpec) -> TaskSpec:
    """What is stored of a spec: its needs are in `requires` too, unless they come in disorder."""
    needs = spec.needs
    if not needs or any(former >= later for former, later in pairwise(needs)):
        return spec
    return structs.replace(spec, needs=None)


def fresh_rows(tasks: Iterable[Task], orgs: Mapping[str, int]) -> list[Row]:
    """New tasks as rows for `insert_tasks`."""
    return [
        (
            orgs[task.org],
            _encode(_without_told_needs(spec := task.spec)),
            spec.fairness_key,
            spec.not_before,
            spec.complete_by,
            None if (queued_at := task.queued_at) is None else queued_at - task.created_at,
            *_fresh_part(astuple(task)),
        )
        for task in tasks
    ]


def changed_rows(tasks: Iterable[Task]) -> list[Row]:
    """Older tasks as rows for `update_tasks`."""
    return list(map(_changed_part, map(astuple, tasks)))


USUAL_DATA: Final = b'{"state":"queued"}'
"""What the event of nearly every new task says: it is stored as nothing, for 3 % of a task."""


def told(stored: bytes) -> bytes:
    """The data of an event as it was before it was stored."""
    return stored or USUAL_DATA


def event_rows(facts: Iterable[Numbered], orgs: Mapping[str, int]) -> list[Row]:
    """Numbered facts as rows for `insert_events`: tasks by seq, other entities by their text."""
    return [
        (
            orgs[org],
            seq,
            fact.type,
            fact.seq or fact.entity,
            fact.actor,
            fact.at,
            b"" if fact.data == USUAL_DATA else fact.data,
        )
        for org, seq, fact in facts
    ]


def spec_of(stored: bytes, requires: str) -> TaskSpec:
    """What the submitter said, from what is stored of it and the key of its lane."""
    spec = _decode_spec(stored)
    if spec.needs is None and _NEEDS in requires:
        needs = list(requirements.decode(requires).needs)
        return structs.replace(spec, needs=needs) if needs else spec
    return spec


def task_of(row: Row, names: Mapping[int, str]) -> Task:
    """The task in a row of `TASK_COLUMNS`; payload and metadata are views of the row's spec."""
    seq, task_id, org, spec, priority, requires, submitted_by, created_at, state, *rest = row
    generation, queue_key, due_at, attempt, reclaims, rejections, holder, assigned_to = rest[:8]
    requested, unconfirmed, report, result, error, failure_class, *last = rest[8:]
    return Task(
        seq,
        task_id,
        names[org],
        spec_of(spec, requires),
        Priority(priority),
        requires,
        submitted_by,
        created_at,
        TaskState(state),
        generation,
        queue_key,
        due_at,
        attempt,
        reclaims,
        rejections,
        holder,
        assigned_to,
        bool(requested),
        bool(unconfirmed),
        report,
        result,
        error,
        None if failure_class is None else FailureClass(failure_class),
        *last,
    )


def agent_row(agent: AgentRecord, orgs: Mapping[str, int]) -> Row:
    """An agent as a row for `put_agent`."""
    return (
        orgs[agent.org],
        agent.id,
        agent.name,
        _encode(agent.capabilities).decode(),
        _encode(agent.executors).decode(),
        _encode(agent.labels).decode(),
        _encode(agent.fixed).decode(),
        *_agent_part(agent),
    )


def agent_of(row: Row, names: Mapping[int, str]) -> AgentRecord:
    """The agent in a row of the query `agents`."""
    org, agent_id, name, capabilities, executors, labels, fixed, *rest = row
    paused, draining, active, *plain = rest
    return AgentRecord(
        org=names[org],
        id=agent_id,
        name=name,
        capabilities=_decode_names(capabilities),
        executors=_decode_executors(executors),
        labels=_decode_labels(labels),
        fixed=_decode_names(fixed),
        paused=bool(paused),
        draining=bool(draining),
        active=bool(active),
        **dict(zip(_PLAIN, plain, strict=True)),
    )


def credential_row(credential: Credential, orgs: Mapping[str, int]) -> Row:
    """A credential as a row for `put_credential`."""
    return (
        credential.public_id,
        orgs[credential.org],
        credential.role,
        credential.subject,
        credential.mac,
        credential.created_at,
        credential.created_by,
        credential.revoked_at,
        credential.expires_at,
        credential.rotated_to,
        credential.last_used_at,
    )


def credential_of(row: Row, names: Mapping[int, str]) -> Credential:
    """The credential in a row of the query `credentials`."""
    public_id, org, role, *rest = row
    return Credential(public_id, names[org], Role(role), *rest)


def invite_row(invite: InviteRecord, orgs: Mapping[str, int]) -> Row:
    """A join code as a row for `put_invite`."""
    return (
        invite.public_id,
        orgs[invite.org],
        invite.mac,
        invite.agent_id,
        invite.created_at,
        invite.created_by,
        invite.expires_at,
        invite.used_at,
    )


def invite_of(row: Row, names: Mapping[int, str]) -> InviteRecord:
    """The join code in a row of the query `open_invites`."""
    public_id, org, *rest = row
    return InviteRecord(public_id, names[org], *rest)


def session_row(session: BrowserSession, orgs: Mapping[str, int]) -> Row:
    """A browser session as a row for `put_session`."""
    return (
        session.id,
        orgs[session.org],
        session.digest,
        session.credential,
        session.address,
        session.browser,
        *session.began,
        *session.used,
    )


def session_of(row: Row, names: Mapping[int, str]) -> BrowserSession:
    """The browser session in a row of the query `sessions`."""
    session_id, org, digest, credential, address, browser, *times = row
    began, used = Instant(*times[:2]), Instant(*times[2:])
    return BrowserSession(session_id, names[org], digest, credential, address, browser, began, used)


def replay_row(replay: Replay, orgs: Mapping[str, int]) -> Row:
    """A kept answer as a row for `put_replay`."""
    return (
        orgs[replay.org],
        replay.principal,
        replay.route,
        replay.key,
        replay.mark,
        replay.fingerprint,
        replay.status,
        replay.body,
        _encode(replay.entities).decode(),
        replay.created_at,
    )


def replay_of(row: Row, org: str, principal: str, route: str, key: str) -> Replay:
    """The kept answer in a row of the query `replay`, with what was asked for."""
    fingerprint, status, body, entities, created_at = row
    names = _decode_names(entities)
    return Replay(org, principal, route, key, fingerprint, status, body, names, created_at)


def job_row(job: JobRecord, orgs: Mapping[str, int]) -> Row:
    """A bulk action as a row for `put_job`."""
    return (orgs[job.org], job.id, job.finished_at, _encode(job))


def job_of(row: Row) -> JobRecord:
    """The bulk action in a row of `job` or `jobs`."""
    return _decode_job(row[0])


def pause_row(pause: PauseRecord, orgs: Mapping[str, int]) -> Row:
    """A pause as a row for `put_pause`."""
    return (orgs[pause.org], pause.id, pause.ended_at, _encode(pause))


def pause_of(row: Row) -> PauseRecord:
    """The pause in a row of `open_pauses`."""
    return _decode_pause(row[0])
