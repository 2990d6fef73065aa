"""A person's browser: it keeps the hub's cookie, and says what a page of the hub would say."""

from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any, Final

from schemas.scalars import Role
from tests.transport.ranch import Hub, Reply

SESSION: Final = "/api/v1/session"
SESSIONS: Final = "/api/v1/sessions"
CODES: Final = "/api/v1/login-codes"
ADMINS: Final[frozenset[Role | None]] = frozenset({Role.ADMIN})
READERS: Final[frozenset[Role | None]] = frozenset(Role)
WHO_MAY: Final = {
    ("POST", SESSION): READERS | {None},
    ("GET", SESSION): READERS,
    ("DELETE", SESSION): READERS,
    ("POST", CODES): ADMINS,
    ("GET", SESSIONS): ADMINS,
    ("DELETE", f"{SESSIONS}/{{session_id}}"): ADMINS,
    ("GET", "/api/v1/dashboard/snapshot"): READERS,
    ("GET", "/api/v1/search"): READERS,
    ("GET", "/api/v1/metrics"): READERS,
}
"""Who may use the page's routes; with a token in place of a cookie some have no answer."""


class Browser:
    """One browser; `headers` go with all it asks."""

    def __init__(self, hub: Hub, headers: Mapping[str, str] | None = None) -> None:
        """A browser without a cookie."""
        self.hub = hub
        self.headers = dict(headers or {})
        self.cookie = ""
        self.csrf = ""

    def log_in(self, role: Role = Role.ADMIN, **body: str) -> Reply:
        """Log in with a role's token, or with what is given; keeps the cookie."""
        reply = self.ask("POST", SESSION, body or {"token": self.hub.tokens[role]})
        if reply.status == 201:
            self.csrf = reply.json["csrf"]
        return reply

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Ask as a page of the hub does: with the cookie, and with the session's word."""
        own = {"Sec-Fetch-Site": "same-origin", "Cookie": self.cookie, "X-Corral-CSRF": self.csrf}
        sent = {**self.headers, **own, **(headers or {})}
        worn = {name: value for name, value in sent.items() if value}
        reply = self.hub.http(method, path, body, role=None, headers=worn)
        self._keep(reply)
        return reply

    def _keep(self, reply: Reply) -> None:
        for name, morsel in SimpleCookie(reply.headers.get("set-cookie", "")).items():
            self.cookie = "" if morsel["max-age"] == "0" else f"{name}={morsel.value}"


def logged_in(
    hub: Hub, role: Role = Role.ADMIN, headers: Mapping[str, str] | None = None
) -> Browser:
    """A browser whose person has logged in."""
    browser = Browser(hub, headers)
    reply = browser.log_in(role)
    assert reply.status == 201, reply
    return browser
