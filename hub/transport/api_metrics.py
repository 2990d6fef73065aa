"""HTTP for the numbers of the last hour."""

from hub.transport.call import Answer, Call
from schemas.http.metrics import MetricsQuery


async def show_series(call: Call) -> Answer:
    """The last hour in numbers, one every ten seconds; null where nothing is known.

    For programs that gather numbers themselves there is `/metrics`.
    """
    query: MetricsQuery = call.query
    page = call.services.series.page(call.org.name, query.points, query.series or ())
    return Answer(200, page, durable=False)
