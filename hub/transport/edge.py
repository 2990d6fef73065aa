"""The HTTP edge: from a request to a call, and from its outcome to an answer.

Here is everything that holds for all routes, in the order in which it is looked at: request
id, credential and role, limits, size and type of the body, query, idempotency. Nothing leaves
before what it says is durable.
"""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from loguru import logger
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hub.core.credentials import Principal, Scope
from hub.core.errors import Refused
from hub.core.ids import request_id
from hub.services.bundle import Services
from hub.services.fleet import refuse_out_of_use
from hub.services.tokens import RESERVED
from hub.transport.address import address_of
from hub.transport.bearer import token_of
from hub.transport.browser import session_of
from hub.transport.call import JSON, Answer, Call
from hub.transport.problems import refusal
from hub.transport.query import Empty, read_query
from hub.transport.replay import Guard, guard_of
from hub.transport.route import Route
from hub.transport.stream import StreamResponse
from schemas.redaction import without_secrets
from schemas.scalars import BODY_BYTES, ErrorCode, Role, Tier

REQUEST_ID_CHARS: Final = 128
ACTOR_CHARS: Final = 128
_VERSION: Final = re.compile(r'"([0-9]{1,15})"')
_encode = msgspec.json.Encoder().encode


def endpoint(services: Services, route: Route) -> Callable[[Request], Awaitable[Response]]:
    """The route as the web framework wants it."""

    async def answer(request: Request) -> Response:
        began = time.perf_counter()
        name = request_name(services, request)
        try:
            response = await _answer(services, route, request, name)
        except Refused as refused:
            response = refusal(services, request, refused, name)
        except ClientDisconnect:
            response = Response(status_code=499)
        except Exception:  # noqa: BLE001 - the HTTP edge: answered, and logged with its traceback
            logger.bind(request_id=name, path=request.url.path).exception("request failed")
            broken = Refused(ErrorCode.INTERNAL, "an internal error; the log has the details")
            response = refusal(services, request, broken, name)
        seconds = time.perf_counter() - began
        services.metrics.requested(route.method, route.path, response.status_code, seconds)
        return response

    return answer


async def _answer(services: Services, route: Route, request: Request, name: str) -> Response:
    principal = _let_in(services, route, request)
    warning = _warning(services, route, principal)
    body = await _read_body(route, request)
    query = read_query(route.query or Empty, request.query_params)
    call = Call(services, request, principal, _actor(request, principal), body, query)
    guard = await guard_of(call, route)
    try:
        if guard is not None and guard.earlier is not None:
            return _respond(guard.earlier, name, warning | {"Idempotent-Replayed": "true"})
        outcome = await _outcome(route, call, guard)
    finally:
        if guard is not None:
            guard.leave()
    return _respond(outcome, name, warning)


async def _outcome(route: Route, call: Call, guard: Guard | None) -> Answer:
    """What the handler says; a refusal, too, waits until what it looked at is durable.

    Between the handler's last decision and `keep` nothing is awaited, so that the answer is
    kept in the same commit as what it tells.
    """
    journal = call.services.journal
    try:
        outcome = await route.handler(call)
        if guard is not None:
            guard.keep(outcome, _content(outcome))
    except Refused:
        await journal.settled()
        raise
    if outcome.durable:
        await journal.settled()
    return outcome


def _respond(outcome: Answer, name: str, more: dict[str, str]) -> Response:
    headers = {"X-Request-Id": name, "Cache-Control": "no-store", **more}
    if outcome.version is not None:
        headers["ETag"] = f'"{outcome.version}"'
    if outcome.encoding is not None:
        headers |= {"Content-Encoding": outcome.encoding, "Vary": "Accept-Encoding"}
    if outcome.cookie is not None:
        headers["Set-Cookie"] = outcome.cookie
    if outcome.stream is not None:
        return StreamResponse(outcome.stream, outcome.status, headers, outcome.media_type)
    if outcome.body is None:
        return Response(None, outcome.status, headers)
    return Response(_content(outcome), outcome.status, headers, outcome.media_type)


def _content(outcome: Answer) -> bytes:
    body = outcome.body
    if body is None:
        return b""
    return body if isinstance(body, bytes) else _encode(body)


def request_name(services: Services, request: Request) -> str:
    """The id of a request: the caller's own, when it is one that can be shown, or a new one."""
    given = request.headers.get("X-Request-Id", "")
    if 0 < len(given) <= REQUEST_ID_CHARS and given.isascii() and given.isprintable():
        return given
    return request_id(services.chance.bits(64))


# Who may


def _let_in(services: Services, route: Route, request: Request) -> Principal | None:
    if route.scope is None:
        services.limits.take_anonymous(address_of(request.scope))
        return None
    return admit(services, request, route.scope, route.tier)


def _warning(services: Services, route: Route, principal: Principal | None) -> dict[str, str]:
    """A header that says how little is left, once that is below a fifth.

    Its form is that of the IETF's draft on rate limit headers.
    """
    left = None if principal is None else services.limits.low(principal, route.tier)
    return {} if left is None else {"RateLimit": f'"{route.tier}";r={left}'}


def admit(services: Services, request: Request, scope: Scope, tier: Tier) -> Principal:
    """Who is asking, by its token or else by its cookie; it costs them also when they may not.

    Raises Refused when that is nobody, somebody who may not, or somebody who asks too fast.
    """
    header = request.headers.get("Authorization")
    if header is None:
        principal = _holder_of_cookie(services, request)
    else:
        principal = _holder_of_token(services, request, token_of(header))
    services.limits.take(principal, tier)
    if not scope.allows(principal.role):
        raise Refused(ErrorCode.FORBIDDEN, "this credential may not do that")
    refuse_out_of_use(services.orgs[principal.org], principal)
    return principal


def _holder_of_cookie(services: Services, request: Request) -> Principal:
    """Whose session a request has the cookie of. Raises Refused; to send none is no guess."""
    session = session_of(services, request)
    if session is None:
        services.limits.take_anonymous(address_of(request.scope))
        raise Refused(ErrorCode.INVALID_TOKEN, "a bearer token or a session's cookie is needed")
    return services.browser_sessions.principal_of(session)


def _holder_of_token(services: Services, request: Request, token: str) -> Principal:
    """Whose token it is. Raises Refused."""
    principal = services.tokens.check(token)
    if principal is None:
        address = address_of(request.scope)
        services.limits.may_log_in(address, token)
        services.limits.login_failed(address, token)
        raise Refused(ErrorCode.INVALID_TOKEN, "a valid bearer token is needed")
    return principal


def _actor(request: Request, principal: Principal | None) -> str:
    """Who is written down as the cause. Only an admin may name somebody else."""
    if principal is None:
        return ""
    named = request.headers.get("X-Actor-Id", "") if principal.role is Role.ADMIN else ""
    if not named:
        return principal.id
    fits = len(named) <= ACTOR_CHARS and named.isascii() and named.isprintable()
    if not fits or named in RESERVED or without_secrets(named) != named:
        text = (
            f"X-Actor-Id is printable ASCII of at most {ACTOR_CHARS} characters, "
            f"no token, and none of {', '.join(sorted(RESERVED))}"
        )
        raise Refused(ErrorCode.INVALID_HEADER, text)
    return named


# The body


async def _read_body(route: Route, request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_BYTES:
            raise Refused(ErrorCode.TOO_LARGE, f"a body has at most {BODY_BYTES} bytes")
        parts.append(part)
    if not route.body:
        if size:
            raise Refused(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "this route takes no body")
        return b""
    if not size and route.may_be_empty:
        return b"{}"
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Refused(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"a body is {JSON}")
    return b"".join(parts)


def if_match(call: Call) -> int | None:
    """The version that `If-Match` demands; None when any will do.

    Raises Refused `invalid_header` when it is neither `*` nor one version in quotes.
    """
    text = call.request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return None
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise Refused(ErrorCode.INVALID_HEADER, 'If-Match is * or one version, such as "3"')
    return int(found[1])
