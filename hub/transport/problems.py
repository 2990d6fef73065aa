"""Refusals over HTTP: the status of each, and the one shape of their bodies."""

from typing import Final

import msgspec
from loguru import logger
from starlette.requests import Request
from starlette.responses import Response

from hub.core.errors import Refused
from hub.services.bundle import Services
from hub.transport import browser
from hub.transport.call import JSON
from schemas.http.hub import ErrorBody, Problem
from schemas.scalars import ErrorCode

STATUS: Final[dict[ErrorCode, int]] = {
    ErrorCode.INVALID_JSON: 400,
    ErrorCode.INVALID_HEADER: 400,
    ErrorCode.INVALID_CURSOR: 400,
    ErrorCode.UNKNOWN_MESSAGE_TYPE: 400,
    ErrorCode.UNSUPPORTED: 400,
    ErrorCode.NOT_IDENTIFIED: 400,
    ErrorCode.ALREADY_IDENTIFIED: 400,
    ErrorCode.INVALID_TOKEN: 401,
    ErrorCode.INVALID_CODE: 401,
    ErrorCode.INVALID_SESSION: 401,
    ErrorCode.SESSION_EXPIRED: 401,
    ErrorCode.INVALID_CSRF: 403,
    ErrorCode.TOKEN_AGENT_MISMATCH: 403,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.METHOD_NOT_ALLOWED: 405,
    ErrorCode.CONFLICT: 409,
    ErrorCode.VERSION_CONFLICT: 409,
    ErrorCode.IN_PROGRESS: 409,
    ErrorCode.ALREADY_DONE: 409,
    ErrorCode.STALE_GENERATION: 409,
    ErrorCode.INVALID_STATE: 409,
    ErrorCode.AGENT_EXISTS: 409,
    ErrorCode.CURSOR_AHEAD: 409,
    ErrorCode.CURSOR_EXPIRED: 410,
    ErrorCode.EPOCH_CHANGED: 410,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
    ErrorCode.VALIDATION_FAILED: 422,
    ErrorCode.KEY_REUSED: 422,
    ErrorCode.TOO_MANY_LANES: 422,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.NOT_IMPLEMENTED: 501,
    ErrorCode.BUSY: 503,
}
"""The HTTP status of each refusal; some can only happen on the socket."""
_encode = msgspec.json.Encoder().encode


def refusal(services: Services, request: Request, refused: Refused, name: str) -> Response:
    """The answer that a refusal becomes, and a line in the log."""
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
    problem = Problem(refused.code, refused.message, refused.flaws, refused.retry_after_ms)
    headers = {"X-Request-Id": name, "Cache-Control": "no-store"}
    if refused.retry_after_ms is not None:
        headers["Retry-After"] = str(max(1, -(-refused.retry_after_ms // 1000)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if browser.is_useless(refused) and "Authorization" not in request.headers:
        headers["Set-Cookie"] = browser.clearing(request)
    return Response(_encode(ErrorBody(problem, name)), status, headers, JSON)
