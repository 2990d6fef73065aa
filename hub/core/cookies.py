"""The cookie of a browser session: its name, how it is set, and how it is found in a request.

Over https it is called `__Host-…`, which a browser takes only from the host itself, encrypted
and for all paths: no neighbour can plant one. A browser may send any number of cookies in any
disorder, so what does not look like ours is passed over, and two different ones of our name
are none: nobody can tell which of them is the person's own.
"""

import re
from typing import Final

SECURE_NAME: Final = "__Host-corral_session"
PLAIN_NAME: Final = "corral_session"
SECRET_BYTES: Final = 32
_SECRET: Final = re.compile(f"[0-9a-f]{{{2 * SECRET_BYTES}}}")


def name_of(*, encrypted: bool) -> str:
    """What the cookie is called on a connection that is encrypted, or is not."""
    return SECURE_NAME if encrypted else PLAIN_NAME


def secret_in(header: str, *, encrypted: bool) -> str | None:
    """What the cookie holds in the value of a `Cookie` header.

    None when it is not there; empty when it cannot be ours, or is there twice.
    """
    name = name_of(encrypted=encrypted)
    found = {
        value.strip(" \t")
        for key, equals, value in (pair.partition("=") for pair in header.split(";"))
        if equals and key.strip(" \t") == name
    }
    if not found:
        return None
    value = found.pop()
    return value if not found and _SECRET.fullmatch(value) else ""


def setting(secret: str, seconds: int, *, encrypted: bool) -> str:
    """The value of a `Set-Cookie` header that gives a browser its cookie for so long."""
    safety = "; Secure" if encrypted else ""
    name = name_of(encrypted=encrypted)
    return f"{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{safety}"


def clearing(*, encrypted: bool) -> str:
    """The value of a `Set-Cookie` header that takes the cookie away."""
    return setting("", 0, encrypted=encrypted)
