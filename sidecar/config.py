"""What a sidecar may do and where its hub is: one frozen Struct, one file, read once.

The file is `sidecar.json` or `sidecar.toml` in the configuration directory. It holds the
token, so the file is 0600 and its directory 0700. Nothing else in the sidecar reads the
environment for settings.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from schemas.attempts import FailureClass
from schemas.scalars import SLOTS, AgentId, Capability, Milliseconds, Name, Token
from schemas.work import IDENTIFIER, MODULE

JSON_NAME: Final = "sidecar.json"
TOML_NAME: Final = "sidecar.toml"
ENVIRONMENT: Final = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER")
"""What a task sees of the sidecar's own environment unless the file says otherwise."""

Callables = Annotated[str, Meta(pattern=rf"^{MODULE}:({IDENTIFIER}|\*)(?![\s\S])")]
"""`module:function`, or `module:*` for every public function that the module defines."""


class ConfigError(Exception):
    """The configuration cannot be used; the text says what to do about it."""


class Config(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One sidecar. Sizes are bytes, durations milliseconds."""

    url: Annotated[str, Meta(pattern=r"^https?://[^/]")]
    """The hub, `http://host:port`."""
    agent_id: AgentId
    token: Annotated[Token, Meta(min_length=1)]
    name: Name | None = None
    capabilities: tuple[Capability, ...] = ()
    slots: Annotated[int, Meta(ge=1, le=SLOTS)] = 1
    """How many tasks run at once."""
    allow: tuple[str, ...] = ()
    """Programs a task may name: a name found on PATH or an absolute path."""
    allow_python: tuple[Callables, ...] = ()
    """Python functions a task may call."""
    python_path: tuple[str, ...] = ()
    """Directories in which their modules are looked for, before what is installed."""
    default: tuple[str, ...] = ()
    """The argument list for tasks without `run`; without it such tasks are rejected."""
    env: tuple[str, ...] = ENVIRONMENT
    """Names of the sidecar's variables that a task inherits."""
    work_dir: str | None = None
    """Where attempts get their directories; without it `work` beside this file."""
    grace_ms: Milliseconds = 10_000
    """Between TERM and KILL when a task runs out of time."""
    log_bytes: Annotated[int, Meta(ge=1024)] = 16 * 1024 * 1024
    """How much of each output stream is kept and sent as log."""
    output_bytes: Annotated[int, Meta(ge=256)] = 64 * 1024
    """How much of each output stream a result carries."""
    failure_classes: dict[str, FailureClass] = {}
    """Exit code or signal name (`"75"`, `"SIGKILL"`) to failure class; else `agent`."""


def directory(chosen: str | Path | None = None) -> Path:
    """The configuration directory: `chosen`, else `$CORRAL_CONFIG`, else `~/.config/corral`.

    Absolute, because tasks run elsewhere and are given paths below it.
    """
    named = chosen or os.environ.get("CORRAL_CONFIG") or "~/.config/corral"
    return Path(named).expanduser().resolve()


def load(where: Path) -> Config:
    """Read the configuration in directory `where`; raises `ConfigError`."""
    path = next((p for name in (JSON_NAME, TOML_NAME) if (p := where / name).is_file()), None)
    if path is None:
        raise ConfigError(
            f"There is no {JSON_NAME} in {where}. Join a hub first: corral join URL CODE"
        )
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"Others can read the token in {path}. Do: chmod 600 {path}")
        return decode(path.read_bytes(), toml=path.name == TOML_NAME)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not usable: {error}.") from error


def decode(content: bytes, *, toml: bool) -> Config:
    """The configuration in `content`; raises ValueError that names the field."""
    return (
        msgspec.toml.decode(content, type=Config)
        if toml
        else msgspec.json.decode(content, type=Config)
    )


def save(config: Config, where: Path) -> Path:
    """Write `config` into directory `where`, private and in one step; raises `ConfigError`."""
    path = where / JSON_NAME
    draft = where / f".{JSON_NAME}.{os.getpid()}"
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        where.chmod(0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from error
    return path


def environment(names: Sequence[str]) -> dict[str, str]:
    """The allow-listed part of the sidecar's own environment."""
    return {name: os.environ[name] for name in names if name in os.environ}
