"""What the session knows about one attempt: its report, its progress, how far its logs are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from schemas.attempts import Stream
from schemas.to_agent import LogOffsets

LOG_WINDOW: Final = 512 * 1024
"""How many bytes of one stream may wait for a `log_ack`."""
NEVER: Final = float("inf")


@dataclass(slots=True)
class Held:
    """One attempt, from its assignment until the hub has everything. Times are monotonic."""

    report: bytes | None = None
    """The frame that ended it, once that is in the spool."""
    replaced: bool = False
    """The report is already a substitute; there is no second one."""
    resend_at: float | None = None
    sent: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    acked: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    logs_from: float = 0.0
    """No log frames before this time; `NEVER` when the hub takes none."""
    progress: tuple[int | None, str | None] | None = None
    progress_from: float = 0.0

    def room(self, stream: Stream, now: float) -> int | None:
        """Where the next log frame begins; None while none may be sent."""
        full = self.sent[stream] - self.acked[stream] >= LOG_WINDOW
        return None if full or now < self.logs_from else self.sent[stream]

    def resume(self, offsets: LogOffsets | None) -> None:
        """On a new connection: go on where the hub says it is, else from its last ack."""
        if offsets is not None:
            self.acked = {Stream.STDOUT: offsets.stdout, Stream.STDERR: offsets.stderr}
        self.pause(0.0)

    def pause(self, until: float) -> None:
        """What was not acknowledged is sent again, not before `until`."""
        self.sent, self.logs_from = dict(self.acked), until

    def behind(self, sizes: Mapping[Stream, int], *, acked: bool) -> bool:
        """Whether output of these sizes is not sent, or not acknowledged, and still may be."""
        offsets = self.acked if acked else self.sent
        late = any(offsets[stream] < size for stream, size in sizes.items())
        return late and self.logs_from != NEVER
