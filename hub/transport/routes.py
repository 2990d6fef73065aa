"""Every URL on one page. A route is protected unless its scope is None."""

from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as WebRoute

from hub.core.credentials import ADMIN, READ, SUBMIT
from hub.services.bundle import Services
from hub.transport import api_agents, api_health, api_tasks
from hub.transport.edge import Route, endpoint, unrouted

API: Final = "/api/v1"

LOG_QUERY: Final = ("stream", "offset", "generation", "wait_ms")

ROUTES: Final = (
    Route("POST", f"{API}/tasks", api_tasks.create_tasks, SUBMIT),
    Route("GET", f"{API}/tasks", api_tasks.list_tasks, READ, ("limit", "cursor", "state")),
    Route("GET", f"{API}/tasks/{{task_id}}", api_tasks.get_task, READ, ("wait_ms",)),
    Route("POST", f"{API}/tasks/{{task_id}}/cancel", api_tasks.cancel_task, SUBMIT),
    Route("GET", f"{API}/tasks/{{task_id}}/log", api_tasks.task_log, READ, LOG_QUERY),
    Route("GET", f"{API}/tasks/{{task_id}}/explain", api_tasks.explain_task, READ),
    Route("GET", f"{API}/agents", api_agents.list_agents, READ, ("limit", "cursor")),
    Route("GET", f"{API}/agents/{{agent_id}}", api_agents.get_agent, READ),
    Route("POST", f"{API}/invites", api_agents.create_invite, ADMIN),
    Route("POST", f"{API}/register", api_agents.register, None),
    Route("GET", f"{API}/me", api_agents.me, READ),
    Route("GET", "/health", api_health.health, None),
    Route("GET", "/healthz", api_health.health, None),
    Route("GET", "/ready", api_health.ready, None),
    Route("GET", "/readyz", api_health.ready, None),
    Route("GET", "/metrics", api_health.metrics, None),
)


def web_app(services: Services) -> Starlette:
    """The application for everything that is not an agent's socket."""

    async def no_such_route(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return unrouted(services, request, status)

    routes = [
        WebRoute(route.path, endpoint(services, route), methods=[route.method]) for route in ROUTES
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: no_such_route})
    app.router.redirect_slashes = False
    return app
