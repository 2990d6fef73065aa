"""How errors are told, by a process of its own: to a person, and with --json to a program."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from hub.cli.errors import Mistyped, document, internal
from hub.cli.exits import Exit, Trouble
from hub.core.credentials import new_token
from schemas.scalars import Role
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
        ["submit", "/tmp/\udcff", "--json"],
        ["agents", "sync", "--json", "\udcff"],
        ["stats", "--json", "--data", "/tmp/\udcff"],
        ["config", "--json", "--data", "\udcff"],
        ["task", "show", "\udcff", "--json"],
        ["tasks", "--text", "\udcff", "--json"],
        ["run", "--json", "--python", "m:f", "--kwarg", "x=\udcff"],
    ],
    ids=ascii,
)
def test_a_word_that_is_no_text_is_refused(tmp_path: Path, words: list[str]) -> None:
    """Bytes that are not UTF-8 can neither be sent nor printed."""
    code, said = told(tmp_path, *words)
    assert (code, said["error"]["code"]) == (2, "usage")
    assert said["error"]["message"].endswith("\\udcff' is not UTF-8.")


def into_a_full_disk(folder: Path, *words: str) -> tuple[int, list[str]]:
    """The exit code and standard error of a command whose output cannot be written."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words],
            env=os.environ | {"CORRAL_DATA": str(folder)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=30,
            check=False,
        )
    return ended.returncode, ended.stderr.splitlines()


def test_what_nobody_foresaw_is_an_object_too(tmp_path: Path) -> None:
    """Such as a full disk under the output; nothing else is on standard error."""
    code, (line,) = into_a_full_disk(tmp_path, "config", "--json")
    error = json.loads(line)["error"]
    assert (code, error["code"]) == (1, "internal")
    assert error["message"].startswith("OSError: ")


def test_a_person_gets_the_traceback(tmp_path: Path) -> None:
    """And after it the line of every error."""
    code, lines = into_a_full_disk(tmp_path, "config")
    assert (code, lines[0]) == (1, "Traceback (most recent call last):")
    assert lines[-1].startswith("error: OSError: ")


def test_what_nobody_foresaw_keeps_secrets() -> None:
    """A token in its text is cut, and it is one line."""
    token = new_token(Role.ADMIN, 5).text
    trouble = internal(ValueError(f"no {token}\n here"))
    assert token not in trouble.message
    assert trouble.message.startswith("ValueError: no corral_d_")
    assert "report" in trouble.hint
    assert internal(KeyError()).message == "KeyError"


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
