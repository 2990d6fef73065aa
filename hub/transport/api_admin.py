"""HTTP for those who run the hub: its log."""

from hub.transport.call import Answer, Call
from schemas.http.hub import LogLevelView
from schemas.scalars import LogLevelName


async def get_log_level(call: Call) -> Answer:
    """The least level of what the hub logs now."""
    return Answer(200, _view(call), durable=False)


async def set_log_level(call: Call) -> Answer:
    """Log from another level on, until the hub starts again."""
    wish: LogLevelView = call.take(LogLevelView)
    call.services.administration.set_log_level(call.org, wish.level, call.actor)
    return Answer(200, _view(call))


def _view(call: Call) -> LogLevelView:
    return LogLevelView(LogLevelName(call.services.administration.log_level))
