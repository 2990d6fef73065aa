"""Finds the hub and the token: flags and environment first, then the data directory."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from hub.cli.exits import Exit, Trouble

DEFAULT_DATA: Final = Path("~/.local/share/corral")
RUNTIME: Final = "runtime.json"
ADMIN_TOKEN: Final = "admin.token"
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class Runtime(Struct, frozen=True):
    """What a running hub writes into its data directory."""

    url: str
    pid: int
    started_at: int


class Address(Struct, frozen=True):
    """Where the hub is and what to show it."""

    url: str
    token: str


def locate(url: str | None, token: str | None, data: Path) -> Address:
    """Find the hub; raises `Trouble` that says what is missing.

    The admin token of the data directory is only ever sent to the hub that runs on that
    directory, never to an address given otherwise.
    """
    local = runtime(data)
    if url is None and local is None:
        raise Trouble(
            Exit.UNREACHABLE,
            f"No hub runs with the data directory {data}.",
            "Start one with `corral up`, or name one with --url or CORRAL_URL.",
        )
    found = _checked(url or (local.url if local else ""))
    if token and token.strip():
        return Address(found, _usable(token))
    if local is None or _checked(local.url) != found:
        raise Trouble(
            Exit.DENIED,
            f"There is no token for {found}.",
            "Give one with --token or CORRAL_TOKEN. The admin token is in the file"
            f" {ADMIN_TOKEN} of the data directory on the hub's machine.",
        )
    return Address(found, _admin_token(data))


def _checked(url: str) -> str:
    if not _is_address(url):
        raise Trouble(
            Exit.USAGE,
            f"{url!r} is not the address of a hub.",
            "An address looks like http://127.0.0.1:8420.",
        )
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def runtime(data: Path) -> Runtime | None:
    """What a hub on this directory says of itself; raises `Trouble` when it cannot be read."""
    path = data.expanduser() / RUNTIME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Runtime)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise Trouble(
            Exit.UNREACHABLE,
            f"{path} cannot be read: {error}.",
            "Name the hub with --url and --token, or become the user who runs it.",
        ) from error


def _admin_token(data: Path) -> str:
    path = data.expanduser() / ADMIN_TOKEN
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise Trouble(
            Exit.DENIED,
            f"The admin token in {path} cannot be read: {error}.",
            "Give a token with --token or CORRAL_TOKEN, or become the user who runs the hub.",
        ) from error
    return _usable(text)


def _usable(token: str) -> str:
    """The token without surrounding blanks; raises `Trouble` that does not repeat it."""
    if not _TOKEN.fullmatch(token.strip()):
        raise Trouble(
            Exit.DENIED,
            "The token holds something other than visible ASCII characters, or nothing.",
            "Copy it again: it is one word, without blanks inside.",
        )
    return token.strip()
