"""The configuration: defaults, overruled by the environment, overruled by flags."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from msgspec import structs

from hub.config import NOT_OURS, PORT, Config, ConfigError, default_data, load, read
from hub.keys import keys
from hub.published import ROOT
from hub.published.settings_page import meanings
from sidecar.config import Config as Sidecar
from tests.transport.ranch import PATIENCE

PAGE = ROOT / "docs" / "configuration.md"
WIDE = {"CORRAL_HOST": "0.0.0.0"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory without a configuration of its own."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(path: Path, text: str) -> Path:
    """A configuration file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_defaults() -> None:
    """Loopback, the known port, terms for real life."""
    config = load({}, {})
    assert (config.host, config.port, config.is_loopback) == ("127.0.0.1", PORT, True)
    assert (config.settings.heartbeat_ms, config.settings.lease_ms) == (15_000, 60_000)
    assert config.data == default_data()


def test_flags_before_environment_before_defaults() -> None:
    """And a flag that was not given overrules nothing."""
    variables = {"CORRAL_PORT": "1", "CORRAL_HOST": "::1", "CORRAL_LEASE_MS": "90000"}
    config = load({"port": "2", "host": None}, variables)
    assert (config.port, config.host, config.settings.lease_ms) == (2, "::1", 90_000)
    assert config.is_loopback


def test_the_data_directory(tmp_path: Path) -> None:
    """From the environment, or the flag; a tilde is the home directory."""
    assert load({}, {"CORRAL_DATA": str(tmp_path)}).data == tmp_path
    assert load({"data": "~/x"}, {"CORRAL_DATA": str(tmp_path)}).data == Path.home() / "x"


def test_variables_of_others_are_left_alone() -> None:
    """Those of the command line, of the sidecar, and of everybody else."""
    others = {f"CORRAL_{name}": "x" for name in NOT_OURS} | {"PORT": "x"}
    assert load({}, others) == load({}, {})


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CORRAL_PROT": "1"}, "did you mean CORRAL_PORT?"),
        ({"CORRAL_NONSENSE_AT_ALL": "1"}, "there is no setting CORRAL_NONSENSE_AT_ALL"),
        ({"CORRAL_PORT": "http"}, "port"),
        ({"CORRAL_PORT": "65536"}, "port"),
        ({"CORRAL_LEASE_MS": "soon"}, "lease_ms"),
        ({"CORRAL_LEASE_MS": "99"}, "lease_ms"),
        ({"CORRAL_LEASE_MS": "20000"}, "at least twice heartbeat_ms"),
        ({"CORRAL_LOG_LEVEL": "banana"}, "log_level"),
        ({"CORRAL_PUBLIC": "maybe"}, "public"),
        (WIDE, "other machines reach the hub"),
        (WIDE | {"CORRAL_PUBLIC": "true"}, "public needs tls_cert and tls_key"),
        ({"CORRAL_TLS_CERT": "c.pem"}, "give both or none"),
        (WIDE | {"CORRAL_BEHIND_PROXY": "10.0.0.0/8"}, "exact addresses"),
        ({"CORRAL_BEHIND_PROXY": "*"}, "exact addresses"),
        ({"CORRAL_ALLOWED_HOSTS": "hub:8420"}, "without scheme and port"),
        ({"CORRAL_ALLOWED_ORIGINS": "ops.example.org"}, "takes origins"),
        ({"CORRAL_DEFAULT_REPO": "a; b"}, "default_repo is a path or URL"),
        (
            {"CORRAL_OPEN_REGISTRATION": "true", "CORRAL_BEHIND_PROXY": "10.0.0.2"},
            "open_registration gives a token to everybody",
        ),
    ],
)
def test_what_cannot_be_used_is_said(variables: dict[str, str], said: str) -> None:
    """By its name, so that the operator can put it right."""
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        load({}, variables)


@pytest.mark.parametrize("level", ["debug", "WARNING"])
def test_levels_in_any_case(level: str) -> None:
    """As people write them."""
    assert load({}, {"CORRAL_LOG_LEVEL": level}).log_level == level.upper()


def test_the_program_says_it_too(tmp_path: Path) -> None:
    """In one line, with an exit code of its own, and without a traceback."""
    command = [sys.executable, "-m", "hub.app", "--data", str(tmp_path), "--port", "x"]
    ended = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"corral: the configuration is not valid")
    assert ended.stderr.count(b"\n") == 1


def test_a_data_directory_that_is_none(tmp_path: Path) -> None:
    """Has an exit code of its own too."""
    file = tmp_path / "file"
    file.touch()
    command = [sys.executable, "-m", "hub.app", "--data", str(file), "--port", "0"]
    ended = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 3
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "said",
    [
        {"CORRAL_INSECURE": "true"},
        {"CORRAL_BEHIND_PROXY": "10.0.0.2,fd00::2"},
        {"CORRAL_PUBLIC": "1", "CORRAL_TLS_CERT": "c.pem", "CORRAL_TLS_KEY": "k.pem"},
    ],
)
def test_others_may_reach_the_hub_when_it_is_said_how(said: dict[str, str]) -> None:
    """With encryption, behind a proxy, or knowingly without either."""
    assert not load({}, WIDE | said).is_loopback


def test_the_file_stands_between_defaults_and_environment(tmp_path: Path) -> None:
    """A key in its table and one by its flat name mean the same."""
    write(
        tmp_path / "corral.toml",
        "port = 7\nhost = '::1'\nlease_ms = 90000\n[terms]\nheartbeat_ms = 2000\naccept_ms = 300",
    )
    loaded = read({"data": str(tmp_path), "port": "9"}, {"CORRAL_HEARTBEAT_MS": "3000"})
    config, sources = loaded
    settings = config.settings
    assert (config.port, config.host) == (9, "::1")
    assert (settings.heartbeat_ms, settings.lease_ms, settings.accept_ms) == (3_000, 90_000, 300)
    assert sources["port"] == "flag"
    assert sources["heartbeat_ms"] == "environment:CORRAL_HEARTBEAT_MS"
    assert sources["accept_ms"] == f"file:{tmp_path / 'corral.toml'}"
    assert sources["log_level"] == "default"
    assert set(sources) == {key.name for key in keys(Config())}


def test_which_file_is_read(tmp_path: Path, home: Path) -> None:
    """The flag, the variable, the data directory, the home directory: the first that is there."""
    data = tmp_path / "data"
    places = [tmp_path / "my.toml", tmp_path / "env", data, home / ".config" / "corral"]
    for number, place in enumerate(places):
        write(place if place.suffix else place / "corral.toml", f"port = {number}")
    flags, variables = {"data": str(data)}, {"CORRAL_CONFIG": str(places[1])}
    assert load(flags | {"config": str(places[0])}, variables).port == 0
    assert load(flags, variables).port == 1
    assert load(flags, {"CORRAL_CONFIG": str(tmp_path / "a-sidecars-own")}).port == 2
    assert load({}, {"CORRAL_DATA": str(data)}).port == 2
    assert load({}, {}).port == 3
    assert load(flags, {"CORRAL_CONFIG": ""}).port == PORT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "there is no setting prot; did you mean port?"),
        ("[terms]\nheartbeet_ms = 1", "did you mean terms.heartbeat_ms?"),
        ("[nothing]", "there is no setting nothing"),
        ("port = '1'", "port (file:"),
        ("heartbeat_ms = 1000\nterms.heartbeat_ms = 1000", "heartbeat_ms is there twice"),
        ("data = '/x'", "data can only be set in a file that --config names"),
        ("port = ", "cannot be used"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(text: str, said: str, tmp_path: Path) -> None:
    """With the file's name."""
    path = write(tmp_path / "corral.toml", text)
    with pytest.raises(ConfigError, match=re.escape(said)) as error:
        load({"data": str(tmp_path)}, {})
    assert str(path) in str(error.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    """By the flag, or as a file by the variable."""
    for flags, variables in (
        ({"config": str(tmp_path)}, {}),
        ({"config": str(tmp_path / "x")}, {}),
        ({}, {"CORRAL_CONFIG": str(tmp_path / "x.toml")}),
    ):
        with pytest.raises(ConfigError, match="there is no configuration file"):
            load(flags, variables)


def test_a_named_file_may_say_where_the_data_is(tmp_path: Path) -> None:
    """Relative to itself, like every path in it."""
    path = write(tmp_path / "my.toml", "data = 'here'\nallowed_hosts = ['a', 'b']")
    config = load({"config": str(path)}, {})
    assert config.data == tmp_path / "here"
    assert config.allowed_hosts == ("a", "b")


def test_every_setting_says_what_it_means() -> None:
    """In a sentence at its field, and under a name that is there once."""
    root = Config()
    silent = [path for path, text in meanings(root).items() if not text.endswith(".")]
    assert silent == []
    assert {key.path for key in keys(root)} == set(meanings(root))


def test_the_example_on_the_page_works(tmp_path: Path) -> None:
    """The file that the page shows is one the hub takes."""
    example = PAGE.read_text().split("```toml\n")[1].split("```")[0]
    write(tmp_path / "corral.toml", example)
    assert load({"data": str(tmp_path)}, {}).port == tomllib.loads(example)["port"]


def test_the_page_lists_every_field_of_a_sidecar() -> None:
    """Each once, in the order of the file."""
    part = PAGE.read_text().split("## A sidecar")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", part, re.M) == [
        field.name for field in structs.fields(Sidecar)
    ]
