"""Giving work: one command, files of tasks, and the exit codes of following."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from hub.cli.exits import Trouble
from hub.cli.submit import batches
from tests.cli.conftest import Corral
from tests.cli.hub_double import TASK_ID, HubDouble, log, task

TASKS = "POST /api/v1/tasks"
TASK = f"/api/v1/tasks/{TASK_ID}"


def line(**fields: Any) -> bytes:
    """A task as one line of a file."""
    return json.dumps({"description": "d"} | fields).encode() + b"\n"


def test_a_command_becomes_a_task(hub: HubDouble, corral: Corral) -> None:
    """Everything after `--` is the program's, also what looks like ours."""
    hub.prepare(TASKS, task(), 201)
    options = ["--needs", "gpu, big", "--priority", "high", "--timeout", "2m", "--attempts", "1"]
    ended = corral("run", *options, "--", "ls", "--json", "-l")
    assert ended.out == f"{TASK_ID}\n"
    body = hub.asked[0].body
    assert body["run"]["argv"] == ["ls", "--json", "-l"]
    assert (body["needs"], body["priority"], body["timeout_ms"]) == (
        ["gpu", "big"],
        "high",
        120_000,
    )
    assert body["max_attempts"] == 1


def test_a_function_becomes_a_task(hub: HubDouble, corral: Corral) -> None:
    """What reads as JSON is JSON, everything else is text."""
    hub.prepare(TASKS, task(), 201)
    kwargs = ["prices=[1, 2.5]", "rate=2", "shop=the =one", "plain=true", "empty=", "code='x'"]
    ended = corral("run", "--python", "shop:total", *(f"--kwarg={text}" for text in kwargs))
    assert ended.out == f"{TASK_ID}\n"
    body = hub.asked[0].body
    assert body["description"] == "shop:total"
    assert body["run"] == {
        "kind": "python",
        "target": "shop:total",
        "kwargs": {
            "prices": [1, 2.5],
            "rate": 2,
            "shop": "the =one",
            "plain": True,
            "empty": "",
            "code": "'x'",
        },
    }


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--kwarg", "a=1"),
        ("--kwarg", "a=1", "--", "ls"),
        ("--python", "shop:total", "--", "ls"),
        ("--python", "shop:total", "--cwd", "/tmp"),
        ("--python", "shop:total", "--kwarg", "a"),
    ],
)
def test_one_thing_is_run(hub: HubDouble, corral: Corral, arguments: tuple[str, ...]) -> None:
    """Neither nothing nor two things, nor an argument without a value."""
    ended = corral("run", *arguments)
    assert ended.exit_code == 2
    assert "--kwarg" in ended.err
    assert hub.asked == []


def test_functions_of_a_file_are_submitted(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """A line of the file may name a function, and its arguments arrive as they are."""
    hub.prepare(TASKS, {"items": []}, 201)
    run = {"kind": "python", "target": "shop:total", "kwargs": {"prices": [1.5]}}
    (tmp_path / "tasks").write_bytes(line(run=run))
    assert corral("submit", str(tmp_path / "tasks")).exit_code == 0
    assert hub.asked[0].body["tasks"][0]["run"] == run


@pytest.mark.parametrize(
    ("state", "exit_code"), [("completed", 0), ("dead_letter", 8), ("cancelled", 9)]
)
def test_following_ends_with_the_task_s_end(
    hub: HubDouble, corral: Corral, state: str, exit_code: int
) -> None:
    """The output is on standard output, and the exit code says how it ended."""
    hub.prepare(TASKS, task(), 201)
    hub.prepare(f"GET {TASK}/log", log("hi\n", ended=True))
    hub.prepare(f"GET {TASK}/log", log("", offset=3, ended=True))
    hub.prepare(f"GET {TASK}", task(state))
    ended = corral("run", "-f", "--", "echo", "hi")
    assert (ended.exit_code, ended.out) == (exit_code, "hi\n")


def test_following_with_json_keeps_standard_output_for_the_document(
    hub: HubDouble, corral: Corral
) -> None:
    """The task's output goes to standard error then."""
    hub.prepare(TASKS, task(), 201)
    hub.prepare(f"GET {TASK}/log", log("hi\n", ended=True))
    hub.prepare(f"GET {TASK}/log", log("", offset=3, ended=True))
    hub.prepare(f"GET {TASK}", task("completed"))
    ended = corral("run", "-f", "--json", "--", "echo", "hi")
    assert json.loads(ended.out)["state"] == "completed"
    assert "hi\n" in ended.err


def test_a_file_is_submitted_whole(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """Blank lines are skipped, and each created task is a line of JSON."""
    hub.prepare(TASKS, {"items": [{"id": f"task-{n}", "state": "queued"} for n in (1, 2)]}, 201)
    file = tmp_path / "work.jsonl"
    file.write_bytes(line() + b"\n" + line(needs=["x"]))
    ended = corral("submit", str(file), "--json")
    assert [json.loads(row)["id"] for row in ended.out.splitlines()] == ["task-1", "task-2"]
    assert len(hub.asked[0].body["tasks"]) == 2


def test_standard_input_is_a_file_too(
    hub: HubDouble, corral: Corral, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-` reads what another program prints."""
    hub.prepare(TASKS, {"items": [{"id": "task-1", "state": "queued"}]}, 201)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line())))
    assert "1 tasks submitted" in corral("submit", "-").err


def test_a_bad_line_is_named_before_anything_is_sent(
    hub: HubDouble, corral: Corral, tmp_path: Path
) -> None:
    """A file is checked whole first."""
    file = tmp_path / "work.jsonl"
    file.write_bytes(line() * 3 + line(prioirty="high"))
    ended = corral("submit", str(file))
    assert ended.exit_code == 2
    assert "Line 4 is no task" in ended.err
    assert "prioirty" in ended.err
    assert hub.asked == []


def test_a_missing_file_is_named(corral: Corral) -> None:
    """No traceback for a wrong path."""
    assert "nowhere.jsonl cannot be read" in corral("submit", "nowhere.jsonl").err


def test_a_busy_hub_is_asked_again(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """A hub without room just now does not stop a long file."""
    hub.refuse(TASKS, 503, "busy", Retry_After="0")
    hub.prepare(TASKS, {"items": [{"id": "task-1", "state": "queued"}]}, 201)
    file = tmp_path / "work.jsonl"
    file.write_bytes(line())
    assert corral("submit", str(file)).exit_code == 0


def test_a_refused_batch_says_what_is_done_already(
    hub: HubDouble, corral: Corral, tmp_path: Path
) -> None:
    """A person knows from which line to go on."""
    hub.prepare(TASKS, {"items": [{"id": "task-1", "state": "queued"}] * 1000}, 201)
    hub.refuse(TASKS, 422, "too_many_lanes")
    file = tmp_path / "work.jsonl"
    file.write_bytes(line() * 1001)
    ended = corral("submit", str(file))
    assert ended.exit_code == 6
    assert "Lines 1001 to 1001 were not submitted" in ended.err
    assert "Lines before 1001 are submitted." in ended.err


def test_batches_fit_a_request() -> None:
    """At most a thousand tasks, and never more bytes than the hub takes."""
    large = line(payload="x" * 300_000)
    sizes = [len(batch.specs) for batch in batches([large] * 7 + [line()] * 1500)]
    assert sizes == [2, 2, 2, 1000, 501] or sum(sizes) == 1507
    assert max(sizes) <= 1000


def test_a_line_that_is_no_json_is_refused() -> None:
    """The number of the line is in the sentence."""
    with pytest.raises(Trouble, match="Line 2 is no task"):
        list(batches([line(), b"{\n"]))


def test_lines_that_may_have_been_taken_are_unknown(
    hub: HubDouble, corral: Corral, tmp_path: Path
) -> None:
    """They are sent once, and a person is told to look before sending them again."""
    hub.refuse(TASKS, 500, "internal")
    file = tmp_path / "work.jsonl"
    file.write_bytes(line() * 2)
    ended = corral("submit", str(file))
    assert "Lines 1 to 2 are unknown" in ended.err
    assert "not submitted" not in ended.err
    assert "corral tasks" in ended.err
    assert len(hub.asked) == 1
