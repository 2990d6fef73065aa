"""The application for everything that is no socket: the route tables and the page, served."""

import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route as WebRoute

from hub.core.errors import Refused
from hub.services.bundle import Services
from hub.transport.address import address_of
from hub.transport.assets import HEADERS, ROOT, Site
from hub.transport.edge import endpoint, request_name
from hub.transport.problems import refusal
from hub.transport.routes_backbone import SERVED
from schemas.scalars import ErrorCode


def web_app(services: Services, site: Site) -> Starlette:
    """Every route of the table; what is not in it is answered in the same shape."""

    async def no_such_route(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        code = ErrorCode.METHOD_NOT_ALLOWED if status == 405 else ErrorCode.NOT_FOUND
        refused = Refused(code, f"there is no {request.method} {request.url.path}")
        try:
            services.limits.take_anonymous(address_of(request.scope))
        except Refused as too_fast:
            refused = too_fast
        response = refusal(services, request, refused, request_name(services, request))
        if isinstance(error, HTTPException):
            response.headers.update(error.headers or {})
        return response

    # A path without a variable part is more than one that could be anything.
    paths = sorted({route.path for route in SERVED}, key=lambda path: (path.count("{"), path))
    routes = [_of_path(services, path) for path in paths] + _dashboard(services, site)
    app = Starlette(routes=routes, exception_handlers={HTTPException: no_such_route})
    app.router.redirect_slashes = False
    return app


def _of_path(services: Services, path: str) -> WebRoute:
    """All methods of one path, so that `Allow` names all of them when it is another."""
    ways = {route.method: endpoint(services, route) for route in SERVED if route.path == path}

    async def answer(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await ways[method](request)

    return WebRoute(path, answer, methods=list(ways))


def _dashboard(services: Services, site: Site) -> list[WebRoute]:
    """The files of the dashboard; nobody has to be known for them, as they say nothing."""

    async def answer(request: Request) -> Response:
        began = time.perf_counter()
        try:
            services.limits.take_page(address_of(request.scope))
        except Refused as too_fast:
            response = refusal(services, request, too_fast, request_name(services, request))
        else:
            response = _file(site, request)
        response.headers.update(HEADERS)
        seconds = time.perf_counter() - began
        services.metrics.requested("GET", ROOT, response.status_code, seconds)
        return response

    paths = ("/", ROOT, f"{ROOT}/{{rest:path}}")
    return [WebRoute(path, answer, methods=["GET"]) for path in paths]


def _file(site: Site, request: Request) -> Response:
    path: str = request.scope["path"]
    if path == "/":
        return RedirectResponse(ROOT, 307, {"Cache-Control": "no-store"})
    found = site.find(path)
    if found is None:
        return Response(
            "There is no such file.\n", 404, {"Cache-Control": "no-store"}, "text/plain"
        )
    return found.answer(request.headers)
