"""The dashboard's socket at a real hub: who may follow, what they see, and how they leave."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from schemas.dashboard import Beat, Delta, Hello, Reset, Step
from schemas.http.metrics import STEP_MS, SeriesName
from schemas.scalars import CloseCode, Role
from tests.transport.conftest import StartHub
from tests.transport.page import following, opened, snapshot, url
from tests.transport.ranch import CALM, PATIENCE, Hub
from tests.transport.wire import Door, new_name, open_door, until

# What a page sees


async def test_agents_come_work_and_go(calm: Door) -> None:
    """Each step shows, as it happens."""
    hub, name = calm.hub, new_name()
    async with following(hub) as (page, view):
        agent = await calm.agent(name, capabilities=["gpu", name], slots=2)
        await page.shows(view, lambda _: view.agents.get(name) and view.agents[name].slots == 2)
        assert view.fleet[name][0].status == "idle"
        assert sorted(view.fleet[name][1]) == sorted(["gpu", name])
        task = await asyncio.to_thread(hub.submit, needs=[name])
        fence = await agent.accepts(task)
        await page.shows(view, lambda _: view.agents[name].running == 1)
        assert view.agents[name].status == "working"
        for verb, field in (("pause", "paused"), ("drain", "draining")):
            await asyncio.to_thread(hub.http, "POST", f"/api/v1/agents/{name}/{verb}")
            await page.shows(view, lambda _, field=field: getattr(view.agents[name], field))
        await asyncio.to_thread(hub.http, "POST", f"/api/v1/agents/{name}/resume")
        await page.shows(view, lambda _: not view.agents[name].paused)
        agent.vanish()
        await page.shows(view, lambda _: view.agents[name].status == "stale")
        assert view.agents[name].seen_at is not None
        again = await calm.agent(name, capabilities=["gpu", name], slots=2)
        await page.shows(view, lambda _: view.agents[name].seen_at is None)
        await again.close()
        path = f"/api/v1/agents/{name}?force=true"
        assert (await asyncio.to_thread(hub.http, "DELETE", path)).status == 204
        await page.shows(view, lambda _: name not in view.agents)
        assert fence["task_id"] == task


async def test_a_task_shows_its_life(calm: Door) -> None:
    """With its progress, which is no event, and the numbers soon after."""
    hub, name = calm.hub, new_name()
    async with following(hub) as (page, view):
        before = view.counters.tasks["completed"]
        agent = await calm.agent(name, capabilities=[name])
        task = await asyncio.to_thread(hub.submit, needs=[name])
        fence = await agent.accepts(task)
        await page.shows(view, lambda _: task in view.tasks and view.tasks[task].agent == name)
        await agent.say("task_progress", **fence, progress=40, message="half")
        await page.shows(view, lambda _: view.tasks[task].percent == 40)
        assert view.tasks[task].state == "running"
        await agent.completes(fence)
        await page.shows(view, lambda _: view.tasks[task].state == "completed")
        assert view.tasks[task].percent is None
        await page.shows(view, lambda _: view.counters.tasks["completed"] == before + 1)
        assert view.counters.finished_per_s > 0
        types = [row.type for row in view.events if row.entity == task]
        assert types[:2] == ["task.created", "task.assigned"]


async def test_what_waits_is_counted(calm: Door) -> None:
    """By priority, and how long the oldest has waited."""
    hub = calm.hub
    async with following(hub) as (page, view):
        before = view.counters.queued["urgent"]
        task = await asyncio.to_thread(hub.submit, needs=[new_name("nobody")], priority="urgent")
        await page.shows(view, lambda _: view.counters.queued["urgent"] == before + 1)
        await page.shows(view, lambda _: (view.counters.oldest_queued_ms or 0) >= 1_000)
        await asyncio.to_thread(hub.http, "POST", "/api/v1/dispatch/pause")
        await page.shows(view, lambda _: view.counters.dispatch_paused)
        await asyncio.to_thread(hub.http, "POST", "/api/v1/dispatch/resume")
        await page.shows(view, lambda _: not view.counters.dispatch_paused)
        await asyncio.to_thread(hub.cancel, task)
        await page.shows(view, lambda _: view.counters.queued["urgent"] == before)


async def test_under_load_nothing_is_missed(own_hub: StartHub) -> None:
    """Batches come in order; in the end a page shows what a new snapshot has."""
    hub = own_hub()
    async with open_door(hub) as door, following(hub) as (page, view):
        agents = [await door.agent(f"a{number}", slots=8) for number in range(4)]
        specs = [{"description": "x"} for _ in range(400)]
        reply = await asyncio.to_thread(hub.http, "POST", "/api/v1/tasks", {"tasks": specs})
        ids = [item["id"] for item in reply.json["items"]]

        async def work(agent: object, share: list[str]) -> None:
            while share:
                assigned = await agent.hears("task_assign")  # type: ignore[attr-defined]
                fence = {key: assigned[key] for key in ("task_id", "generation")}
                await agent.say("task_accepted", **fence)  # type: ignore[attr-defined]
                await agent.say("task_complete", **fence, result=1)  # type: ignore[attr-defined]
                share.pop()

        share = list(ids)
        working = [asyncio.create_task(work(agent, share)) for agent in agents]
        await page.shows(view, lambda _: view.counters.tasks["completed"] == 400)
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        # A snapshot may be half a second old.
        end = await until(lambda: (new := snapshot(hub)).seq >= view.seq and new)
        await page.shows(view, lambda _: view.seq >= end.seq)
        assert {row.running for row in view.agents.values()} == {0}
        assert view.agents == {row.id: row for row in end.agents}
        assert view.counters.tasks == end.counters.tasks
        assert len({view.tasks[each].state for each in ids if each in view.tasks}) == 1


# Coming back


async def test_a_lost_connection_goes_on(calm: Door) -> None:
    """Without a snapshot: what it missed comes first."""
    hub = calm.hub
    async with following(hub) as (page, view):
        page.socket.transport.abort()
        task = await asyncio.to_thread(hub.submit, needs=[new_name("nobody")])
        async with opened(hub, (snapshot(hub, "summary").epoch, view.seq)) as again:
            assert (await again.hears(Hello)).resumed
            await again.shows(view, lambda _: task in view.tasks)


@pytest.mark.parametrize("since", [("nobody", 1), None])
async def test_who_cannot_go_on_is_told(calm: Door, since: tuple[str, int] | None) -> None:
    """Then a snapshot has what the batches to come build on."""
    async with opened(calm.hub, since) as page:
        hello = await page.hears(Hello)
        assert not hello.resumed
        start = await asyncio.to_thread(snapshot, calm.hub)
        assert (start.epoch, start.seq >= hello.seq) == (hello.epoch, True)


async def test_a_restart_changes_the_epoch(own_hub: StartHub) -> None:
    """Nobody goes on with numbers of another life."""
    hub = own_hub()
    async with following(hub) as (_, view):
        before = (await asyncio.to_thread(snapshot, hub)).epoch
        await asyncio.to_thread(hub.restart)
        async with opened(hub, (before, view.seq)) as page:
            hello = await page.hears(Hello)
    assert not hello.resumed
    assert hello.epoch != before


async def test_a_hub_that_stops_says_so(own_hub: StartHub) -> None:
    """So that pages come back soon."""
    hub = own_hub()
    async with opened(hub) as page:
        await page.hears(Hello)
        stopping = asyncio.create_task(asyncio.to_thread(hub.stop))
        assert (await page.bye())[0] == CloseCode.STOPPING
        assert await stopping == 0


# What costs


async def test_nobody_watching_costs_nothing(own_hub: StartHub) -> None:
    """No batch is made before the first page, and none after the last."""
    hub = own_hub()
    await asyncio.to_thread(hub.submit)
    assert hub.metric("corral_page_batches_total") == 0
    async with following(hub) as (page, view):
        task = await asyncio.to_thread(hub.submit)
        await page.shows(view, lambda _: task in view.tasks)
    await until(lambda: hub.metric("corral_pages") == 0)
    made = hub.metric("corral_page_batches_total")
    assert made > 0
    for _ in range(5):
        await asyncio.to_thread(hub.submit)
    assert hub.metric("corral_page_batches_total") == made


async def test_many_pages_share_each_batch(own_hub: StartHub) -> None:
    """30 pages hear the same bytes, and each batch is made once."""
    hub = own_hub()
    async with AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(opened(hub)) for _ in range(30)]
        for page in pages:
            await page.hears(Hello)
        task = await asyncio.to_thread(hub.submit)
        last: list[Delta] = []
        for page in pages:
            while not last or not any(row.id == task for row in last[-1].tasks):
                last.append(await page.hears(Delta))
            last.append(await page.hears(Delta)) if page is not pages[0] else None
        made = hub.metric("corral_page_batches_total")
        heard = {data for page in pages for data in page.raw if b'"delta"' in _bytes(data)}
        assert len(heard) <= made


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


# Bad manners


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("nonsense", CloseCode.PROTOCOL),
        ('{"type":"sub"}', CloseCode.PROTOCOL),
        ('{"type":"pace","hidden":"yes"}', CloseCode.PROTOCOL),
        ('{"type":"pace","hidden":true,"x":"' + "x" * 5_000 + '"}', CloseCode.TOO_LARGE),
        (b"\x00", CloseCode.NOT_TEXT),
        ("[" * 4_000, CloseCode.PROTOCOL),
    ],
    ids=["no json", "no such word", "wrong type", "too long", "binary", "deep"],
)
async def test_what_no_page_says_ends_it(calm: Door, said: str | bytes, code: int) -> None:
    """Only its own connection."""
    async with opened(calm.hub) as page:
        await page.hears(Hello)
        await page.socket.send(said)
        assert (await page.bye())[0] == code
    assert calm.hub.alive


async def test_a_broken_protocol_ends_it_once(calm: Door) -> None:
    """Whatever still comes is not looked at."""
    async with opened(calm.hub) as page:
        await page.hears(Hello)
        for _ in range(3):
            page.socket.transport.write(b"\xff" * 64)
        assert (await page.bye())[0] == CloseCode.PROTOCOL
    lines = [line for line in calm.hub.log_lines() if "broke the protocol" in line["message"]]
    assert len([line for line in lines if not line.get("too_large")]) == 1


async def test_a_page_that_says_too_much_is_closed(calm: Door) -> None:
    """Well-formed or not."""
    async with opened(calm.hub) as page:
        await page.hears(Hello)
        for _ in range(100):
            await page.socket.send('{"type":"beat","at":1}')
        assert (await page.bye())[0] == CloseCode.RATE_LIMITED


async def test_other_paths_have_no_page(calm: Door) -> None:
    """Nor does a broken handshake hurt anybody."""
    with socket.create_connection(("127.0.0.1", calm.hub.port), timeout=5) as raw:
        raw.sendall(
            b"GET /ws/dashboard HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 7\r\n\r\n"
        )
        answer = await asyncio.to_thread(raw.recv, 4_096)
    assert answer.startswith(b"HTTP/1.1 4")
    reply = await asyncio.to_thread(calm.hub.http, "GET", "/ws/dashboard")
    assert reply.status == 404
    assert url(calm.hub).endswith("/ws/dashboard")


# Slow pages


@pytest.fixture
def busy_hub(tmp_path: Path) -> Iterator[Hub]:
    """A hub of the test's own."""
    hub = Hub(tmp_path / "busy", **CALM).start()
    yield hub
    hub.kill()


async def test_a_page_that_does_not_read_is_reset(busy_hub: Hub) -> None:
    """What it did not take is dropped, others notice nothing, and then it begins anew."""
    hub = busy_hub
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    slow.settimeout(20)
    slow.connect(("127.0.0.1", hub.port))
    with slow:
        slow.sendall(
            b"GET /ws/dashboard HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Authorization: Bearer %b\r\n\r\n" % (hub.port, hub.tokens[Role.ADMIN].encode())
        )
        async with following(hub) as (page, view):
            specs = [{"description": "x"} for _ in range(500)]
            for _ in range(60):
                reply = await asyncio.to_thread(hub.http, "POST", "/api/v1/tasks", {"tasks": specs})
                last = reply.json["items"][0]["id"]
                seq = view.seq
                await page.shows(view, lambda _, seq=seq: view.seq > seq)
            assert last
            heard = await asyncio.to_thread(_read_until, slow, b'"type":"reset"')
    reset = json.loads(heard[heard.rindex(b'{"type":"reset"') :].partition(b"}")[0] + b"}")
    assert reset["reason"] == "too slow"
    assert len(heard) < 8_000_000
    assert Reset(reset["seq"], reset["reason"]).seq > 0


def _read_until(connection: socket.socket, word: bytes) -> bytes:
    heard = bytearray()
    while word not in heard[-200_000:] or not heard.endswith(b"}"):
        part = connection.recv(65_536)
        assert part, "the hub closed"
        heard += part
    return bytes(heard)


async def test_steps_and_beats_come_by_themselves(calm: Door) -> None:
    """Ten seconds are long for a test: a page hears both, and lives on."""
    async with opened(calm.hub) as page:
        await page.hears(Hello)
        # The first whole step of a hub that has just begun ends within two.
        step = await page.hears(Step, PATIENCE + 2 * STEP_MS / 1000)
        told = calm.hub.get("/metrics?points=1&series=running")
        assert told["since"] == step.at
        assert told["series"][0]["values"] == [step.values[SeriesName.RUNNING]]
        beat = await page.hears(Beat)
        assert beat.at > 0
        assert not page.closed
