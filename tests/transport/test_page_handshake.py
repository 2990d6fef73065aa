"""Who may open a page, and when it ends. A real hub, real connections."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request

from hub.services.live import MOST_OF_ONE, Since
from hub.transport.page_handshake import since_of
from schemas.dashboard import Ended, Hello
from schemas.scalars import CloseCode, Role
from tests.transport.page import opened
from tests.transport.ranch import Hub
from tests.transport.wire import Door, new_name


async def cookie_of(hub: Hub) -> str:
    """The cookie of a new session of the viewer."""
    body = {"token": hub.tokens[Role.VIEWER]}
    reply = await asyncio.to_thread(hub.http, "POST", "/api/v1/session", body, role=None)
    assert reply.status == 201, reply
    return reply.headers["set-cookie"].partition(";")[0]


def from_page(hub: Hub, cookie: str) -> dict[str, str]:
    """The headers of a browser that shows the hub's own page."""
    return {"Cookie": cookie, "Origin": f"http://127.0.0.1:{hub.port}"}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
async def test_people_may_follow(calm: Door, role: Role) -> None:
    """With a token, as programs do."""
    async with opened(calm.hub, role=role) as page:
        hello = await page.hears(Hello)
    assert not hello.resumed
    assert hello.beat_ms == 10_000


async def test_a_browser_follows_with_its_cookie(calm: Door) -> None:
    """From the hub's own page."""
    cookie = await cookie_of(calm.hub)
    async with opened(calm.hub, headers=from_page(calm.hub, cookie)) as page:
        await page.hears(Hello)


@pytest.mark.parametrize("kind", ["nothing", "no origin", "wrong cookie", "wrong token", "agent"])
async def test_who_may_not_is_told(calm: Door, kind: str) -> None:
    """A browser sees no status, so it is let in, told why, and sent away for good."""
    hub = calm.hub
    agent = await asyncio.to_thread(calm.token, new_name())
    headers = {
        "nothing": from_page(hub, ""),
        "no origin": {"Cookie": await cookie_of(hub)},
        "wrong cookie": from_page(hub, f"corral_session_{hub.port}={'0' * 64}"),
        "wrong token": {"Authorization": "Bearer corral_v_nonsense"},
        "agent": {"Authorization": f"Bearer {agent}"},
    }
    async with opened(hub, headers=headers[kind]) as page:
        ended = await page.hears(Ended)
        code, reason = await page.bye()
    assert code == CloseCode.CREDENTIAL
    assert ended.reason == reason


async def test_pages_of_other_sites_are_refused(calm: Door) -> None:
    """Whatever cookie they made the browser send."""
    cookie = await cookie_of(calm.hub)
    headers = {"Cookie": cookie, "Origin": "http://evil.example"}
    with pytest.raises(InvalidStatus) as refused:
        async with opened(calm.hub, headers=headers):
            pass
    assert refused.value.response.status_code == 403


async def test_one_person_has_only_so_many_pages(calm: Door) -> None:
    """One more is sent away, and may come again later."""
    async with AsyncExitStack() as stack:
        for _ in range(MOST_OF_ONE):
            page = await stack.enter_async_context(opened(calm.hub))
            await page.hears(Hello)
        async with opened(calm.hub) as page:
            code, reason = await page.bye()
        assert (code, reason) == (CloseCode.RATE_LIMITED, "you have 32 pages open already")
        async with opened(calm.hub, role=Role.ADMIN) as page:
            await page.hears(Hello)


async def test_a_page_ends_with_its_token(calm: Door) -> None:
    """Within a moment, with a word."""
    hub = calm.hub
    wanted = {"role": "viewer", "name": new_name("person")}
    made = await asyncio.to_thread(hub.http, "POST", "/api/v1/tokens", wanted)
    assert made.status == 201, made
    headers = {"Authorization": f"Bearer {made.json['token']}"}
    async with opened(hub, headers=headers) as page:
        await page.hears(Hello)
        path = f"/api/v1/tokens/{made.json['id']}"
        assert (await asyncio.to_thread(hub.http, "DELETE", path)).status == 204
        await page.hears(Ended, patience=1)
        assert (await page.bye())[0] == CloseCode.CREDENTIAL


async def test_a_page_ends_with_its_session(calm: Door) -> None:
    """Somebody logs out in another tab."""
    hub = calm.hub
    cookie = await cookie_of(hub)
    session = await asyncio.to_thread(
        hub.http, "GET", "/api/v1/session", role=None, headers={"Cookie": cookie}
    )
    async with opened(hub, headers=from_page(hub, cookie)) as page:
        await page.hears(Hello)
        headers = {"Cookie": cookie, "X-Corral-CSRF": session.json["csrf"]}
        gone = await asyncio.to_thread(
            hub.http, "DELETE", "/api/v1/session", role=None, headers=headers
        )
        assert gone.status == 204, gone
        ended = await page.hears(Ended, patience=1)
        assert ended.reason == "you have logged out"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "epoch=x",
        "since=1",
        "epoch=x&since=-1",
        "epoch=x&since=1e3",
        "epoch=x&since=\u0661",
        "epoch=x&since=1&since=2",
        "&" * 150,
        "epoch=x&since=" + "9" * 180,
        "x" * 3_000,
    ],
)
def test_where_a_page_was_is_read_with_care(query: str) -> None:
    """What makes no sense means that it was nowhere."""
    said = Request(f"/ws/dashboard?{query}", Headers())
    since = since_of(said)
    assert since is None or since == Since("x", int("9" * 180))


def test_where_a_page_was() -> None:
    """The epoch and the last batch it has."""
    assert since_of(Request("/ws/dashboard?epoch=ab&since=7", Headers())) == Since("ab", 7)
