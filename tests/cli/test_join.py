"""Join codes."""

import json
import socket
from pathlib import Path

import pytest

from hub.cli.join import join_line
from sidecar.config import load
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble

INVITES = "POST /api/v1/invites"


def test_an_invitation_is_a_line_to_paste(hub: HubDouble, corral: Corral) -> None:
    """The line alone is on standard output."""
    hub.prepare(INVITES, {"code": "abc", "expires_at": 5}, 201)
    ended = corral("invite", "--agent", "birch", "--ttl", "90s")
    assert ended.out == f"corral join {hub.url} abc --name birch --allow uname\n"
    assert hub.asked[0].body == {"agent_id": "birch", "ttl_ms": 90_000}
    assert "90 s" in ended.err


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "[::]"])
def test_a_hub_on_every_interface_is_named_by_its_host(everywhere: str) -> None:
    """The line has to work on another machine."""
    assert join_line(f"http://{everywhere}:8420", "abc") == (
        f"corral join http://{socket.gethostname()}:8420 abc --allow uname"
    )


def test_an_invitation_for_programs(hub: HubDouble, corral: Corral) -> None:
    """With --json the parts come separately."""
    hub.prepare(INVITES, {"code": "abc", "expires_at": 5}, 201)
    assert json.loads(corral("invite", "--json").out) == {
        "url": hub.url,
        "code": "abc",
        "expires_at": 5,
    }


@pytest.mark.parametrize("ttl", ["2h", "0", "0s", "10ms"])
def test_a_lifetime_that_no_code_has_is_refused(hub: HubDouble, corral: Corral, ttl: str) -> None:
    """The limits are said before the hub is asked, and zero is not "as long as possible"."""
    assert corral("invite", "--ttl", ttl).exit_code == 2
    assert hub.asked == []


def test_joining_nobody_says_how_to_start_a_hub(corral: Corral, tmp_path: Path) -> None:
    """An address without a hub is an exit code and a sentence."""
    ended = corral("join", "http://127.0.0.1:9", "code", "--config", str(tmp_path / "c"))
    assert ended.exit_code == 3
    assert "corral up" in ended.err


def test_a_used_code_is_refused(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """The hub's sentence is shown with what to do."""
    hub.refuse("POST /api/v1/register", 403, "invalid_code")
    ended = corral("join", hub.url, "code", "--config", str(tmp_path / "c"))
    assert ended.exit_code == 4
    assert "corral invite" in ended.err


def test_joining_says_what_may_run(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """A person sees the list of programs, and where to change it."""
    hub.prepare("POST /api/v1/register", {"agent_id": "birch", "token": "t"}, 201)
    config = str(tmp_path / "c")
    rest = ["--config", config, "--name", "birch", "--allow", "uname", "--no-start"]
    ended = corral("join", hub.url, "code", *rest)
    assert ended.exit_code == 0
    assert "It may run: uname. Nothing else." in ended.err
    assert hub.asked[0].body["agent_id"] == "birch"
    again = corral("join", hub.url, "code", *rest)
    assert again.exit_code == 2
    assert "--replace" in again.err
    assert corral("join", hub.url, "code", *rest, "--replace").exit_code == 0


def test_functions_may_be_allowed(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """They stand in the same sentence, and a misspelt one is refused before the code is spent."""
    hub.prepare("POST /api/v1/register", {"agent_id": "birch", "token": "t"}, 201)
    rest = ["--config", str(tmp_path / "c"), "--no-start", "--allow", "uname"]
    bad = corral("join", hub.url, "code", *rest, "--allow-python", "shop")
    assert bad.exit_code == 2
    assert "allow_python" in bad.err
    assert hub.asked == []
    places = ["--python-path", str(tmp_path)]
    ended = corral("join", hub.url, "code", *rest, *places, "--allow-python", "shop:*")
    assert "It may run: uname, shop:*. Nothing else." in ended.err
    config = load(tmp_path / "c")
    assert (config.allow_python, config.python_path) == (("shop:*",), (str(tmp_path),))


def test_lines_to_paste_survive_a_shell(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """A directory with a blank, or a name with a semicolon, stays one word."""
    hub.prepare("POST /api/v1/register", {"agent_id": "birch", "token": "t"}, 201)
    config = str(tmp_path / "my agent")
    ended = corral("join", hub.url, "code", "--config", config, "--no-start")
    assert f"corral sidecar --config '{config}'" in ended.err
    assert "--name 'a;b'" in join_line(hub.url, "code", "a;b")


def test_a_sidecar_that_has_not_joined_says_so(corral: Corral, tmp_path: Path) -> None:
    """There is nothing to run yet."""
    ended = corral("sidecar", "--config", str(tmp_path))
    assert ended.exit_code == 2
    assert "corral join" in ended.err
