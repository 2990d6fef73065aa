"""`corral doctor` without a hub, or with one that is wrong: each finds its failure by name."""

import fcntl
import json
import os
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from hub.cli.doctor_disk import examined, kind_of
from hub.cli.doctor_report import Scene, Verdict, made
from hub.store.opening import open_data
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble

ME = {"id": "maria", "role": "operator", "org": "main", "token_id": "t1", "expires_at": None}
HEALTH = {"status": "ok", "version": "0.1.0", "epoch": 1, "uptime_ms": 5, "agents_connected": 0}
MOUNTS = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
30 22 0:40 / /srv/my\\040data rw shared:1 - nfs4 host:/x rw
31 22 0:41 / /tmp rw - tmpfs tmpfs rw
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of a hub that has run and was stopped in order; no hub is named."""
    monkeypatch.delenv("CORRAL_URL", raising=False)
    monkeypatch.delenv("CORRAL_TOKEN", raising=False)
    monkeypatch.setenv("CORRAL_CONFIG", "")
    monkeypatch.setenv("CORRAL_PORT", "0")
    place = tmp_path / "data"
    open_data(place).close()
    return place


@pytest.fixture
def doctor(corral: Corral, data: Path) -> Any:
    """Run `corral doctor --json` on it; the findings by check. It must not change a thing."""

    def run(*arguments: str, exit_code: int = 10) -> dict[str, Any]:
        before = contents(data)
        ended = corral("doctor", "--data", str(data), "--json", *arguments)
        assert (ended.exit_code, ended.err) == (exit_code, "")
        assert contents(data) == before
        report = json.loads(ended.out)
        assert report["fail"] == sum(each["verdict"] == "fail" for each in report["checks"])
        return {each["check"]: each for each in report["checks"]}

    return run


def contents(folder: Path) -> dict[str, bytes]:
    """Every file in a directory."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.name: path.read_bytes() for path in files}


def test_without_a_hub_everything_else_is_looked_at(doctor: Any) -> None:
    """Only the hub is missing, and it is said how to start one."""
    found = doctor()
    assert [name for name, each in found.items() if each["verdict"] == "fail"] == ["hub"]
    assert "corral up" in found["hub"]["hint"]
    assert found["database"]["verdict"] == found["history"]["verdict"] == "ok"


def test_people_get_a_page_for_80_columns(corral: Corral, data: Path) -> None:
    """Verdict, check, sentence, and what to do; the sum is said at the end."""
    ended = corral("doctor", "--data", str(data))
    assert ended.exit_code == 10
    assert max(map(len, ended.out.splitlines())) <= 80
    assert "FAIL  hub " in ended.out
    assert "→ Start one" in ended.out
    assert "1 failed" in ended.err


def test_a_damaged_database_is_found(doctor: Any, data: Path) -> None:
    """It says to put a copy in its place."""
    file = data / "hub.db"
    raw = bytearray(file.read_bytes())
    raw[4096 + 8 : 4096 + 400] = b"\xa5" * 392
    file.write_bytes(raw)
    found = doctor()["database"]
    assert found["verdict"] == "fail"
    assert "backups/" in found["hint"]


def test_what_is_no_database_is_found(doctor: Any, data: Path) -> None:
    """A file with other content is damage too."""
    (data / "hub.db").write_bytes(b"not a database" * 1000)
    assert doctor()["database"]["verdict"] == "fail"


def test_a_vanished_database_is_found(doctor: Any, data: Path) -> None:
    """An empty hub in its place would be silent loss."""
    (data / "hub.db").unlink()
    found = doctor()["database"]
    assert found["verdict"] == "fail"
    assert str(data / "epoch") in found["hint"]


def test_a_database_that_was_put_back_is_told(doctor: Any, data: Path) -> None:
    """The witness beside it has seen more."""
    witness = json.loads((data / "epoch").read_text())
    (data / "epoch").write_text(json.dumps(witness | {"events": 99}))
    found = doctor()["history"]
    assert found["verdict"] == "warn"
    assert "99" in found["message"]


def test_a_missing_pepper_is_found(doctor: Any, data: Path) -> None:
    """Without it no token is valid."""
    (data / "pepper").unlink()
    assert doctor()["pepper"]["verdict"] == "fail"


def test_a_hub_that_died_is_found(doctor: Any, data: Path) -> None:
    """Its runtime file is there, and nobody holds the directory."""
    runtime = {"url": "http://127.0.0.1:9", "pid": 4_000_000, "started_at": 1}
    (data / "runtime.json").write_text(json.dumps(runtime))
    found = doctor()
    assert found["lock"]["verdict"] == "fail"
    assert "4000000" in found["lock"]["message"]
    assert "corral up" in found["lock"]["hint"]
    assert found["hub"]["verdict"] == "fail"


def test_a_held_directory_is_told_from_a_free_one(doctor: Any, data: Path) -> None:
    """Somebody has the lock, and does not say where it serves."""
    with (data / "hub.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert doctor()["lock"]["verdict"] == "warn"
    assert doctor()["lock"]["verdict"] == "ok"


def test_a_damaged_runtime_file_is_no_traceback(doctor: Any, data: Path) -> None:
    """It is a finding like others, and the rest is still looked at."""
    (data / "runtime.json").write_text("{")
    found = doctor()
    assert found["runtime"]["verdict"] == "fail"
    assert found["database"]["verdict"] == "ok"


def test_an_open_directory_is_told(doctor: Any, data: Path) -> None:
    """Others could read the tokens."""
    data.chmod(0o755)
    assert f"chmod 700 {data}" in doctor()["directory"]["hint"]


def test_a_file_in_its_place_is_found(corral: Corral, data: Path, tmp_path: Path) -> None:
    """A data directory is a directory."""
    (tmp_path / "file").touch()
    ended = corral("doctor", "--json", "--data", str(tmp_path / "file"))
    checks = {each["check"]: each["verdict"] for each in json.loads(ended.out)["checks"]}
    assert checks["directory"] == "fail"


def test_a_place_that_takes_no_file_is_found() -> None:
    """As on a full or read-only disk; the kernel's own directory refuses even root."""
    found = {each.check: each for each in examined(Path("/proc/self"))}
    assert found["fsync"].verdict is Verdict.FAIL
    assert "room" in found["fsync"].hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_found(doctor: Any, data: Path) -> None:
    """It says whose it has to be."""
    data.chmod(0o500)
    assert doctor()["directory"]["verdict"] == "fail"
    data.chmod(0o700)


@pytest.mark.parametrize(
    ("place", "kind"),
    [("/srv/my data/hub", "nfs4"), ("/srv/mine", "ext4"), ("/tmp/x", "tmpfs"), ("/", "ext4")],
)
def test_the_kind_of_a_file_system_is_that_of_its_mount(place: str, kind: str) -> None:
    """The longest mount point counts; blanks in it are written in octal."""
    assert kind_of(Path(place), MOUNTS) == kind


def test_a_taken_port_is_found(
    doctor: Any, hub: HubDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program listens where a hub started here would."""
    monkeypatch.setenv("CORRAL_PORT", hub.url.rpartition(":")[2])
    found = doctor()["port"]
    assert found["verdict"] == "fail"
    assert "--port 0" in found["hint"]


def test_a_bad_configuration_is_found(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the sentence that a start would give."""
    monkeypatch.setenv("CORRAL_PROT", "1")
    assert "did you mean CORRAL_PORT?" in doctor()["configuration"]["message"]


def test_a_wrong_token_is_found(doctor: Any, hub: HubDouble) -> None:
    """The hub is there, and does not know us."""
    prepared(hub)
    hub.refuse("GET /api/v1/me", 401, "invalid_token")
    found = doctor("--url", hub.url, "--token", "wrong")
    assert found["hub"]["verdict"] == "ok"
    assert found["token"]["verdict"] == "fail"
    assert "CORRAL_TOKEN" in found["token"]["hint"]


def test_another_clock_and_another_version_are_told(doctor: Any, hub: HubDouble) -> None:
    """A warning is no failure: the exit code stays 0."""
    date = formatdate(time.time() - 3_600, usegmt=True)
    prepared(hub, HEALTH | {"version": "9.9.9"}, Date=date)
    hub.prepare("GET /api/v1/me", ME | {"expires_at": int(time.time() * 1000) + 60_000})
    found = doctor("--url", hub.url, "--token", "good", exit_code=0)
    assert "ahead of the hub's" in found["clock"]["message"]
    assert "9.9.9" in found["version"]["message"]
    assert "corral token rotate t1" in found["token"]["hint"]


def test_a_hub_that_takes_no_work_is_found(doctor: Any, hub: HubDouble) -> None:
    """With the reasons that it gives."""
    prepared(hub)
    reasons = [{"code": "disk_stuck", "message": "a commit takes too long"}]
    hub.prepare("GET /ready", {"ready": False, "reasons": reasons}, 503)
    hub.prepare("GET /ready", {"ready": False, "reasons": reasons}, 503)
    hub.prepare("GET /api/v1/me", ME)
    doctor("--url", hub.url, "--token", "good", exit_code=0)
    assert "too long" in doctor("--url", hub.url, "--token", "good")["ready"]["message"]


def test_what_is_no_hub_is_found(doctor: Any, hub: HubDouble) -> None:
    """Something else listens there."""
    hub.prepare("GET /health", b"<html>")
    assert "no hub" in doctor("--url", hub.url, "--token", "good")["hub"]["message"]
    refused = doctor("--url", "http://127.0.0.1:1", "--token", "good")["hub"]
    assert refused["message"] == "No hub answers at http://127.0.0.1:1."


def test_a_sidecar_needs_no_data_directory(corral: Corral, hub: HubDouble, tmp_path: Path) -> None:
    """Its configuration, its hub and its machine are looked at."""
    prepared(hub)
    hub.prepare("GET /api/v1/me", ME)
    folder = tmp_path / "agent"
    folder.mkdir(mode=0o700)
    file = folder / "sidecar.json"
    allow = ["sh", "no-such-program"]
    file.write_text(json.dumps({"url": hub.url, "agent_id": "birch", "token": "t", "allow": allow}))
    file.chmod(0o600)
    ended = corral("doctor", "--sidecar", "--config", str(folder), "--json")
    found = {each["check"]: each for each in json.loads(ended.out)["checks"]}
    assert ended.exit_code == 0
    assert found["programs"]["message"] == "Allowed, but not found: no-such-program."
    assert found["token"]["verdict"] == "ok"
    assert "directory" not in found
    file.chmod(0o644)
    ended = corral("doctor", "--sidecar", "--config", str(folder))
    assert ended.exit_code == 10
    assert "chmod 600" in ended.out


def test_a_check_that_cannot_be_made_says_so() -> None:
    """What a check stumbles over is a finding, never a traceback."""

    def check(_: Scene) -> list[Any]:
        raise PermissionError(13, "Permission denied")

    (found,) = made("odd", check, Scene(Path("/"), Path("/")))
    assert found.verdict is Verdict.SKIP
    assert "Permission denied" in found.message


def prepared(hub: HubDouble, health: Any = HEALTH, **headers: str) -> None:
    """The double is alive and takes work."""
    hub.prepare("GET /health", health, 200, **headers)
    hub.prepare("GET /ready", {"ready": True, "reasons": []})


@pytest.mark.parametrize(
    ("standing", "verdict", "words"),
    [
        ({"behind": 0, "behind_ms": 0, "ready": True}, "ok", "has what happened"),
        ({"behind": 9, "behind_ms": 59_000, "ready": True}, "ok", "has what happened"),
        ({"behind": 9_000, "behind_ms": 90_000, "ready": True}, "warn", "9,000 events"),
        ({"behind": 0, "behind_ms": 0, "ready": False}, "warn", "being built"),
    ],
)
def test_a_search_that_is_far_behind_is_told(
    doctor: Any, hub: HubDouble, standing: dict[str, Any], verdict: str, words: str
) -> None:
    """It is a warning only: everything else goes on."""
    prepared(hub)
    hub.prepare("GET /api/v1/me", ME)
    hub.prepare("GET /api/v1/search", {"items": [], "next_cursor": None} | standing)
    found = doctor("--url", hub.url, "--token", "t", exit_code=0)["search"]
    assert found["verdict"] == verdict
    assert words in found["message"]
