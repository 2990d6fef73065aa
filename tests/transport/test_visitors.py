"""Who is let in: names, pages of other sites, and what proxies say."""

import asyncio
from http import HTTPStatus

import pytest

from hub.services.limits import client_of
from hub.transport.visitors import (
    UNKNOWN,
    Connection,
    Door,
    is_loopback,
    plain_address,
    visitor,
)
from schemas.scalars import Role
from tests.transport.ranch import PATIENCE, Hub

OWN = Connection("127.0.0.1", "127.0.0.1")
OUTSIDE = Connection("10.0.0.9", "10.0.0.1")
PROXIED = Connection("10.0.0.2", "10.0.0.1")
DOOR = Door(
    names=frozenset({"localhost", "127.0.0.1", "::1", "hub.example.org"}),
    origins=frozenset({"https://ops.example.org"}),
    proxies=frozenset({"10.0.0.2", "10.0.0.3"}),
)


def status(
    *headers: tuple[str, str], host: str = "localhost", at: Connection = OWN, method: str = "GET"
) -> int:
    """What a request with these headers is answered; 200 when it is let in."""
    said = [(name.encode(), value.encode()) for name, value in (("host", host), *headers)]
    refusal = visitor(DOOR, at, method, said).refusal
    return HTTPStatus.OK if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("localhost", 200),
        ("LocalHost:8420", 200),
        ("localhost.", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8420", 200),
        ("[0:0:0:0:0:0:0:1]", 200),
        ("hub.example.org:443", 200),
        ("evil.example.org", 421),
        ("localhost.evil.example.org", 421),
        ("10.0.0.1", 421),
        ("0.0.0.0", 421),
        ("", 400),
        ("localhost:x", 400),
        ("localhost/", 400),
        ("evil@localhost", 400),
        ("localhost, evil", 400),
        ("localhost" * 50, 400),
    ],
)
def test_the_hub_is_called_by_its_names(host: str, answer: int) -> None:
    """A name that a page points at this machine is none of them."""
    assert status(host=host) == answer


def test_the_address_of_the_connection_is_a_name() -> None:
    """Whoever typed the address meant this hub; a wrong one was never ours."""
    assert status(host="10.0.0.1:8420", at=OUTSIDE) == 200
    assert status(host="10.0.0.7", at=OUTSIDE) == 421
    assert status(host="10.0.0.1", at=Connection("::ffff:10.0.0.9", "::ffff:10.0.0.1")) == 200


def test_one_host_and_no_other() -> None:
    """None at all, or two, may mean anything."""
    assert status(("host", "localhost")) == 400
    assert visitor(DOOR, OWN, "GET", []).refusal is not None


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        ("http://localhost:8420", 200),
        ("https://ops.example.org", 200),
        ("HTTPS://OPS.example.org", 200),
        ("https://localhost:8420", 403),
        ("http://localhost:3000", 403),
        ("http://localhost", 403),
        ("http://127.0.0.1:8420", 403),
        ("https://evil.example.org", 403),
        ("https://ops.example.org.evil.org", 403),
        ("null", 403),
        ("", 403),
        ("http://localhost:8420, http://localhost:8420", 403),
        ("chrome-extension://abc", 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_has_to_be_our_own_or_listed(origin: str, answer: int, method: str) -> None:
    """Scheme, name and port have to be those that the request came to."""
    assert status(("origin", origin), host="localhost:8420", method=method) == answer


def test_a_usual_port_need_not_be_said() -> None:
    """Neither in the origin nor in the name."""
    tls = Connection("127.0.0.1", "127.0.0.1", encrypted=True)
    assert status(("origin", "https://localhost"), host="localhost:443", at=tls) == 200
    assert status(("origin", "http://localhost:80"), host="localhost") == 200
    assert status(("origin", "http://localhost"), host="localhost", at=tls) == 403


@pytest.mark.parametrize(
    ("site", "mode", "dest", "method", "answer"),
    [
        ("same-origin", "cors", "empty", "POST", 200),
        ("none", "navigate", "document", "GET", 200),
        ("cross-site", "navigate", "document", "GET", 200),
        ("cross-site", "navigate", "iframe", "GET", 403),
        ("cross-site", "no-cors", "image", "GET", 403),
        ("same-site", "cors", "empty", "GET", 403),
        ("cross-site", "navigate", "document", "POST", 403),
    ],
)
def test_pages_of_others_may_link_but_not_fetch(
    site: str, mode: str, dest: str, method: str, answer: int
) -> None:
    """A browser says what a request is for."""
    said = (("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest))
    assert status(*said, method=method) == answer


@pytest.mark.parametrize(
    ("said", "at", "address"),
    [
        (["1.2.3.4"], PROXIED, "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4"], PROXIED, "1.2.3.4"),
        (["6.6.6.6", "1.2.3.4"], PROXIED, "1.2.3.4"),
        (["6.6.6.6, 1.2.3.4, 10.0.0.3"], PROXIED, "1.2.3.4"),
        (["1.2.3.4:5555"], PROXIED, "1.2.3.4"),
        (["[2001:db8::1]:5555"], PROXIED, "2001:db8::1"),
        (["2001:db8::1"], PROXIED, "2001:db8::1"),
        (["::ffff:1.2.3.4"], PROXIED, "1.2.3.4"),
        (["1.2.3.4, unknown"], PROXIED, UNKNOWN),
        (["10.0.0.3"], PROXIED, UNKNOWN),
        ([""], PROXIED, UNKNOWN),
        ([], PROXIED, UNKNOWN),
        (["127.0.0.1"], PROXIED, UNKNOWN),
        (["::1"], PROXIED, UNKNOWN),
        (["1.2.3.4"], OUTSIDE, "10.0.0.9"),
        (["1.2.3.4"], Connection("::ffff:10.0.0.2", "::ffff:10.0.0.1"), "1.2.3.4"),
    ],
)
def test_only_a_known_proxy_says_who_the_client_is(
    said: list[str], at: Connection, address: str
) -> None:
    """And only what it added itself: whatever stands before that, the client may have written."""
    headers = [(b"host", b"hub.example.org")]
    headers += [(b"x-forwarded-for", value.encode()) for value in said]
    assert visitor(DOOR, at, "GET", headers).address == address


def test_an_unknown_client_is_not_this_machine() -> None:
    """So its limits are those of all clients of whom nothing is known."""
    assert not is_loopback(UNKNOWN)
    assert client_of(UNKNOWN) == (UNKNOWN, False)


def test_a_proxy_says_what_the_client_speaks() -> None:
    """So a page behind TLS is our own; without a word of the proxy either scheme is."""
    page = ("origin", "https://hub.example.org")
    proto = ("x-forwarded-proto", "https")
    assert status(page, proto, host="hub.example.org", at=PROXIED) == 200
    assert status(page, host="hub.example.org", at=PROXIED) == 200
    assert status(page, ("x-forwarded-proto", "http"), host="hub.example.org", at=PROXIED) == 403
    assert status(page, proto, host="hub.example.org", at=OUTSIDE) == 403


@pytest.mark.parametrize(
    ("host", "at", "said", "port"),
    [
        ("localhost:8420", OWN, None, 8420),
        ("localhost", OWN, None, 80),
        ("localhost:0", OWN, None, 80),
        ("[::1]:08421", OWN, None, 8421),
        ("hub.example.org", PROXIED, "https", 443),
        ("hub.example.org:9443", PROXIED, "https", 9443),
        ("hub.example.org", PROXIED, None, 80),
        ("hub.example.org", OUTSIDE, "https", 80),
        ("localhost:x", OWN, None, 80),
    ],
)
def test_a_client_says_which_port_it_called(
    host: str, at: Connection, said: str | None, port: int
) -> None:
    """Or leaves the usual one of its scheme unsaid."""
    headers = [(b"host", host.encode())]
    if said is not None:
        headers.append((b"x-forwarded-proto", said.encode()))
    assert visitor(DOOR, at, "GET", headers).port == port


def test_addresses_have_one_spelling() -> None:
    """Whatever way the system writes them."""
    assert plain_address("::ffff:127.0.0.1") == "127.0.0.1"
    assert plain_address("fe80::1%eth0") == "fe80::1"
    assert [
        is_loopback(each) for each in ("127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1")
    ] == [True] * 4
    assert not is_loopback("0.0.0.0")


@pytest.mark.parametrize("path", ["/health", "/api/v1/me", "/nothing"])
def test_a_foreign_name_is_turned_away_at_the_door(calm_hub: Hub, path: str) -> None:
    """Whatever is asked for, also with a good token, and in the shape of every error."""
    reply = calm_hub.http("GET", path, headers={"Host": "evil.example.org"})
    assert (reply.status, reply.code) == (421, "invalid_header")
    assert "allowed_hosts" in reply.json["error"]["message"]


def test_a_foreign_page_is_turned_away_and_gets_no_cors(calm_hub: Hub) -> None:
    """Neither for its request nor for its question whether it may ask."""
    for method in ("GET", "POST", "OPTIONS"):
        reply = calm_hub.http(
            method, "/api/v1/tasks", headers={"Origin": "https://evil.example.org"}
        )
        assert (reply.status, reply.code) == (403, "forbidden")
        assert not [name for name in reply.headers if name.startswith("access-control")]
    own = {"Origin": f"http://127.0.0.1:{calm_hub.port}"}
    assert calm_hub.http("GET", "/api/v1/me", headers=own).status == 200


@pytest.mark.parametrize(
    ("headers", "answer"),
    [
        ({"Origin": "https://evil.example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example.org"}, 421),
    ],
)
async def test_the_socket_asks_the_same(
    calm_hub: Hub, headers: dict[str, str], answer: int
) -> None:
    """Before the upgrade, also with a good token."""
    bearer = {"Authorization": f"Bearer {calm_hub.tokens[Role.ADMIN]}"}
    place = f"127.0.0.1:{calm_hub.port}"
    lines = {"Host": place, "Connection": "Upgrade", "Upgrade": "websocket"} | bearer | headers
    lines |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    request = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", calm_hub.port)
    writer.write(f"GET /ws HTTP/1.1\r\n{request}\r\n".encode())
    async with asyncio.timeout(PATIENCE):
        first = await reader.readline()
    writer.close()
    assert first.startswith(f"HTTP/1.1 {answer} ".encode())
