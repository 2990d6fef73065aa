"""The socket itself: handshake, frames, close codes. A real hub, real connections."""

import asyncio
import json
import struct

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.wire import Door, new_name, open_door, until


async def test_the_token_may_come_with_the_upgrade(calm: Door) -> None:
    """A header is enough; the answer tells what the agent has to know."""
    name = new_name()
    peer = await calm.connect(calm.token(name))
    told = await peer.identify(name)
    assert told["agent_id"] == name
    assert told["heartbeat_ms"] == calm.hub.settings["heartbeat_ms"]
    assert told["lease_ms"] == calm.hub.settings["lease_ms"]
    assert told["session"] > 0
    assert told["verdicts"] == []


async def test_the_token_may_come_in_the_first_frame(calm: Door) -> None:
    """For clients that cannot set a header."""
    name = new_name()
    peer = await calm.connect()
    assert (await peer.identify(name, token=calm.token(name)))["agent_id"] == name


async def test_a_bad_token_is_refused_on_the_upgrade(calm: Door) -> None:
    """With a status before there is a socket at all."""
    with pytest.raises(InvalidStatus) as refused:
        await calm.connect("corral_a_nonsense")
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize(
    ("role", "claimed", "code"),
    [
        (None, "nobody", "invalid_token"),
        (Role.VIEWER, "nobody", "forbidden"),
        (Role.AGENT, "somebody-else", "token_agent_mismatch"),
    ],
)
async def test_who_may_not_identify(calm: Door, role: Role, claimed: str, code: str) -> None:
    """The error says why, then `bye`, then the code that means: do not come back."""
    agent = calm.token(new_name())
    token = {None: "corral_a_nonsense", Role.AGENT: agent}.get(role) or calm.hub.tokens[role]
    peer = await calm.connect()
    await peer.say("identify", agent_id=claimed, token=token, protocol_version=2)
    assert (await peer.hears("error"))["error"] == code
    closed, bye = await peer.bye()
    assert (closed, bye["type"], bye["code"], bye["reconnect"]) == (4500, "bye", 4500, False)


@pytest.mark.parametrize("version", [3, 1000])
async def test_another_protocol_version_is_turned_away(calm: Door, version: int) -> None:
    """With a code of its own."""
    name = new_name()
    peer = await calm.connect(calm.token(name))
    await peer.say("identify", agent_id=name, protocol_version=version)
    closed, bye = await peer.bye()
    assert (closed, bye["code"], bye["reconnect"]) == (4504, 4504, False)


async def test_identify_has_to_come_in_time(hasty: Door) -> None:
    """A silent connection is not kept."""
    closed, bye = await (await hasty.connect()).bye()
    assert (closed, bye["code"], bye["reconnect"]) == (4004, 4004, True)


async def test_missed_heartbeats_end_the_session(hasty: Door) -> None:
    """After two of them."""
    agent = await hasty.agent()
    agent.still()
    closed, bye = await agent.bye()
    assert (closed, bye["code"], bye["reconnect"]) == (4001, 4001, True)


async def test_heartbeats_keep_the_session(hasty: Door) -> None:
    """For as long as they come."""
    agent = await hasty.agent()
    await asyncio.sleep(3 * hasty.hub.settings["heartbeat_ms"] / 1000)
    await agent.everything()
    assert not agent.closed


async def test_a_newer_session_supersedes(calm: Door) -> None:
    """The older one is told not to come back, the newer one works."""
    name = new_name()
    first = await calm.agent(name)
    second = await calm.agent(name)
    closed, bye = await first.bye()
    assert (closed, bye["code"], bye["reconnect"]) == (4502, 4502, False)
    task = calm.hub.submit(assign_to=name)
    await second.completes(await second.accepts(task), 1)
    assert calm.hub.task(task)["state"] == "completed"


async def test_only_identify_comes_first(calm: Door) -> None:
    """Anything else is refused, and identifying is still possible."""
    name = new_name()
    peer = await calm.connect(calm.token(name))
    await peer.say("ping")
    assert (await peer.hears("error"))["error"] == "not_identified"
    await peer.identify(name)


async def test_identify_comes_once(calm: Door) -> None:
    """A second one is refused; the session goes on."""
    agent = await calm.agent()
    await agent.say("identify", agent_id="agent-1", protocol_version=2)
    assert (await agent.hears("error"))["error"] == "already_identified"
    await agent.everything()


async def test_identify_twice_at_once_opens_one_session(calm: Door) -> None:
    """Also when the first one still reads what it lists."""
    name = new_name()
    listed = [{"task_id": "task-unknown", "generation": 1, "state": "running"}]
    peer = await calm.connect(calm.token(name))
    frame = {"type": "identify", "agent_id": name, "protocol_version": 2, "in_flight": listed}
    before = calm.hub.metric("corral_sessions")
    await asyncio.gather(peer.raw(json.dumps(frame)), peer.raw(json.dumps(frame)))
    told = await peer.hears("identified")
    assert told["verdicts"][0]["verdict"] == "stop"
    await peer.everything()
    assert [frame["type"] for frame in peer.frames if frame["type"] != "error"] == []
    assert calm.hub.metric("corral_sessions") == before + 1


async def test_a_frame_may_come_in_the_packet_of_the_handshake(calm: Door) -> None:
    """Who is in a hurry loses nothing."""
    name = new_name()
    identify = {"agent_id": name, "protocol_version": 2, "token": calm.token(name)}
    reader, writer = await asyncio.open_connection("127.0.0.1", calm.hub.port)
    text = json.dumps({"type": "identify", **identify}).encode()
    mask = b"\x00\x00\x00\x00"
    header = bytes((0x81, 0x80 | 126)) + struct.pack("!H", len(text)) + mask
    upgrade = (
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    writer.write(upgrade.encode() + header + text)
    async with asyncio.timeout(10):
        said = await reader.readuntil(b'"verdicts":[]}')
    assert b"101 Switching Protocols" in said
    assert b'"type":"identified"' in said
    writer.close()
    await writer.wait_closed()


async def test_a_message_may_come_in_pieces(calm: Door) -> None:
    """Fragments are put together, also with a ping between them."""
    agent = await calm.agent()
    conn = agent.socket.protocol
    conn.send_text(b'{"type":', fin=False)
    conn.send_ping(b"between")
    conn.send_continuation(b'"ping"', fin=False)
    conn.send_continuation(b"}", fin=True)
    agent.still()
    agent.socket.transport.write(b"".join(conn.data_to_send()))
    await agent.hears("pong")


async def test_a_message_has_few_pieces(calm: Door) -> None:
    """Empty fragments without end would fill the memory."""
    agent = await calm.agent()
    agent.still()
    agent.socket.protocol.send_text(b"", fin=False)
    for _ in range(300):
        agent.socket.protocol.send_continuation(b"", fin=False)
    agent.socket.transport.write(b"".join(agent.socket.protocol.data_to_send()))
    closed, bye = await agent.bye()
    assert (closed, bye["code"]) == (1009, 1009)


async def test_pings_of_the_protocol_are_answered(calm: Door) -> None:
    """A few of them."""
    agent = await calm.agent()
    async with asyncio.timeout(10):
        await (await agent.socket.ping())


async def test_a_flood_of_pings_ends_the_connection(calm: Door) -> None:
    """The hub does not work for nothing."""
    agent = await calm.agent()
    agent.still()
    for number in range(40):
        agent.socket.protocol.send_ping(str(number).encode())
    agent.socket.transport.write(b"".join(agent.socket.protocol.data_to_send()))
    async with asyncio.timeout(10):
        await agent.socket.wait_closed()
    assert calm.hub.alive


async def test_binary_frames_are_refused(calm: Door) -> None:
    """With the code for it, and a word before."""
    agent = await calm.agent()
    await agent.raw(b"\x00\x01")
    closed, bye = await agent.bye()
    assert (closed, bye["code"], bye["reconnect"]) == (1003, 1003, False)


async def test_a_frame_that_is_too_large_is_refused(calm: Door) -> None:
    """With the code for it."""
    agent = await calm.agent()
    await agent.raw("x" * (1024 * 1024 + 1))
    closed, bye = await agent.bye()
    assert (closed, bye["code"], bye["reconnect"]) == (1009, 1009, False)


async def test_a_strangers_first_frame_is_small(calm: Door) -> None:
    """Nobody unknown may fill the hub's memory."""
    name = new_name()
    peer = await calm.connect()
    token = calm.token(name)
    await peer.say("identify", agent_id=name, token=token, protocol_version=2, pad="x" * 16_384)
    closed, bye = await peer.bye()
    assert (closed, bye["code"]) == (1009, 1009)


async def test_a_known_agent_may_greet_with_much(calm: Door) -> None:
    """All that it holds fits."""
    name = new_name()
    held = [{"task_id": f"task-{n:059}", "generation": n, "state": "running"} for n in range(400)]
    peer = await calm.connect(calm.token(name))
    assert len((await peer.identify(name, in_flight=held))["verdicts"]) == 400


@pytest.mark.parametrize("data", [b'{"type": "\xff"}', b"\xed\xa0\x80"])
async def test_text_that_is_no_utf8_harms_nobody(calm: Door, data: bytes) -> None:
    """It is refused like any other malformed frame."""
    agent = await calm.agent()
    agent.socket.protocol.send_text(data)
    agent.socket.transport.write(b"".join(agent.socket.protocol.data_to_send()))
    assert (await agent.hears("error"))["error"] == "invalid_json"
    await agent.everything()


async def test_a_broken_frame_ends_the_connection_only(calm: Door) -> None:
    """One line in the log, no traceback, and the hub lives."""
    agent = await calm.agent()
    agent.still()
    agent.socket.transport.write(bytes((0xF1, 0x00)))
    closed, bye = await agent.bye()
    assert (closed, bye["code"], bye["reconnect"]) == (1002, 1002, True)
    lines = [line for line in calm.hub.log_lines() if line["message"] == "protocol error"]
    assert lines
    assert "traceback" not in lines[-1]
    assert calm.hub.alive


@pytest.mark.parametrize(
    "request_lines",
    [
        b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /ws HTTP/1.1\r\nHost: h\r\n\r\n",
        b"\x16\x03\x01\x00\xa5\x01\x00\x00\r\n\r\n",
    ],
)
async def test_a_broken_handshake_harms_nobody(calm: Door, request_lines: bytes) -> None:
    """It gets a status, and the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", calm.hub.port)
    writer.write(request_lines)
    async with asyncio.timeout(10):
        assert b" 4" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert calm.hub.alive


async def test_other_paths_open_no_socket(calm: Door) -> None:
    """There is one door."""
    url = calm.hub.socket_url.replace("/ws", "/elsewhere")
    with pytest.raises(InvalidStatus):
        await connect(url, proxy=None)


async def test_many_frames_at_once_are_all_answered(calm: Door) -> None:
    """However many come in one packet, each gets its answer, in order."""
    agent = await calm.agent()
    agent.still()
    for _ in range(500):
        agent.socket.protocol.send_text(b'{"type":"ping"}')
    agent.socket.transport.write(b"".join(agent.socket.protocol.data_to_send()))
    for _ in range(500):
        await agent.hears("pong")


async def test_a_stop_says_bye(own_hub: StartHub) -> None:
    """Everybody hears that the hub will be back, then it leaves with 0."""
    hub = own_hub()
    async with open_door(hub) as door:
        agent, stranger = await door.agent(), await door.connect()
        code = await asyncio.to_thread(hub.stop)
        assert code == 0
        for peer in (agent, stranger):
            closed, bye = await peer.bye()
            assert (closed, bye["code"], bye["reconnect"]) == (4000, 4000, True)


async def test_a_peer_that_does_not_read_is_cut_off(own_hub: StartHub) -> None:
    """Meanwhile others are served; what it was given and never saw goes back."""
    hub = own_hub(stall_ms=500)
    async with open_door(hub) as door:
        deaf = await door.agent("deaf", slots=1000)
        deaf.still()
        deaf.socket.transport.pause_reading()
        tasks = [hub.submit(assign_to="deaf", payload="x" * 500_000) for _ in range(40)]
        other = await door.agent("other")
        await other.completes(await other.accepts(hub.submit(assign_to="other")))
        await until(lambda: 4002 in [line.get("code") for line in hub.log_lines()])
        assert {hub.task(task)["state"] for task in tasks} == {"queued"}


@pytest.mark.parametrize("how", ["half-closed", "aborted", "closed"])
async def test_peers_that_leave_while_they_are_answered(calm: Door, how: str) -> None:
    """Answers to the gone are dropped, and nobody else notices."""
    tasks = [{"description": "x", "needs": ["nobody"]}]
    for _ in range(60):
        peer = await calm.submitter()
        peer.still()
        for n in range(5):
            await peer.say("task_submit", ref=str(n), tasks=tasks)
        if how == "half-closed":
            peer.socket.transport.write_eof()
        elif how == "aborted":
            peer.socket.transport.abort()
        else:
            await peer.socket.close()
    assert calm.hub.http("GET", "/health").status == 200
