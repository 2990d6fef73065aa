"""The terms of agents that speak protocol 1.

Their ping every 30 s is their only sign of life, it lists nothing, and they may be deaf for
minutes while they verify a result. A result comes once, and is lost with the socket: so every
attempt has a deadline, which no ping extends.
"""

from typing import Final

from msgspec import Struct


class OldTerms(Struct, frozen=True):
    """What `Settings` says of other agents, in milliseconds."""

    silence_ms: int = 240_000
    """After this the session counts as dead."""
    ignored_ms: int = 60_000
    """How long the connection of one that may not come in stays open when it says nothing."""
    lease_ms: int = 300_000
    """How long an attempt stays with an agent that is not heard of."""
    accept_ms: int = 60_000
    """How long an assignment may go unanswered."""
    deadline_ms: int = 1_800_000
    """How long an attempt may take whose task names no time."""
    last_ms: int = 60_000
    """What an attempt that goes on in a new session has at least, if it ever had so much."""
    shunned_ms: int = 600_000
    """How long a task that was cancelled there is not given to it again: its timers still run."""
    quiet_ms: int = 1_000
    """How long nothing is given to an agent after its greeting: it may still say what it has."""
    report_ms: int = 5_000
    """What one that says what it has did not name for so long is lost."""
    probe_ms: int = 60_000
    """How long after a busy answer an agent whose result may be lost is asked again."""


OLD_TERMS: Final = OldTerms()


def time_left(timeout_ms: int | None, gone_ms: int) -> int:
    """What an attempt still may take, in milliseconds, that began so long ago.

    Its time runs through all sessions; its result may be on its way when that is over.
    """
    whole = timeout_ms or OLD_TERMS.deadline_ms
    return max(whole - max(gone_ms, 0), min(whole, OLD_TERMS.last_ms))
