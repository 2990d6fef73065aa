"""`corral config`: what a hub started here would be set to."""

import json
from pathlib import Path

import pytest

from hub.config import PORT
from tests.cli.conftest import Corral


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with one setting in a file."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".config" / "corral" / "corral.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[terms]\nlease_ms = 70000\n")
    return path


def test_every_value_with_its_source(
    corral: Corral, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one document for programs."""
    monkeypatch.setenv("CORRAL_BACKLOG", "9")
    ended = corral("config", "--json", "--host", "::1", "--allowed-host", "a")
    found = json.loads(ended.out)
    assert found["host"] == {"value": "::1", "source": "flag"}
    assert found["allowed_hosts"] == {"value": ["a"], "source": "flag"}
    assert found["backlog"] == {"value": 9, "source": "environment:CORRAL_BACKLOG"}
    assert found["lease_ms"] == {"value": 70_000, "source": f"file:{home}"}
    assert found["port"] == {"value": PORT, "source": "default"}


def test_a_table_for_people(corral: Corral) -> None:
    """One line for each setting."""
    lines = corral("config", "--port", "9").out.splitlines()
    (port,) = [line.split() for line in lines if line.startswith(" port ")]
    assert port == ["port", "9", "flag"]


def test_what_cannot_be_used_is_a_usage_error(corral: Corral) -> None:
    """With the sentence that the hub would say."""
    ended = corral("config", "--host", "0.0.0.0")
    assert ended.exit_code == 2
    assert "--insecure" in ended.err
    assert corral("config", "--prot", "1").exit_code == 2
