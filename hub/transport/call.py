"""What a handler is given, and what it gives back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.requests import Request

from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.org import Org
from hub.services.bundle import Services
from hub.transport.refusals import explain
from schemas.scalars import ErrorCode, Tier

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in."""

    services: Services
    request: Request
    principal: Principal | None
    """Whose credential it is; None on a route for anybody without one."""
    actor: str
    """Who is written down as the cause: the principal, or whom an admin names."""
    body: bytes
    query: Any
    """The query as the Struct that the route names."""

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

    def charge(self, tasks: int) -> None:
        """Count this request as so many new tasks. Raises Refused `rate_limited`."""
        if tasks > 1:
            self.services.limits.take_instead(self.caller, Tier.SUBMIT, tasks)

    def check_credential(self) -> None:
        """Raises Refused when it, or the session, ended while something was waited for."""
        services, caller = self.services, self.caller
        if not services.tokens.valid(caller.credential):
            raise Refused(ErrorCode.INVALID_TOKEN, "the token is not valid any more")
        if caller.session and services.browser_sessions.get(caller.session) is None:
            raise Refused(ErrorCode.INVALID_SESSION, "the session has ended")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call leads to."""

    status: int
    body: Struct | bytes | None = None
    """None: the answer has no body."""
    media_type: str = JSON
    encoding: str | None = None
    """How the body is compressed, if it is."""
    durable: bool = True
    """Wait until what the body says is durable."""
    version: int | None = None
    """The version of the one entity it shows, for `ETag`."""
    entity: str | None = None
    """The id of the one entity that was made or changed, by which it can be shown again."""
    stream: AsyncIterator[bytes] | None = None
    """The body, piece by piece, for as long as it lasts."""
    cookie: str | None = None
    """What `Set-Cookie` says."""
