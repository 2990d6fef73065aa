"""The contract of old clients, item by item, and what its tests share.

Each item has exactly one test function, in one of the modules `test_contract*.py`, which is
named after its part and number: `test_must_01_...`, `test_should_1_...`, `test_must_not_1_...`.
"""

import ast
import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.backbone.double import OldClient
from tests.backbone.fleet import PACE
from tests.backbone.script import SUCCEED, VERSIONS, Deed, Frame, Pace, Setup, Version
from tests.transport.wire import Door, new_name, until

MUST: Final = {
    1: "Serve /ws with a plain 101 and speak in text frames, one JSON object each.",
    2: "Take identify as the first frame and answer it with identified.",
    3: "Answer every ping with a pong, soon, whatever else is going on.",
    4: "Assign tasks in the shape that clients read, one at a time.",
    5: "Take every frame of theirs, with extra fields and nulls, and close for none of them.",
    6: "Take a busy answer as the task given back, whichever task it is.",
    7: "Answer task_recovering, with the generation, before anything else is assigned.",
    8: "Answer state_report with continue or abort.",
    9: "Judge results by their generation, and end by a deadline what never gets a result.",
    10: "Take a whole result in one large frame.",
    11: "Rely on no frame being sent twice: notice what was lost with a connection.",
    12: "Serve the helper scripts over HTTP, with exactly their status codes and fields.",
}
SHOULD: Final = {
    1: "Keep the connection open after a bad token, so that it is tried rarely.",
    2: "Acknowledge task_accepted, task_complete and task_failed.",
    3: "Move a running task to a new generation by task_continue, not by a new assignment.",
}
MUST_NOT: Final = {
    1: "Count on a close code to keep a client away.",
    2: "Let two processes of one name throw each other out for ever.",
    3: "Take a client for dead that is deaf while it verifies.",
    4: "Cancel a task and give the same one to the same client soon after.",
    5: "Pass on as a command what somebody wrote into a task.",
}
SPARE: Final = replace(PACE, confirm_within=20.0)
"""Short delays, but for one that a busy machine may miss while large results are written."""
PARTS: Final = {"must": MUST, "should": SHOULD, "must_not": MUST_NOT}
_NAME: Final = re.compile(r"test_(must_not|must|should)_(\d+)_[a-z_]+")


def held() -> Iterator[tuple[str, str]]:
    """The part and the number of each test function of the contract, as often as it is there."""
    for path in sorted(Path(__file__).parent.glob("test_contract*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found = _NAME.fullmatch(node.name)
                if found is not None:
                    yield found[1], found[2]


async def by_both(play: Callable[[Version], Coroutine[Any, Any, None]]) -> None:
    """Let both versions do something side by side; what goes wrong names its version."""
    outcomes = await asyncio.gather(*map(play, VERSIONS), return_exceptions=True)
    for version, outcome in zip(VERSIONS, outcomes, strict=True):
        if outcome is not None:
            outcome.add_note(f"with version {version}")
            raise outcome


def client_of(
    door: Door,
    version: Version,
    work: Path,
    deed: Deed = SUCCEED,
    pace: Pace = SPARE,
    setup: Setup | None = None,
) -> OldClient:
    """A client that is known to the hub and not started yet."""
    name = new_name()
    url, token = door.hub.socket_url, door.token(name)
    return OldClient(version, url, name, token, work / version, pace, setup, deed)


def heard(client: OldClient, *kinds: str) -> list[Frame]:
    """What the client heard of these kinds, in order."""
    return [frame for frame in client.heard if frame["type"] in kinds]


def said(client: OldClient, *kinds: str) -> list[Frame]:
    """What the client sent of these kinds, in order."""
    return [frame for frame in client.sent if frame["type"] in kinds]


async def greeted(client: OldClient, times: int = 1) -> None:
    """Wait until the client was greeted so often."""
    await until(lambda: len(heard(client, "identified")) >= times)


async def at_work(door: Door, client: OldClient, **spec: Any) -> str:
    """Submit a task for this client, and wait until both sides know that it works on it."""
    task = door.hub.submit(assign_to=client.agent_id, **spec)
    await until(lambda: client.working_on == task and client.status == "working")
    await door.reaches(task, "running")
    return task
