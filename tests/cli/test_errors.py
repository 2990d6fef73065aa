"""How errors are told, by a process of its own: to a person, and with --json to a program."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from hub.cli.errors import Mistyped, document
from hub.cli.exits import Exit, Trouble
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble


def typed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Type `corral …` where no hub runs."""
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", *words],
        env=os.environ | {"CORRAL_DATA": str(folder), "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def told(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the one object on standard error of a command that fails."""
    ended = typed(folder, *words)
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return ended.returncode, json.loads(line)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tasks", "--nope", "--json"], "No such option: --nope"),
        (["task", "show", "--json"], "Missing argument 'ID'."),
        (["tasks", "--json", "--limit", "x"], "Invalid value for '--limit'"),
        (["--json"], "No such option: --json"),
        (["nope", "--json"], "No such command 'nope'."),
        (["run", "--nope", "--json", "--", "ls"], "No such option: --nope"),
        (["config", "--nope", "--json"], "Unrecognized arguments: --nope."),
        (["task", "log", "x", "-f", "--json"], "--json and --follow do not go together."),
    ],
    ids=" ".join,
)
def test_a_usage_error_is_an_object_for_programs(
    tmp_path: Path, words: list[str], message: str
) -> None:
    """Whoever finds it: the parser of the command line, that of a hub, or the command."""
    code, said = told(tmp_path, *words)
    assert (code, said["exit_code"], said["error"]["code"]) == (2, 2, "usage")
    assert said["error"]["message"].startswith(message)
    assert said["error"]["hint"]


def test_every_other_error_has_the_same_shape(tmp_path: Path) -> None:
    """The code is the exit code's name; here nobody answers."""
    code, said = told(tmp_path, "stats", "--json")
    assert (code, said["exit_code"], said["error"]["code"]) == (3, 3, "unreachable")
    assert set(said["error"]) == {"code", "message", "hint"}


def test_what_the_hub_says_is_told_as_json(hub: HubDouble, corral: Corral) -> None:
    """With its code and the id of the request in the message."""
    hub.refuse("GET /api/v1/tasks", 401, "invalid_token")
    ended = corral("tasks", "--json")
    error = json.loads(ended.err)["error"]
    assert (ended.exit_code, ended.out, error["code"]) == (4, "", "denied")
    assert error["message"] == "It is invalid_token. (invalid_token, request r-1)"


@pytest.mark.parametrize(
    "words",
    [
        ["run", "--timeout", "soon", "ls", "--json"],
        ["run", "--timeout", "--json", "ls"],
        ["run", "--timeout", "soon", "--", "ls", "--json"],
    ],
    ids=" ".join,
)
def test_the_words_of_a_program_are_not_ours(tmp_path: Path, words: list[str]) -> None:
    """A `--json` that is for the program that runs, or a value, asks for nothing here."""
    ended = typed(tmp_path, *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: ")


def test_a_hint_may_be_missing() -> None:
    """There is not always something to do."""
    said = document(Trouble(Exit.REFUSED, "No."))
    assert said == {"error": {"code": "refused", "message": "No."}, "exit_code": 6}


def test_what_is_no_text_is_told_all_the_same() -> None:
    """A path may have bytes that are no UTF-8, and a program reads the rest."""
    said = document(Trouble(Exit.USAGE, "There is no /tmp/\udcff.", "Look into \udcfe."))
    assert said["error"]["message"] == "There is no /tmp/?."
    assert said["error"]["hint"] == "Look into ?."


def test_the_class_of_usage_errors_is_found_by_its_name() -> None:
    """The kind that typer exports is one of it, and it has what is told."""
    assert Mistyped.__name__ == "UsageError"
    assert issubclass(typer.BadParameter, Mistyped)
