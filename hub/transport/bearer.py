"""The bearer token of a request, read in one place for HTTP and for the socket."""

from hub.core.credentials import Principal
from hub.services.tokens import Tokens


def principal_of(tokens: Tokens, header: str) -> Principal | None:
    """Whom the value of an `Authorization` header speaks for; None when for nobody."""
    kind, _, token = header.partition(" ")
    return tokens.check(token.strip()) if kind.lower() == "bearer" else None
