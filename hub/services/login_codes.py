"""Login codes: each lets its bearer log in once to the dashboard, as whoever asked for it.

They are in memory only and last for minutes: after a restart of the hub one asks for another.
None outlives the token or the browser session that it was asked for with: whoever ends one of
these means all that came of it and was not used yet.
"""

from hashlib import sha256
from typing import Final

from msgspec import Struct

from hub.core import credentials, facts
from hub.core.credentials import Principal
from hub.services.browser_sessions import BrowserSessions
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.tokens import BITS, Tokens
from hub.store.contract import JournalPort, Unit
from schemas.events import AuthLoginCodeCreated, EventType
from schemas.http.sessions import CODE_MS

MOST: Final = 1_024
"""So many may be open; beyond it the oldest is forgotten."""


class _Open(Struct, frozen=True):
    """A code that may still be used."""

    principal: Principal
    until: int
    """Hub time from which it is refused."""


class LoginCodes:
    """The hub's open login codes."""

    def __init__(
        self,
        tokens: Tokens,
        sessions: BrowserSessions,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._open: dict[bytes, _Open] = {}
        """By their hash, the oldest first."""

    def make(self, principal: Principal, actor: str) -> tuple[str, int]:
        """A new code, and the wall time at which it ends."""
        now = self._clock.now()
        self._forget_old(now.hub)
        code, expires_at = credentials.new_login_code(self._chance.bits(BITS)), now.wall + CODE_MS
        self._open[_digest_of(code)] = _Open(principal, now.hub + CODE_MS)
        payload = AuthLoginCodeCreated(expires_at)
        kind = EventType.AUTH_LOGIN_CODE_CREATED
        told = facts.of_agent(kind, principal.credential, actor, now.wall, payload)
        self._journal.write(Unit(principal.org, facts=[told]))
        return code, expires_at

    def _forget_old(self, now: int) -> None:
        alive = {key: each for key, each in self._open.items() if each.until > now}
        self._open = dict(list(alive.items())[-MOST + 1 :])

    def is_open(self, code: str) -> bool:
        """Whether this code may be used."""
        return self._is_good(self._open.get(_digest_of(code)))

    def redeem(self, code: str) -> Principal | None:
        """Who the bearer of this code is; the code is used up by that. None when it is no good."""
        found = self._open.pop(_digest_of(code), None)
        return found.principal if found is not None and self._is_good(found) else None

    def _is_good(self, found: _Open | None) -> bool:
        return (
            found is not None
            and self._clock.hub() < found.until
            and self._is_still_there(found.principal)
        )

    def _is_still_there(self, maker: Principal) -> bool:
        if maker.session and self._sessions.get(maker.session) is None:
            return False
        return self._tokens.valid(maker.credential)


def _digest_of(code: str) -> bytes:
    """The hash under which a code is kept. Whoever gives one may write anything into it."""
    return sha256(code.encode("utf-8", "surrogatepass")).digest()
