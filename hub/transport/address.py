"""Where a client calls from: read in one place for HTTP and for the socket."""

from asyncio import BaseTransport
from collections.abc import Mapping
from typing import Any

Source = BaseTransport | Mapping[str, Any]


def address_of(source: Source) -> str:
    """The client's address, of a transport or of an ASGI scope; empty when there is none."""
    if isinstance(source, BaseTransport):
        place = source.get_extra_info("peername")
    else:
        place = source.get("client")
    return str(place[0]) if isinstance(place, tuple | list) and place else ""
