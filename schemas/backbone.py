"""Protocol 1: what the sidecars of the system that Corral succeeds send and read.

They are in use and cannot be changed, so these messages take everything that such a sidecar
was seen to send: ids and generations of any kind, null for what is absent, texts of any
length. Only what the hub makes something of is named, and it is looked at when it is needed:
see `hub/core/dialect.py`.
"""

from msgspec import UNSET, Raw, Struct, UnsetType

Loose = Raw | UnsetType
"""A field whose kind is not sure, as it came; only the right one means anything."""


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    """The only sign of life, every 30 seconds."""


class Identify(Struct, frozen=True, tag_field="type", tag="identify"):
    """Said once; a second one changes nothing."""


class TaskAccepted(Struct, frozen=True, tag_field="type", tag="task_accepted"):
    """The task is begun."""

    task_id: Loose = UNSET


class TaskRejected(Struct, frozen=True, tag_field="type", tag="task_rejected"):
    """The sidecar works on a task already, perhaps on this one."""

    task_id: Loose = UNSET


class TaskComplete(Struct, frozen=True, tag_field="type", tag="task_complete"):
    """The whole result, once. It may well tell of a failure."""

    task_id: Loose = UNSET
    generation: Loose = UNSET
    result: Loose = UNSET
    verification_report: Loose = UNSET
    verification_history: Loose = UNSET
    tokens_used: Loose = UNSET


class TaskFailed(Struct, frozen=True, tag_field="type", tag="task_failed"):
    """The task failed."""

    task_id: Loose = UNSET
    generation: Loose = UNSET
    reason: Loose = UNSET
    error: Loose = UNSET


class TaskProgress(Struct, frozen=True, tag_field="type", tag="task_progress"):
    """A line of what goes on; there is no number in it."""

    task_id: Loose = UNSET
    message: Loose = UNSET
    execution_event: Loose = UNSET


class TaskRecovering(Struct, frozen=True, tag_field="type", tag="task_recovering"):
    """The process was restarted while it had this task, and asks what to do with it."""

    task_id: Loose = UNSET
    last_status: Loose = UNSET


class StateReport(Struct, frozen=True, tag_field="type", tag="state_report"):
    """The connection was cut while it works on this task, and it asks whether to go on."""

    task_id: Loose = UNSET
    generation: Loose = UNSET


class WakeResult(Struct, frozen=True, tag_field="type", tag="wake_result"):
    """How waking the agent went. It may come after the end, and changes nothing."""


class ResourceReport(Struct, frozen=True, tag_field="type", tag="resource_report"):
    """What the machine has left."""


class AgentRestarting(Struct, frozen=True, tag_field="type", tag="agent_restarting"):
    """It ends itself in a moment, and comes back."""


FromOldAgent = (
    Ping
    | Identify
    | TaskAccepted
    | TaskRejected
    | TaskComplete
    | TaskFailed
    | TaskProgress
    | TaskRecovering
    | StateReport
    | WakeResult
    | ResourceReport
    | AgentRestarting
)


class TaskAck(Struct, frozen=True, tag_field="type", tag="task_ack"):
    """The task is the sidecar's (`accepted`). Only its log reads that."""

    task_id: str
    generation: int
    status: str


class TaskContinue(Struct, frozen=True, tag_field="type", tag="task_continue"):
    """Go on with this task; its result bears this generation."""

    task_id: str
    generation: int


class TaskReassign(Struct, frozen=True, tag_field="type", tag="task_reassign"):
    """The task that was recovering is not yours any more."""

    task_id: str


class StateReportAck(Struct, frozen=True, tag_field="type", tag="state_report_ack"):
    """Go on with a task (`continue`), or drop it (`abort`)."""

    task_id: str
    action: str


class TaskCancelled(Struct, frozen=True, tag_field="type", tag="task_cancelled"):
    """Drop this task. Version 1.1 ignores it; nobody stops the agent behind it."""

    task_id: str
