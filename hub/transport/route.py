"""What a line of the route table says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from msgspec import Struct

from hub.core.credentials import Scope
from hub.transport.call import Answer, Call
from schemas.events import EventType
from schemas.scalars import ErrorCode, Tier

API: Final = "/api/v1"
"""What every path of the present version begins with."""

Handler = Callable[[Call], Awaitable[Answer]]
Shown = Callable[[Call, str], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One line of the route table."""

    method: str
    path: str
    handler: Handler
    scope: Scope | None
    """Who may; None means anybody."""
    tier: Tier
    """Which bucket a request is taken from."""
    answer: type[Struct] | tuple[type[Struct], ...] | str | None
    """What comes back: one of these Structs as JSON, or a media type of its own;
    None when nothing does."""
    status: int = 200
    body: tuple[type[Struct], ...] = ()
    """The Structs of which the body is one."""
    may_be_empty: bool = False
    """The body may be left out."""
    query: type[Struct] | None = None
    """The Struct of its query parameters."""
    events: tuple[EventType, ...] = ()
    """What it may write into the stream of events, for the entity it is about."""
    is_secret: bool = False
    """The answer holds a secret, which is shown once and never kept."""
    show: Shown | None = None
    """Shows the entity of an earlier answer again, when that was too large to be kept."""
    refusals: tuple[ErrorCode, ...] = ()
    """What else it may be refused with, beside what holds for all routes of its kind."""
    has_version: bool = False
    """`If-Match` may demand the version that it changes."""

    @property
    def takes_key(self) -> bool:
        """Whether an idempotency key makes it happen once: a write by somebody known."""
        return self.method == "POST" and bool(self.events) and self.scope is not None


def _route(
    method: str,
    usual: Tier,
    path: str,
    handler: Handler,
    scope: Scope | None,
    answer: Any = None,
    status: int = 200,
    **more: Any,
) -> Route:
    body = more.pop("body", ())
    return Route(
        method=method,
        path=path,
        handler=handler,
        scope=scope,
        answer=answer,
        status=status,
        body=body if isinstance(body, tuple) else (body,),
        tier=more.pop("tier", usual),
        **more,
    )


def get(path: str, handler: Handler, scope: Scope | None, answer: Any, **more: Any) -> Route:
    """A route that only reads."""
    usual = Tier.ANONYMOUS if scope is None else Tier.READS
    return _route("GET", usual, path, handler, scope, answer, **more)


post: Final = partial(_route, "POST", Tier.CONTROL)
patch: Final = partial(_route, "PATCH", Tier.CONTROL)
put: Final = partial(_route, "PUT", Tier.CONTROL)
delete: Final = partial(_route, "DELETE", Tier.CONTROL, answer=None, status=204)
