"""Whatever a stranger sends, only that connection ends: broken handshakes, noise."""

import random
import socket
import time
from pathlib import Path
from typing import Final

import pytest

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub

UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CHANGES: Final = [
    (b"/ws", b"/\xff"),
    (b"/ws", b"/ws?\xff"),
    (b"/ws", b"/elsewhere"),
    (b"/ws", b"*"),
    (b"Host: localhost", b"Host: h\xffb"),
    (b"Host: localhost", b"X: " + b"a" * 9_000),
    (b"Host: localhost", b"X\xff: a"),
    (b"Host: localhost", b"Authorization: Bearer a\r\nAuthorization: Bearer b"),
    (b"Host: localhost", b"Content-Length: 10"),
    (b"Host: localhost", b"Transfer-Encoding: chunked"),
    (b"Host: localhost", b"Authorization: Bearer \xff"),
    (b"Host: localhost", b'Sec-WebSocket-Extensions: permessage-deflate; x="\xff'),
    (b"Host: localhost", b"\r\n".join(b"X%d: a" % n for n in range(300))),
    (b"13", b"12"),
    (b"dGhl", b"!!!!"),
    (b"GET", b"POST"),
    (b"HTTP/1.1", b"HTTP/1.0"),
    (b"websocket", b"h2c"),
]
WORDS: Final = [
    b'{"type":"identify","agent_id":"x","protocol_version":2}',
    b'{"type":"ping"}',
    b"{",
    b"",
    b"\x03\xe8",
    b"\xff" * 40,
]


def send(hub: Hub, data: bytes, *, patience: float) -> bytes:
    """Send something on a connection of its own; what came back in time."""
    with socket.create_connection(("127.0.0.1", hub.port), 10) as raw:
        raw.settimeout(patience)
        try:
            raw.sendall(data)
            return raw.recv(65_536)
        except OSError:
            return b""


def frame(dice: random.Random) -> bytes:
    """A frame that may be well made."""
    word = dice.choice(WORDS)
    first = dice.choice((0x81, 0x81, 0x81, 0x01, 0x80, 0x82, 0x88, 0x89, dice.randrange(256)))
    return bytes((first, 0x80 | len(word))) + b"\x00\x00\x00\x00" + word


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_broken_handshake_gets_a_refusal(calm_hub: Hub, old: bytes, new: bytes) -> None:
    """With a status of its own, and nobody else notices."""
    answer = send(calm_hub, UPGRADE.replace(old, new), patience=5)
    assert answer.startswith(b"HTTP/1.1 ")
    assert not answer.startswith(b"HTTP/1.1 5")
    assert calm_hub.alive
    assert calm_hub.http("GET", "/health", role=None).status == 200


@pytest.mark.parametrize("seed", range(4))
def test_noise_harms_nobody(calm_hub: Hub, seed: int) -> None:
    """Handshakes and frames with a few wrong bytes, and no error in the log."""
    dice = random.Random(seed)
    for _ in range(60):
        old, new = dice.choice(CHANGES) if dice.random() < 0.2 else (b"localhost", b"localhost")
        data = bytearray(UPGRADE.replace(old, new))
        for _ in range(dice.randrange(8)):
            data += frame(dice)
        for _ in range(dice.choice((0, 0, 1, 4))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        send(calm_hub, bytes(data), patience=0.005)
    assert calm_hub.http("GET", "/api/v1/me", role=Role.VIEWER).status == 200
    assert {line["level"] for line in calm_hub.log_lines()} <= {"info", "warning"}


HASTY_GUARD: Final = (
    "import sys\n"
    "from hub import app\n"
    "from hub.transport.guard import Guard\n"
    "Guard.head_seconds = Guard.body_seconds = 0.3\n"
    "sys.exit(app.main())\n"
)


def hasty_guard(own_hub: StartHub, folder: Path) -> Hub:
    """A hub that gives a request a third of a second to come."""
    program = folder / "hasty.py"
    program.write_text(HASTY_GUARD)
    return own_hub(program=(str(program),))


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"X-%d: a\r\n" % n for n in range(101)),
        b"".join(b"X-%d: a\r\n" % n for n in range(101)) + b"\r\n",
        b"X: " + b"a" * 400_000,
        b"".join(b"X-%d: %s\r\n" % (n, b"a" * 800) for n in range(90)) + b"\r\n",
    ],
)
def test_a_head_without_end_is_refused(calm_hub: Hub, head: bytes) -> None:
    """Before it is complete: it would fill the memory."""
    with socket.create_connection(("127.0.0.1", calm_hub.port), 10) as raw:
        raw.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
        time.sleep(0.05)
        raw.sendall(head[:60_000])
        try:
            for start in range(60_000, len(head), 10_000):
                raw.sendall(head[start : start + 10_000])
                time.sleep(0.002)
            assert raw.recv(100).startswith(b"HTTP/1.1 431 ")
        except ConnectionError:
            assert len(head) > 60_000  # cut while it was still being sent


def test_a_hundred_headers_are_taken(calm_hub: Hub) -> None:
    """The bound is above what proxies add."""
    head = b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
        b"X-%d: a\r\n" % n for n in range(99)
    )
    assert send(calm_hub, head + b"\r\n", patience=5).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HT",
        b"\r\n",
        b"POST /api/v1/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
    ],
)
def test_a_request_that_does_not_end_is_cut_off(
    own_hub: StartHub, tmp_path: Path, data: bytes
) -> None:
    """Whether nothing comes, half a head, or half a body."""
    hub = hasty_guard(own_hub, tmp_path)
    assert send(hub, data, patience=10).startswith(b"HTTP/1.1 408 ")


def test_an_answer_and_a_socket_may_take_longer(own_hub: StartHub, tmp_path: Path) -> None:
    """What is bounded is the request alone."""
    hub = hasty_guard(own_hub, tmp_path)
    task = hub.submit(needs=["nobody"])
    assert hub.http("GET", f"/api/v1/tasks/{task}?wait_ms=900").status == 200
    with socket.create_connection(("127.0.0.1", hub.port), 10) as raw:
        raw.sendall(UPGRADE)
        assert raw.recv(1_000).startswith(b"HTTP/1.1 101 ")
        raw.settimeout(0.9)
        with pytest.raises(TimeoutError):
            raw.recv(1_000)


def test_a_stop_waits_for_no_half_request(own_hub: StartHub) -> None:
    """It would hold the hub up until its last moment; the long poll is answered."""
    hub = own_hub()
    task, token = hub.submit(needs=["nobody"]), hub.tokens[Role.ADMIN].encode()
    who = b"Host: localhost\r\nAuthorization: Bearer " + token + b"\r\n"
    post = b"POST /api/v1/tasks HTTP/1.1\r\n" + who + b"Content-Length: 9\r\n\r\n{"
    poll = b"GET /api/v1/tasks/" + task.encode() + b"?wait_ms=60000 HTTP/1.1\r\n" + who + b"\r\n"
    address = ("127.0.0.1", hub.port)
    with (
        socket.create_connection(address, 10) as half,
        socket.create_connection(address, 10) as one,
    ):
        half.sendall(post)
        one.sendall(poll)
        time.sleep(0.3)
        began = time.monotonic()
        assert hub.stop() == 0
        assert time.monotonic() - began < 5
        assert half.recv(100).startswith(b"HTTP/1.1 503 ")
        assert one.recv(100).startswith(b"HTTP/1.1 200 ")
    assert not [line for line in hub.log_lines() if "traceback" in line]
