"""What a cookie is good for, and what a page has to say beside it, with a real hub."""

import socket
import time
from collections.abc import Sequence

import pytest

from hub.transport.browser import POLL
from hub.transport.routes_backbone import SERVED
from schemas.scalars import Role
from tests.transport.browser import SESSION, Browser, logged_in
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub, until

ME = "/api/v1/me"
PAUSE = "/api/v1/dispatch/resume"
CHANGES = [each for each in SERVED if each.method != "GET" and each.scope is not None]


def asked(hub: Hub, headers: Sequence[bytes]) -> tuple[int, bytes]:
    """The answer to a request with exactly these lines of headers."""
    first = f"GET /api/v1/me HTTP/1.1\r\nHost: localhost:{hub.port}\r\nConnection: close"
    lines = [first.encode(), *headers]
    with socket.create_connection(("127.0.0.1", hub.port), 10) as raw:
        raw.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        raw.settimeout(10)
        text = b""
        while part := raw.recv(65_536):
            text += part
    return int(text.split()[1]), text


@pytest.fixture(scope="module")
def admin(calm_hub: Hub) -> Browser:
    """A browser whose person is an admin."""
    return logged_in(calm_hub)


def test_reading_changes_nothing() -> None:
    """So a browser may be made to read: no route that is read from tells of a change."""
    assert [each.path for each in SERVED if each.method == "GET" and each.events] == []


def test_a_role_is_what_it_is_with_a_token(calm_hub: Hub) -> None:
    """The page may hide what it likes; the hub decides."""
    viewer, operator = logged_in(calm_hub, Role.VIEWER), logged_in(calm_hub, Role.OPERATOR)

    assert viewer.ask("GET", "/api/v1/tasks").status == 200
    assert viewer.ask("POST", PAUSE, {}).code == "forbidden"
    assert operator.ask("POST", PAUSE, {}).status != 403
    assert operator.ask("GET", "/api/v1/tokens").code == "forbidden"


@pytest.mark.parametrize("route", CHANGES, ids=lambda each: f"{each.method} {each.path}")
def test_no_change_without_the_word(admin: Browser, route: object) -> None:
    """On no route: another page can make a browser send its cookie."""
    method, path = str(getattr(route, "method", "")), str(getattr(route, "path", ""))
    for word in ("", "0" * 64, admin.csrf.upper(), admin.csrf + "0", "\xff"):
        reply = admin.ask(method, path, {}, {"X-Corral-CSRF": word})
        assert (reply.status, reply.code) == (403, "invalid_csrf")


def test_the_word_is_that_of_the_session(calm_hub: Hub, admin: Browser) -> None:
    """Another's is as good as none, though both are of one person."""
    other = logged_in(calm_hub)
    reply = admin.ask("POST", PAUSE, {}, {"X-Corral-CSRF": other.csrf})

    assert reply.code == "invalid_csrf"
    assert admin.ask("POST", PAUSE, {}).status < 400 or admin.ask("GET", ME).status == 200


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": ""}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "SAME-ORIGIN"}, False),
        ({"Sec-Fetch-Site": "same-origin, cross-site"}, False),
        ({"Origin": "https://evil.example.org"}, False),
        ({"Origin": "null"}, False),
    ],
)
def test_only_the_hubs_own_pages_change_something(
    admin: Browser, headers: dict[str, str], taken: bool
) -> None:
    """The word alone is not enough where a browser tells more; nor is it to log in."""
    made = admin.ask("POST", "/api/v1/invites", {}, headers)
    login = Browser(admin.hub).ask(
        "POST", SESSION, {"token": admin.hub.tokens[Role.VIEWER]}, headers
    )

    assert [made.status, login.status] == ([201, 201] if taken else [403, 403])


def test_a_body_is_json(admin: Browser) -> None:
    """A form of another page has another type."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        reply = admin.ask("POST", "/api/v1/invites", b"{}", {"Content-Type": kind})
        assert reply.status == 415


def test_a_token_goes_before_a_cookie(calm_hub: Hub, admin: Browser) -> None:
    """Good or bad; with it no word is needed."""
    bearer = {"Authorization": f"Bearer {calm_hub.tokens[Role.VIEWER]}", "X-Corral-CSRF": ""}

    assert admin.ask("GET", ME, headers=bearer).json["role"] == "viewer"
    assert admin.ask("POST", "/api/v1/invites", {}, bearer).code == "forbidden"
    for wrong in ("Bearer x", "Basic x", "Bearer"):
        reply = admin.ask("GET", ME, headers={"Authorization": wrong})
        assert (reply.status, reply.code) == (401, "invalid_token")
        assert "set-cookie" not in reply.headers


@pytest.mark.parametrize(
    ("method", "path", "poll", "used"),
    [
        ("GET", ME, "1", False),
        ("GET", ME, "0", True),
        ("GET", ME, "", True),
        ("POST", PAUSE, "1", True),
    ],
)
def test_what_a_page_reads_by_itself_is_no_use(
    calm_hub: Hub, method: str, path: str, poll: str, used: bool
) -> None:
    """Otherwise a page that nobody sits at would never be logged out."""
    browser = Browser(calm_hub)
    session = browser.log_in().json

    def last_used() -> int:
        items = calm_hub.get("/sessions")["items"]
        return next(int(each["last_used_at"]) for each in items if each["id"] == session["id"])

    began = last_used()
    until(lambda: time.time_ns() // 1_000_000 > began + 1)
    reply = browser.ask(method, path, {} if method == "POST" else None, {POLL: poll})

    assert reply.status not in (401, 403)
    assert (last_used() > began) is used


def test_a_cookie_jar_may_hold_anything(calm_hub: Hub, admin: Browser) -> None:
    """The cookie of the session is found among others, wherever, also of the same name."""
    own = admin.cookie.encode()
    name = own.partition(b"=")[0]
    other = name + b"=" + b"0" * 64
    jars: list[tuple[int, list[bytes]]] = [
        (200, [b"Cookie: " + own]),
        (200, [b"Cookie: a=b; " + own + b"; c"]),
        (200, [b"Cookie: a=b", b"Cookie: " + own]),
        (200, [b"Cookie: " + own, b"Cookie: " + own]),
        (200, [b"Cookie: \xff\xfe=\xed\xa0\x80; " + own]),
        (200, [b"Cookie: " + b"a=b; " * 5_000 + own]),
        (200, [b"Cookie: " + own + b"; " + other]),
        (200, [b"Cookie: " + other + b"; " + own]),
        (200, [b"Cookie: " + other, b"Cookie: " + own]),
        (401, [b"Cookie: " + other]),
        (401, [b"Cookie: " + name + b"=\xff"]),
        (401, [b"Cookie: " + name + b"=\xed\xa0\x80"]),
        (401, [b"Cookie: " + name + b"=" + b"a" * 20_000]),
        (401, [b"Cookie: " + b";" * 20_000]),
        (401, [b"Cookie:"]),
        (431, [b"Cookie: " + b"a" * 70_000]),
    ]
    for status, lines in jars:
        answer, text = asked(calm_hub, lines)
        assert answer == status, lines[0][:60]
        assert text.count(b"et-cookie:") <= 1
        assert text.lower().count(b"set-cookie:") == (status == 401 and name in lines[0])
    assert not [line for line in calm_hub.log_lines() if "traceback" in line]


def test_nothing_that_was_sent_comes_back_in_a_header(calm_hub: Hub) -> None:
    """A cookie that is taken away has the hub's own words only."""
    sent = b"Cookie: corral_session_%d=x%%0d%%0aSet-Cookie:evil=1" % calm_hub.port
    status, text = asked(calm_hub, [sent])

    assert status == 401
    assert b"evil" not in text


def test_a_session_pays_like_its_person(own_hub: StartHub) -> None:
    """The buckets are those of the token: to log in again gives nobody more."""
    hub = own_hub(reads_per_minute=60, reads_burst=5)
    browsers = [logged_in(hub, Role.VIEWER) for _ in range(4)] * 2
    told = [each.ask("GET", ME).status for each in browsers]

    assert told == [200] * 5 + [429] * 3
    assert hub.http("GET", ME, role=Role.VIEWER).status == 429
