"""`corral up` before and after the hub itself: the log file, the command, the start page.

A hub that really runs under it is in `tests/end_to_end`.
"""

import json
import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from rich.console import Console

from hub.cli import up
from hub.cli.exits import Exit, Trouble
from hub.config import Config
from hub.flags import parser
from hub.store.opening import open_data
from hub.supervise import Serving
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble


def test_the_log_goes_where_it_is_asked_to(tmp_path: Path) -> None:
    """A dash is standard error; without a terminal that is the default too."""
    assert up.log_path(tmp_path, "-") is None
    assert up.log_path(tmp_path, None) is None
    assert up.log_path(tmp_path, str(tmp_path / "my.log")) == tmp_path / "my.log"


def test_a_log_file_is_private_and_appended_to(tmp_path: Path) -> None:
    """A start does not erase what the last one said."""
    path = tmp_path / "data" / "hub.log"
    for _ in range(2):
        with up.opened(path) as file:
            assert file is not None
            file.write(b"line\n")
    assert path.read_bytes() == b"line\n" * 2
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_large_log_file_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk does not fill up over the years."""
    monkeypatch.setattr(up, "LOG_BYTES", 10)
    path = tmp_path / "hub.log"
    path.write_bytes(b"x" * 11)
    with up.opened(path):
        pass
    assert path.read_bytes() == b""
    assert (tmp_path / "hub.log.1").read_bytes() == b"x" * 11


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A path below a file is no place for a log."""
    (tmp_path / "file").touch()
    with pytest.raises(Trouble) as error, up.opened(tmp_path / "file" / "hub.log"):
        pass
    assert error.value.exit_code is Exit.USAGE


def test_the_end_of_the_log_is_shown_when_nobody_saw_it(tmp_path: Path) -> None:
    """The last lines say why a hub ended."""
    path = tmp_path / "hub.log"
    path.write_text("1\n2\n3\n4\n")
    assert up.last_words(path) == "\n  2\n  3\n  4"
    assert up.last_words(None) == ""


def test_the_start_page_leads_to_the_first_command(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Address, token, a line that joins an agent, a line that runs something."""
    (tmp_path / "runtime.json").write_text(f'{{"url":"{hub.url}","pid":1,"started_at":1}}')
    (tmp_path / "admin.token").write_text("secret\n")
    hub.prepare("POST /api/v1/invites", {"code": "abc", "expires_at": 5}, 201)
    up.start_page(Serving(hub.url, str(tmp_path)))
    page = capsys.readouterr().err
    assert f"corral join {hub.url} abc --allow uname" in page
    assert f"corral run --follow --data {tmp_path} -- uname -a" in page
    assert "secret" not in page


@pytest.mark.parametrize("terminal", [True, False])
def test_the_link_to_the_dashboard_is_for_eyes_only(
    hub: HubDouble,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    terminal: bool,
) -> None:
    """In a terminal it is shown; where a log may be, the command that prints one."""
    (tmp_path / "runtime.json").write_text(f'{{"url":"{hub.url}","pid":1,"started_at":1}}')
    (tmp_path / "admin.token").write_text("secret\n")
    hub.prepare("POST /api/v1/invites", {"code": "abc", "expires_at": 5}, 201)
    code = {"code": "xyz", "path": "/dashboard#code=xyz", "expires_at": 5}
    hub.prepare("POST /api/v1/login-codes", code, 201)
    screen = Console(stderr=True, highlight=False, force_terminal=terminal)
    monkeypatch.setattr(up, "NOTES", screen)
    up.start_page(Serving(hub.url, str(tmp_path)))
    page = capsys.readouterr().err
    assert (f"{hub.url}/dashboard#code=xyz" in page) is terminal
    assert (f"corral dashboard --data {tmp_path}" in page) is not terminal


def test_programs_get_the_link_with_the_address(
    hub: HubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or nothing in its place when there is none."""
    (tmp_path / "runtime.json").write_text(f'{{"url":"{hub.url}","pid":1,"started_at":1}}')
    (tmp_path / "admin.token").write_text("secret\n")
    code = {"code": "xyz", "path": "/dashboard#code=xyz", "expires_at": 5}
    hub.prepare("POST /api/v1/login-codes", code, 201)
    hub.refuse("POST /api/v1/login-codes", 503, "busy")
    for link in (f"{hub.url}/dashboard#code=xyz", None):
        up._say_that_it_serves(Serving(hub.url, str(tmp_path)), 0, settings=Config(), as_json=True)
        line = json.loads(capsys.readouterr().out)
        assert line == {"url": hub.url, "data": str(tmp_path), "login_url": link}


def test_a_wrong_setting_ends_at_once(
    corral: Corral, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub's own sentence is enough; nothing is tried again."""
    monkeypatch.setenv("CORRAL_LEASE_MS", "1")
    log = tmp_path / "log"
    ended = corral("up", "--port", "0", "--data", str(tmp_path / "d"), "--log", str(log))
    assert ended.exit_code == 2
    assert "lease_ms" in ended.err
    assert os.listdir(tmp_path) == []


def message_of_up(data: Path, port: int) -> str:
    """What `corral up --json` says on the last line of standard error when it cannot start."""
    ended = subprocess.run(
        [sys.executable, "-m", "hub.cli", "up", "--json", f"--data={data}", f"--port={port}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    message: str = json.loads(ended.stderr.splitlines()[-1])["error"]["message"]
    return message


def test_a_program_hears_why_a_hub_cannot_start(tmp_path: Path) -> None:
    """Its port is taken, or another hub has its directory."""
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = message_of_up(data, port)
    assert said.startswith("The hub cannot start: ")
    assert f"{port}" in said
    with closing(open_data(data)):
        said = message_of_up(data, 0)
    assert "stop that hub" in said


def test_only_what_was_given_is_passed_on(tmp_path: Path) -> None:
    """So the environment decides the rest, as it does for a hub started without `up`."""
    bare = up.hub_command(tmp_path, None, None)
    assert "--host" not in bare
    assert "--port" not in bare
    assert "--port" not in " ".join(up.supervised_command(None, []))
    assert up.hub_command(tmp_path, "::1", 0)[-5:] == ["--host", "::1", "--port", "0", "--json"]


def test_flags_reach_the_hub_as_they_were_given(tmp_path: Path) -> None:
    """Lists one by one, and what was not given not at all."""
    flags = {
        "data": tmp_path,
        "config": None,
        "public": True,
        "allowed_hosts": ["a", "b"],
        "tls_key": Path("key file"),
    }
    given = up.as_given(flags)
    assert given == [
        f"--data={tmp_path}",
        "--public",
        "--allowed-host=a",
        "--allowed-host=b",
        "--tls-key=key file",
    ]
    read = vars(parser("test").parse_args(given))
    assert {name: value for name, value in read.items() if value is not None} == {
        "data": str(tmp_path),
        "public": True,
        "allowed_hosts": ["a", "b"],
        "tls_key": "key file",
    }


@pytest.mark.parametrize(
    ("host", "warned"), [("127.0.0.1", False), ("[::1]", False), ("0.0.0.0", True)]
)
def test_a_hub_that_others_reach_is_remarked_on(host: str, warned: bool, tmp_path: Path) -> None:
    """Also when the address came from the environment."""
    serving = Serving(f"http://{host}:8420", str(tmp_path))
    said = " ".join(up.remarks(serving, Config(insecure=True)))
    assert ("without encryption" in said) is warned


def test_open_registration_is_remarked_on(tmp_path: Path) -> None:
    """The warning in the log is not seen when that goes to a file."""
    serving = Serving("http://127.0.0.1:8420", str(tmp_path))
    assert list(up.remarks(serving, Config())) == []
    (said,) = up.remarks(serving, Config(open_registration=True))
    assert "without a code" in said
