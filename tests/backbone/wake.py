"""The wake path of an old client: start the agent by a command, then wait for its files."""

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.backbone import verify
from tests.backbone.memory import Work
from tests.backbone.script import Deed

if TYPE_CHECKING:
    from tests.backbone.run import Run


def tell(run: "Run", work: Work, status: str, **more: Any) -> None:
    """Send a wake result, which only v1.4 knows."""
    if run.newer:
        run.send("wake_result", **work.named, status=status, **more)


async def wake(run: "Run", work: Work) -> None:
    """Try the wake command until it works; nothing but the process' end stops the tries."""
    run.enters(work, "waking")
    if not isinstance(work.fields["description"], str):
        run.note("unhandled rejection: the description is no string")
        return
    deed, attempt, error = run.machine.deed(work.fields), 0, ""
    for attempt, gap in enumerate(run.pace.wake_gaps, 1):
        await asyncio.sleep(gap)
        error = await _try(run, work, deed, attempt)
        if not error:
            _woken(run, work, attempt)
            return
    tell(run, work, "failed", attempt=attempt, error=error)
    run.fail(work, f"wake_failed_after_{attempt - 1}_attempts")


async def _try(run: "Run", work: Work, deed: Deed, attempt: int) -> str:
    """Run the wake command once; why it failed, or nothing."""
    if deed.wake_hangs:
        await asyncio.sleep(run.pace.wake_within)
        return "wake command timed out"
    if attempt <= deed.wake_fails:
        await asyncio.sleep(deed.wake_takes)
        return deed.wake_error
    run.machine.launch(work.file, deed)
    await asyncio.sleep(deed.wake_takes)
    return ""


def _woken(run: "Run", work: Work, attempt: int) -> None:
    """The wake command ended well: from now on `.started` counts."""
    tell(run, work, "success", attempt=attempt)
    current = run.active
    if current is None or not run.holds(work) or current.status != "waking":
        return
    run.enters(current, "waking_confirmation")
    current.timer = run.later(run.pace.confirm_within, lambda: _unconfirmed(run, current))


def _unconfirmed(run: "Run", work: Work) -> None:
    """The time for `.started` is over, for whatever task has this id by now."""
    current = run.active
    if current is None or not run.holds(work) or current.status != "waking_confirmation":
        return
    if current is not work:
        run.note("uncaught: the queue cannot be written")
        run.exit(1)
        return
    work.timer = None
    tell(run, work, "timeout", reason="confirmation_timeout")
    run.fail(work, "confirmation_timeout")


def report(run: "Run", work: Work, text: str) -> None:
    """Turn a result file into the one frame that tells the hub of it."""
    try:
        result = json.loads(text)
    except ValueError as error:
        run.fail(work, f"result_parse_error: {error}")
        return
    fields = result if isinstance(result, dict) else {}
    if fields.get("status") != "success":
        run.fail(work, str(fields.get("reason") or fields.get("error") or "unknown"))
    elif not run.newer:
        run.complete(work, result)
    else:
        run.spawn(_verified(run, work, result))


async def _verified(run: "Run", work: Work, result: Any) -> None:
    made = await verify.verification(run, work)
    result = await verify.classified(run, work, result)
    run.complete(work, result, verification_report=made, verification_history=None)
