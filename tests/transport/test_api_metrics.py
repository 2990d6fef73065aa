"""The last hour in numbers over HTTP."""

from schemas.http.metrics import STEP_MS, UNITS
from schemas.scalars import Role
from tests.transport.wire import Door

PATH = "/api/v1/metrics"


async def test_series_are_told(calm: Door) -> None:
    """All of them, or those that are named; a hub that has just begun has no values yet."""
    page = calm.hub.get("/metrics")
    assert page["step_ms"] == STEP_MS
    assert [each["name"] for each in page["series"]] == list(UNITS)
    assert len({len(each["values"]) for each in page["series"]}) == 1
    some = calm.hub.get("/metrics?points=3&series=running,wait_p50,")
    assert [each["name"] for each in some["series"]] == ["running", "wait_p50"]
    assert all(len(each["values"]) <= 3 for each in some["series"])


async def test_what_is_no_series_is_refused(calm: Door) -> None:
    """With the parameter that is wrong."""
    for query in ("series=cats", "points=0", "points=361", "cats=1"):
        reply = calm.hub.http("GET", f"{PATH}?{query}")
        assert (reply.status, reply.code) == (422, "validation_failed")
        assert reply.paths <= {"query.series", "query.series[0]", "query.points", "query.cats"}


async def test_who_may_read_them(calm: Door) -> None:
    """Whoever may read tasks, and nobody without a credential."""
    assert calm.hub.http("GET", PATH, role=Role.VIEWER).status == 200
    assert calm.hub.http("GET", PATH, role=None).status == 401
