"""What holds for every command: JSON, help for narrow terminals, words that complete."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.published.commands_page import Verb, tables, verbs
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble

VERBS = verbs()
FOR_PEOPLE = {
    "demo": "it shows its work as it goes on",
    "join": "it stays and runs the sidecar",
    "sidecar": "it runs until it is stopped",
}
"""Commands without JSON, each with its reason."""


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_every_command_speaks_json(verb: Verb) -> None:
    """Only those that stay and have no result do not."""
    has_json = any("--json" in param.opts for param in verb.command.params)
    assert has_json != (verb.words in FOR_PEOPLE)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_every_command_and_option_has_a_sentence(verb: Verb) -> None:
    """They are the help, and the page of the documentation."""
    assert verb.first.endswith(".")
    silent = [param.opts for param in verb.command.params if not getattr(param, "help", None)]
    assert silent == []


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_help_fits_80_columns(corral: Corral, verb: Verb) -> None:
    """No line is cut, and no sentence is broken in a second place."""
    ended = corral(*verb.words.split(), "--help")
    assert ended.exit_code == 0
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "…" not in ended.out
    for paragraph in verb.text.split("\n\n")[1:]:
        assert all(line in ended.out for line in paragraph.splitlines())


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.words)
def test_a_mistyped_option_is_a_usage_error(hub: HubDouble, corral: Corral, verb: Verb) -> None:
    """Before any hub hears of it."""
    if verb.words == "config":
        pytest.skip("its flags are those of a hub, and are refused by it")
    ended = corral(*verb.words.split(), "--no-such-option")
    assert (ended.exit_code, ended.out) == (2, "")
    assert hub.asked == []


def test_the_page_has_every_command_and_option() -> None:
    """What is made from the program is all of it."""
    page = tables()
    for verb in VERBS:
        assert f"### corral {verb.words}\n" in page
        assert f"| `corral {verb.words}` | " in page


def test_the_page_names_every_option_of_a_command() -> None:
    """With what it takes and what it is without it."""
    section = tables().partition("### corral run\n")[2].partition("### corral")[0]
    assert "| `--attempts` N | How often to try. | `3` |" in section
    assert "| `--follow`, `-f` | " in section
    assert "`--url`" not in section


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("corral doc", "doctor"),
        ("corral task sh", "show"),
        ("corral tasks --state dead", "dead_letter"),
        ("corral run --priority ur", "urgent"),
        ("corral token create x --role ad", "admin"),
        ("corral agents --status dr", "draining"),
        ("corral schemas op", "openapi"),
    ],
)
def test_words_complete(typed: str, word: str, tmp_path: Path) -> None:
    """Commands, and the words of a few that an option takes; no hub is asked."""
    count = str(len(typed.split()) - 1)
    asked = {"_CORRAL_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": count}
    ended = subprocess.run(
        [sys.executable, "-m", "hub.cli"],
        env=os.environ | asked | {"CORRAL_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert word in ended.stdout.splitlines()
