"""The table of refusals in `docs/api.md`: every code, its status, and what it means."""

from typing import Final

from hub.transport.problems import STATUS
from schemas.scalars import ErrorCode

MEANINGS: Final = {
    ErrorCode.INVALID_JSON: "The text is not JSON, or nests too deep.",
    ErrorCode.INVALID_HEADER: "A header such as `If-Match` or `Idempotency-Key` makes no sense.",
    ErrorCode.INVALID_CURSOR: "The cursor was made up, or is one of another list or filter.",
    ErrorCode.CURSOR_AHEAD: "The cursor is later than the newest event.",
    ErrorCode.CURSOR_EXPIRED: "What follows the cursor is not kept any more.",
    ErrorCode.EPOCH_CHANGED: "The cursor belongs to a history that was cut, as by a restore.",
    ErrorCode.VALIDATION_FAILED: "It is JSON, but not what the schema asks for.",
    ErrorCode.UNKNOWN_MESSAGE_TYPE: "A frame has a `type` that the hub does not know.",
    ErrorCode.UNSUPPORTED: "The message is foreseen, and this version does not take it yet.",
    ErrorCode.NOT_IDENTIFIED: "A frame came before `identify` was answered, or after the end.",
    ErrorCode.ALREADY_IDENTIFIED: "A second `identify` came on one connection.",
    ErrorCode.INVALID_TOKEN: "There is no bearer token, or it is wrong, expired or revoked.",
    ErrorCode.INVALID_CODE: "The join code, or that of a one-time link, is wrong, used or over.",
    ErrorCode.INVALID_SESSION: "There is no session for the cookie, or it has ended.",
    ErrorCode.SESSION_EXPIRED: "The session was idle for too long, or is too old: log in again.",
    ErrorCode.INVALID_CSRF: "A change with a cookie needs the session's word in `X-Corral-CSRF`.",
    ErrorCode.TOKEN_AGENT_MISMATCH: "The token is one of another agent.",
    ErrorCode.FORBIDDEN: "The role may not do that, or the request is from a foreign web page.",
    ErrorCode.NOT_FOUND: "There is no such thing, or it is gone.",
    ErrorCode.METHOD_NOT_ALLOWED: "The path is there, but not with this method.",
    ErrorCode.CONFLICT: "It contradicts what is there, such as another result or a taken name.",
    ErrorCode.VERSION_CONFLICT: "It has another version than `If-Match` demands.",
    ErrorCode.IN_PROGRESS: "The same write is being carried out at this moment.",
    ErrorCode.ALREADY_DONE: "The write was carried out, and its answer was not kept.",
    ErrorCode.KEY_REUSED: "The idempotency key belongs to another write.",
    ErrorCode.STALE_GENERATION: "The report is about an assignment that is over.",
    ErrorCode.INVALID_STATE: "It cannot be done in the present state; the sentence names that.",
    ErrorCode.AGENT_EXISTS: "The agent is registered already, or its name is taken.",
    ErrorCode.TOO_LARGE: "The body or the frame is too large.",
    ErrorCode.TOO_MANY_LANES: "Too many different requirements are waiting.",
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: "The body is not `application/json`, or none is wanted.",
    ErrorCode.RATE_LIMITED: "Too much came in a short time.",
    ErrorCode.INTERNAL: "A defect of the hub; its log has the details under the request's id.",
    ErrorCode.NOT_IMPLEMENTED: "Older systems have it, and this hub does not.",
    ErrorCode.BUSY: "The hub has as much as it can hold; nothing was taken.",
}
"""What each code tells, in a sentence."""


def tables() -> str:
    """One table, by status."""
    lines = ["## All codes", "", "| code | status | meaning |", "|---|---|---|"]
    by_status = sorted(ErrorCode, key=lambda code: STATUS[code])
    lines += [f"| `{code}` | {STATUS[code]} | {MEANINGS[code]} |" for code in by_status]
    return "\n".join(lines) + "\n"
