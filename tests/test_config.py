"""The configuration: defaults, overruled by the environment, overruled by flags."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import structs

from hub.config import PORT, Config, ConfigError, default_data, load
from hub.services.settings import Settings
from sidecar.config import Config as Sidecar
from tests.transport.ranch import PATIENCE


def test_defaults() -> None:
    """Loopback, the known port, terms for real life."""
    config = load({}, {})
    assert (config.host, config.port, config.is_loopback) == ("127.0.0.1", PORT, True)
    assert (config.settings.heartbeat_ms, config.settings.lease_ms) == (15_000, 60_000)
    assert config.data == default_data({})


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
    others = {"CORRAL_URL": "x", "CORRAL_TOKEN": "x", "CORRAL_CONFIG": "x", "PORT": "x"}
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


PAGE = Path(__file__).parent.parent / "docs" / "settings.md"


def test_the_page_lists_every_setting_of_the_hub() -> None:
    """With its variable and its default, and nothing that is no setting."""
    part = PAGE.read_text().split("\n## ")[1]
    rows = re.findall(r"^\| `CORRAL_([A-Z_]+)` \| ([^|]+) \|", part, re.M)
    defaults = {
        field.name.upper(): str(field.default)
        for struct in (Config, Settings)
        for field in structs.fields(struct)
        if field.name != "settings"
    }
    assert dict(rows) == defaults | {"DATA": "`~/.local/share/corral`"}


def test_the_page_lists_every_field_of_a_sidecar() -> None:
    """Each once, in the order of the file."""
    part = PAGE.read_text().split("## A sidecar")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", part, re.M) == [
        field.name for field in structs.fields(Sidecar)
    ]
