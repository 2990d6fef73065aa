"""The browser sessions of a hub worked by hand, with its tokens."""

import pytest

from hub.core import cookies
from hub.core.browser_sessions import BrowserSession, Ending
from hub.core.cookies import Origin
from hub.core.credentials import Principal
from hub.core.errors import Refused
from hub.services.browser_sessions import BrowserSessions
from schemas.events import EventType
from schemas.scalars import ErrorCode
from tests.core.hand_hub import Dice
from tests.services.test_tokens import Desk

HERE = Origin(encrypted=False, port=8420)


class Porch:
    """The sessions of a hub, with its tokens, and what was told of their ends."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        past = desk.store.recover()
        dice = Dice(len(past.sessions) + 1 << 80)
        self.sessions = BrowserSessions(desk.tokens, desk.journal, desk.clock, dice, past.sessions)
        desk.tokens.on_end(self.sessions.end_of_credentials)
        self.ended: list[tuple[str, Ending]] = []
        self.sessions.on_end(lambda session, ending: self.ended.append((session.id, ending)))

    def person(self, name: str = "anna", ttl_ms: int | None = None) -> Principal:
        """Somebody with a token."""
        principal = self.desk.tokens.check(self.desk.person(name, ttl_ms)[0])
        assert principal is not None
        return principal

    def begin(self, person: Principal) -> tuple[str, BrowserSession]:
        """Log in: the cookie header from now on, and the session."""
        secret, session = self.sessions.begin(person, "token", "192.0.2.1", "Firefox")
        return f"{cookies.name_of(HERE)}={secret}", session

    def find(self, cookie: str, *, is_use: bool = True) -> BrowserSession | None:
        """Come with a cookie."""
        return self.sessions.find(cookie, HERE, is_use=is_use)

    def refusal(self, cookie: str) -> ErrorCode:
        """Why this cookie is refused."""
        with pytest.raises(Refused) as refused:
            self.find(cookie)
        return refused.value.code

    def wait(self, ms: int) -> None:
        """Time passes, and upkeep runs."""
        self.desk.wait(ms)
        self.sessions.end_due(self.desk.clock.now())
        self.sessions.note_uses(self.desk.clock.now())
        self.desk.journal.commit()

    def again(self) -> "Porch":
        """What a hub finds that comes after this one."""
        return Porch(self.desk.again())

    def ends(self) -> list[EventType]:
        """The kinds of events about sessions so far."""
        ours = (EventType.AUTH_SESSION_BEGAN, EventType.AUTH_SESSION_ENDED)
        return [kind for kind, _ in self.desk.told() if kind in ours]
