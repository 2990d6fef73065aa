"""Where a client calls from."""

import asyncio

from hub.transport.address import address_of


def test_of_a_request() -> None:
    """The host of an ASGI scope; a Unix socket has none."""
    assert address_of({"client": ("203.0.113.7", 5)}) == "203.0.113.7"
    assert address_of({"client": None}) == ""
    assert address_of({}) == ""


async def test_of_a_connection() -> None:
    """The other end of a real socket."""
    seen: list[str] = []

    def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(address_of(writer.transport))
        writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await reader.read()
        writer.close()
    assert seen == ["127.0.0.1"]
    assert address_of(asyncio.BaseTransport()) == ""
