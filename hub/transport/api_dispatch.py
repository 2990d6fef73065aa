"""HTTP for pauses of dispatch."""

from hub.core.org import Org
from hub.transport.agent_view import pause_view
from hub.transport.call import Answer, Call
from schemas.http.dispatch import (
    DispatchPauseRequest,
    DispatchResumeRequest,
    DispatchView,
    LabelPair,
)


async def show_dispatch(call: Call) -> Answer:
    """The pauses that last."""
    return Answer(200, _view(call.org))


async def pause_dispatch(call: Call) -> Answer:
    """Give out nothing, or nothing with a label."""
    wish: DispatchPauseRequest = call.take(DispatchPauseRequest)
    label = _pair(wish.label)
    pause = call.services.pauses.pause(
        call.org, label, call.actor, wish.note, wish.until, wish.for_ms
    )
    return Answer(200, pause_view(pause), entity=pause.id)


async def resume_dispatch(call: Call) -> Answer:
    """End a pause; the pauses that are left."""
    wish: DispatchResumeRequest = call.take(DispatchResumeRequest)
    call.services.pauses.resume(call.org, wish.id, _pair(wish.label), call.actor)
    return Answer(200, _view(call.org))


def _pair(label: LabelPair | None) -> tuple[str, str] | None:
    return None if label is None else (label.key, label.value)


def _view(org: Org) -> DispatchView:
    pauses = [pause_view(pause) for pause in org.dispatch.pauses.values()]
    return DispatchView(org.dispatch.whole is not None, pauses)
