"""Whatever a stranger sends, only that connection ends: broken handshakes, noise."""

import random
import socket
from typing import Final

import pytest

from schemas.scalars import Role
from tests.transport.ranch import Hub

UPGRADE: Final = (
    b"GET /ws HTTP/1.1\r\nHost: hub\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
CHANGES: Final = [
    (b"/ws", b"/\xff"),
    (b"/ws", b"/ws?\xff"),
    (b"/ws", b"/elsewhere"),
    (b"/ws", b"*"),
    (b"Host: hub", b"Host: h\xffb"),
    (b"Host: hub", b"X: " + b"a" * 9_000),
    (b"Host: hub", b"X\xff: a"),
    (b"Host: hub", b"Content-Length: 10"),
    (b"Host: hub", b"Transfer-Encoding: chunked"),
    (b"Host: hub", b"Authorization: Bearer \xff"),
    (b"Host: hub", b'Sec-WebSocket-Extensions: permessage-deflate; x="\xff'),
    (b"Host: hub", b"\r\n".join(b"X%d: a" % n for n in range(300))),
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
        old, new = dice.choice(CHANGES) if dice.random() < 0.2 else (b"hub", b"hub")
        data = bytearray(UPGRADE.replace(old, new))
        for _ in range(dice.randrange(8)):
            data += frame(dice)
        for _ in range(dice.choice((0, 0, 1, 4))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        send(calm_hub, bytes(data), patience=0.005)
    assert calm_hub.http("GET", "/api/v1/me", role=Role.VIEWER).status == 200
    assert {line["level"] for line in calm_hub.log_lines()} <= {"info", "warning"}
