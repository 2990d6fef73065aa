"""Who can reach the hub: what has to be said before other machines can, and who is let in.

Without a word the hub is reached from its own machine only.
"""

import re
import socket
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Protocol

from hub.transport.visitors import LOOPBACK_NAMES, Door, is_loopback, plain_address

_REPO: Final = re.compile(r"(?!-)[A-Za-z0-9._~:/@+%=,-]{1,1000}")
"""Old clients hand it to a shell, so nothing that a shell reads may be in it."""

_SECRET: Final = re.compile(r"https?://[^/]*@|[a-z+]+://[^/@]*:[^/]*@", re.I)
"""What a URL has in front of its host; of HTTP also a bare name may be a token."""


class Exposed(Protocol):
    """The part of the configuration that decides who reaches the hub."""

    @property
    def host(self) -> str:
        """Where it listens."""

    @property
    def public(self) -> bool:
        """Whether others may reach it, encrypted."""

    @property
    def tls_cert(self) -> Path | None:
        """The certificate."""

    @property
    def tls_key(self) -> Path | None:
        """Its key."""

    @property
    def behind_proxy(self) -> Sequence[str]:
        """The proxies in front."""

    @property
    def insecure(self) -> bool:
        """Whether others may reach it without encryption."""

    @property
    def allowed_hosts(self) -> Sequence[str]:
        """Its further names."""

    @property
    def allowed_origins(self) -> Sequence[str]:
        """Further sites whose pages may use it."""

    @property
    def open_registration(self) -> bool:
        """Whether agents get tokens without a join code."""

    @property
    def default_repo(self) -> str | None:
        """The repository of new agents."""


def flaw(config: Exposed) -> str | None:
    """What does not go together, as a sentence that says what to change."""
    if (config.tls_cert is None) != (config.tls_key is None):
        return "tls_cert and tls_key go together: give both or none"
    if config.public and config.tls_cert is None:
        return "public needs tls_cert and tls_key"
    for address in config.behind_proxy:
        if not _is_address(address):
            return f"behind_proxy takes exact addresses such as 10.0.0.2, not {address!r}"
    for name in config.allowed_hosts:
        if "/" in name or ("." not in name and ":" in name) or "*" in name:
            return f"allowed_hosts takes names without scheme and port, not {name!r}"
    for origin in config.allowed_origins:
        if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
            return f"allowed_origins takes origins such as https://ops.example.org, not {origin!r}"
    open_to_others = config.public or config.behind_proxy or config.insecure
    if not is_loopback(config.host) and not open_to_others:
        return (
            f"on {config.host} other machines reach the hub: say how with --public, --tls-cert "
            "and --tls-key, or with --behind-proxy ADDRESS, or with --insecure where you trust "
            "everybody"
        )
    return None


def flaw_of_welcome(config: Exposed) -> str | None:
    """What a stranger must not get, as a sentence that says what to change."""
    if config.open_registration and (config.public or config.behind_proxy):
        return (
            "open_registration gives a token to everybody who asks, so it does not go with "
            "public or behind_proxy: invite agents there (corral invite)"
        )
    repo = config.default_repo
    if repo is not None and not _REPO.fullmatch(repo):
        return "default_repo is a path or URL for git clone, without spaces, quotes or a leading -"
    if repo is not None and _SECRET.match(repo):
        return "default_repo can be read by anybody, so it must not hold a password or token"
    return None


def door_of(config: Exposed) -> Door:
    """Who is let in under this configuration."""
    names = set(LOOPBACK_NAMES) | {name.lower().rstrip(".") for name in config.allowed_hosts}
    names.add(plain_address(config.host.lower()))
    if not is_loopback(config.host):
        names.add(socket.gethostname().lower())
    return Door(
        frozenset(names),
        frozenset(origin.lower() for origin in config.allowed_origins),
        frozenset(plain_address(address) for address in config.behind_proxy),
    )


def tls_context(config: Exposed) -> ssl.SSLContext | None:
    """TLS as the hub speaks it, if it does. Raises OSError when the files cannot be used."""
    if config.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(config.tls_cert, config.tls_key, password=_no_password)
    return context


def _no_password() -> str:
    """Nobody is there to type one: a key that needs it is refused instead of asked about."""
    return ""


def url_of(config: Exposed, bound: str, port: int) -> str:
    """The address at which programs find the hub.

    Behind TLS that is the first of its names, because the certificate is for a name.
    """
    if config.tls_cert is not None:
        host = config.allowed_hosts[0] if config.allowed_hosts else config.host
        return f"https://{_in_url(host)}:{port}"
    return f"http://{_in_url(bound)}:{port}"


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
