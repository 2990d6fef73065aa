"""Joining a hub over real HTTP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from sidecar.config import ConfigError, load
from sidecar.join import JoinError, join, suggest_id


class Registry(HTTPServer):
    """A hub that only registers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[Any] = []
        self.status, self.body = 201, b'{"agent_id":"agent-1","token":"the-token"}'

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def refuse(self, status: int, code: str) -> None:
        """Answer with an error body."""
        body = {"error": {"code": code, "message": "No."}, "request_id": "r"}
        self.status, self.body = status, json.dumps(body).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers what the registry says."""

    server: Registry

    def do_POST(self) -> None:
        """Remember the request, answer."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(content)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A listening registry."""
    with Registry() as registry:
        thread = threading.Thread(target=registry.serve_forever, args=(0.01,))
        thread.start()
        yield registry
        registry.shutdown()
        thread.join()


def test_a_code_becomes_a_configuration(registry: Registry, tmp_path: Path) -> None:
    """The token is written, and everything that was said about the sidecar."""
    config = join(
        registry.url + "/",
        "code",
        config_dir=tmp_path,
        agent_id="agent-1",
        name="First",
        capabilities=["gpu"],
        slots=3,
        allow=["sh"],
        allow_python=["shop:*"],
        python_path=["jobs"],
    )
    assert load(tmp_path) == config
    assert (config.token, config.slots, config.allow) == ("the-token", 3, ("sh",))
    assert (config.allow_python, config.python_path) == (("shop:*",), (str(Path.cwd() / "jobs"),))
    ((path, body),) = registry.asked
    assert path == "/api/v1/register"
    assert body == {"code": "code", "agent_id": "agent-1"}


def test_joining_twice_is_refused(registry: Registry, tmp_path: Path) -> None:
    """The first token would be lost; the code is not spent."""
    join(registry.url, "code", config_dir=tmp_path)
    with pytest.raises(ConfigError, match="--replace"):
        join(registry.url, "code", config_dir=tmp_path)
    assert len(registry.asked) == 1
    join(registry.url, "code", config_dir=tmp_path, replace=True)


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [(400, "invalid_code", "corral invite"), (409, "agent_exists", "--name"), (503, "busy", "No.")],
)
def test_a_refusal_says_what_to_do(
    registry: Registry, tmp_path: Path, status: int, code: str, hint: str
) -> None:
    """The hub's code and sentence, and the next step."""
    registry.refuse(status, code)
    with pytest.raises(JoinError, match=hint) as caught:
        join(registry.url, "code", config_dir=tmp_path)
    assert caught.value.code == code
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("status", [200, 404])
def test_something_else_that_answers_is_recognised(
    registry: Registry, tmp_path: Path, status: int
) -> None:
    """A web server that is no hub."""
    registry.status, registry.body = status, b"<html>"
    with pytest.raises(JoinError, match="not a Corral hub"):
        join(registry.url, "code", config_dir=tmp_path)


def test_no_answer_says_how_to_start_a_hub(tmp_path: Path) -> None:
    """Nobody listens there."""
    with pytest.raises(JoinError, match="corral up") as caught:
        join("http://127.0.0.1:1", "code", config_dir=tmp_path)
    assert caught.value.code == "unreachable"


@pytest.mark.parametrize("wrong", [{"slots": 0}, {"agent_id": "no spaces"}, {"capabilities": [""]}])
def test_wrong_values_cost_no_code(
    registry: Registry, tmp_path: Path, wrong: dict[str, Any]
) -> None:
    """They are refused before the hub is asked."""
    with pytest.raises(ConfigError):
        join(registry.url, "code", config_dir=tmp_path, **wrong)
    assert registry.asked == []


def test_an_id_is_made_from_any_name() -> None:
    """It is valid, and two of one name differ."""
    assert suggest_id("Büro PC (2)").startswith("B-ro-PC-2-")
    assert suggest_id("...").startswith("agent-")
    assert suggest_id("x") != suggest_id("x")
