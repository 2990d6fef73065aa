"""HTTP for credentials: tokens, join codes, and who is asking."""

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec import structs

from hub.core.credentials import Credential, InviteRecord, Principal
from hub.core.errors import Refused
from hub.transport.address import address_of
from hub.transport.call import Answer, Call
from hub.transport.cursors import make_cursor, read_cursor
from schemas.http.access import (
    Invite,
    InvitePage,
    InviteQuery,
    InviteRequest,
    InviteView,
    Me,
    NewToken,
    Register,
    Registered,
    Rotation,
    TokenPage,
    TokenQuery,
    TokenRequest,
    TokenView,
)
from schemas.redaction import without_secrets
from schemas.scalars import ROLE_NAMES, ROLES_BY_NAME, ErrorCode, Role, RoleName
from schemas.to_agent import Flaw

One = TypeVar("One", Credential, InviteRecord)

# Tokens


async def create_token(call: Call) -> Answer:
    """Make a token; its secret is in this answer and nowhere else."""
    wish: TokenRequest = call.take(TokenRequest)
    subject, role = _subject(wish), ROLES_BY_NAME[wish.role]
    tokens = call.services.tokens
    text, record = tokens.create(call.org, role, subject, call.actor, wish.ttl_ms)
    return _new(call, text, record)


def _subject(wish: TokenRequest) -> str:
    """Whom the token is for. Raises Refused when the request does not say so in one way."""
    flaws = []
    if wish.role is RoleName.AGENT:
        if wish.agent_id is None:
            flaws.append(Flaw("$.agent_id", "an agent's token names its agent"))
        elif wish.name not in (None, wish.agent_id):
            flaws.append(Flaw("$.name", "an agent's token has the agent's id as its name"))
    else:
        if wish.agent_id is not None:
            flaws.append(Flaw("$.agent_id", "only for the role agent"))
        if wish.name is None:
            flaws.append(Flaw("$.name", "required, but missing"))
    subject = (wish.agent_id if wish.role is RoleName.AGENT else wish.name) or ""
    if without_secrets(subject) != subject:
        flaws.append(Flaw("$.name", "this is a token, not a name"))
    if flaws:
        raise Refused(ErrorCode.VALIDATION_FAILED, flaws[0].message, flaws=flaws)
    return subject


def _new(call: Call, text: str, record: Credential) -> Answer:
    body = NewToken(token=text, **_fields(call, record))
    return Answer(201, body, entity=record.public_id)


async def list_tokens(call: Call) -> Answer:
    """A page of tokens, the oldest first; also of those that have ended."""
    query: TokenQuery = call.query
    tokens = call.services.tokens
    found = [
        each
        for each in tokens.of_org(call.caller.org)
        if query.role in (None, ROLE_NAMES[each.role])
        and query.state in (None, tokens.standing(each))
    ]
    page, cursor = _page(found, "tokens", query)
    return Answer(200, TokenPage([_view(call, each) for each in page], cursor))


async def get_token(call: Call) -> Answer:
    """One token."""
    record = call.services.tokens.find(call.caller.org, call.path("token_id"))
    return Answer(200, _view(call, record))


async def rotate_token(call: Call) -> Answer:
    """Put a new token in the place of one, which stays good for a while."""
    wish: Rotation = call.take(Rotation)
    tokens, token_id = call.services.tokens, call.path("token_id")
    text, record = tokens.rotate(call.caller.org, token_id, wish.overlap_ms, call.actor)
    return _new(call, text, record)


async def revoke_token(call: Call) -> Answer:
    """End a token at once, with every session it has; agents may end their own."""
    tokens, token_id, caller = call.services.tokens, call.path("token_id"), call.caller
    if caller.role is Role.AGENT and not _is_own(caller, tokens.find(caller.org, token_id)):
        raise Refused(ErrorCode.NOT_FOUND, f"there is no token {token_id[:64]} of yours")
    tokens.revoke(caller.org, token_id, call.actor)
    return Answer(204, entity=token_id)


def _is_own(caller: Principal, record: Credential) -> bool:
    return record.role is Role.AGENT and record.subject == caller.id


def _view(call: Call, record: Credential) -> TokenView:
    return TokenView(**_fields(call, record))


def _fields(call: Call, record: Credential) -> dict[str, Any]:
    tokens = call.services.tokens
    return {
        "id": record.public_id,
        "name": record.subject,
        "role": ROLE_NAMES[record.role],
        "state": tokens.standing(record),
        "created_at": record.created_at,
        "created_by": record.created_by,
        "expires_at": record.expires_at,
        "revoked_at": record.revoked_at,
        "rotated_to": record.rotated_to,
        "last_used_at": tokens.last_used(record),
    }


# Join codes


async def create_invite(call: Call) -> Answer:
    """Make a join code."""
    wish: InviteRequest = call.take(InviteRequest)
    invites, org = call.services.invites, call.caller.org
    code, record = invites.invite(org, wish.agent_id, wish.ttl_ms, call.actor)
    body = Invite(code, record.expires_at, record.public_id)
    return Answer(201, body, entity=record.public_id)


async def list_invites(call: Call) -> Answer:
    """A page of the join codes that may still be used, the oldest first."""
    query: InviteQuery = call.query
    found = call.services.invites.open(call.caller.org)
    page, cursor = _page(found, "invites", query)
    return Answer(200, InvitePage([_invite_view(each) for each in page], cursor))


def _invite_view(record: InviteRecord) -> InviteView:
    return InviteView(
        record.public_id,
        record.agent_id,
        record.created_at,
        record.created_by,
        record.expires_at,
    )


async def revoke_invite(call: Call) -> Answer:
    """Take a join code back."""
    invite_id = call.path("invite_id")
    call.services.invites.revoke(call.caller.org, invite_id, call.actor)
    return Answer(204, entity=invite_id)


async def register(call: Call) -> Answer:
    """Turn a join code into an agent's token. A wrong code counts as a failed login."""
    wish: Register = call.take(Register)
    services, address = call.services, address_of(call.request.scope)
    services.limits.may_log_in(address, wish.code)
    try:
        token = services.invites.register(wish.code, wish.agent_id)
    except Refused as refused:
        if refused.code is ErrorCode.INVALID_CODE and not services.invites.is_open(wish.code):
            services.limits.login_failed(address, wish.code)
        raise
    return Answer(201, Registered(wish.agent_id, token))


async def me(call: Call) -> Answer:
    """Who the credential speaks for."""
    caller = call.caller
    record = call.services.tokens.find(caller.org, caller.credential)
    role = ROLE_NAMES[caller.role]
    return Answer(200, Me(caller.id, role, caller.org, caller.credential, record.ends_at))


# Pages


def _page(
    found: Sequence[One], name: str, query: TokenQuery | InviteQuery
) -> tuple[Sequence[One], str | None]:
    """A page of the list of that name, and where the next one begins."""
    conditions = structs.replace(query, cursor=None, limit=1)
    after = "" if query.cursor is None else read_cursor(query.cursor, name, conditions)
    rest = [each for each in found if _place(each) > after]
    page = rest[: query.limit]
    is_last = len(rest) <= query.limit
    return page, None if is_last else make_cursor(_place(page[-1]), name, conditions)


def _place(record: Credential | InviteRecord) -> str:
    """By age, and by the public id among those of one age."""
    return f"{record.created_at:016d} {record.public_id}"
