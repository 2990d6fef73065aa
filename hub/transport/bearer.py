"""The bearer token of a request, read in one place for HTTP and for the socket."""


def token_of(header: str) -> str:
    """The token in the value of an `Authorization` header; empty when it holds none."""
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""
