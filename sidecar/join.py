"""Joining a hub: a join code becomes a token, and the token a configuration."""

import re
import secrets
import socket
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from schemas.http.access import Register, Registered
from schemas.http.hub import ErrorBody
from sidecar.config import JSON_NAME, TOML_NAME, Config, ConfigError, decode, directory, save

TIMEOUT_SECONDS = 15.0


class JoinError(Exception):
    """The hub did not let us in; the text says what to do about it."""

    def __init__(self, code: str, message: str) -> None:
        """`code` is the hub's error code, or `unreachable`."""
        super().__init__(message)
        self.code = code


def join(
    url: str,
    code: str,
    *,
    config_dir: str | Path | None = None,
    agent_id: str | None = None,
    name: str | None = None,
    capabilities: Sequence[str] = (),
    slots: int = 1,
    allow: Sequence[str] = (),
    allow_python: Sequence[str] = (),
    python_path: Sequence[str] = (),
    replace: bool = False,
) -> Config:
    """Register at the hub and write the configuration; returns what was written.

    Without `agent_id` one is made from the name, or the host. Raises `ConfigError` for
    values that cannot be used or a configuration that is already there (unless `replace`),
    and `JoinError` when the hub refuses or does not answer.
    """
    where = directory(config_dir)
    if not replace and any((where / file).exists() for file in (JSON_NAME, TOML_NAME)):
        raise ConfigError(
            f"{where} belongs to a sidecar that has joined already. "
            "Start it with: corral sidecar. Or join with --replace, or with another --config."
        )
    draft = {
        "url": url.rstrip("/"),
        "agent_id": agent_id or suggest_id(name or socket.gethostname()),
        "token": "to be given",
        "name": name,
        "capabilities": list(capabilities),
        "slots": slots,
        "allow": list(allow),
        "allow_python": list(allow_python),
        "python_path": [str(Path(place).expanduser().resolve()) for place in python_path],
    }
    try:
        config = decode(msgspec.json.encode(draft), toml=False)
    except ValueError as error:
        raise ConfigError(f"This cannot be used: {error}.") from error
    answer = _register(config.url, Register(code, config.agent_id))
    config = msgspec.structs.replace(config, agent_id=answer.agent_id, token=answer.token)
    save(config, where)
    return config


def suggest_id(name: str) -> str:
    """An agent id from a name, with a random end so that two hosts of one name differ."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "agent"
    return f"{plain}-{secrets.token_hex(2)}"


def _register(url: str, body: Register) -> Registered:
    request = urllib.request.Request(
        f"{url}/api/v1/register",
        data=msgspec.json.encode(body),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    host = urlsplit(url).hostname
    proxies: dict[str, str] | None = {} if host in ("127.0.0.1", "::1", "localhost") else None
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return msgspec.json.decode(answer.read(65536), type=Registered)
    except urllib.error.HTTPError as error:
        with error:
            raise _refusal(error.code, error.read(65536)) from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise JoinError(
            "unreachable", f"No hub answers at {url} ({reason}). Is it running? corral up"
        ) from error
    except msgspec.MsgspecError as error:
        raise JoinError("unreachable", f"What answers at {url} is not a Corral hub.") from error


def _refusal(status: int, content: bytes) -> JoinError:
    try:
        problem = msgspec.json.decode(content, type=ErrorBody).error
    except msgspec.MsgspecError:
        return JoinError("unreachable", f"What answers there is not a Corral hub ({status}).")
    advice = {
        "invalid_code": " A code works once and for ten minutes; make one with: corral invite",
        "agent_exists": " Join under another --name.",
    }
    return JoinError(problem.code, problem.message + advice.get(problem.code, ""))
