"""The double opens, pings, loses and opens its connection as the real client did (f, g, i)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from tests.backbone.double import OldClient
from tests.backbone.script import HANG, VERSIONS, Pace, Setup, Version
from tests.backbone.stage import QUICK, Stage, stage
from tests.backbone.stub import until

SLACK: Final = 0.5
"""Seconds that a busy machine may add to a delay."""
CODES: Final = (1000, 1001, 1008, 1011, 1012, 1013, 4000, 4500)
REFUSALS: Final = (200, 307, 401, 403, 404, 429, 503)
both = pytest.mark.parametrize("version", VERSIONS)


def gaps(on: Stage) -> list[float]:
    """Seconds between the tries to connect."""
    return [after - before for before, after in pairwise(on.client.tries)]


def unanswered(pace: Pace) -> float:
    """Seconds from try to try if no ping is answered, less what clocks may round off."""
    return pace.ping_every + pace.pong_within + pace.reconnect_after - 0.005


async def tried(on: Stage, count: int) -> None:
    """Wait for so many tries."""
    await until(lambda: len(on.client.tries) >= count, lambda: on.client.notes)


@both
async def test_the_handshake_asks_for_nothing(version: Version, tmp_path: Path) -> None:
    """No credential, no subprotocol; compression is offered."""
    async with stage(version, tmp_path) as on:
        await on.opened()
        request = on.hub.requests[0]

        assert request.path == "/ws"
        assert "Authorization" not in request.headers
        assert "Sec-WebSocket-Protocol" not in request.headers
        assert "permessage-deflate" in request.headers["Sec-WebSocket-Extensions"]


@both
async def test_identify_says_idle_even_at_work(version: Version, tmp_path: Path) -> None:
    """After a cut too, with every field of the page and none besides."""
    setup = Setup(ollama_url="http://127.0.0.1:9", pm2={"name": "old-1", "status": "online"})
    async with stage(version, tmp_path, setup=setup, otherwise=HANG) as on:
        await on.begun()
        await on.returned()

        frame = on.hub.last("identify")
        newer = {"ollama_url", "pm2_info"} if version == "1.4" else set()
        assert set(frame) - newer == {
            *("type", "agent_id", "token", "name", "status", "capabilities", "client_type"),
            "protocol_version",
        }
        assert newer <= set(frame)
        assert (frame["status"], frame["client_type"]) == ("idle", "sidecar")
        assert frame["name"] == frame["agent_id"] == "old-1"


@both
async def test_it_pings_before_it_is_identified(version: Version, tmp_path: Path) -> None:
    """The ping needs an open connection only, and says nothing but itself."""
    async with stage(version, tmp_path, identified=False) as on:
        await on.hub.more("ping", 2)

        assert not on.client.process.identified


@both
@pytest.mark.parametrize("ws_ping", [False, True])
async def test_a_missing_pong_ends_the_connection(
    version: Version, ws_ping: bool, tmp_path: Path
) -> None:
    """For ever, without a close frame; pings of WebSocket itself do not help."""
    pace = replace(QUICK, pong_within=0.03)
    options = {"ping_interval": 0.01 if ws_ping else None}
    async with stage(version, tmp_path, pace, pongs=False, options=options) as on:
        await tried(on, 4)
        await until(lambda: len(on.hub.codes) >= 3)

        assert set(on.hub.codes) == {1006}
        assert min(gaps(on)) >= unanswered(pace)


@both
async def test_a_late_pong_will_do(version: Version, tmp_path: Path) -> None:
    """A pong within the term keeps the connection."""
    pace = replace(QUICK, pong_within=8.0)
    async with stage(version, tmp_path, pace, pongs=False) as on:
        await on.hub.more("ping", 1)
        await asyncio.sleep(0.05)  # the delay is what the test is about
        await on.hub.say("pong")
        await on.hub.more("ping", 1)

        assert on.hub.connections == 1


async def comes_back(version: Version, code: int, work: Path) -> None:
    """A hub that closes with this code sees the client again at once, without growing."""
    pace = replace(QUICK, backoff_first=30.0, backoff_most=30.0)
    async with stage(version, work, pace, close_with=code) as on:
        await tried(on, 6)

        assert min(gaps(on)) >= QUICK.reconnect_after
        assert max(gaps(on)) < QUICK.reconnect_after + SLACK
        assert f"closed {code}" in on.client.notes


@both
async def test_every_close_brings_it_back(version: Version, tmp_path: Path) -> None:
    """After the same short time, whatever the code; eight hubs at once."""
    await asyncio.gather(*(comes_back(version, code, tmp_path / str(code)) for code in CODES))


async def backs_off(version: Version, status: int, work: Path) -> None:
    """A hub that refuses so sees the client less and less, until it lets it in."""
    async with stage(version, work, refusal=status) as on:
        await tried(on, 6)
        expected = [0.01, 0.02, 0.04, 0.04, 0.04]
        assert all(gap >= least for gap, least in zip(gaps(on), expected, strict=False))

        on.hub.refusal = None
        await on.opened()
        count = len(on.client.tries)
        on.hub.refusal = status
        on.hub.cut()
        await tried(on, count + 3)

        assert len(on.hub.requests) <= len(on.client.tries), "a redirect was followed"
        reset = gaps(on)[count - 1 :]
        assert reset[0] >= QUICK.reconnect_after
        assert reset[1] >= QUICK.backoff_first


@both
async def test_a_refused_handshake_makes_it_wait(version: Version, tmp_path: Path) -> None:
    """The wait doubles up to its most, and opening resets it; one hub for each status."""
    await asyncio.gather(*(backs_off(version, each, tmp_path / str(each)) for each in REFUSALS))


@both
async def test_an_unrequested_subprotocol_is_a_failed_opening(
    version: Version, tmp_path: Path
) -> None:
    """It counts like a refusal."""
    options = {"subprotocols": ["odd"], "select_subprotocol": lambda *_: "odd"}
    async with stage(version, tmp_path, options=options) as on:
        await on.noted("not open")
        await tried(on, 3)

        assert not on.hub.counts


@both
async def test_two_with_one_name_throw_each_other_out(version: Version, tmp_path: Path) -> None:
    """A hub that closes the older connection starts a circle."""
    async with stage(version, tmp_path / "one", keeps_newest=True) as on:
        twin = OldClient(version, on.hub.url, "old-1", "tok-1", tmp_path / "two", QUICK)
        async with twin:
            await until(lambda: on.hub.connections >= 13)

        assert len(on.client.tries) >= 5


def refuses() -> Mapping[str, Any]:
    """What a hub says to a bad token."""
    return {"type": "error", "error": "invalid_token"}


@both
async def test_a_bad_token_and_silence_give_few_tries(version: Version, tmp_path: Path) -> None:
    """The connection stays until the first ping is not answered."""
    pace = replace(QUICK, pong_within=0.04)
    async with stage(version, tmp_path, pace, on_identify=refuses, pongs=False) as on:
        await tried(on, 3)

        assert min(gaps(on)) >= unanswered(pace)
        assert set(on.hub.counts) == {"identify", "ping"}


@both
async def test_a_bad_token_and_a_close_give_a_storm(version: Version, tmp_path: Path) -> None:
    """Each close is followed by the next try, without backoff."""
    pace = replace(QUICK, backoff_first=30.0)
    async with stage(version, tmp_path, pace, on_identify=refuses, close_with=4500) as on:
        await tried(on, 12)

        assert max(gaps(on)) < QUICK.reconnect_after + SLACK


@both
async def test_resources_are_reported_by_the_newer_one(version: Version, tmp_path: Path) -> None:
    """Again and again while identified, with null where nothing is known."""
    async with stage(version, tmp_path) as on:
        if version == "1.1":
            await on.hub.more("ping", 5)
            assert not on.hub.counts["resource_report"]
            return
        await on.hub.more("resource_report", 3)
        frame = next(frame for frame in on.client.sent if frame["type"] == "resource_report")

        assert set(json.loads(json.dumps(frame))) == {
            *("type", "agent_id", "cpu_percent", "ram_used_bytes", "ram_total_bytes"),
            *("vram_used_bytes", "vram_total_bytes", "timestamp", "protocol_version"),
        }
        assert frame["vram_total_bytes"] is None
