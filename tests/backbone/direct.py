"""The direct path of v1.4: the client itself does the work and streams what happens."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from tests.backbone import verify
from tests.backbone.memory import Work
from tests.backbone.script import Deed, Frame

if TYPE_CHECKING:
    from tests.backbone.run import Run

TARGETS: Final = ("sidecar", "ollama")
"""Where the routing decision may send a task, besides the wake path."""
_RUNS: Final = 2
"""A command that fails is run once more."""


def progress(run: "Run", work: Work, event_type: str, text: str) -> None:
    """Send a line of what happens; while there is no connection it is lost."""
    event = {"event_type": event_type, "text": text, "tokens_so_far": 0, "model": "none"}
    run.send("task_progress", **work.named, execution_event=event | {"timestamp": verify.now_ms()})


async def execute(run: "Run", work: Work, target: str) -> None:
    """Do a task; its failure is a completion too, and one without a generation ends in silence."""
    run.enters(work, "working")
    if work.fields.get("generation") is None:
        run.active = None
        run.save()
        return
    deed = run.machine.deed(work.fields)
    try:
        async with asyncio.timeout(_term(run, work)):
            error = await _attempt(run, work, target, deed)
    except TimeoutError:
        error = "execution timed out"
    if run.active is not work:
        return
    if error:
        progress(run, work, "error", error)
        failed = _result("failed", "execution_failed", _RUNS)
        run.complete(work, failed, verification_report=None, verification_history=[])
        return
    made = await verify.verification(run, work)
    good = made["status"] in ("pass", "auto_pass", "skip")
    result: Any = _result("success", "verified" if good else "partial_pass", 1)
    result["output"] = "\n".join(line for _, line in deed.lines)
    result = await verify.classified(run, work, result)
    run.complete(work, result, verification_report=made, verification_history=[made])


def _term(run: "Run", work: Work) -> float:
    complexity = work.fields.get("complexity")
    tier = complexity.get("effective_tier") if isinstance(complexity, dict) else None
    return run.pace.trivial_within if tier == "trivial" else run.pace.direct_within


async def _attempt(run: "Run", work: Work, target: str, deed: Deed) -> str:
    """Run the command, twice if need be; why it failed, or nothing. No shell is ever started."""
    metadata = work.fields["metadata"]
    command = metadata.get("shell_command") if isinstance(metadata, dict) else None
    if target == "ollama":
        return "connect ECONNREFUSED"
    if not command:
        return "no shell_command in metadata"
    error = ""
    for number in range(1, _RUNS + 1):
        for stream, line in deed.lines:
            progress(run, work, stream, line)
        await asyncio.sleep(deed.direct_takes)
        if not deed.direct_fails:
            return ""
        error = f"command failed in run {number}"
        if number < _RUNS:
            progress(run, work, "error", error)
    return error


def _result(status: str, verified: str, attempts: int) -> Frame:
    return {
        "status": status,
        "output": "",
        "model_used": "none",
        "tokens_in": 0,
        "tokens_out": 0,
        "estimated_cost_usd": 0,
        "equivalent_claude_cost_usd": 0,
        "execution_ms": 1,
        "verification_status": verified,
        "verification_attempts": attempts,
        "termination_reason": None,
        "iterations_used": attempts,
    }
