"""Every URL on one page: who may, what it costs, what goes in, what comes out.

A route is protected unless its scope is None. Reads come from the bucket for reads and writes
from the one for control, unless a line says otherwise. The published OpenAPI document is made
from this page: see `openapi.py`.
"""

from typing import Final

from hub.core.credentials import ADMIN, READ, SUBMIT
from hub.transport import api_agents, api_events, api_health, api_schemas, api_tasks
from hub.transport.route import get, post
from hub.transport.stream import MEDIA_TYPE
from schemas.events import EventType as Event
from schemas.http import access, agents, events, hub, tasks
from schemas.scalars import ErrorCode as Code
from schemas.scalars import Tier
from schemas.work import TaskSpec

API: Final = "/api/v1"
TASK: Final = f"{API}/tasks/{{task_id}}"
AGENT: Final = f"{API}/agents/{{agent_id}}"
PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"
DOCUMENT: Final = "application/json"
CURSOR_REFUSALS: Final = (
    Code.INVALID_CURSOR,
    Code.CURSOR_AHEAD,
    Code.CURSOR_EXPIRED,
    Code.EPOCH_CHANGED,
)

TASKS: Final = (
    post(
        f"{API}/tasks",
        api_tasks.create_tasks,
        SUBMIT,
        (tasks.TaskView, tasks.CreatedBatch),
        201,
        tier=Tier.SUBMIT,
        body=(TaskSpec, tasks.TaskBatch),
        events=(Event.TASK_CREATED,),
        show=api_tasks.show_task,
    ),
    get(f"{API}/tasks", api_tasks.list_tasks, READ, tasks.TaskPage, query=tasks.TaskQuery),
    get(TASK, api_tasks.get_task, READ, tasks.TaskView, query=tasks.WaitQuery),
    post(
        f"{TASK}/cancel",
        api_tasks.cancel_task,
        SUBMIT,
        tasks.TaskView,
        202,
        body=tasks.Cancel,
        may_be_empty=True,
        events=(Event.TASK_UPDATED, Event.TASK_STATUS_CHANGED),
        show=api_tasks.show_task,
    ),
    get(f"{TASK}/log", api_tasks.task_log, READ, tasks.LogText, query=tasks.LogQuery),
    get(
        f"{TASK}/events",
        api_events.list_task_events,
        READ,
        events.EventPage,
        query=events.TaskEventQuery,
        refusals=CURSOR_REFUSALS,
    ),
    get(f"{TASK}/explain", api_tasks.explain_task, READ, tasks.Explanation),
)

EVENTS: Final = (
    get(
        f"{API}/events",
        api_events.list_events,
        READ,
        events.EventPage,
        query=events.EventQuery,
        refusals=CURSOR_REFUSALS,
    ),
    get(
        f"{API}/events/stream",
        api_events.stream_events,
        READ,
        MEDIA_TYPE,
        query=events.StreamQuery,
        refusals=(*CURSOR_REFUSALS, Code.BUSY),
    ),
)

AGENTS: Final = (
    get(f"{API}/agents", api_agents.list_agents, READ, agents.AgentPage, query=agents.AgentQuery),
    get(AGENT, api_agents.get_agent, READ, agents.AgentView),
)

ACCESS: Final = (
    post(
        f"{API}/invites",
        api_agents.create_invite,
        ADMIN,
        access.Invite,
        201,
        body=access.InviteRequest,
        may_be_empty=True,
        events=(Event.AUTH_INVITED,),
        is_secret=True,
    ),
    post(
        f"{API}/register",
        api_agents.register,
        None,
        access.Registered,
        201,
        tier=Tier.ANONYMOUS,
        body=access.Register,
        events=(Event.AUTH_REGISTERED,),
        is_secret=True,
    ),
    get(f"{API}/me", api_agents.me, READ, access.Me),
)

HUB: Final = (
    get("/health", api_health.health, None, hub.Health),
    get("/healthz", api_health.health, None, hub.Health),
    get("/ready", api_health.ready, None, hub.Ready),
    get("/readyz", api_health.ready, None, hub.Ready),
    get("/metrics", api_health.metrics, None, PROMETHEUS),
    get("/api/schemas", api_schemas.schemas, None, DOCUMENT),
    get("/api/openapi.json", api_schemas.openapi, None, DOCUMENT),
    get("/api/asyncapi.json", api_schemas.asyncapi, None, DOCUMENT),
)

ROUTES: Final = (*TASKS, *EVENTS, *AGENTS, *ACCESS, *HUB)
