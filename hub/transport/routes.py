"""Every URL: who may, what it costs, what goes in, what comes out.

Those of browser sessions have a page of their own, `routes_sessions.py`.

A route is protected unless its scope is None. Reads come from the bucket for reads and writes
from the one for control, unless a line says otherwise. The published OpenAPI document is made
from this page: see `openapi.py`.
"""

from typing import Final

from hub.core.credentials import ADMIN, OPERATE, OWN_TOKEN, READ, SUBMIT
from hub.transport import (
    api_access,
    api_admin,
    api_agents,
    api_bulk,
    api_dashboard,
    api_dispatch,
    api_events,
    api_health,
    api_limits,
    api_lists,
    api_schemas,
    api_tasks,
)
from hub.transport.route import API, delete, get, patch, post, put
from hub.transport.routes_looking import LOOKING
from hub.transport.routes_sessions import SESSIONS
from hub.transport.stream import MEDIA_TYPE
from schemas import dashboard
from schemas.events import EventType as Event
from schemas.http import access, agents, bulk, dispatch, events, hub, tasks
from schemas.scalars import ErrorCode as Code
from schemas.scalars import Tier
from schemas.work import TaskSpec

TASK: Final = f"{API}/tasks/{{task_id}}"
AGENT: Final = f"{API}/agents/{{agent_id}}"
ONE_BULK: Final = f"{API}/bulk/{{bulk_id}}"
TOKEN: Final = f"{API}/tokens/{{token_id}}"
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
    get(f"{API}/tasks", api_lists.list_tasks, READ, tasks.TaskPage, query=tasks.TaskQuery),
    get(
        f"{API}/dead-letters",
        api_lists.list_dead_letters,
        READ,
        tasks.TaskPage,
        query=tasks.FilterQuery,
    ),
    get(f"{API}/tasks/stats", api_lists.task_stats, READ, tasks.TaskStats),
    get(TASK, api_tasks.get_task, READ, tasks.TaskView, query=tasks.WaitQuery),
    patch(
        TASK,
        api_tasks.edit_task,
        SUBMIT,
        tasks.TaskView,
        body=tasks.TaskEdit,
        has_version=True,
        events=(Event.TASK_UPDATED, Event.TASK_STATUS_CHANGED),
        refusals=(Code.INVALID_STATE, Code.TOO_MANY_LANES),
    ),
    post(
        f"{TASK}/retry",
        api_tasks.retry_task,
        OPERATE,
        tasks.TaskView,
        body=tasks.Retried,
        may_be_empty=True,
        events=(Event.TASK_STATUS_CHANGED, Event.TASK_UPDATED),
        refusals=(Code.INVALID_STATE, Code.TOO_MANY_LANES),
        show=api_tasks.show_task,
    ),
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

BULK: Final = (
    post(
        f"{API}/tasks/bulk/preview",
        api_bulk.preview_bulk,
        OPERATE,
        bulk.BulkPreview,
        body=bulk.BulkRequest,
    ),
    post(
        f"{API}/tasks/bulk",
        api_bulk.create_bulk,
        OPERATE,
        bulk.BulkView,
        202,
        body=bulk.BulkRequest,
        events=(Event.BULK_CREATED,),
        show=api_bulk.show_bulk,
    ),
    post(
        f"{API}/agents/bulk/preview",
        api_bulk.preview_agent_bulk,
        OPERATE,
        bulk.AgentBulkPreview,
        body=bulk.AgentBulkRequest,
    ),
    post(
        f"{API}/agents/bulk",
        api_bulk.create_agent_bulk,
        OPERATE,
        bulk.BulkView,
        202,
        body=bulk.AgentBulkRequest,
        events=(Event.BULK_CREATED,),
        show=api_bulk.show_bulk,
    ),
    get(f"{API}/bulk", api_bulk.list_bulk, READ, bulk.BulkPage, query=bulk.BulkQuery),
    get(ONE_BULK, api_bulk.get_bulk, READ, bulk.BulkView),
    post(
        f"{ONE_BULK}/cancel",
        api_bulk.cancel_bulk,
        OPERATE,
        bulk.BulkView,
        events=(Event.BULK_STATUS_CHANGED,),
        refusals=(Code.INVALID_STATE,),
        show=api_bulk.show_bulk,
    ),
)

AGENTS: Final = (
    get(f"{API}/agents", api_agents.list_agents, READ, agents.AgentPage, query=agents.AgentQuery),
    get(AGENT, api_agents.get_agent, READ, agents.AgentView),
    patch(
        AGENT,
        api_agents.edit_agent,
        OPERATE,
        agents.AgentView,
        body=agents.AgentEdit,
        events=(Event.AGENT_UPDATED,),
        has_version=True,
        show=api_agents.show_agent,
    ),
    post(
        f"{AGENT}/pause",
        api_agents.pause_agent,
        OPERATE,
        agents.AgentView,
        body=agents.AgentPause,
        may_be_empty=True,
        events=(Event.AGENT_STATUS_CHANGED,),
        show=api_agents.show_agent,
    ),
    post(
        f"{AGENT}/resume",
        api_agents.resume_agent,
        OPERATE,
        agents.AgentView,
        events=(Event.AGENT_STATUS_CHANGED,),
        show=api_agents.show_agent,
    ),
    post(
        f"{AGENT}/drain",
        api_agents.drain_agent,
        OPERATE,
        agents.AgentView,
        events=(Event.AGENT_STATUS_CHANGED,),
        show=api_agents.show_agent,
    ),
    delete(
        AGENT,
        api_agents.delete_agent,
        ADMIN,
        query=agents.DeleteQuery,
        events=(Event.AGENT_DELETED,),
    ),
    post(
        f"{API}/agents/sync",
        api_agents.sync_agents,
        ADMIN,
        agents.AgentsSynced,
        body=agents.AgentList,
        events=(
            Event.AGENT_CREATED,
            Event.AGENT_UPDATED,
            Event.AGENT_STATUS_CHANGED,
            Event.ADMIN_AGENTS_SYNCED,
        ),
    ),
)

DISPATCH: Final = (
    get(f"{API}/dispatch", api_dispatch.show_dispatch, READ, dispatch.DispatchView),
    post(
        f"{API}/dispatch/pause",
        api_dispatch.pause_dispatch,
        OPERATE,
        dispatch.DispatchPause,
        body=dispatch.DispatchPauseRequest,
        may_be_empty=True,
        events=(Event.DISPATCH_PAUSED,),
    ),
    post(
        f"{API}/dispatch/resume",
        api_dispatch.resume_dispatch,
        OPERATE,
        dispatch.DispatchView,
        body=dispatch.DispatchResumeRequest,
        may_be_empty=True,
        events=(Event.DISPATCH_RESUMED,),
        refusals=(Code.NOT_FOUND,),
    ),
)

DASHBOARD: Final = (
    get(
        f"{API}/dashboard/snapshot",
        api_dashboard.get_snapshot,
        READ,
        dashboard.Snapshot,
        query=dashboard.SnapshotQuery,
    ),
)

ACCESS: Final = (
    post(
        f"{API}/tokens",
        api_access.create_token,
        ADMIN,
        access.NewToken,
        201,
        body=access.TokenRequest,
        events=(Event.TOKEN_CREATED,),
        refusals=(Code.CONFLICT, Code.AGENT_EXISTS),
        is_secret=True,
    ),
    get(f"{API}/tokens", api_access.list_tokens, ADMIN, access.TokenPage, query=access.TokenQuery),
    get(TOKEN, api_access.get_token, ADMIN, access.TokenView),
    post(
        f"{TOKEN}/rotate",
        api_access.rotate_token,
        ADMIN,
        access.NewToken,
        201,
        body=access.Rotation,
        may_be_empty=True,
        events=(Event.TOKEN_UPDATED, Event.TOKEN_CREATED, Event.TOKEN_DELETED),
        refusals=(Code.INVALID_STATE, Code.CONFLICT),
        is_secret=True,
    ),
    delete(
        TOKEN,
        api_access.revoke_token,
        OWN_TOKEN,
        events=(Event.TOKEN_DELETED,),
        refusals=(Code.INVALID_STATE,),
    ),
    post(
        f"{API}/invites",
        api_access.create_invite,
        ADMIN,
        access.Invite,
        201,
        body=access.InviteRequest,
        may_be_empty=True,
        events=(Event.AUTH_INVITED,),
        refusals=(Code.AGENT_EXISTS,),
        is_secret=True,
    ),
    get(
        f"{API}/invites",
        api_access.list_invites,
        ADMIN,
        access.InvitePage,
        query=access.InviteQuery,
    ),
    delete(
        f"{API}/invites/{{invite_id}}",
        api_access.revoke_invite,
        ADMIN,
        events=(Event.AUTH_INVITE_REVOKED,),
    ),
    post(
        f"{API}/register",
        api_access.register,
        None,
        access.Registered,
        201,
        tier=Tier.ANONYMOUS,
        body=access.Register,
        events=(Event.AUTH_REGISTERED,),
        refusals=(Code.INVALID_CODE, Code.AGENT_EXISTS, Code.CONFLICT),
        is_secret=True,
    ),
    get(f"{API}/me", api_access.me, READ, access.Me),
)

HUB: Final = (
    get(f"{API}/admin/limits", api_limits.list_limits, ADMIN, hub.Limits),
    get(f"{API}/admin/log-level", api_admin.get_log_level, ADMIN, hub.LogLevelView),
    put(
        f"{API}/admin/log-level",
        api_admin.set_log_level,
        ADMIN,
        hub.LogLevelView,
        body=hub.LogLevelView,
        events=(Event.ADMIN_LOG_LEVEL_CHANGED,),
    ),
    get("/health", api_health.health, None, hub.Health),
    get("/healthz", api_health.health, None, hub.Health),
    get("/ready", api_health.ready, None, hub.Ready),
    get("/readyz", api_health.ready, None, hub.Ready),
    get("/metrics", api_health.metrics, None, PROMETHEUS),
    get("/api/schemas", api_schemas.schemas, None, DOCUMENT),
    get("/api/openapi.json", api_schemas.openapi, None, DOCUMENT),
    get("/api/asyncapi.json", api_schemas.asyncapi, None, DOCUMENT),
)

ROUTES: Final = (
    *TASKS,
    *BULK,
    *EVENTS,
    *LOOKING,
    *AGENTS,
    *DISPATCH,
    *DASHBOARD,
    *ACCESS,
    *SESSIONS,
    *HUB,
)
