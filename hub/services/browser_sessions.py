"""The browser sessions of people: begun at a login, found by their cookie, ended in many ways.

A session stands for the credential that it began with, and is worth nothing without it: when
that ends, so does the session, at once. Whoever has something open for a session hears of its
end as soon as that is durable: see `on_end`.

All sessions are in memory and in the database. What is written of a use is up to a minute
old, so no request waits for the disk because of it.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from msgspec import structs

from hub.core import browser_sessions, cookies, facts
from hub.core.browser_sessions import SENTENCES, BrowserSession, Ending
from hub.core.clock import Instant
from hub.core.cookies import Origin
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.core.facts import HUB, Fact
from hub.services.chance import Chance
from hub.services.clock import Clock
from hub.services.tokens import Tokens
from hub.store.contract import JournalPort, Unit
from schemas import events
from schemas.events import EventType
from schemas.scalars import ErrorCode

MOST_OF_ONE: Final = 64
"""Sessions that one principal may have; the oldest gives way to the next one."""
MOST: Final = 4_096
"""Sessions in all; the one that was used longest ago gives way."""
REMEMBERED: Final = 4_096
"""Of so many ended sessions the hub can still say why, until it stops."""
ROUND_MS: Final = 1_000
"""How often all of them are looked at for what is over."""
USES_MS: Final = 60_000
"""How often their uses are written."""

LEFT: Final = (Ending.LOGGED_OUT, Ending.REPLACED)
"""How a browser itself ends a session."""

OnEnd = Callable[[BrowserSession, Ending], None]
"""Hears of a session that has ended, and why."""


class OfTwo(Refused):
    """A browser has cookies of two people; which of them is its own nobody can tell."""

    def __init__(self) -> None:
        super().__init__(
            ErrorCode.INVALID_SESSION, "the browser has cookies of two people; log in again"
        )


class _Ended(NamedTuple):
    ending: Ending
    principal: Principal
    at: int
    """Hub time."""


class BrowserSessions:
    """The hub's browser sessions."""

    def __init__(
        self,
        tokens: Tokens,
        journal: JournalPort,
        clock: Clock,
        chance: Chance,
        known: Iterable[BrowserSession],
    ) -> None:
        self._tokens = tokens
        self._journal = journal
        self._clock = clock
        self._chance = chance
        self._known: dict[str, BrowserSession] = {}
        """By id, as they are written."""
        self._by_digest: dict[bytes, BrowserSession] = {}
        self._used: dict[str, Instant] = {}
        """The latest use of each."""
        self._ended: OrderedDict[bytes, _Ended] = OrderedDict()
        """The latest ones that ended, by hash."""
        self._looked_at = self._noted_at = 0
        self._listeners: list[OnEnd] = []
        for session in known:
            self._keep(session)
            self._used[session.id] = session.used

    def __len__(self) -> int:
        return len(self._known)

    def _keep(self, session: BrowserSession) -> None:
        self._known[session.id] = self._by_digest[session.digest] = session

    # Who is it

    def find(self, header: str, origin: Origin, *, is_use: bool = True) -> BrowserSession | None:
        """The session of a request, by the value of its `Cookie` header; it is used by that.

        `origin` is where the browser has the page from. A connection that comes and goes by
        itself, such as a socket's, is no use, nor is what a page reads by itself. None when
        there is no cookie of ours. Of several, the first that is worth something counts. Raises
        OfTwo when they are of two people: one may have been planted, and nobody acts as another
        by mistake. Raises Refused `session_expired` when it was idle for too long or is too old,
        and `invalid_session` when it has ended otherwise or never was.
        """
        secrets = cookies.secrets_in(header, origin)
        if secrets is None:
            return None
        digests = list(map(browser_sessions.digest_of, secrets))
        alive = self._alive(digests)
        if not alive:
            known = (self._ended[each].ending for each in digests if each in self._ended)
            raise _refusal(next(known, None))
        if len(digests) > 1 and len(self._people(alive, digests)) > 1:
            raise OfTwo
        session = alive[0]
        if is_use:
            now = self._used[session.id] = self._clock.now()
            self._tokens.touch([session.credential], now.wall)
        return session

    def _people(self, alive: list[BrowserSession], digests: list[bytes]) -> set[Principal]:
        """Whose cookies these are, also of sessions that ended while the others lasted.

        What its own browser ended does not count: that cookie is only left over.
        """
        people = set(map(self.principal_of, alive))
        since = max(session.began.hub for session in alive)
        ended = [self._ended[each] for each in digests if each in self._ended]
        late = (each for each in ended if each.ending not in LEFT and each.at >= since)
        return people | {each.principal for each in late}

    def all_in(self, header: str, origin: Origin) -> list[BrowserSession]:
        """Every session that a browser has a cookie of, whoever's it is."""
        secrets = cookies.secrets_in(header, origin) or []
        return self._alive(list(map(browser_sessions.digest_of, secrets)))

    def _alive(self, digests: list[bytes]) -> list[BrowserSession]:
        """The sessions that last, of these hashes; what is over ends by that."""
        now, alive = self._clock.now(), []
        for session in (self._by_digest[each] for each in digests if each in self._by_digest):
            ending = self._ending(session, now)
            if ending is None:
                alive.append(session)
            else:
                self._end([session], ending, HUB)
        return alive

    def _ending(self, session: BrowserSession, now: Instant) -> Ending | None:
        """How it ended by itself; None when it has not."""
        if not self._tokens.valid(session.credential):
            return Ending.CREDENTIAL_ENDED
        return Ending.EXPIRED if session.is_over(self._used[session.id], now) else None

    def principal_of(self, session: BrowserSession) -> Principal:
        """Who its person is: whom its credential speaks for."""
        credential = self._tokens.find(session.org, session.credential)
        return structs.replace(credential.principal, session=session.id)

    def get(self, session_id: str) -> BrowserSession | None:
        """The session of this id, while it lasts."""
        session = self._known.get(session_id)
        now = self._clock.now()
        return None if session is None or self._ending(session, now) is not None else session

    def csrf_of(self, session: BrowserSession) -> str:
        """What only a page that may read the hub's answers can say in this session's name."""
        return self._tokens.mac_of(f"csrf {session.digest.hex()}").hex()

    def last_used(self, session: BrowserSession) -> int:
        """The wall time of its latest use."""
        return self._used[session.id].wall

    def of_org(self, org: str) -> list[BrowserSession]:
        """The sessions of an org, the latest used first."""
        now = self._clock.now()
        mine = [each for each in self._known.values() if each.org == org]
        alive = [each for each in mine if self._ending(each, now) is None]
        return sorted(alive, key=lambda each: (self.last_used(each), each.id), reverse=True)

    # Begin and end

    def begin(
        self, principal: Principal, by: str, address: str, browser: str
    ) -> tuple[str, BrowserSession]:
        """A new session of whoever has just shown a credential, and the secret for its cookie."""
        self._make_room(principal)
        now = self._clock.now()
        secret = self._chance.bytes(cookies.SECRET_BYTES).hex()
        session = browser_sessions.begin(
            secret, principal.org, principal.credential, address, browser, now
        )
        self._keep(session)
        self._used[session.id] = now
        payload = events.AuthSessionBegan(session.credential, by, address)
        kind = EventType.AUTH_SESSION_BEGAN
        told = facts.of_agent(kind, session.id, principal.id, now.wall, payload)
        self._journal.write(Unit(principal.org, facts=[told], sessions=[session]))
        return secret, session

    def _make_room(self, principal: Principal) -> None:
        known = self._known.values()
        mine = [each for each in known if self.principal_of(each) == principal]
        mine.sort(key=lambda each: each.began)
        crowd = mine[: max(0, len(mine) - MOST_OF_ONE + 1)]
        if not crowd and len(known) >= MOST:
            crowd = [min(known, key=lambda each: self._used[each.id])]
        self._end(crowd, Ending.CROWDED_OUT, HUB)

    def end(self, session: BrowserSession, ending: Ending, actor: str) -> None:
        """End a session at once; without effect when it has ended."""
        if session.id in self._known:
            self._end([session], ending, actor)

    def revoke(self, org: str, session_id: str, actor: str) -> None:
        """An admin ends a session. Raises Refused `not_found`."""
        session = self.get(session_id)
        if session is None or session.org != org:
            raise Refused(ErrorCode.NOT_FOUND, f"there is no session {session_id[:64]}")
        self._end([session], Ending.REVOKED, actor)

    def end_of_credentials(self, ended: frozenset[str]) -> None:
        """These credentials have ended, and so do the sessions that stand for them."""
        theirs = [each for each in self._known.values() if each.credential in ended]
        self._end(theirs, Ending.CREDENTIAL_ENDED, HUB)

    def on_end(self, listener: OnEnd) -> None:
        """Have every end told, once it is durable."""
        self._listeners.append(listener)

    def _end(self, sessions: list[BrowserSession], ending: Ending, actor: str) -> None:
        now = self._clock.now()
        for session in sessions:
            self._ended[session.digest] = _Ended(ending, self.principal_of(session), now.hub)
            del self._known[session.id], self._by_digest[session.digest], self._used[session.id]
            told = _told(session, ending, actor, now.wall)
            self._journal.write(Unit(session.org, facts=[told], gone_sessions=[session.id]))
            self._journal.promise(self._tell, (session, ending))
        while len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def _tell(self, what: tuple[BrowserSession, Ending]) -> None:
        for listener in self._listeners:
            listener(*what)

    # Upkeep

    def end_due(self, now: Instant) -> None:
        """Once in a while: end what has ended by itself."""
        if now.hub < self._looked_at + ROUND_MS:
            return
        self._looked_at = now.hub
        for session in list(self._known.values()):
            ending = self._ending(session, now)
            if ending is not None:
                self._end([session], ending, HUB)

    def note_uses(self, now: Instant) -> None:
        """Once in a while: write which sessions were used."""
        if now.hub < self._noted_at + USES_MS:
            return
        self._noted_at = now.hub
        by_org: dict[str, list[BrowserSession]] = {}
        for session in list(self._known.values()):
            used = self._used[session.id]
            if used != session.used:
                noted = structs.replace(session, used=used)
                self._keep(noted)
                by_org.setdefault(noted.org, []).append(noted)
        for org, sessions in by_org.items():
            self._journal.write(Unit(org, sessions=sessions))


def _refusal(ending: Ending | None) -> Refused:
    text = "there is no such session; log in" if ending is None else SENTENCES[ending]
    is_late = ending is Ending.EXPIRED
    return Refused(ErrorCode.SESSION_EXPIRED if is_late else ErrorCode.INVALID_SESSION, text)


def _told(session: BrowserSession, ending: Ending, actor: str, wall: int) -> Fact:
    payload = events.AuthSessionEnded(session.credential, ending.value)
    return facts.of_agent(EventType.AUTH_SESSION_ENDED, session.id, actor, wall, payload)
