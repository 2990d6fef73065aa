"""The two times of the hub, always passed in together.

Hub time is monotonic and goes on over restarts; every term (lease, backoff, queue key) uses
it. Wall time is only shown, and compared with what people wrote down.
"""

from typing import NamedTuple


class Instant(NamedTuple):
    """One moment, in milliseconds."""

    hub: int
    wall: int
