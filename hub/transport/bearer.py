"""The bearer token of a request, read in one place for HTTP and for the socket."""

from hub.core.credentials import Principal
from hub.services.tokens import Tokens


def principal_of(tokens: Tokens, header: str) -> Principal | None:
    """Whom the value of an `Authorization` header speaks for; None when for nobody."""
    return tokens.check(token_of(header))


def token_of(header: str) -> str:
    """The token in the value of an `Authorization` header; empty when it holds none."""
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
