"""Server-sent events on the reader's side: from the bytes of an answer to what was told."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

HEARTBEAT: Final = "heartbeat"


class Told(NamedTuple):
    """One event of a stream."""

    cursor: str
    """Where to go on after it."""
    event: str
    data: str


def told(chunks: Iterable[bytes]) -> Iterator[Told]:
    """The events in an answer, each as soon as it is complete, wherever the chunks end."""
    waiting = b""
    for chunk in chunks:
        *blocks, waiting = (waiting + chunk).split(b"\n\n")
        for block in blocks:
            lines = (line.partition(": ") for line in block.decode().split("\n"))
            fields = {name: value for name, _, value in lines}
            if "data" in fields:
                yield Told(fields.get("id", ""), fields.get("event", ""), fields["data"])
