"""Replays: the kept answers of idempotent writes.

A write that carries an idempotency key leaves its answer here, in the unit that has its
effects. The same write again gets that answer, and changes nothing.
"""

from hashlib import blake2b

from msgspec import Struct


class Replay(Struct, frozen=True):
    """The answer to one idempotent write."""

    org: str
    principal: str
    """Who asked."""
    route: str
    """Method and path template of the route."""
    key: str
    """The key that the client chose."""
    fingerprint: bytes
    """A hash over method, path, query and body: another request under the key is refused."""
    status: int
    """The HTTP status of the answer."""
    body: bytes | None
    """The answer, byte for byte; None when it is too large or holds a secret."""
    entities: tuple[str, ...]
    """The ids the write was about, from which an answer without a body is rendered again."""
    created_at: int
    """Wall time in milliseconds."""

    @property
    def mark(self) -> int:
        """Its place and key as one small number."""
        return mark_of(self.org, self.principal, self.route, self.key)


def mark_of(org: str, principal: str, route: str, key: str) -> int:
    """Where a replay is kept, as a number below 2**63; two places almost never share one.

    A hub holds the marks of all replays in memory, and asks the store only when one is there.
    """
    text = "\0".join((org, principal, route, key))
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
