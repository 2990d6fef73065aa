"""The hub's configuration: one frozen Struct, read once.

Defaults are overruled by a TOML file, that by the environment (`CORRAL_…`), and that by flags.
What a setting is called, may be and means is said once, at its field.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from hub import exposure
from hub.core.limits import Rates
from hub.keys import Key, converted, keys, rebuilt
from hub.services.settings import Settings
from hub.transport.visitors import is_loopback

PORT: Final = 8420
PREFIX: Final = "CORRAL_"
FILE_NAME: Final = "corral.toml"
NOT_OURS: Final = frozenset(
    {"URL", "TOKEN", "CONFIG", "DASHBOARD"}
    | {"TASK_ID", "ATTEMPT", "PAYLOAD", "RESULT", "DESCRIPTION"}
)
"""Variables of the same family: of the command line and of the build of the dashboard, and
what a sidecar tells a task."""


def default_data() -> Path:
    """The data directory when none is named."""
    return Path.home() / ".local" / "share" / "corral"


class ConfigError(Exception):
    """The configuration cannot be used; the text says what to change."""


class Config(Struct, frozen=True, kw_only=True):
    """Where the hub lives, who reaches it, and how it treats its agents."""

    data: Path = msgspec.field(default_factory=default_data)
    """The data directory."""
    host: str = "127.0.0.1"
    """The address to listen on; others than loopback need one of the next settings."""
    port: Annotated[int, Meta(ge=0, le=65_535)] = PORT
    """The port to listen on; 0 lets the system choose a free one."""
    public: bool = False
    """Listen where other machines reach the hub; needs a certificate and its key."""
    tls_cert: Path | None = None
    """The hub's certificate with its chain, as PEM; with it the hub speaks TLS 1.2 or newer."""
    tls_key: Path | None = None
    """The private key of the certificate, as PEM."""
    behind_proxy: tuple[str, ...] = ()
    """The exact addresses of the proxies in front: only they may say who the client is."""
    insecure: bool = False
    """Listen where other machines reach the hub without encryption: tokens can be read."""
    allowed_hosts: tuple[str, ...] = ()
    """Further names by which clients call the hub, such as its name in the DNS."""
    allowed_origins: tuple[str, ...] = ()
    """Other web sites whose pages may use the hub, such as https://ops.example.org."""
    open_registration: bool = False
    """Give a token to any agent that asks: for clients that know no join codes."""
    default_repo: str | None = None
    """The git repository that new agents of older systems clone; anybody may read it."""
    no_search: bool = False
    """Leave out full-text search: no index is made, and no process feeds one."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    """The least level of what is logged."""
    settings: Settings = msgspec.field(default_factory=Settings, name="terms")
    rates: Rates = msgspec.field(default_factory=Rates)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the hub."""
        return is_loopback(self.host)


class Loaded(NamedTuple):
    """A configuration, and where each of its values is from."""

    config: Config
    sources: dict[str, str]
    """By key: `default`, `file:PATH`, `environment:VARIABLE` or `flag`."""


class _Given(NamedTuple):
    """A value that somebody set."""

    key: Key
    raw: Any
    source: str
    is_text: bool = True


def load(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Config:
    """The configuration from all sources; flags that are None are not set. Raises ConfigError."""
    return read(flags, environment).config


def read(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Loaded:
    """The same with its sources. The flag `config` names the file. Raises ConfigError."""
    variables = os.environ if environment is None else environment
    chosen = {name: value for name, value in flags.items() if value is not None}
    named = chosen.pop("config", None)
    known = {key.name: key for key in keys(Config())}
    above = [*_from_environment(variables, known), *_from_flags(chosen, known)]
    data = next((_value(each) for each in reversed(above) if each.key.name == "data"), None)
    path = _file(named, variables.get(PREFIX + "CONFIG"), data or default_data())
    below = [] if path is None else list(_from_file(path, known, found=named is None))
    values = {each.key: each for each in [*below, *above]}
    config = rebuilt(Config(), {key.path: _value(each) for key, each in values.items()})
    _check(config)
    sources = dict.fromkeys(known, "default") | {key.name: g.source for key, g in values.items()}
    return Loaded(config, sources)


def _from_environment(variables: Mapping[str, str], known: Mapping[str, Key]) -> Iterator[_Given]:
    for variable, text in variables.items():
        name = variable.removeprefix(PREFIX)
        if name == variable or name in NOT_OURS:
            continue
        if name.lower() not in known:
            raise ConfigError(_unknown(variable, name, known, lambda near: PREFIX + near.upper()))
        yield _Given(known[name.lower()], text, f"environment:{variable}")


def _from_flags(flags: Mapping[str, Any], known: Mapping[str, Key]) -> Iterator[_Given]:
    for name, raw in flags.items():
        yield _Given(known[name], raw, "flag")


def _from_file(path: Path, known: Mapping[str, Key], *, found: bool) -> Iterator[_Given]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be used: {error}") from error
    places = {place: key for key in known.values() for place in (key.place, key.name)}
    seen: set[Key] = set()
    for place, raw in _flat(document, ""):
        if raw == {} and any(known_place.startswith(place + ".") for known_place in places):
            continue
        if place not in places:
            raise ConfigError(f"{path}: {_unknown(place, place, places, str)}")
        key = places[place]
        if key in seen:
            raise ConfigError(f"{path}: {key.name} is there twice")
        if key.name == "data" and found:
            raise ConfigError(f"{path}: data can only be set in a file that --config names")
        seen.add(key)
        if key.is_path and isinstance(raw, str):
            raw = str(path.parent / Path(raw).expanduser())
        yield _Given(key, raw, f"file:{path}", is_text=False)


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """The values of a file, each with the way to it."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _file(named: str | Path | None, variable: str | None, data: Path) -> Path | None:
    """The file to read, if there is one. Raises ConfigError when the one named is not there.

    `$CORRAL_CONFIG` may also be the directory of a sidecar's configuration; and set to
    nothing it means that no file is read.
    """
    if named is not None:
        path = _in_directory(Path(named).expanduser())
        if not path.is_file():
            raise ConfigError(f"there is no configuration file {path}")
        return path
    if variable == "":
        return None
    places = [data, Path.home() / ".config" / "corral"]
    if variable is not None:
        path = Path(variable).expanduser()
        if path.suffix == ".toml" and not path.is_dir():
            return _file(path, None, data)
        places = [path, *places]
    return next((path for place in places if (path := _in_directory(place)).is_file()), None)


def _in_directory(path: Path) -> Path:
    return path / FILE_NAME if path.is_dir() else path


def _value(given: _Given) -> Any:
    try:
        return converted(given.key, given.raw, is_text=given.is_text)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"the configuration is not valid: {given.key.name} ({given.source}): {error}"
        ) from error


def _check(config: Config) -> None:
    settings = config.settings
    if settings.lease_ms < 2 * settings.heartbeat_ms:
        raise ConfigError(
            f"lease_ms ({settings.lease_ms}) must be at least twice heartbeat_ms "
            f"({settings.heartbeat_ms}), or healthy attempts would be lost"
        )
    if sentence := exposure.flaw(config) or exposure.flaw_of_welcome(config):
        raise ConfigError(sentence)


def _unknown(shown: str, name: str, known: Any, spelled: Any) -> str:
    near = get_close_matches(name.lower(), known, 1)
    hint = f"; did you mean {spelled(near[0])}?" if near else ""
    return f"there is no setting {shown}{hint}"
