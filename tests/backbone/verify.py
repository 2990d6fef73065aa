"""What v1.4 adds to a result: its own verification, and the hub's classification of the changes."""

import asyncio
import http.client
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tests.backbone.memory import Work
from tests.backbone.script import Frame

if TYPE_CHECKING:
    from tests.backbone.run import Run

CLASSIFY_WITHIN: Final = 10.0
"""Seconds until the client makes do with the default tier."""
DEFAULT_TIER: Final[Frame] = {"tier": 2, "reasons": ["classification unavailable"]}
_COUNTED: Final = {"pass": "passed", "fail": "failed", "error": "errors", "timeout": "timed_out"}


def now_ms() -> int:
    """The client's clock in milliseconds since 1970."""
    return int(time.time() * 1000)


def verdict_of(run: "Run", work: Work) -> str:
    """The status of the report: the script's, unless there is nothing to verify."""
    if work.fields.get("skip_verification"):
        return "skip"
    return run.machine.deed(work.fields).verdict if steps_of(work) else "auto_pass"


def steps_of(work: Work) -> list[Frame]:
    """The steps that the hub asks for."""
    steps = work.fields.get("verification_steps")
    return [each for each in steps if isinstance(each, dict)] if isinstance(steps, list) else []


async def verification(run: "Run", work: Work, number: int = 1) -> Frame:
    """Run the steps; the process is deaf while they take their time."""
    verdict, started, checks = verdict_of(run, work), now_ms(), []
    takes = run.machine.deed(work.fields).verify_takes
    if verdict not in ("skip", "auto_pass"):
        if takes:
            await run.link.block(takes)
        checks = [
            {"type": each.get("type"), "target": each.get("target"), "status": verdict}
            for each in steps_of(work)
        ]
    counts = dict.fromkeys(_COUNTED.values(), 0)
    for check in checks:
        counts[_COUNTED[str(check["status"])]] += 1
    return {
        **work.named,
        "run_number": number,
        "status": verdict,
        "started_at": started,
        "duration_ms": now_ms() - started,
        "timeout_ms": work.fields.get("verification_timeout_ms") or 120_000,
        "checks": checks,
        "summary": {"total": len(checks), **counts},
    }


async def classified(run: "Run", work: Work, result: Any) -> Any:
    """The result with the hub's risk classification; only if a repository is configured."""
    setup = run.machine.setup
    if not setup.repo_dir or setup.hub_api_url is None or not isinstance(result, dict):
        return result
    answer = await asyncio.to_thread(
        classify, setup.hub_api_url, run.machine.token, work.file, dict(setup.diff)
    )
    return result | {"risk_classification": answer}


def classify(hub_api_url: str, token: str, task_id: str, diff: Frame) -> Any:
    """Ask the hub for the tier of some changes; any failure gives the default tier."""
    parts = urlsplit(hub_api_url.rstrip("/"))
    link = http.client.HTTPConnection(parts.netloc, timeout=CLASSIFY_WITHIN)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Transfer-Encoding": "chunked",
        "Connection": "keep-alive",
    }
    try:
        path = f"{parts.path}/api/tasks/{task_id}/classify"
        link.request("POST", path, _pieces(diff), headers, encode_chunked=True)
        reply = link.getresponse()
        body = reply.read()
        return json.loads(body) if reply.status == 200 else DEFAULT_TIER
    except (OSError, http.client.HTTPException, ValueError):
        return DEFAULT_TIER
    finally:
        link.close()


def _pieces(body: Frame) -> Iterator[bytes]:
    yield json.dumps(body).encode()
