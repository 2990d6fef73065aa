"""The URLs that the helper scripts of protocol 1 call, beside those of `routes.py`.

They are served and guarded like all others. The OpenAPI document leaves them out: it is for
programs that are written now, and those have a better way to everything here.
"""

from typing import Final

from hub.core.credentials import OWN_TOKEN, READ, SUBMIT
from hub.transport import api_backbone
from hub.transport import backbone_shapes as old
from hub.transport.route import delete, get, post
from hub.transport.routes import ROUTES
from schemas.events import EventType as Event
from schemas.scalars import ErrorCode as Code
from schemas.scalars import Tier

BACKBONE: Final = (
    post(
        "/api/tasks",
        api_backbone.create_old_task,
        SUBMIT,
        old.OldReceipt,
        201,
        tier=Tier.SUBMIT,
        body=old.OldTaskRequest,
        events=(Event.TASK_CREATED,),
    ),
    get("/api/tasks/{task_id}", api_backbone.get_old_task, READ, old.OldTask),
    post(
        "/api/tasks/{task_id}/classify",
        api_backbone.classify_change,
        SUBMIT,
        old.OldRisk,
        body=old.OldChanges,
    ),
    post(
        "/api/goals",
        api_backbone.create_goal,
        SUBMIT,
        body=old.OldGoal,
        refusals=(Code.NOT_IMPLEMENTED,),
    ),
    get(
        "/api/agents",
        api_backbone.list_old_agents,
        None,
        old.OldAgents,
        refusals=(Code.INVALID_TOKEN,),
    ),
    delete(
        "/admin/tokens/{name}",
        api_backbone.revoke_agent_tokens,
        OWN_TOKEN,
        answer=old.OldRevocation,
        status=200,
        events=(Event.TOKEN_DELETED,),
    ),
    post(
        "/api/onboard/register",
        api_backbone.register_openly,
        None,
        old.OldRegistered,
        201,
        tier=Tier.ANONYMOUS,
        body=old.OldRegistration,
        events=(Event.AUTH_REGISTERED,),
        refusals=(Code.FORBIDDEN, Code.AGENT_EXISTS),
        is_secret=True,
    ),
    get(
        "/api/config/default-repo",
        api_backbone.default_repo,
        None,
        old.OldRepo,
        refusals=(Code.NOT_FOUND,),
    ),
)

SERVED: Final = (*ROUTES, *BACKBONE)
"""Every URL of the hub."""
