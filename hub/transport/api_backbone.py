"""HTTP for the helper scripts of protocol 1: their paths, their shapes, their status codes.

They are translated to what the rest of the house knows; nothing else knows these shapes.
"""

from typing import Final

import msgspec
from msgspec import UNSET, json

from hub.core.agent import Agent
from hub.core.credentials import READ, Principal
from hub.core.errors import Refused
from hub.core.gates import spec_flaws
from hub.core.risk import CodeChange, assess
from hub.core.task import NAMES
from hub.transport import api_tasks
from hub.transport.address import address_of
from hub.transport.backbone_shapes import (
    Amount,
    OldAgent,
    OldAgents,
    OldChanges,
    OldReceipt,
    OldRegistered,
    OldRegistration,
    OldRepo,
    OldRevocation,
    OldRisk,
    OldTarget,
    OldTask,
    OldTaskRequest,
)
from hub.transport.call import Answer, Call
from hub.transport.edge import admit
from hub.transport.sentences import fit
from hub.transport.visitors import is_loopback
from schemas.http.tasks import TaskView
from schemas.scalars import ErrorCode, Presence, PriorityName, Role, StateName, Tier
from schemas.to_agent import Flaw
from schemas.work import USUAL_ATTEMPTS, TaskSpec

STATUS_OF: Final = {
    StateName.SCHEDULED: "queued",
    StateName.QUEUED: "queued",
    StateName.ASSIGNED: "assigned",
    StateName.RUNNING: "assigned",
    StateName.COMPLETED: "completed",
    StateName.DEAD_LETTER: "failed",
    StateName.CANCELLED: "failed",
}
"""Old clients wait until a task is completed or failed, so what ended is one of the two."""
PRESENCE_OF: Final = {
    Presence.OFFLINE: "offline",
    Presence.STALE: "offline",
    Presence.IDLE: "idle",
    Presence.WORKING: "working",
    Presence.DRAINING: "working",
    Presence.DRAINED: "idle",
}
HELD: Final = frozenset({StateName.ASSIGNED, StateName.RUNNING})
MOST_AGENTS: Final = 1_000
"""The old list has no pages, so it ends here."""
PASSED_ON: Final = frozenset({"forwarded", "via", "x-forwarded-for", "x-real-ip"})
"""Headers of a request that came through something else."""

# Tasks


async def create_old_task(call: Call) -> Answer:
    """Submit one task as old clients do: unknown fields are ignored."""
    wish: OldTaskRequest = call.take(OldTaskRequest)
    (task,) = call.services.tasks.submit(call.org, call.caller, [_spec(wish)], call.actor)
    body = OldReceipt(
        task_id=task.id,
        status=STATUS_OF[NAMES[task.state]],
        priority=PriorityName[task.priority.name],
        created_at=task.created_at,
        generation=task.generation,
    )
    return Answer(201, body, entity=task.id)


def _spec(wish: OldTaskRequest) -> TaskSpec:
    """The task that is wished. Raises Refused `validation_failed`."""
    spec = TaskSpec(
        description=wish.description,
        metadata=wish.metadata,
        needs=wish.needed_capabilities,
        priority=wish.priority,
        complete_by=wish.complete_by,
        max_attempts=_attempts(wish),
    )
    if flaws := spec_flaws(spec, "$"):
        raise Refused(ErrorCode.VALIDATION_FAILED, "opaque JSON is not valid", flaws=flaws)
    return msgspec.structs.replace(spec, assign_to=wish.assign_to or _target(spec))


def _attempts(wish: OldTaskRequest) -> int:
    if wish.max_attempts is not None:
        return wish.max_attempts
    return USUAL_ATTEMPTS if wish.max_retries is None else max(wish.max_retries, 1)


def _target(spec: TaskSpec) -> str | None:
    if spec.metadata is UNSET:
        return None
    try:
        found = json.decode(spec.metadata, type=OldTarget | None)
    except msgspec.ValidationError as error:
        flaws = [Flaw("$.metadata.target_agent", "expected the id of an agent")]
        raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws) from error
    return None if found is None else found.target_agent


async def get_old_task(call: Call) -> Answer:
    """One task as old clients read it: `status` in their words."""
    task = await _view(call)
    body = OldTask(
        id=task.id,
        task_id=task.id,
        status=STATUS_OF[task.state],
        state=task.state,
        description=task.description,
        metadata=task.metadata,
        priority=task.priority,
        needed_capabilities=task.needs or [],
        assigned_to=task.assigned_to,
        assigned_at=task.assigned_at,
        generation=task.generation,
        retry_count=max(task.attempt - 1, 0),
        max_retries=task.max_attempts,
        complete_by=task.complete_by,
        submitted_by=task.submitted_by,
        created_at=task.created_at,
        result=task.result,
        tokens_used=task.tokens_used,
        last_error=task.error,
    )
    return Answer(200, body, version=task.version)


async def _view(call: Call) -> TaskView:
    shown = await api_tasks.show_task(call, call.path("task_id"))
    if not isinstance(shown.body, TaskView):
        raise TypeError("a task is shown as a TaskView")
    return shown.body


async def classify_change(call: Call) -> Answer:
    """How risky the change to code is that the agent made for this task.

    An agent may ask about a task that it has now.
    """
    wish: OldChanges = call.take(OldChanges)
    task = await _view(call)
    has_it = task.state in HELD and task.assigned_to == call.caller.id
    if call.caller.role is Role.AGENT and not has_it:
        raise Refused(ErrorCode.FORBIDDEN, "an agent may ask only about a task that it has")
    risk = assess(_change(wish))
    return Answer(200, OldRisk(risk.tier, risk.reasons))


def _change(wish: OldChanges) -> CodeChange:
    lines = (wish.lines_added, wish.lines_deleted)
    touched = (wish.files_changed, wish.files_added)
    paths = [path for amount in touched if isinstance(amount, list) for path in amount]
    return CodeChange(
        lines=None if None in lines else sum(each or 0 for each in lines),
        files=_count(wish.files_changed),
        new_files=_count(wish.files_added),
        paths=tuple(paths),
        are_all_named=isinstance(wish.files_changed, list),
        tests_exist=wish.tests_exist is True,
    )


def _count(amount: Amount) -> int | None:
    return len(amount) if isinstance(amount, list) else amount


async def create_goal(call: Call) -> Answer:
    """Refused: this hub has no goals."""
    raise Refused(
        ErrorCode.NOT_IMPLEMENTED,
        "this hub has no goals; submit the goal's tasks one by one with POST /api/tasks",
    )


# Agents


async def list_old_agents(call: Call) -> Answer:
    """Agents by id, at most 1,000; without a credential the list is empty."""
    services = call.services
    if "Authorization" not in call.request.headers:
        return Answer(200, OldAgents([]), durable=False)
    principal: Principal = admit(services, call.request, READ, Tier.READS)
    agents = services.orgs[principal.org].agents
    return Answer(200, OldAgents([_agent(agents[each]) for each in sorted(agents)[:MOST_AGENTS]]))


def _agent(agent: Agent) -> OldAgent:
    record = agent.record
    return OldAgent(record.id, record.name, PRESENCE_OF[agent.status], list(record.capabilities))


async def revoke_agent_tokens(call: Call) -> Answer:
    """Take all tokens of an agent back; an agent may do that to itself."""
    name, caller, tokens = call.path("name"), call.caller, call.services.tokens
    is_own = caller.role is not Role.AGENT or caller.id == name
    live = tokens.live_of_agent(caller.org, name) if is_own else []
    if not live:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no agent {fit(name, 64)} with a token")
    for record in live:
        tokens.revoke(caller.org, record.public_id, call.actor)
    return Answer(200, OldRevocation(name, "revoked", len(live)), entity=name)


# Newcomers


async def register_openly(call: Call) -> Answer:
    """Give a new agent a token without a join code, where the operator allowed that.

    Unless the hub serves other machines without encryption, only this machine may ask.
    """
    newcomers = call.services.newcomers
    newcomers.check_open()
    if not newcomers.of_others and not _is_from_here(call):
        text = "only this machine may register without a join code: use one from `corral invite`"
        raise Refused(ErrorCode.FORBIDDEN, text)
    wish: OldRegistration = call.take(OldRegistration)
    token = newcomers.register(wish.agent_id)
    base = str(call.request.base_url).rstrip("/")
    body = OldRegistered(
        agent_id=wish.agent_id,
        token=token,
        hub_ws_url=f"ws{base.removeprefix('http')}/ws",
        hub_api_url=base,
        default_repo=newcomers.default_repo,
    )
    return Answer(201, body)


def _is_from_here(call: Call) -> bool:
    """Whether a program of this machine asks, and not a proxy or tunnel for somebody else."""
    request = call.request
    near = is_loopback(address_of(request.scope)) and is_loopback(request.url.hostname or "")
    return near and PASSED_ON.isdisjoint(request.headers.keys())


async def default_repo(call: Call) -> Answer:
    """The repository that a new agent clones, when the operator set one."""
    repo = call.services.newcomers.default_repo
    if repo is None:
        raise Refused(ErrorCode.NOT_FOUND, "no default repository: the setting is default_repo")
    return Answer(200, OldRepo(repo, repo), durable=False)
