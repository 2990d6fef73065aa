"""How the command line ends: its exit codes, and the error that leads to one of them."""

from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """The exit codes of `corral`. A script may rely on them; never renumber."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    UNREACHABLE = 3
    DENIED = 4
    NOT_FOUND = 5
    REFUSED = 6
    LATER = 7
    FAILED = 8
    CANCELLED = 9
    CHECK_FAILED = 10
    GAVE_UP = 11
    SENT_AWAY = 12
    INTERRUPTED = 130


MEANINGS: Final = {
    Exit.OK: "Done.",
    Exit.INTERNAL: "A defect in Corral itself.",
    Exit.USAGE: "The command or its configuration is wrong.",
    Exit.UNREACHABLE: "No hub answered.",
    Exit.DENIED: "The token is missing, unknown, or may not do this.",
    Exit.NOT_FOUND: "There is nothing with that id or name.",
    Exit.REFUSED: "The hub refused the request.",
    Exit.LATER: "The hub cannot do this now; the same command may work later.",
    Exit.FAILED: "The task that was followed ended as a dead letter.",
    Exit.CANCELLED: "The task that was followed was cancelled.",
    Exit.CHECK_FAILED: "A check of the demo or of the doctor did not hold.",
    Exit.GAVE_UP: "The hub failed again and again, or did not stop in time.",
    Exit.SENT_AWAY: "The hub sent the sidecar away for good.",
    Exit.INTERRUPTED: "Interrupted.",
}
"""Each exit code in a sentence; help and documentation are made from this table."""


class Trouble(Exception):
    """A foreseeable error: what is wrong, what to do next, and the exit code."""

    def __init__(
        self,
        exit_code: Exit,
        message: str,
        hint: str = "",
        *,
        retry_after_s: float | None = None,
        busy: bool = False,
        unknown: bool = False,
    ) -> None:
        """Say what is wrong in one sentence and, as `hint`, what to do next.

        `retry_after_s` is how long the hub asked to wait, when it did; `busy` is that it took
        nothing and may take the same request later; `unknown` that it may have taken it.
        """
        super().__init__(message)
        self.exit_code = exit_code
        self.message = message
        self.hint = hint
        self.retry_after_s = retry_after_s
        self.busy = busy
        self.unknown = unknown


def epilog() -> str:
    """The exit codes as the end of the help page."""
    rows = [f"{int(code):>4}  {MEANINGS[code]}" for code in Exit]
    return "Exit codes:\n\n" + "\n".join(rows)
