"""Where a client calls from: read in one place for HTTP and for the socket."""

from asyncio import BaseTransport
from collections.abc import Mapping
from typing import Any

Source = BaseTransport | Mapping[str, Any]


def address_of(source: Source) -> str:
    """The client's address, of a transport or of an ASGI scope; empty when there is none."""
    # Not the other way round: transports of other loops are none of asyncio's classes.
    if isinstance(source, Mapping):
        place = source.get("client")
    else:
        place = source.get_extra_info("peername")
    return str(place[0]) if isinstance(place, tuple | list) and place else ""
