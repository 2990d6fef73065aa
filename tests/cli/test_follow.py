"""Following a task: its output piece by piece, its attempts, a hub that is away for a moment."""

import io

import pytest

from hub.cli import follow
from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import Address
from schemas.attempts import Stream
from tests.cli.hub_double import TASK_ID, HubDouble, log, task

LOG = f"GET /api/v1/tasks/{TASK_ID}/log"
TASK = f"GET /api/v1/tasks/{TASK_ID}"
EXPLAIN = f"GET /api/v1/tasks/{TASK_ID}/explain"


@pytest.fixture
def client(hub: HubDouble) -> Client:
    """A client of the double."""
    return Client(Address(hub.url, "secret"))


def test_a_new_attempt_is_read_from_its_beginning(hub: HubDouble, client: Client) -> None:
    """Nothing of the second attempt is skipped because the first one wrote more."""
    hub.prepare(LOG, log("first attempt\n", generation=1))
    hub.prepare(LOG, log("", offset=14, generation=2))
    hub.prepare(LOG, log("second\n", generation=2))
    out = io.StringIO()
    tail = follow.Tail(client, TASK_ID, Stream.STDOUT, out)
    tail.read()
    tail.read()
    assert out.getvalue() == "first attempt\nsecond\n"
    assert hub.asked[-1].query["offset"] == "0"


def test_a_hub_that_is_away_is_asked_again(
    hub: HubDouble, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """A restart of the hub is not the end of following, and is said once."""
    for _ in range(2):
        hub.refuse(TASK, 503, "busy", Retry_After="0")
    hub.prepare(TASK, task("running"))
    assert follow.patiently(lambda: client.task(TASK_ID)).state.value == "running"
    assert capsys.readouterr().err.count("Trying again") == 1


def test_patience_ends(hub: HubDouble, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that stays away is an error."""
    monkeypatch.setattr(follow, "PATIENCE_S", 0.0)
    hub.refuse(TASK, 503, "busy")
    with pytest.raises(Trouble) as error:
        follow.patiently(lambda: client.task(TASK_ID))
    assert error.value.exit_code is Exit.LATER


def test_other_errors_need_no_patience(hub: HubDouble, client: Client) -> None:
    """A task that is not there will not appear."""
    with pytest.raises(Trouble) as error:
        follow.patiently(lambda: client.task("task-nope"))
    assert error.value.exit_code is Exit.NOT_FOUND
    assert len(hub.asked) == 1


def test_a_person_learns_why_it_waits(
    hub: HubDouble,
    client: Client,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reasons are told once, not at every look."""
    monkeypatch.setattr(follow, "EXPLAIN_AFTER_S", -1.0)
    reason = {"code": "no_such_agent", "message": "no agent offers gpu"}
    hub.prepare(
        EXPLAIN,
        {
            "task_id": TASK_ID,
            "state": "queued",
            "reasons": [reason],
            "candidates": [],
            "candidates_total": 0,
        },
    )
    hub.prepare(TASK, task("queued"))
    story = follow.Story(client, TASK_ID)
    for _ in range(3):
        story.tell(client.task(TASK_ID))
    assert capsys.readouterr().err.count("waits: no agent offers gpu") == 1


def test_each_attempt_is_announced(
    hub: HubDouble, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it runs, and from the second attempt on which one it is."""
    story = follow.Story(client, TASK_ID)
    for attempt, agent in ((1, "amber"), (1, "amber"), (2, "birch")):
        hub.prepare(TASK, task("running", attempt=attempt, assigned_to=agent))
    for _ in range(3):
        story.tell(client.task(TASK_ID))
    told = capsys.readouterr().err.splitlines()
    assert told == [f"{TASK_ID} runs on amber", f"{TASK_ID} runs on birch, attempt 2 of 3"]
