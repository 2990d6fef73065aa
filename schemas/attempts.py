"""Attempts: the words in which the hub and an agent say how one goes, and what becomes of it."""

from enum import StrEnum


class Rejection(StrEnum):
    """Why an agent gave a task back without trying it."""

    BUSY = "busy"
    """No free slot: the agent gets nothing until a report or ping shows one."""
    NOT_ALLOWED = "not_allowed"
    """The program is not on the sidecar's list: this agent never gets the task again."""
    NO_EXECUTOR = "no_executor"
    """The sidecar cannot run this kind of work: never again, as above."""
    BAD_TASK = "bad_task"
    """The sidecar cannot make sense of the task: never again, as above."""
    DRAINING = "draining"
    """The sidecar is shutting down: excluded for a while."""
    NO_RESOURCES = "no_resources"
    """Disk, memory or processes are short: excluded for a while."""


class FailureClass(StrEnum):
    """What kind of thing went wrong; `core.retry` says which kinds are tried again."""

    INFRA = "infra"
    AGENT = "agent"
    TIMEOUT = "timeout"
    LOST = "lost"
    CONFIG = "config"
    POLICY = "policy"
    VERIFICATION = "verification"
    QUOTA = "quota"
    AUTH = "auth"
    BUDGET = "budget"
    REPORT_REFUSED = "report_refused"
    REJECTED = "rejected"
    EXPIRED = "expired"


class Stream(StrEnum):
    """Which output of a process a piece of log comes from."""

    STDOUT = "stdout"
    STDERR = "stderr"


class CancelReason(StrEnum):
    """Why the hub asks an agent to stop an attempt."""

    REQUESTED = "requested"
    TIMEOUT = "timeout"
    STALE = "stale"


class Verdict(StrEnum):
    """What the hub says about an attempt that an agent still holds when it identifies."""

    CONTINUE = "continue"
    """It is still yours: go on."""
    STOP = "stop"
    """It is not yours any more: kill it and forget it."""
    RESEND = "resend"
    """Send its report again: the hub may not have it."""


class Holding(StrEnum):
    """How an attempt stands on the agent's side when it identifies."""

    RUNNING = "running"
    REPORTED = "reported"


class AckStatus(StrEnum):
    """What became of a task through a report."""

    COMPLETE = "complete"
    RETRIED = "retried"
    DEAD_LETTER = "dead_letter"
    CANCELLED = "cancelled"
