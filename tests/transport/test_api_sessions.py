"""How a person logs in to the dashboard and out again, with a real hub."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from schemas.http.sessions import IDLE_MS, LONGEST_MS
from schemas.scalars import Role
from tests.transport.browser import CODES, SESSION, SESSIONS, Browser, logged_in
from tests.transport.conftest import StartHub
from tests.transport.ranch import PATIENCE, Hub, until
from tests.transport.sse import Reader
from tests.transport.wire import new_name

ME = "/api/v1/me"
TOKENS = "/api/v1/tokens"
PROXY = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


def code_of(hub: Hub) -> str:
    """A login code of the admin's."""
    return str(hub.http("POST", CODES).json["code"])


def person(hub: Hub, role: str = "operator") -> dict[str, Any]:
    """Somebody's new token."""
    made = hub.http("POST", TOKENS, {"role": role, "name": new_name("anna")})
    assert made.status == 201, made
    found: dict[str, Any] = made.json
    return found


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_a_token_begins_a_session(calm_hub: Hub, role: Role) -> None:
    """As who the token is of; the session says all that a page needs, and no secret of it."""
    browser = Browser(calm_hub)
    begun = browser.log_in(role).json
    shown = browser.ask("GET", SESSION)

    assert shown.json == begun
    assert (begun["principal"], begun["role"]) == (role.name.lower(), role.name.lower())
    assert begun["idle_ms"] == IDLE_MS
    assert begun["expires_at"] == begun["created_at"] + LONGEST_MS
    assert browser.cookie.partition("=")[2] not in shown.text
    assert browser.ask("GET", ME).json["role"] == role.name.lower()


def test_a_link_is_good_once(calm_hub: Hub) -> None:
    """As whoever asked for it; the code stands where no server sees it."""
    made = calm_hub.http("POST", CODES)
    browser, late = Browser(calm_hub), Browser(calm_hub)

    assert made.status == 201
    assert made.json["path"] == f"/dashboard#code={made.json['code']}"
    assert browser.log_in(code=made.json["code"]).json["principal"] == "admin"
    again = late.log_in(code=made.json["code"])
    assert (again.status, again.code, late.cookie) == (401, "invalid_code", "")


def test_a_link_of_a_session_is_its_persons(calm_hub: Hub) -> None:
    """A page may hand its person over to another browser."""
    code = logged_in(calm_hub).ask("POST", CODES).json["code"]

    assert Browser(calm_hub).log_in(code=code).json["principal"] == "admin"


def test_a_link_ends_with_the_session_that_asked_for_it(calm_hub: Hub) -> None:
    """A logout leaves no other way in."""
    browser = logged_in(calm_hub)
    code = browser.ask("POST", CODES).json["code"]
    assert browser.ask("DELETE", SESSION).status == 204

    assert Browser(calm_hub).log_in(code=code).code == "invalid_code"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"token": "x", "code": "y" * 20}, 422),
        ({"code": "short"}, 422),
        ({"token": "x" * 257}, 422),
        ({"token": 1}, 422),
        ({"token": "x", "more": 1}, 422),
        ({"token": ""}, 401),
        ({"token": "corral_d_x_y"}, 401),
        ({"code": "0" * 48}, 401),
        ({"code": "\u00e9" * 48}, 401),
        (b'{"token": "\\ud800"}', None),
        (b"token=x", 400),
    ],
)
def test_what_is_no_login(calm_hub: Hub, body: Any, status: int | None) -> None:
    """Nobody comes in, and nothing of it is said again."""
    browser = Browser(calm_hub)
    reply = browser.ask("POST", SESSION, body)

    assert reply.status == status or (status is None and 400 <= reply.status < 500)
    assert "set-cookie" not in reply.headers


def test_a_form_cannot_log_in(calm_hub: Hub) -> None:
    """Pages of other sites can make a browser send forms."""
    body = b'{"token": "x"}'
    reply = Browser(calm_hub).ask("POST", SESSION, body, {"Content-Type": "text/plain"})

    assert (reply.status, reply.code) == (415, "unsupported_media_type")


def test_agents_have_no_dashboard(calm_hub: Hub) -> None:
    """A token from an agent's machine opens none."""
    reply = Browser(calm_hub).log_in(token=calm_hub.join(new_name()))

    assert (reply.status, reply.code) == (403, "forbidden")


def test_guesses_are_limited(own_hub: StartHub) -> None:
    """Of tokens and codes together; what is good is let in nevertheless."""
    hub = own_hub(limit_loopback=1, anonymous_burst=100)
    code = code_of(hub)
    guesses = [{"token": "wrong"}, {"code": "0" * 48}] * 6
    told = [Browser(hub).ask("POST", SESSION, each).status for each in guesses]

    assert told == [401] * 10 + [429] * 2
    assert Browser(hub).log_in().status == 201
    assert Browser(hub).log_in(code=code).status == 201


def test_a_page_without_a_cookie_guesses_nothing(own_hub: StartHub) -> None:
    """It asks whether it is logged in, again and again."""
    hub = own_hub(limit_loopback=1, anonymous_burst=100)
    told = {Browser(hub).ask("GET", SESSION).status for _ in range(15)}

    assert told == {401}
    assert hub.http("GET", ME, token="wrong").status == 401


def test_the_cookie_stays_in_the_browser(calm_hub: Hub) -> None:
    """No script reads it, no other site has it sent, and it ends with the session."""
    cookie = Browser(calm_hub).log_in().headers["set-cookie"]
    name, _, flags = cookie.partition("=")

    assert name == f"corral_session_{calm_hub.port}"
    assert flags.split("; ")[1:] == [
        "Path=/",
        f"Max-Age={LONGEST_MS // 1000}",
        "HttpOnly",
        "SameSite=Strict",
    ]


def test_behind_https_it_is_never_sent_in_the_clear(own_hub: StartHub) -> None:
    """Nor taken from a neighbour; only a known proxy's word makes a connection encrypted."""
    hub = own_hub()
    assert "Secure" not in Browser(hub, PROXY).log_in().headers["set-cookie"]
    hub.stop()
    hub.start("env", "CORRAL_BEHIND_PROXY=127.0.0.1")
    browser = Browser(hub, PROXY)
    cookie = browser.log_in().headers["set-cookie"]

    assert cookie.startswith(f"__Host-corral_session_{hub.port}=")
    assert cookie.endswith("; Secure")
    assert browser.ask("GET", SESSION).status == 200
    planted = {"Cookie": browser.cookie.removeprefix("__Host-")}
    assert browser.ask("GET", SESSION, headers=planted).code == "invalid_token"
    ended = browser.ask("DELETE", SESSION).headers["set-cookie"]
    assert ended.startswith(f"__Host-corral_session_{hub.port}=; Path=/; Max-Age=0;")
    assert ended.endswith("; Secure")


def test_two_hubs_on_one_host_keep_their_logins(calm_hub: Hub, hasty_hub: Hub) -> None:
    """A browser sends each the cookies of both, also when it logs in to the second."""
    first, second = logged_in(calm_hub), Browser(hasty_hub)
    second.cookie = first.cookie
    assert second.log_in().status == 201
    jar = {"Cookie": f"{first.cookie}; {second.cookie}"}

    for browser in (first, second):
        assert browser.ask("GET", SESSION, headers=jar).json["csrf"] == browser.csrf
    assert second.ask("DELETE", SESSION, headers=jar).status == 204
    assert first.ask("GET", SESSION, headers=jar).status == 200


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 443), ("127.0.0.1:9443", 9443)])
def test_behind_a_proxy_the_port_is_the_browsers(own_hub: StartHub, host: str, port: int) -> None:
    """Where the hub itself listens no browser knows; the usual port may stay unsaid."""
    hub = own_hub(behind_proxy="127.0.0.1")
    browser = Browser(hub, PROXY | {"Host": host})

    assert browser.log_in().status == 201
    assert browser.cookie.startswith(f"__Host-corral_session_{port}=")
    assert browser.ask("GET", SESSION).status == 200


def test_a_cookie_that_somebody_planted_is_never_adopted(calm_hub: Hub) -> None:
    """A login always makes a new one, and ends the session that the browser had."""
    browser = Browser(calm_hub)
    browser.cookie = planted = f"corral_session_{calm_hub.port}={'ab' * 32}"
    first = browser.log_in().json
    cookie = browser.cookie
    second = browser.log_in().json

    assert len({planted, cookie, browser.cookie}) == 3
    assert first["id"] != second["id"]
    assert first["csrf"] != second["csrf"]
    for old in (planted, cookie):
        reply = Browser(calm_hub).ask("GET", SESSION, headers={"Cookie": old})
        assert (reply.status, reply.code) == (401, "invalid_session")


def test_an_old_cookie_of_the_same_name_locks_nobody_out(calm_hub: Hub) -> None:
    """It may have another path: a browser sends it for good, and before the new one."""
    old = logged_in(calm_hub)
    stale = old.cookie
    assert old.ask("DELETE", SESSION).status == 204
    browser = logged_in(calm_hub)
    jar = {"Cookie": f"{stale}; {browser.cookie}"}

    assert browser.ask("GET", SESSION, headers=jar).json["csrf"] == browser.csrf
    assert browser.ask("POST", CODES, headers=jar).status == 201


def test_cookies_of_two_people_are_nobodys(calm_hub: Hub) -> None:
    """One may have been planted: its own is not forgotten for it, however many there are."""
    mine = logged_in(calm_hub)
    theirs = [logged_in(calm_hub, Role.VIEWER).cookie for _ in range(9)]
    for planted in (theirs[:1], theirs):
        jar = {"Cookie": "; ".join([*planted, mine.cookie])}
        reply = Browser(calm_hub).ask("GET", SESSION, headers=jar)
        assert (reply.status, reply.code) == (401, "invalid_session")
        assert "set-cookie" not in reply.headers
    assert mine.ask("GET", SESSION).status == 200


def test_a_login_and_a_logout_end_all_that_the_browser_has(calm_hub: Hub) -> None:
    """Also what somebody else planted there, with which the hub answers to nobody."""
    mine, another, planted = (logged_in(calm_hub) for _ in range(3))
    theirs = logged_in(calm_hub, Role.VIEWER)
    both = {"Cookie": f"{mine.cookie}; {theirs.cookie}"}
    assert mine.ask("GET", SESSION, headers=both).code == "invalid_session"
    fresh = Browser(calm_hub)
    fresh.cookie = both["Cookie"]
    assert fresh.log_in().status == 201
    cookies = [each.cookie for each in (mine, theirs, another, fresh, planted)]
    jar = {"Cookie": "; ".join(cookies)}
    assert another.ask("GET", SESSION, headers=jar).json["csrf"] == another.csrf
    assert another.ask("DELETE", SESSION, headers=jar).status == 204

    for each in cookies:
        assert Browser(calm_hub).ask("GET", SESSION, headers={"Cookie": each}).status == 401


def test_whoever_logs_out_is_out(calm_hub: Hub) -> None:
    """The cookie goes, and whoever kept it has nothing; it goes again when it is shown."""
    browser = logged_in(calm_hub)
    kept, csrf = browser.cookie, browser.csrf
    assert browser.ask("DELETE", SESSION).status == 204
    assert browser.cookie == ""
    browser.cookie, browser.csrf = kept, csrf
    reply = browser.ask("GET", ME)

    assert (reply.status, reply.code) == (401, "invalid_session")
    assert "logged out" in reply.json["error"]["message"]
    assert browser.cookie == ""
    assert "Max-Age=0" in reply.headers["set-cookie"]


@pytest.mark.parametrize("end", ["logout", "admin", "revoked"])
async def test_what_is_open_for_a_session_ends_with_it(calm_hub: Hub, end: str) -> None:
    """A stream that came with its cookie; one of another session of the same person stays."""
    made = person(calm_hub)
    browser, other = Browser(calm_hub), logged_in(calm_hub, Role.VIEWER)
    session = browser.log_in(token=made["token"]).json
    open_one = await Reader.open(calm_hub, cookie=browser.cookie)
    another = await Reader.open(calm_hub, cookie=other.cookie)
    assert (open_one.status, another.status) == (200, 200)
    if end == "logout":
        browser.ask("DELETE", SESSION)
    elif end == "admin":
        assert calm_hub.http("DELETE", f"{SESSIONS}/{session['id']}").status == 204
    else:
        assert calm_hub.http("DELETE", f"{TOKENS}/{made['id']}").status == 204
    async with asyncio.timeout(PATIENCE):
        while await open_one.next():
            pass

    assert browser.ask("GET", ME).status == 401
    assert await another.next() is not None
    for reader in (open_one, another):
        reader.vanish()


def test_a_request_that_waits_ends_with_its_session(calm_hub: Hub) -> None:
    """What was begun before a logout says nothing after it."""
    browser = Browser(calm_hub)
    session = browser.log_in(Role.VIEWER).json
    task = calm_hub.submit(needs=["nobody"])

    def is_used() -> bool:
        items = calm_hub.get("/sessions")["items"]
        (mine,) = [each for each in items if each["id"] == session["id"]]
        return bool(mine["last_used_at"] > mine["created_at"])

    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(browser.ask, "GET", f"/api/v1/tasks/{task}?wait_ms=20000")
        until(is_used)
        calm_hub.http("DELETE", f"{SESSIONS}/{session['id']}")
        reply = answer.result(10)

    assert (reply.status, reply.code) == (401, "invalid_session")


def test_a_restart_keeps_sessions(own_hub: StartHub) -> None:
    """Also one after a crash; codes are gone."""
    hub = own_hub()
    browser, code = logged_in(hub), code_of(hub)
    left = logged_in(hub)
    left_cookie = left.cookie
    left.ask("DELETE", SESSION)
    hub.restart()

    assert browser.ask("GET", SESSION).json["csrf"] == browser.csrf
    assert browser.ask("POST", CODES).status == 201
    assert Browser(hub).log_in(code=code).status == 401
    left.cookie = left_cookie
    assert left.ask("GET", SESSION).code == "invalid_session"


def test_admins_see_all_sessions_and_end_them(calm_hub: Hub) -> None:
    """With what the browser said of itself, made fit to be shown."""
    admin = logged_in(calm_hub)
    guest = Browser(calm_hub, {"User-Agent": "Fire\tfox\xff " + "x" * 300})
    session = guest.log_in(Role.VIEWER).json
    items = admin.ask("GET", SESSIONS).json["items"]
    (shown,) = [each for each in items if each["id"] == session["id"]]
    times = [each["last_used_at"] for each in items]

    assert (shown["principal"], shown["role"]) == ("viewer", "viewer")
    assert (shown["address"], shown["current"]) == ("127.0.0.1", False)
    assert shown["browser"].startswith("Fire\\tfox")
    assert len(shown["browser"]) <= 120
    assert [each["current"] for each in items].count(True) == 1
    assert times == sorted(times, reverse=True)
    assert guest.ask("GET", SESSIONS).status == 403
    assert guest.ask("DELETE", f"{SESSIONS}/{session['id']}").status == 403
    assert admin.ask("DELETE", f"{SESSIONS}/{session['id']}").status == 204
    assert admin.ask("DELETE", f"{SESSIONS}/{session['id']}").status == 404
    assert guest.ask("GET", ME).code == "invalid_session"


def test_a_token_is_no_session(calm_hub: Hub) -> None:
    """What is about the session of a cookie has no answer for it, and takes no cookie away."""
    for method in ("GET", "DELETE"):
        reply = calm_hub.http(method, SESSION)
        assert (reply.status, reply.code) == (401, "invalid_session")
        assert "set-cookie" not in reply.headers


def test_no_secret_of_a_login_reaches_the_log(calm_hub: Hub) -> None:
    """Neither a code nor a cookie, good or bad."""
    code = code_of(calm_hub)
    browser = Browser(calm_hub)
    browser.ask("POST", SESSION, {"code": code, code: 1})
    browser.log_in(code=code)
    browser.log_in(code=code)
    secret = browser.cookie.partition("=")[2]
    browser.ask("DELETE", SESSION)
    kept = {"Cookie": f"corral_session_{calm_hub.port}={secret}"}
    refused = browser.ask("GET", SESSION, headers=kept)
    log = calm_hub.log.read_text()

    assert refused.code == "invalid_session"
    assert secret not in log
    assert code[:18] in log
    assert code[19:] not in log
