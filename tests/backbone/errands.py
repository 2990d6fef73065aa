"""The helper scripts that people run beside an old client: what they ask, print and exit with."""

import http.client
import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from tests.backbone.script import Frame, Version

WITHIN: Final = 15.0
"""Seconds until a request is given up."""


class Reply(NamedTuple):
    """What came back; the body is the text if it is no JSON."""

    status: int
    body: Any

    def get(self, name: str) -> Any:
        """A field of the body, None if there is none."""
        return self.body.get(name) if isinstance(self.body, dict) else None


@dataclass
class Outcome:
    """How a script ended."""

    exit_code: int
    printed: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    """What each request was answered, in order."""
    config: Frame | None = None
    """The configuration that was written, if the script writes one."""


def ask(
    method: str, hub: str, path: str, token: str | None = None, body: Frame | None = None
) -> Reply:
    """One request: no redirect is followed, nothing is tried again; raises `OSError`."""
    parts = urlsplit(hub.removesuffix("/"))
    link = http.client.HTTPConnection(parts.netloc, timeout=WITHIN)
    data = json.dumps(body, separators=(",", ":")).encode() if body is not None else None
    headers = {"Content-Type": "application/json", "Connection": "keep-alive"}
    headers |= {"Authorization": f"Bearer {token}"} if token is not None else {}
    headers |= {"Content-Length": str(len(data))} if data is not None else {}
    try:
        link.putrequest(method, parts.path + path, skip_accept_encoding=True)
        for name, value in headers.items():
            link.putheader(name, value)
        link.endheaders(data)
        reply = link.getresponse()
        text = reply.read().decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        link.close()
    try:
        return Reply(reply.status, json.loads(text))
    except ValueError:
        return Reply(reply.status, text)


def _shown(reply: Reply, *names: str, **defaults: str) -> list[str]:
    values = {name: reply.get(name) for name in names}
    return [
        f"{name}: {defaults.get(name, 'undefined') if value is None else value}"
        for name, value in values.items()
    ]


def _posted(hub: str, path: str, token: str, body: Frame, shows: tuple[str, ...]) -> Outcome:
    """Post something whose only success is 201."""
    try:
        reply = ask("POST", hub, path, token, body)
    except OSError as error:
        return Outcome(1, [f"error: {error}"])
    if reply.status != 201:
        return Outcome(1, [f"error {reply.status}: {reply.body}"], [reply])
    return Outcome(0, _shown(reply, *shows, status="queued"), [reply])


def submit(
    hub: str,
    token: str,
    description: str,
    priority: str = "normal",
    metadata: Any = None,
    target: str | None = None,
) -> Outcome:
    """`agentcom-submit.js`: submit a task."""
    metadata = {} if metadata is None else metadata
    if priority not in ("low", "normal", "urgent", "critical"):
        return Outcome(1, [f"error: invalid priority {priority}"])
    if not isinstance(metadata, dict):
        return Outcome(1, ["error: metadata must be a JSON object"])
    body = {
        "description": description,
        "priority": priority,
        "metadata": metadata | ({"target_agent": target} if target is not None else {}),
        "needed_capabilities": [],
    }
    shows = ("task_id", "priority", "status", "created_at")
    return _posted(hub, "/api/tasks", token, body, shows)


def submit_goal(
    hub: str,
    token: str,
    description: str,
    success_criteria: tuple[str, ...] = (),
    priority: str = "normal",
    tags: tuple[str, ...] = (),
    repo: str | None = None,
) -> Outcome:
    """`agentcom-submit-goal.js` of v1.4: submit a goal."""
    body = {
        "description": description,
        "success_criteria": list(success_criteria),
        "priority": priority,
        "source": "cli",
        "tags": list(tags),
    }
    body |= {"repo": repo} if repo is not None else {}
    return _posted(hub, "/api/goals", token, body, ("goal_id",))


def _place(home: Path, name: str) -> Path:
    return home / ".agentcom" / name


def _config(home: Path, name: str) -> Path:
    return _place(home, name) / "repo" / "sidecar" / "config.json"


def remove_agent(hub: str, home: Path, name: str, token: str | None = None) -> Outcome:
    """`remove-agent.js`: take the token back and delete the folder; always exits with 0."""
    outcome = Outcome(0)
    config = _config(home, name)
    if token is None and config.exists():
        token = json.loads(config.read_text("utf-8")).get("token")
    try:
        reply = ask("DELETE", hub, f"/admin/tokens/{name}", token)
        outcome.replies.append(reply)
        done = reply.status == 200
        outcome.printed.append("token removed" if done else f"warning: {reply.status}")
    except OSError as error:
        outcome.printed.append(f"warning: {error}")
    shutil.rmtree(_place(home, name), ignore_errors=True)
    return outcome


class _Stopped(Exception):
    """The script ends with 1."""


class Onboarding:
    """`add-agent.js`, without the steps that stay on the machine (clone, npm, pm2)."""

    def __init__(
        self,
        hub: str,
        home: Path,
        version: Version = "1.4",
        poll_every: float = 2.0,
        poll_within: float = 30.0,
    ) -> None:
        """Delays in seconds; the defaults are the script's."""
        self.hub = hub.removesuffix("/")
        self.home = home
        self.version = version
        self.poll_every = poll_every
        self.poll_within = poll_within
        self.outcome = Outcome(0)

    def add(
        self,
        name: str | None = None,
        rejoin_token: str | None = None,
        ideas: tuple[str, ...] = ("brave-otter", "calm-heron", "quick-lynx"),
    ) -> Outcome:
        """Run all steps; `ideas` are the names that it would invent, `rejoin_token` is of v1.4."""
        self.outcome = Outcome(0)
        try:
            self._steps(name, rejoin_token, ideas)
        except (OSError, _Stopped) as error:
            self.outcome.exit_code = 1
            self.outcome.printed.append(f"error: {error}")
        return self.outcome

    def _steps(self, name: str | None, rejoin: str | None, ideas: tuple[str, ...]) -> None:
        health = self._ask("GET", "/health")
        if health.status != 200:
            raise _Stopped(f"health {health.status}")
        name = name or self._free_name(ideas)
        if rejoin is not None and self.version == "1.4":
            known: Frame = {"token": rejoin}
            known["default_repo"] = self._ask("GET", "/api/config/default-repo").get("default_repo")
        else:
            known = self._register(name)
        if not known.get("default_repo"):
            known["default_repo"] = self._ask("GET", "/api/config/default-repo").get("url")
        if not known["default_repo"]:
            raise _Stopped("no repository to clone")
        self._write_config(name, known)
        self._try_out(known.get("token"))

    def _ask(self, method: str, path: str, token: Any = None, body: Frame | None = None) -> Reply:
        reply = ask(method, self.hub, path, token, body)
        self.outcome.replies.append(reply)
        return reply

    def _free_name(self, ideas: tuple[str, ...]) -> str:
        listed = self._ask("GET", "/api/agents").body
        agents = [each for each in listed if isinstance(each, dict)] if _is_list(listed) else []
        taken = {each.get("agent_id") or each.get("id") or each.get("name") for each in agents}
        return next((idea for idea in ideas if idea not in taken), ideas[-1])

    def _register(self, name: str) -> Frame:
        reply = self._ask("POST", "/api/onboard/register", body={"agent_id": name})
        if reply.status == 409:
            raise _Stopped(f"the name {name} is taken")
        if reply.status not in (200, 201):
            raise _Stopped(f"register {reply.status}: {reply.body}")
        return dict(reply.body) if isinstance(reply.body, dict) else {}

    def _write_config(self, name: str, known: Frame) -> None:
        host = urlsplit(self.hub).netloc
        config = {
            "agent_id": name,
            "token": known.get("token"),
            "hub_url": known.get("hub_ws_url") or f"ws://{host}/ws",
            "hub_api_url": known.get("hub_api_url") or self.hub,
            "default_repo": known["default_repo"],
        }
        path = _config(self.home, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config), "utf-8")
        self.outcome.config = config

    def _try_out(self, token: Any) -> None:
        """Submit the task of the first day and wait for its end."""
        body = {
            "description": "Say hello, so that everybody sees that this agent works",
            "priority": "urgent",
            "metadata": {"onboarding_test": True},
        }
        reply = self._ask("POST", "/api/tasks", token, body)
        task_id = reply.get("task_id") or reply.get("id")
        if reply.status not in (200, 201) or not task_id:
            raise _Stopped(f"test task {reply.status}: {reply.body}")
        give_up = time.monotonic() + self.poll_within
        while time.monotonic() < give_up:
            time.sleep(self.poll_every)
            status = self._status(str(task_id), token)
            if status in ("completed", "complete"):
                self.outcome.printed.append(f"{task_id} completed")
                return
            if status == "failed":
                raise _Stopped(f"{task_id} failed")
        raise _Stopped(f"{task_id} did not end in time")

    def _status(self, task_id: str, token: Any) -> Any:
        """The task's status; an error while polling is passed over."""
        try:
            reply = self._ask("GET", f"/api/tasks/{task_id}", token)
        except OSError as error:
            self.outcome.printed.append(f"polling: {error}")
            return None
        return reply.get("status") if reply.status == 200 else None


def _is_list(value: Any) -> bool:
    return isinstance(value, list)
