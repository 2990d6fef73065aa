"""The snapshot over HTTP: as much as is asked for, compressed for whoever takes it so."""

import asyncio
import gzip
import http.client

import msgspec
import pytest

from schemas.dashboard import Snapshot
from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.page import SNAPSHOT, snapshot
from tests.transport.ranch import WITH_SEARCH, Hub, until
from tests.transport.wire import Door, new_name


async def test_a_snapshot_is_small_without_agents(calm: Door) -> None:
    """And has every agent with them; compressed for whoever takes it so."""
    hub = calm.hub
    await calm.agent(name := new_name(), capabilities=[name])
    brief = await asyncio.to_thread(snapshot, hub, "summary")
    assert (brief.agents, brief.offers) == ([], [])
    full = await asyncio.to_thread(snapshot, hub, "agents")
    rows = {row.id: row for row in full.agents}
    assert full.offers[rows[name].offer] == [name]
    wrong = await asyncio.to_thread(hub.http, "GET", f"{SNAPSHOT}?scope=everything")
    assert wrong.status == 422
    nobody = await asyncio.to_thread(hub.http, "GET", SNAPSHOT, role=None)
    assert nobody.status == 401


@pytest.mark.parametrize(
    ("said", "zipped"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("gzip;q=0", False), ("br", False), ("", False)],
)
def test_it_is_compressed_for_whoever_takes_it_so(calm_hub: Hub, said: str, zipped: bool) -> None:
    """The same either way."""
    agents = [{"id": f"fleet-{number}", "labels": {"zone": "a"}} for number in range(100)]
    body = {"agents": agents, "deactivate_missing": False}
    assert calm_hub.http("POST", "/api/v1/agents/sync", body).status == 200
    until(lambda: len(snapshot(calm_hub).agents) >= 100)
    connection = http.client.HTTPConnection("127.0.0.1", calm_hub.port, timeout=10)
    headers = {"Authorization": f"Bearer {calm_hub.tokens[Role.VIEWER]}", "Accept-Encoding": said}
    connection.request("GET", f"{SNAPSHOT}?scope=agents", headers=headers)
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    assert (answer.getheader("Content-Encoding") == "gzip") is zipped
    found = msgspec.json.decode(gzip.decompress(raw) if zipped else raw, type=Snapshot)
    assert len(found.agents) >= 100


def test_it_says_whether_there_is_search(calm_hub: Hub, own_hub: StartHub) -> None:
    """So a page need not ask in vain."""
    assert not snapshot(calm_hub, "summary").search
    assert snapshot(own_hub(**WITH_SEARCH)).search


def test_a_snapshot_is_made_for_many(calm_hub: Hub) -> None:
    """Who asks again at once gets the same."""
    before = calm_hub.metric("corral_page_snapshots_total")
    found = [snapshot(calm_hub) for _ in range(20)]
    made = calm_hub.metric("corral_page_snapshots_total") - before
    assert made <= len({each.at for each in found}) < 20
