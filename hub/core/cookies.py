"""The cookie of a browser session: its name, how it is set, and how it is found in a request.

Over https it is called `__Host-…`, which a browser takes only from the host itself, encrypted
and for all paths: no neighbour can plant one. The port is in the name, because browsers send
the cookies of a host to all of its ports. A browser may send any number of cookies in any
disorder, so what does not look like ours is passed over. It may also have several of our name,
of another path or from another time: the first ones are looked at, and whoever keeps the
sessions says which of them is worth something.
"""

import re
from typing import Final, NamedTuple

from schemas.http.sessions import COOKIE

SECURE: Final = "__Host-"
SECRET_BYTES: Final = 32
LOOKED_AT: Final = 8
"""So many different ones of our name are looked at."""
_SECRET: Final = re.compile(f"[0-9a-f]{{{2 * SECRET_BYTES}}}")


class Origin(NamedTuple):
    """The part of a page's origin by which browsers do not tell cookies apart."""

    encrypted: bool
    """It speaks https, be it with a proxy."""
    port: int
    """That of the address which the browser calls; a proxy may listen on another than the hub."""


def name_of(origin: Origin) -> str:
    """What the cookie is called there."""
    name = COOKIE.format(port=origin.port)
    return SECURE + name if origin.encrypted else name


def secrets_in(header: str, origin: Origin) -> list[str] | None:
    """What the cookie holds in the value of a `Cookie` header: each value once, in their order.

    None when it is not there; empty when nothing of it can be ours.
    """
    name = name_of(origin)
    found = [
        value.strip(" \t")
        for key, equals, value in (pair.partition("=") for pair in header.split(";"))
        if equals and key.strip(" \t") == name
    ]
    if not found:
        return None
    return [value for value in dict.fromkeys(found) if _SECRET.fullmatch(value)][:LOOKED_AT]


def setting(secret: str, seconds: int, origin: Origin) -> str:
    """The value of a `Set-Cookie` header that gives a browser its cookie for so long."""
    safety = "; Secure" if origin.encrypted else ""
    name = name_of(origin)
    return f"{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{safety}"


def clearing(origin: Origin) -> str:
    """The value of a `Set-Cookie` header that takes the cookie away."""
    return setting("", 0, origin)
