"""The HTTP edge: from a request to a call, and from its outcome to an answer.

Here is everything that holds for all routes: request ids, credentials and roles, size and type
of bodies, schema, and the shape of errors. Nothing leaves before what it says is durable.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from loguru import logger
from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hub.core.credentials import Principal, Scope
from hub.core.errors import Refused
from hub.core.ids import request_id
from hub.core.org import Org
from hub.services.bundle import Services
from hub.transport.bearer import principal_of
from hub.transport.refusals import FLAWS, explain
from hub.transport.sentences import VALUE_CHARS, fit
from schemas.http.hub import ErrorBody, Problem
from schemas.scalars import BODY_BYTES, ErrorCode
from schemas.to_agent import Flaw

STATUS: Final[dict[ErrorCode, int]] = {
    ErrorCode.INVALID_JSON: 400,
    ErrorCode.UNKNOWN_MESSAGE_TYPE: 400,
    ErrorCode.UNSUPPORTED: 400,
    ErrorCode.NOT_IDENTIFIED: 400,
    ErrorCode.ALREADY_IDENTIFIED: 400,
    ErrorCode.INVALID_TOKEN: 401,
    ErrorCode.INVALID_CODE: 401,
    ErrorCode.TOKEN_AGENT_MISMATCH: 403,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.CONFLICT: 409,
    ErrorCode.STALE_GENERATION: 409,
    ErrorCode.INVALID_STATE: 409,
    ErrorCode.AGENT_EXISTS: 409,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.VALIDATION_FAILED: 422,
    ErrorCode.TOO_MANY_LANES: 422,
    ErrorCode.INTERNAL: 500,
    ErrorCode.BUSY: 503,
}
"""The HTTP status of each refusal; some can only happen on the socket."""

REQUEST_ID_CHARS: Final = 128
JSON: Final = "application/json"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in."""

    services: Services
    principal: Principal | None
    request: Request
    body: bytes
    flaws: list[Flaw] = field(default_factory=list)
    """What is wrong with the query, as far as it was looked at."""

    @property
    def caller(self) -> Principal:
        """Who is asking; only on routes that need a credential."""
        if self.principal is None:
            raise RuntimeError("this route has no caller")
        return self.principal

    @property
    def org(self) -> Org:
        """The caller's org."""
        return self.services.orgs[self.caller.org]

    def path(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str) -> str | None:
        """A query parameter."""
        return self.request.query_params.get(name)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from the query; notes a flaw when it is none, or out of range."""
        text = self.text(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
            self.note(name, f"expected a whole number from {low} to {high}")
            return default
        return int(text)

    def note(self, name: str, message: str) -> None:
        """Remember a flaw of the query."""
        self.flaws.append(Flaw(f"query.{name}", message))

    def check_query(self) -> None:
        """Go on only with a good query. Raises Refused that names every flaw noted."""
        if self.flaws:
            flaws = self.flaws[:FLAWS]
            raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)

    def take(self, model: type[Any]) -> Any:
        """The body as this Struct. Raises Refused that names every flaw."""
        try:
            return msgspec.json.decode(self.body, type=model)
        except msgspec.ValidationError as error:
            flaws = explain(self.body, model, error)
            raise Refused(ErrorCode.VALIDATION_FAILED, str(error), flaws=flaws) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            text = explain(self.body, model, error)[0].message
            raise Refused(ErrorCode.INVALID_JSON, text) from error


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call leads to."""

    status: int
    body: Struct | bytes
    media_type: str = JSON
    durable: bool = True
    """Wait until what the body says is durable."""


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the route table."""

    method: str
    path: str
    handler: Handler
    scope: Scope | None
    """Who may; None means anybody."""
    query: tuple[str, ...] = ()
    """The query parameters there are; a handler that has some calls `check_query`."""


def endpoint(services: Services, route: Route) -> Callable[[Request], Awaitable[Response]]:
    """The route as the web framework wants it."""

    async def answer(request: Request) -> Response:
        name = _request_id(services, request)
        try:
            return await _answer(services, route, request, name)
        except Refused as refused:
            return _refusal(services, request, refused, name)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:  # noqa: BLE001 - the HTTP edge: answered, and logged with its traceback
            logger.bind(request_id=name, path=request.url.path).exception("request failed")
            broken = Refused(ErrorCode.INTERNAL, "an internal error; the log has the details")
            return _refusal(services, request, broken, name)

    return answer


async def _answer(services: Services, route: Route, request: Request, name: str) -> Response:
    principal = _authorise(services, route, request)
    body = await _read_body(request) if route.method == "POST" else b""
    outcome = await _outcome(route, Call(services, principal, request, body))
    if outcome.durable:
        await services.journal.settled()
    content = outcome.body if isinstance(outcome.body, bytes) else _encode(outcome.body)
    headers = {"X-Request-Id": name, "Cache-Control": "no-store"}
    return Response(content, outcome.status, headers, outcome.media_type)


def _check_names(route: Route, call: Call) -> None:
    known = ", ".join(route.query) or "none"
    for name in call.request.query_params:
        if name not in route.query:
            call.note(fit(name, VALUE_CHARS), f"unknown parameter; there are: {known}")
    if not route.query:
        call.check_query()


async def _outcome(route: Route, call: Call) -> Answer:
    """What the handler says; a refusal, too, waits until what it looked at is durable."""
    _check_names(route, call)
    try:
        return await route.handler(call)
    except Refused:
        await call.services.journal.settled()
        raise


def _request_id(services: Services, request: Request) -> str:
    given = request.headers.get("X-Request-Id", "")
    if 0 < len(given) <= REQUEST_ID_CHARS and given.isascii() and given.isprintable():
        return given
    return request_id(services.chance.bits(64))


def _authorise(services: Services, route: Route, request: Request) -> Principal | None:
    if route.scope is None:
        return None
    return admit(services, request, route.scope)


def admit(services: Services, request: Request, scope: Scope) -> Principal:
    """Who is asking. Raises Refused when that is nobody, or somebody who may not."""
    principal = principal_of(services.tokens, request.headers.get("Authorization", ""))
    if principal is None:
        raise Refused(ErrorCode.INVALID_TOKEN, "a valid bearer token is needed")
    if not scope.allows(principal.role):
        raise Refused(ErrorCode.FORBIDDEN, "this credential may not do that")
    return principal


async def _read_body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES:
            raise Refused(ErrorCode.TOO_LARGE, f"a body has at most {BODY_BYTES} bytes")
        parts.append(part)
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if size and kind != JSON:
        raise Refused(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"a body is {JSON}")
    return b"".join(parts)


def _refusal(services: Services, request: Request, refused: Refused, name: str) -> Response:
    status = STATUS[refused.code]
    services.metrics.refused(refused.code)
    logger.bind(
        request_id=name,
        method=request.method,
        path=request.url.path,
        status=status,
        code=refused.code,
        flaws=[f"{flaw.path}: {flaw.message}" for flaw in refused.flaws[:3]],
    ).warning("request refused")
    problem = Problem(refused.code, refused.message, refused.flaws)
    headers = {"X-Request-Id": name, "Cache-Control": "no-store"}
    if refused.retry_after_ms is not None:
        headers["Retry-After"] = str(max(1, -(-refused.retry_after_ms // 1000)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(_encode(ErrorBody(problem, name)), status, headers, JSON)


def unrouted(services: Services, request: Request, status: int) -> Response:
    """The answer for a path or method that is not in the table."""
    code = ErrorCode.METHOD_NOT_ALLOWED if status == 405 else ErrorCode.NOT_FOUND
    refused = Refused(code, f"there is no {request.method} {request.url.path}")
    return _refusal(services, request, refused, _request_id(services, request))
