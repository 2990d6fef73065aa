"""The outbox: frames for one peer, written once per loop turn.

Under load one write a turn instead of one a frame is worth half of the hub's speed. The
transport's own buffer is the bounded queue: above `HIGH` bytes nothing more is read from the
peer and no work is given to it; above `MOST` it is cut off.
"""

import asyncio
from typing import Final

from schemas.scalars import MIB

HIGH: Final = 1 * MIB
LOW: Final = 256 * 1024
MOST: Final = 16 * MIB

_SMALL: Final = [bytes((0x81, size)) for size in range(126)]


def text_header(size: int) -> bytes:
    """The header of an unmasked, final text frame (RFC 6455, section 5.2)."""
    if size < 126:
        return _SMALL[size]
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


class Flusher:
    """Writes the outboxes that got something in this turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._filled: list[Outbox] = []

    def add(self, outbox: "Outbox") -> None:
        """This outbox wants to be written at the end of the turn."""
        if not self._filled:
            self._loop.call_soon(self._flush)
        self._filled.append(outbox)

    def _flush(self) -> None:
        filled, self._filled = self._filled, []
        for outbox in filled:
            outbox.flush()


class Outbox:
    """What waits to be written to one peer."""

    __slots__ = ("_flusher", "_parts", "_transport", "written")

    def __init__(self, flusher: Flusher, transport: asyncio.Transport) -> None:
        self._flusher = flusher
        self._transport = transport
        self._parts: list[bytes] = []
        self.written = 0
        """Bytes given to the transport so far."""
        transport.set_write_buffer_limits(HIGH, LOW)

    def put(self, frame: bytes) -> None:
        """Write a text frame at the end of the turn."""
        parts = self._parts
        if not parts:
            self._flusher.add(self)
        parts += (text_header(len(frame)), frame)

    def flush(self) -> None:
        """Write what waits, in one call; drop it when the peer has gone meanwhile.

        A transport that is closing may refuse a write with an error of its own.
        """
        if self._parts:
            data = b"".join(self._parts)
            self._parts = []
            if not self._transport.is_closing():
                self.written += len(data)
                self._transport.write(data)

    @property
    def unread(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return 0 if self._transport.is_closing() else self._transport.get_write_buffer_size()
