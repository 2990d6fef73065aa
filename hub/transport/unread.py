"""What takes the place of the parts of a connection that only ASGI would use."""

from typing import Final


class Unread:
    """In the place of the queue and the event by which ASGI would hear of the connection.

    They take 5 KiB of each connection, and nobody looks at them.
    """

    def put_nowait(self, _message: object) -> None:
        """Nobody reads it."""

    def set(self) -> None:
        """Nobody waits for it."""

    def clear(self) -> None:
        """The same."""


UNREAD: Final = Unread()
