"""The client against a real socket: what it sends, and what it makes of each answer."""

import socket
import threading
from collections.abc import Iterator

import pytest

from hub.cli.client import Client
from hub.cli.exits import Exit, Trouble
from hub.cli.locate import Address
from schemas.attempts import Stream
from schemas.http.tasks import TaskPage
from schemas.work import TaskSpec
from tests.cli.hub_double import TASK_ID, HubDouble, log, task

TASK = f"/api/v1/tasks/{TASK_ID}"


@pytest.fixture
def client(hub: HubDouble) -> Client:
    """A client of the double."""
    return Client(Address(hub.url, "secret"))


def trouble_of(client: Client) -> Trouble:
    """The error that reading a task ends with."""
    with pytest.raises(Trouble) as error:
        client.task(TASK_ID)
    return error.value


def test_a_request_carries_the_token_and_no_empty_fields(hub: HubDouble, client: Client) -> None:
    """What was not asked for is not in the query."""
    hub.prepare("GET /api/v1/tasks", {"items": [], "next_cursor": None})
    client.ask("GET", "/tasks", TaskPage, {"limit": 5, "cursor": None})
    assert hub.asked[0].query == {"limit": "5"}
    assert hub.asked[0].token == "secret"


def test_ids_are_quoted(hub: HubDouble, client: Client) -> None:
    """Whatever a person types stays one part of the path."""
    with pytest.raises(Trouble):
        client.task("../agents?x=1")
    assert hub.asked[0].path == "/api/v1/tasks/..%2Fagents%3Fx%3D1"


def test_many_tasks_travel_in_one_body(hub: HubDouble, client: Client) -> None:
    """The order of the answers is the order of the tasks."""
    hub.prepare("POST /api/v1/tasks", {"items": [{"id": "task-1", "state": "queued"}]}, 201)
    assert client.submit_all([TaskSpec(description="a")])[0].id == "task-1"
    assert hub.asked[0].body["tasks"][0]["description"] == "a"


def test_output_is_asked_for_by_stream_and_offset(hub: HubDouble, client: Client) -> None:
    """Waiting is part of the query only when it is wanted."""
    hub.prepare(f"GET {TASK}/log", log("x", offset=7))
    assert client.log(TASK_ID, Stream.STDERR, offset=7).next_offset == 8
    assert hub.asked[0].query == {"stream": "stderr", "offset": "7"}


@pytest.mark.parametrize(
    ("status", "code", "exit_code", "hint"),
    [
        (401, "invalid_token", Exit.DENIED, "admin.token"),
        (403, "forbidden", Exit.DENIED, "role"),
        (404, "not_found", Exit.NOT_FOUND, "corral tasks"),
        (409, "invalid_state", Exit.REFUSED, ""),
        (422, "validation_failed", Exit.REFUSED, ""),
        (500, "internal", Exit.LATER, "request id"),
        (503, "busy", Exit.LATER, "try again"),
    ],
)
def test_each_refusal_says_what_to_do(
    hub: HubDouble, client: Client, status: int, code: str, exit_code: Exit, hint: str
) -> None:
    """The hub's sentence, code and request id are shown, and a hint follows."""
    hub.refuse(f"GET {TASK}", status, code)
    trouble = trouble_of(client)
    assert trouble.exit_code is exit_code
    assert f"It is {code}. ({code}, request r-1)" in trouble.message
    assert hint in trouble.hint


def test_every_flaw_is_shown_with_its_path(hub: HubDouble, client: Client) -> None:
    """A refused task names all that is wrong with it."""
    flaws = [{"path": "$.needs[0]", "message": "too long"}]
    problem = {"code": "validation_failed", "message": "No.", "details": flaws}
    hub.prepare(f"GET {TASK}", {"error": problem, "request_id": "r"}, 422)
    assert "\n  $.needs[0]: too long" in trouble_of(client).message


def test_the_time_to_wait_is_passed_on(hub: HubDouble, client: Client) -> None:
    """A busy hub says when to come again."""
    hub.refuse(f"GET {TASK}", 503, "busy", Retry_After="7")
    assert trouble_of(client).retry_after_s == 7.0


@pytest.mark.parametrize("body", [b"<html>hello</html>", b'{"id": 5}', b"\xff"])
@pytest.mark.parametrize("status", [200, 302, 502])
def test_another_server_is_not_taken_for_a_hub(
    hub: HubDouble, client: Client, body: bytes, status: int
) -> None:
    """An answer that is none of ours leads to the address, not to a traceback."""
    hub.prepare(f"GET {TASK}", body, status)
    trouble = trouble_of(client)
    assert trouble.exit_code is Exit.UNREACHABLE
    assert "not as a hub does" in trouble.message


def test_nobody_at_the_address() -> None:
    """A refused connection says how to start a hub."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        trouble = trouble_of(Client(Address(f"http://127.0.0.1:{port}", "t")))
    assert trouble.exit_code is Exit.UNREACHABLE
    assert "corral up" in trouble.hint


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer within the time is an error, never an endless wait."""
    monkeypatch.setattr("hub.cli.client.ANSWER_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = Address(f"http://127.0.0.1:{silent.getsockname()[1]}", "t")
        assert "did not answer in time" in trouble_of(Client(address)).message


def test_a_task_survives_the_way(hub: HubDouble, client: Client) -> None:
    """Waiting for the end of a task is asked of the hub."""
    hub.prepare(f"GET {TASK}", task("completed", result={"exit_code": 0}))
    assert client.task(TASK_ID, wait_ms=50).state.value == "completed"
    assert hub.asked[0].query == {"wait_ms": "50"}


@pytest.fixture
def breaking() -> Iterator[str]:
    """The address of a server that reads each request and then breaks the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(10)


def test_a_broken_answer_leaves_a_submission_unknown(breaking: str) -> None:
    """The hub may have taken it, so nobody is told that it did not."""
    with pytest.raises(Trouble) as error:
        Client(Address(breaking, "t")).submit(TaskSpec(description="a"))
    assert error.value.unknown
    assert error.value.exit_code is Exit.UNREACHABLE
    assert "may have" in error.value.message
    assert "corral tasks" in error.value.hint


def test_a_broken_answer_to_a_question_is_no_riddle(breaking: str) -> None:
    """Reading changes nothing, so it may simply be tried again."""
    trouble = trouble_of(Client(Address(breaking, "t")))
    assert not trouble.unknown
    assert "broke" in trouble.message


@pytest.mark.parametrize(
    ("status", "unknown"), [(422, False), (429, False), (503, False), (500, True), (504, True)]
)
def test_only_a_refusal_is_certain(
    hub: HubDouble, client: Client, status: int, unknown: bool
) -> None:
    """A defect of the hub, or a proxy's complaint, does not say what became of a task."""
    hub.refuse("POST /api/v1/tasks", status, "internal")
    with pytest.raises(Trouble) as error:
        client.submit(TaskSpec(description="a"))
    assert error.value.unknown is unknown


def test_an_unreadable_answer_leaves_a_submission_unknown(hub: HubDouble, client: Client) -> None:
    """Something took it, even if it did not answer as a hub does."""
    hub.prepare("POST /api/v1/tasks", b"<html>", 200)
    with pytest.raises(Trouble) as error:
        client.submit(TaskSpec(description="a"))
    assert error.value.unknown


def test_a_failed_connect_is_certain() -> None:
    """Nothing was sent, so nothing was taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        client = Client(Address(f"http://127.0.0.1:{taken.getsockname()[1]}", "t"))
        with pytest.raises(Trouble) as error:
            client.submit(TaskSpec(description="a"))
    assert not error.value.unknown
