"""Idempotency at the edge: the key of a POST, and the answer of an earlier one."""

from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

from hub.core.errors import Refused
from hub.core.replays import Replay
from hub.services.replays import Place, Replays
from hub.transport.call import Answer, Call
from hub.transport.route import Route
from schemas.scalars import ErrorCode, IdempotencyKey

HEADERS: Final = ("Idempotency-Key", "X-Idempotency-Key")


class Guard:
    """Sees that one write under a key happens once."""

    def __init__(self, replays: Replays, place: Place, fingerprint: bytes, route: Route) -> None:
        self._replays = replays
        self._place = place
        self._fingerprint = fingerprint
        self._route = route
        self.earlier: Answer | None = None
        """What the write was answered before; None when this is the first time."""

    async def begin(self, call: Call) -> None:
        """Look for an earlier answer. Raises Refused."""
        if not self._replays.enter(self._place):
            return
        try:
            found = await self._replays.find(self._place, self._fingerprint)
            if found is not None:
                self.earlier = await self._shown(call, found)
        except BaseException:
            self.leave()
            raise

    async def _shown(self, call: Call, found: Replay) -> Answer:
        if found.body is not None:
            return Answer(found.status, found.body, version=_version_in(found.body))
        if self._route.is_secret or self._route.show is None or not found.entities:
            what = f" of {', '.join(found.entities)}" if found.entities else ""
            text = f"this was done before, and its answer{what} was not kept"
            raise Refused(ErrorCode.ALREADY_DONE, text)
        shown = await self._route.show(call, found.entities[0])
        return Answer(found.status, shown.body, version=shown.version)

    def keep(self, outcome: Answer, content: bytes) -> None:
        """Keep what the write is answered, in the commit of its effects."""
        entities = () if outcome.entity is None else (outcome.entity,)
        body = None if self._route.is_secret else content
        self._replays.keep(self._place, self._fingerprint, outcome.status, body, entities)

    def leave(self) -> None:
        """The write is over, or was refused."""
        self._replays.leave(self._place)


class _Versioned(Struct):
    """What an answer about one entity says of it."""

    version: int | None = None


def _version_in(body: bytes) -> int | None:
    return msgspec.json.decode(body, type=_Versioned).version if body else None


async def guard_of(call: Call, route: Route) -> Guard | None:
    """The guard of a writing POST with a key, which has begun; None when there is no key.

    Raises Refused.
    """
    key = _key_of(call) if route.takes_key and call.principal is not None else None
    if key is None:
        return None
    caller = call.caller
    place = Place(caller.org, caller.id, f"{route.method} {route.path}", key)
    guard = Guard(call.services.replays, place, _fingerprint(call, route), route)
    await guard.begin(call)
    return guard


def _key_of(call: Call) -> str | None:
    given = {text for name in HEADERS for text in call.request.headers.getlist(name)}
    if not given:
        return None
    if len(given) > 1:
        raise Refused(ErrorCode.INVALID_HEADER, f"{' and '.join(HEADERS)} differ")
    try:
        return msgspec.convert(given.pop(), IdempotencyKey)
    except msgspec.ValidationError as error:
        text = "an idempotency key is 1 to 255 visible ASCII characters"
        raise Refused(ErrorCode.INVALID_HEADER, text) from error


def _fingerprint(call: Call, route: Route) -> bytes:
    """A hash of everything that says which write it is."""
    url = call.request.url
    parts = (route.method, url.path, url.query, call.actor)
    return sha256("\n".join(parts).encode() + b"\n" + call.body).digest()
