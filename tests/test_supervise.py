"""The supervisor against real child processes that fail as often as they are told."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.supervise import GaveUp, Serving, Supervisor

HUB = """
import json, pathlib, signal, sys, time
port, starts, failures, status, life = sys.argv[1], pathlib.Path(sys.argv[2]), *sys.argv[3:]
with starts.open("a") as file:
    file.write(port + "\\n")
def stop(*_):
    sys.exit(0)
if life != "deaf":
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
else:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({"url": f"http://127.0.0.1:{int(port) or 4242}", "data": "d"}), flush=True)
print("x" * 200_000, flush=True)
if len(starts.read_text().splitlines()) <= int(failures):
    sys.exit(int(status))
# Short sleeps: a signal just before a long one would only be heard after it.
for _ in range(0 if life == "short" else 1200):
    time.sleep(0.05)
"""


class Stage:
    """A hub script, its note of every start, and what the supervisor said."""

    def __init__(self, folder: Path) -> None:
        """Write the script."""
        self.script = folder / "hub.py"
        self.script.write_text(HUB)
        self.starts = folder / "starts"
        self.served: list[tuple[Serving, int]] = []
        self.on_serving: Callable[[], None] = lambda: None

    def supervisor(
        self, *, failures: int, status: int = 70, life: str = "short", stop_s: float = 5.0
    ) -> Supervisor:
        """A supervisor of a hub that fails so often, then lives `short`, `long` or `deaf`."""

        def command(port: int | None) -> list[str]:
            rest = [str(port), str(self.starts), str(failures), str(status), life]
            return [sys.executable, "-S", str(self.script), *rest]

        def serving(hub: Serving, restarted: int) -> None:
            self.served.append((hub, restarted))
            self.on_serving()

        return Supervisor(command, 0, serving, restarts=3, window_s=30, stop_s=stop_s)

    @property
    def ports(self) -> list[int]:
        """The port each start was given."""
        return [int(line) for line in self.starts.read_text().split()]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A place for one supervised hub."""
    return Stage(tmp_path)


def test_a_hub_that_ends_well_is_not_started_again(stage: Stage) -> None:
    """Status 0 is the end."""
    assert stage.supervisor(failures=0).run() == 0
    assert len(stage.ports) == 1


def test_a_failed_hub_comes_back_on_the_port_it_had(stage: Stage) -> None:
    """Agents must find it where it was, also when the port was any free one at first."""
    assert stage.supervisor(failures=2).run() == 0
    assert stage.ports == [0, 4242, 4242]
    assert [restarted for _, restarted in stage.served] == [0, 1, 2]


def test_it_gives_up_after_too_many_failures(stage: Stage) -> None:
    """A hub that cannot live is not restarted for ever."""
    with pytest.raises(GaveUp, match=r"failed 4 times within 30 s, last with status 70"):
        stage.supervisor(failures=99).run()
    assert len(stage.ports) == 4


@pytest.mark.parametrize("status", [2, 3])
def test_what_cannot_get_better_is_not_tried_again(stage: Stage, status: int) -> None:
    """A wrong configuration or data directory will not change by itself."""
    assert stage.supervisor(failures=99, status=status).run() == status
    assert len(stage.ports) == 1


def test_a_hub_says_why_it_cannot_start() -> None:
    """In the place of the line that it serves, so that whoever started it can pass it on."""
    line = json.dumps({"cannot_start": "the port is taken"})
    script = f"print({line!r}, flush=True); raise SystemExit(2)"
    served: list[Serving] = []
    supervisor = Supervisor(
        lambda port: [sys.executable, "-S", "-c", script], 0, lambda hub, _: served.append(hub)
    )
    assert supervisor.run() == 2
    assert (supervisor.reason, served) == ("the port is taken", [])


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_hub_and_ends_both(stage: Stage, signum: signal.Signals) -> None:
    """The hub stops gracefully and its status becomes ours."""
    stage.on_serving = lambda: signal.raise_signal(signum)
    assert stage.supervisor(failures=0, life="long").run() == 0
    assert len(stage.ports) == 1


def test_a_hub_killed_from_outside_is_started_again(stage: Stage) -> None:
    """Death by a signal is a failure like another."""
    supervisor = stage.supervisor(failures=0, life="long")

    def kill_then_stop() -> None:
        child = supervisor._child
        assert child is not None
        if len(stage.served) == 1:
            child.kill()
        else:
            supervisor.stop()

    stage.on_serving = kill_then_stop
    assert supervisor.run() == 0
    assert len(stage.ports) == 2


def test_a_hub_that_does_not_stop_is_killed_in_the_end(stage: Stage) -> None:
    """Every wait is bounded."""
    supervisor = stage.supervisor(failures=0, life="deaf", stop_s=0.3)
    stage.on_serving = supervisor.stop
    assert supervisor.run() == -signal.SIGKILL


def test_a_stop_between_two_starts_starts_nothing_more(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal during the pause before a restart ends the supervisor at once."""
    monkeypatch.setattr("hub.supervise.FIRST_PAUSE_S", 30.0)
    supervisor = stage.supervisor(failures=99)
    threading.Thread(target=_stop_in_the_pause, args=(stage, supervisor)).start()
    assert supervisor.run() == 0
    assert len(stage.ports) == 1


def _stop_in_the_pause(stage: Stage, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + 10
    while not (stage.served and supervisor._child is None) and time.monotonic() < deadline:
        time.sleep(0.005)
    supervisor.stop()


def test_no_hub_is_left_behind_when_the_supervisor_cannot_go_on(stage: Stage) -> None:
    """An error in what is done on each start ends the hub too."""
    supervisor = stage.supervisor(failures=0, life="long")
    pids: list[int] = []

    def fail() -> None:
        child = supervisor._child
        assert child is not None
        pids.append(child.pid)
        raise RuntimeError("cannot go on")

    stage.on_serving = fail
    with pytest.raises(RuntimeError, match="cannot go on"):
        supervisor.run()
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_signals_behave_as_before_once_it_has_ended(stage: Stage) -> None:
    """The supervisor gives the signals back."""
    before = signal.getsignal(signal.SIGTERM)
    stage.supervisor(failures=0).run()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_hub_that_prints_nothing_is_still_watched(stage: Stage) -> None:
    """A failure before serving counts like one after it."""
    supervisor = Supervisor(
        lambda _port: [sys.executable, "-c", "raise SystemExit(9)"],
        0,
        lambda _hub, _restarted: None,
        restarts=0,
    )
    with pytest.raises(GaveUp, match="status 9"):
        supervisor.run()


def test_the_sentence_names_the_signal(stage: Stage) -> None:
    """A person sees whether the hub left or was killed."""
    assert "by signal 9" in str(GaveUp(6, 60.0, -9))


def test_it_works_outside_of_a_terminal() -> None:
    """A supervisor in its own process passes SIGTERM on and ends with the hub's status."""
    program = (
        "import sys; from hub.supervise import Supervisor;"
        'hub = \'import time; print(\\\'{"url":"http://h:1","data":"d"}\\\', flush=True);'
        " time.sleep(60)';"
        "s = Supervisor(lambda p: [sys.executable, '-c', hub], 0,"
        " lambda hub, n: print(hub.url, flush=True));"
        "sys.exit(abs(s.run()))"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"http://h:1\n"
        process.terminate()
        assert process.wait(10) == signal.SIGTERM


def test_a_hub_stops_when_its_supervisor_is_killed(tmp_path: Path) -> None:
    """Without a word, so nobody could pass anything on; the hub ends in order all the same."""
    data = tmp_path / "data"
    command = [sys.executable, "-m", "hub.cli", "up", "--data", str(data), "--port", "0", "--json"]
    environment = os.environ | {"CORRAL_CONFIG": ""}
    with (tmp_path / "log").open("wb") as log:
        above = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=environment)
    with above:
        assert above.stdout is not None
        assert above.stdout.readline()
        pid = json.loads((data / "runtime.json").read_text())["pid"]
        above.kill()
    deadline = time.monotonic() + 20
    while (data / "runtime.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not (data / "runtime.json").exists(), pid
    assert "the supervisor is gone" in (tmp_path / "log").read_text()
