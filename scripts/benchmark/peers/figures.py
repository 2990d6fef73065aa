"""What is measured of each contestant, as data, and the arithmetic on it."""

from collections.abc import Sequence

from msgspec import Struct

from scripts.benchmark.figures import Machine, Summary, percentile, summary

REFERENCE = "corral"
"""The contestant that all others are compared with."""
NARROW = "corral-16"
"""The same with fewer tasks given to the worker ahead."""


class Course(Struct, frozen=True):
    """What a client says at its end; `programs/course.py` tells how it is measured."""

    tasks: int
    seconds: float
    """From the first submission to the last result."""
    submit_seconds: float
    """From the first submission until the server had the last task."""
    latencies_ms: list[float]
    wrong: int
    """Results that were missing, twice there, or of another task."""


class Round(Struct, frozen=True):
    """One contestant in one round."""

    tasks: int
    tasks_per_s: float
    submits_per_s: float
    sequential: int
    """Tasks behind the latencies, one after the other."""
    p50_ms: float
    p99_ms: float
    server_cores: float
    """CPU time by wall time while the batch ran; it shares a core with the client."""
    client_cores: float
    worker_cores: float
    """Of the core that it has for itself."""
    flaw: str = ""
    """Why the round must not be believed; empty when all is well."""


class Entry(Struct, frozen=True):
    """One contestant with all its rounds."""

    name: str
    versions: list[str]
    """Of the server and of the packages that matter."""
    rounds: list[Round]


class Absent(Struct, frozen=True):
    """A contestant that could not be measured on this machine."""

    name: str
    reason: str


class PeerReport(Struct, frozen=True):
    """All that `docs/benchmarks-peers.md` is made of."""

    measured_at: str
    commit: str
    changed: bool
    """The working tree differed from the commit."""
    quick: bool
    """Small batches, only to look."""
    machine: Machine
    entries: list[Entry]
    absent: list[Absent]

    def entry(self, name: str) -> Entry | None:
        """The contestant of that name, if it was measured."""
        return next((each for each in self.entries if each.name == name), None)


def round_of(course: Course, server: float, client: float, worker: float) -> Round:
    """The figures of one course; the shares are CPU seconds while its batch ran."""
    ordered = sorted(course.latencies_ms)
    return Round(
        tasks=course.tasks,
        tasks_per_s=course.tasks / course.seconds,
        submits_per_s=course.tasks / course.submit_seconds,
        sequential=len(ordered),
        p50_ms=percentile(ordered, 50),
        p99_ms=percentile(ordered, 99),
        server_cores=server / course.seconds,
        client_cores=client / course.seconds,
        worker_cores=worker / course.seconds,
        flaw=f"{course.wrong} results wrong or missing" if course.wrong else "",
    )


def failed(reason: str) -> Round:
    """A round that gave no figure."""
    return Round(0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, reason)


def ratios(reference: Sequence[Round], other: Sequence[Round]) -> list[float]:
    """How many times as fast the reference was, round by round; flawed rounds are left out."""
    return [
        ours.tasks_per_s / theirs.tasks_per_s
        for ours, theirs in zip(reference, other, strict=True)
        if not ours.flaw and not theirs.flaw
    ]


def over_rounds(values: Sequence[float]) -> Summary | None:
    """Median, smallest and largest; None without any."""
    return summary(values) if values else None
