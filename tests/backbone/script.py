"""What a double is told: how fast its clocks run, how it is set up, and how its agent behaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Frame = dict[str, Any]
Version = Literal["1.1", "1.4"]
VERSIONS: Final[tuple[Version, ...]] = ("1.1", "1.4")

FOR_EVER: Final = 1_000_000
"""As many failed tries as a test will ever see."""


@dataclass(frozen=True)
class Pace:
    """Every delay of an old client in seconds, as measured; tests pass shorter ones."""

    identify_after: float = 0.0
    """From the open connection to `identify`."""
    ping_every: float = 30.0
    """From the open connection to the first ping, and from ping to ping."""
    pong_within: float = 10.0
    """From a ping until the connection is dropped for want of a pong."""
    reconnect_after: float = 1.0
    """From the end of a connection that was open to the next try."""
    backoff_first: float = 1.0
    """From the first failed try to the next one; doubles from then on."""
    backoff_most: float = 60.0
    """Where that doubling ends."""
    open_within: float = 60.0
    """Until a handshake without an answer counts as failed."""
    wake_gaps: tuple[float, ...] = (0.0, 5.0, 15.0, 30.0)
    """Before each try of the wake command."""
    wake_within: float = 60.0
    """Until a wake command that does not end is killed."""
    confirm_within: float = 30.0
    """From the end of the wake command until the missing `.started` is a failure."""
    file_settles: float = 0.5
    """From the last write of a file until the client has noticed it."""
    resources_after: float = 5.0
    """From the open connection to the first resource report."""
    resources_every: float = 30.0
    """From the open connection to each next resource report, the first one left out."""
    exit_after: float = 0.5
    """From the decision to end the process to its end."""
    direct_within: float = 1800.0
    """The most that a direct execution takes."""
    trivial_within: float = 600.0
    """The same for a task whose `complexity.effective_tier` is trivial."""


@dataclass(frozen=True)
class Setup:
    """The configuration file of an old client, as far as the wire shows it."""

    capabilities: tuple[str, ...] = ("code",)
    wake_command: bool = True
    """Whether one is configured."""
    ollama_url: str | None = None
    pm2: Mapping[str, Any] | None = None
    """What `pm2_info` says, if the process manager started the client."""
    resources: Mapping[str, Any] = field(
        default_factory=lambda: {
            "cpu_percent": 12.5,
            "ram_used_bytes": 2_000_000_000,
            "ram_total_bytes": 8_000_000_000,
            "vram_used_bytes": None,
        }
    )
    """What it measures of its machine; `vram_total_bytes` is always null."""
    hub_api_url: str | None = None
    """Where changes are classified."""
    repo_dir: bool = False
    """Whether a repository is configured, so that changes are classified."""
    diff: Mapping[str, Any] = field(
        default_factory=lambda: {
            "lines_added": 12,
            "lines_deleted": 3,
            "files_changed": ["README.md"],
            "files_added": [],
            "tests_exist": True,
        }
    )
    """What it says of its changes when it has them classified."""
    assigned_more: Mapping[str, Any] = field(default_factory=dict)
    """What every assignment has besides, as from a hub of its own time."""


@dataclass(frozen=True)
class Deed:
    """What the agent behind the client does with one task; the default succeeds at once.

    Times are seconds from the end of the wake command that worked; negative ones lie before it.
    """

    wake_fails: int = 0
    """How many tries of the wake command fail before one works."""
    wake_error: str = "wake command failed with exit code 1"
    wake_takes: float = 0.0
    wake_hangs: bool = False
    """Whether the wake command never ends by itself; each try is killed and has failed."""
    cleans: bool = False
    """Whether the wake command removes what an earlier run of this task left behind."""
    starts: float | None = 0.0
    """When `.started` is written; None: never."""
    ends: float | None = 0.0
    """When the result file is written; None: not before the test asks for it."""
    result: Any = field(default_factory=lambda: {"status": "success", "output": "done"})
    text: str | None = None
    """The result file as it is, instead of `result`."""
    verdict: str = "pass"
    """How the verification steps end: pass, fail or error."""
    verify_takes: float = 0.0
    """How long they take; the whole process is deaf meanwhile."""
    lines: tuple[tuple[str, str], ...] = (("stdout", "hello"),)
    """What a directly executed command writes: stream and line."""
    direct_fails: bool = False
    direct_takes: float = 0.0
    """How long each run of that command takes, after its lines."""


SUCCEED: Final = Deed()
HANG: Final = Deed(ends=None)
NEVER_CONFIRM: Final = Deed(starts=None, ends=None)
WAKE_FAILS: Final = Deed(wake_fails=FOR_EVER)


def fail(reason: str, **more: Any) -> Deed:
    """A deed that ends with this reason."""
    return Deed(result={"status": "failed", "reason": reason, **more})


def big(size: int) -> Deed:
    """A deed whose result is at least this many bytes."""
    return Deed(result={"status": "success", "output": "x" * size})
