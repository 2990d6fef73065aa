"""The configuration file: read, written, refused."""

import os
from pathlib import Path

import pytest

from schemas.attempts import FailureClass
from sidecar.config import Config, ConfigError, directory, environment, load, save

CONFIG = Config(
    url="http://127.0.0.1:8420",
    agent_id="agent-1",
    token="secret-token",
    allow=("sh",),
    failure_classes={"75": FailureClass.QUOTA},
)
PYTHON = '{"url": "http://h:1", "agent_id": "a", "token": "t", "allow_python": ["%s"]}'
TOML = """
url = "https://hub.example"
agent_id = "agent-1"
token = "secret-token"
slots = 3
allow_python = ["shop:total", "shop.cart:*"]

[failure_classes]
75 = "quota"
"""


def write(where: Path, content: str, name: str = "sidecar.json") -> None:
    """Put a private file there."""
    where.mkdir(exist_ok=True)
    (where / name).write_text(content)
    (where / name).chmod(0o600)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """Private, in a private directory."""
    where = tmp_path / "deep" / "corral"
    path = save(CONFIG, where)
    assert load(where) == CONFIG
    assert path.stat().st_mode & 0o777 == 0o600
    assert where.stat().st_mode & 0o777 == 0o700
    assert list(where.iterdir()) == [path]


def test_toml_is_read(tmp_path: Path) -> None:
    """For people who write it by hand."""
    write(tmp_path, TOML, "sidecar.toml")
    config = load(tmp_path)
    assert (config.slots, config.failure_classes) == (3, {"75": FailureClass.QUOTA})
    assert config.allow_python == ("shop:total", "shop.cart:*")


def test_a_missing_file_says_how_to_join(tmp_path: Path) -> None:
    """The usual first mistake."""
    with pytest.raises(ConfigError, match="corral join URL CODE"):
        load(tmp_path)


def test_a_readable_token_is_refused(tmp_path: Path) -> None:
    """And the remedy named."""
    save(CONFIG, tmp_path).chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        ("{", "not usable"),
        ('{"url": "http://h:1"}', "agent_id"),
        ('{"url": "ftp://h", "agent_id": "a", "token": "t"}', "url"),
        ('{"url": "http://h:1", "agent_id": "a", "token": "t", "slots": 0}', "slots"),
        ('{"url": "http://h:1", "agent_id": "a", "token": "t", "slot": 1}', "slot"),
        (PYTHON % "shop", "allow_python"),
        (PYTHON % "shop.*:total", "allow_python"),
        (PYTHON % "*:total", "allow_python"),
        (PYTHON % "shop:to*", "allow_python"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, content: str, hint: str) -> None:
    """The error names the field."""
    write(tmp_path, content)
    with pytest.raises(ConfigError, match=hint):
        load(tmp_path)


def test_the_directory_is_chosen_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argument, then environment, then the home directory."""
    monkeypatch.setenv("CORRAL_CONFIG", "/from/env")
    assert directory("/from/argument") == Path("/from/argument")
    assert directory() == Path("/from/env")
    monkeypatch.delenv("CORRAL_CONFIG")
    assert directory() == Path.home() / ".config" / "corral"
    assert directory("here") == Path.cwd() / "here"


def test_only_listed_variables_are_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in the sidecar's environment does not reach a task."""
    monkeypatch.setenv("SECRET", "x")
    assert environment(("PATH", "ABSENT_HERE")) == {"PATH": os.environ["PATH"]}


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    """A file where the directory should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        save(CONFIG, tmp_path / "file")
