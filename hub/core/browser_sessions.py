"""Browser sessions: how a person stays logged in to the dashboard, and when that ends.

The browser holds a secret in a cookie; the hub keeps only its hash. The secret has 256 random
bits, so a plain hash is enough. A session stands for the credential it began with: it has no
rights of its own.
"""

from enum import StrEnum
from hashlib import sha256
from typing import Final

from msgspec import Struct

from hub.core.clock import Instant
from schemas.http.sessions import IDLE_MS, LONGEST_MS

ID_CHARS: Final = 16


class BrowserSession(Struct, frozen=True):
    """A session as the hub keeps it."""

    id: str
    """The beginning of its hash: enough to name it by, and no secret."""
    org: str
    digest: bytes
    """The SHA-256 of what the cookie holds."""
    credential: str
    """The public id of the credential that it stands for."""
    address: str
    """Where it was begun from."""
    browser: str
    """What the browser said of itself, fit to be shown."""
    began: Instant
    used: Instant
    """Its last use; up to a minute behind where it is written."""

    @property
    def expires_at(self) -> int:
        """The wall time at which it ends whatever happens."""
        return self.began.wall + LONGEST_MS

    def is_over(self, used: Instant, now: Instant) -> bool:
        """Whether it has ended by itself, when it was last used then.

        Hub time decides, which nobody sets back. Wall time does as well, because it goes on
        while the hub is down or its machine sleeps.
        """
        return (
            now.hub - self.began.hub >= LONGEST_MS
            or now.wall - self.began.wall >= LONGEST_MS
            or now.hub - used.hub >= IDLE_MS
            or now.wall - used.wall >= IDLE_MS
        )


class Ending(StrEnum):
    """Why a session ended."""

    LOGGED_OUT = "logged_out"
    """Its person left."""
    REPLACED = "replaced"
    """The same browser logged in anew."""
    EXPIRED = "expired"
    """It was idle for too long, or as old as a session gets."""
    REVOKED = "revoked"
    """An admin ended it."""
    CREDENTIAL_ENDED = "credential_ended"
    """The credential it stood for was revoked, replaced or has expired."""
    CROWDED_OUT = "crowded_out"
    """There were too many sessions, and this one was the oldest."""


SENTENCES: Final = {
    Ending.LOGGED_OUT: "you have logged out",
    Ending.REPLACED: "this browser has logged in anew since",
    Ending.EXPIRED: "the session has expired; log in again",
    Ending.REVOKED: "an admin has ended the session",
    Ending.CREDENTIAL_ENDED: "the token behind the session was revoked, replaced or has expired",
    Ending.CROWDED_OUT: "too many sessions began since, and this was the oldest one",
}
"""What a person is told about each."""


def digest_of(secret: str) -> bytes:
    """The hash under which a session is kept."""
    return sha256(secret.encode()).digest()


def begin(
    secret: str, org: str, credential: str, address: str, browser: str, now: Instant
) -> BrowserSession:
    """A new session of whoever holds this secret."""
    digest = digest_of(secret)
    name = digest.hex()[:ID_CHARS]
    return BrowserSession(name, org, digest, credential, address, browser, now, now)
