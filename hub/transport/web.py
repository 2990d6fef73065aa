"""The application for everything that is not an agent's socket: the route table, served."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as WebRoute

from hub.core.errors import Refused
from hub.services.bundle import Services
from hub.transport.edge import endpoint, request_name
from hub.transport.problems import refusal
from hub.transport.routes import ROUTES
from schemas.scalars import ErrorCode


def web_app(services: Services) -> Starlette:
    """Every route of the table; what is not in it is answered in the same shape."""

    async def no_such_route(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        code = ErrorCode.METHOD_NOT_ALLOWED if status == 405 else ErrorCode.NOT_FOUND
        refused = Refused(code, f"there is no {request.method} {request.url.path}")
        return refusal(services, request, refused, request_name(services, request))

    routes = [
        WebRoute(route.path, endpoint(services, route), methods=[route.method]) for route in ROUTES
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: no_such_route})
    app.router.redirect_slashes = False
    return app
