"""Visitors: who is really calling, and whether the call was meant for this hub.

A web page may make its reader's browser call any address, so a hub on loopback is within
reach of every page. It is told apart by what a browser always says: the name it called
(`Host`; a page can point a name of its own at this machine) and where the page is from
(`Origin`, `Sec-Fetch-Site`). What a proxy says about a client is believed only when it comes
from the exact address of a known proxy. The HTTP side and the agent socket ask here alike.
"""

import re
from asyncio import BaseTransport
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal, NamedTuple

from msgspec import Struct

Scheme = Literal["http", "https"]
Headers = Iterable[tuple[bytes, bytes]]

UNKNOWN: Final = "unknown"
"""The address of a client of whom a proxy tells none."""
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]@?#,]+)(?::([0-9]{1,5}))?")
_ORIGIN: Final = re.compile(r"(https?)://(\S+)")
_PORTS: Final = {"http": 80, "https": 443}
_OF_INTEREST: Final = frozenset(
    {b"host", b"origin", b"x-forwarded-for", b"x-forwarded-proto"}
    | {b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest"}
)


class Door(Struct, frozen=True):
    """Who is let in."""

    names: frozenset[str] = LOOPBACK_NAMES
    """What the hub is called, in small letters; the address of the connection is one as well."""
    origins: frozenset[str] = frozenset()
    """Other sites whose pages may call, in small letters."""
    proxies: frozenset[str] = frozenset()
    """The addresses of the proxies in front."""


class Connection(NamedTuple):
    """What is known of a connection before anything came over it."""

    peer: str
    """The address of the other end."""
    local: str
    """The address of this end."""
    encrypted: bool = False


def connection_of(transport: BaseTransport) -> Connection:
    """What a transport knows of its two ends."""
    peer, local = (transport.get_extra_info(name) for name in ("peername", "sockname"))
    encrypted = transport.get_extra_info("sslcontext") is not None
    return Connection(_host_of(peer), _host_of(local), encrypted)


def _host_of(place: object) -> str:
    return str(place[0]) if isinstance(place, tuple | list) and place else ""


class NotLetIn(NamedTuple):
    """Why a visitor is turned away."""

    status: HTTPStatus
    message: str


class Visitor(NamedTuple):
    """Who calls."""

    address: str
    """The client's address, behind the proxies, or UNKNOWN."""
    scheme: Scheme
    """What the client speaks, with us or with the proxy."""
    port: int
    """The port that it called, by its `Host` header; where that names none, the usual one."""
    refusal: NotLetIn | None


class _Name(NamedTuple):
    """A host and its port, when it says one."""

    host: str
    port: int | None


@lru_cache(maxsize=4096)
def plain_address(text: str) -> str:
    """An address in its usual spelling; what is none stays as it is."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return text
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


@lru_cache(maxsize=4096)
def is_loopback(address: str) -> bool:
    """Whether an address, or a name of it, is this machine's own."""
    if address == "localhost":
        return True
    try:
        return ip_address(plain_address(address)).is_loopback
    except ValueError:
        return False


def visitor(door: Door, connection: Connection, method: str, headers: Headers) -> Visitor:
    """Who calls, and whether to let them in. The names of the headers are in small letters."""
    said: dict[bytes, list[str]] = {}
    for name, value in headers:
        if name in _OF_INTEREST:
            said.setdefault(name, []).append(value.decode("latin-1").strip())
    peer = plain_address(connection.peer)
    scheme: Scheme | None = "https" if connection.encrypted else "http"
    address = peer
    if peer in door.proxies:
        address = _client(door.proxies, said.get(b"x-forwarded-for", []))
        scheme = "https" if scheme == "https" else _scheme(said.get(b"x-forwarded-proto", []))
    called = _called(said.get(b"host", []))
    refusal = _refusal(door, connection, called, scheme, method, said)
    spoken = scheme or "http"
    port = called.port if called is not None else None
    return Visitor(address, spoken, port or _PORTS[spoken], refusal)


def _called(hosts: list[str]) -> _Name | None:
    """By which name; None when it is not said, or not once."""
    return _name(hosts[0]) if len(hosts) == 1 else None


def _client(proxies: frozenset[str], said: list[str]) -> str:
    """The last address that no proxy of ours has: what stands before it anybody may write.

    Without one the client is UNKNOWN. It is never this machine, which would lift the limits:
    whoever calls through a proxy may be anywhere, whatever a proxy calls its own loopback.
    """
    for entry in reversed(",".join(said).split(",")):
        name = _HOST.fullmatch(entry.strip())
        text = entry.strip() if name is None else name[1].strip("[]")
        found = plain_address(text)
        if not found or (found == text and not _is_address(found)):
            return UNKNOWN
        if found not in proxies:
            return UNKNOWN if is_loopback(found) else found
    return UNKNOWN


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _scheme(said: list[str]) -> Scheme | None:
    last = ",".join(said).rpartition(",")[2].strip().lower()
    if last in ("https", "wss"):
        return "https"
    return "http" if last in ("http", "ws") else None


def _refusal(
    door: Door,
    connection: Connection,
    called: _Name | None,
    scheme: Scheme | None,
    method: str,
    said: dict[bytes, list[str]],
) -> NotLetIn | None:
    if called is None:
        return NotLetIn(HTTPStatus.BAD_REQUEST, "a request has one Host header, with a name")
    if called.host not in door.names and called.host != plain_address(connection.local):
        return NotLetIn(
            HTTPStatus.MISDIRECTED_REQUEST,
            "the hub does not know itself by the name in the Host header; "
            "the setting allowed_hosts lists further ones",
        )
    origins = said.get(b"origin")
    if origins is not None:
        if any(not _is_own(door, origin, called, scheme) for origin in origins):
            return NotLetIn(
                HTTPStatus.FORBIDDEN,
                "pages of other sites may not use this hub; "
                "the setting allowed_origins lists those that may",
            )
        return None
    return _browser_refusal(method, said)


def _browser_refusal(method: str, said: dict[bytes, list[str]]) -> NotLetIn | None:
    """A page of another site may link to the hub, but not fetch from it."""
    if not {"cross-site", "same-site"} & set(said.get(b"sec-fetch-site", [])):
        return None
    is_link = (
        method in ("GET", "HEAD")
        and said.get(b"sec-fetch-mode") == ["navigate"]
        and said.get(b"sec-fetch-dest") == ["document"]
    )
    if is_link:
        return None
    return NotLetIn(HTTPStatus.FORBIDDEN, "pages of other sites may not use this hub")


def _is_own(door: Door, origin: str, called: _Name, scheme: Scheme | None) -> bool:
    """Whether a page is the hub's own, or of a site that may call. Without a scheme any will do."""
    if origin.lower() in door.origins:
        return True
    parts = _ORIGIN.fullmatch(origin.lower())
    page = _name(parts[2]) if parts is not None else None
    if parts is None or page is None or (scheme is not None and parts[1] != scheme):
        return False
    usual = _PORTS[parts[1]]
    return (page.host, page.port or usual) == (called.host, called.port or usual)


@lru_cache(maxsize=1024)
def _name(text: str) -> _Name | None:
    found = _HOST.fullmatch(text) if len(text) <= 300 else None
    if found is None:
        return None
    host = found[1].strip("[]").lower().removesuffix(".")
    return _Name(plain_address(host), int(found[2]) if found[2] else None)
