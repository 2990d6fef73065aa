"""The hub's configuration: one frozen Struct, read once, from defaults, environment and flags."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, structs

from hub.services.settings import Settings

PORT: Final = 8420
PREFIX: Final = "CORRAL_"
NOT_OURS: Final = frozenset({"URL", "TOKEN", "CONFIG"})
"""Variables of the same family that the command line and the sidecar read."""


class ConfigError(Exception):
    """The configuration cannot be used; the text says what to change."""


class Config(Struct, frozen=True, kw_only=True):
    """Where the hub lives, and how it treats its agents."""

    data: Path
    """The data directory."""
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = PORT
    """0 lets the system choose a free one."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    settings: Settings = msgspec.field(default_factory=Settings)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the hub."""
        return self.host in ("127.0.0.1", "::1", "localhost")


def default_data(environment: Mapping[str, str] | None = None) -> Path:
    """The data directory when none is named: `$CORRAL_DATA`, or one in the home directory."""
    named = (os.environ if environment is None else environment).get("CORRAL_DATA")
    return Path(named) if named else Path.home() / ".local" / "share" / "corral"


def load(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Config:
    """Defaults, overruled by the environment (`CORRAL_…`), overruled by flags that are set.

    Raises ConfigError.
    """
    variables = os.environ if environment is None else environment
    chosen: dict[str, Any] = {"data": str(default_data(variables))}
    terms: dict[str, Any] = {}
    names = {field.name for field in structs.fields(Config)} - {"settings"}
    known = {field.name for field in structs.fields(Settings)}
    for variable, text in variables.items():
        if not variable.startswith(PREFIX) or variable[len(PREFIX) :] in NOT_OURS:
            continue
        name = variable[len(PREFIX) :].lower()
        if name in known:
            terms[name] = text
        elif name in names:
            chosen[name] = text
        else:
            raise ConfigError(_unknown(variable, names | known))
    chosen.update({name: value for name, value in flags.items() if value is not None})
    if "log_level" in chosen:
        chosen["log_level"] = chosen["log_level"].upper()
    try:
        settings = msgspec.convert(terms, Settings, strict=False)
        paths = {**chosen, "data": Path(chosen["data"]).expanduser(), "settings": settings}
        config = msgspec.convert(paths, Config, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"the configuration is not valid: {error}") from error
    _check(config)
    return config


def _check(config: Config) -> None:
    settings = config.settings
    if settings.lease_ms < 2 * settings.heartbeat_ms:
        raise ConfigError(
            f"lease_ms ({settings.lease_ms}) must be at least twice heartbeat_ms "
            f"({settings.heartbeat_ms}), or healthy attempts would be lost"
        )


def _unknown(variable: str, known: set[str]) -> str:
    near = get_close_matches(variable[len(PREFIX) :].lower(), known, 1)
    hint = f"; did you mean {PREFIX}{near[0].upper()}?" if near else ""
    return f"there is no setting {variable}{hint}"
