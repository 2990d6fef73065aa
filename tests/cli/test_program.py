"""The program as a whole: help, exit codes, errors."""

from pathlib import Path

from hub.cli.exits import MEANINGS, Exit
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble


def test_every_exit_code_is_explained_in_the_help(corral: Corral) -> None:
    """One table serves the code and the help."""
    assert set(MEANINGS) == set(Exit)
    out = corral("--help").out
    for code, meaning in MEANINGS.items():
        assert f"{int(code):>4}  {meaning}" in out


def test_a_foreseeable_error_is_two_lines(hub: HubDouble, corral: Corral) -> None:
    """What is wrong, then what to do, and nothing on standard output."""
    hub.refuse("GET /api/v1/tasks", 401, "invalid_token")
    ended = corral("tasks")
    assert ended.exit_code == 4
    assert ended.out == ""
    first, second = ended.err.splitlines()
    assert first == "error: It is invalid_token. (invalid_token, request r-1)"
    assert "admin.token" in second


def test_a_mistyped_flag_is_a_usage_error(corral: Corral) -> None:
    """Usage errors have their own code."""
    assert corral("tasks", "--stat", "queued").exit_code == 2


def test_the_version_is_told(corral: Corral) -> None:
    """`corral --version` names the program and its version."""
    assert corral("--version").out.startswith("corral 0.")


def test_every_exit_code_is_in_the_documentation() -> None:
    """The page and the code say the same."""
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
    for code, meaning in MEANINGS.items():
        assert f"| {int(code)} | `{code.name.lower()}` | {meaning} |" in page
