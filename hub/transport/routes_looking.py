"""The routes by which people look around: search, and the numbers of the last hour."""

from typing import Final

from hub.core.credentials import READ
from hub.transport import api_metrics, api_search
from hub.transport.route import API, get
from schemas.http import metrics, search
from schemas.scalars import ErrorCode as Code

LOOKING: Final = (
    get(
        f"{API}/search",
        api_search.find,
        READ,
        search.SearchPage,
        query=search.SearchQuery,
        refusals=(Code.INVALID_CURSOR, Code.BUSY, Code.UNSUPPORTED),
    ),
    get(
        f"{API}/metrics",
        api_metrics.show_series,
        READ,
        metrics.MetricsPage,
        query=metrics.MetricsQuery,
    ),
)
