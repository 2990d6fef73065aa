"""HTTP for the numbers of the last hour."""

from hub.transport.call import Answer, Call
from schemas.http.metrics import MetricsQuery


async def show_series(call: Call) -> Answer:
    """The last hour in numbers, one every ten seconds; null where nothing is known.

    For programs that gather numbers themselves there is `/metrics`.
    """
    query: MetricsQuery = call.query
    names = [] if query.series is None else [name for name in query.series.split(",") if name]
    page = call.services.series.page(call.org.name, query.points, names)
    return Answer(200, page, durable=False)
