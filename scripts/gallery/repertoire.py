"""The tasks of the pictures: what a fleet of coding agents would be asked."""

import math
from random import Random
from typing import Final

import msgspec

from schemas.scalars import PriorityName
from schemas.work import Command, Retry, TaskSpec

REPOS: Final = ("atlas", "billing", "checkout", "compass", "harbor", "ledger", "lighthouse")
AREAS: Final = ("auth", "cache", "cli", "emails", "exports", "invoices", "search", "webhooks")
WORK: Final = (
    "Fix flaky test in {repo}/{area} (#{number})",
    "Review pull request {repo}#{number}",
    "Add type hints to {repo}/{area}",
    "Backfill tests for {repo}/{area} (#{number})",
    "Bisect the latency regression in {repo}/{area}",
    "Port {repo}/{area} to async (#{number})",
    "Remove dead feature flags from {repo}/{area}",
    "Summarise incident INC-{number} and propose a fix",
    "Triage crash reports of {repo} (#{number})",
    "Upgrade dependencies of {repo}/{area}",
    "Write a migration for {repo}/{area} (#{number})",
    "Write release notes for {repo} (#{number})",
)
HEAVY: Final = (
    "Fine-tune the reviewer on merged changes of {repo}",
    "Re-index embeddings of {repo}/{area}",
)
TEAMS: Final = ("core", "growth", "payments", "platform")
PRIORITIES: Final = (
    PriorityName.URGENT,
    *[PriorityName.HIGH] * 3,
    *[PriorityName.NORMAL] * 12,
    *[PriorityName.LOW] * 4,
)
NEEDS: Final = (["git"], ["git"], ["python"], ["python"], ["node"], ["rust"], ["docker"])
MAC: Final = (
    "Build the macOS client of {repo} (#{number})",
    "Run the Safari tests of {repo}/{area}",
)
PERIOD_S: Final = 97
"""How long a wave of work lasts, from one to the next."""

RUNNING: Final = TaskSpec(
    "Fix flaky test in payments/webhooks (#4182)\n\nIt fails about once in forty runs.",
    run=Command(["pytest", "75"]),
    payload=msgspec.Raw(b'{"repo": "payments", "branch": "fix/webhook-flake", "reruns": 3}'),
    needs=["git", "python"],
    assign_to="forge-a-01",
    priority=PriorityName.HIGH,
    labels={"repo": "payments", "team": "payments"},
    timeout_ms=1_800_000,
)
STUCK: Final = TaskSpec(
    "Notarise the macOS build of harbor 4.2",
    needs=["macos", "signing"],
    priority=PriorityName.URGENT,
    labels={"repo": "harbor", "team": "platform"},
)
FAILED: Final = TaskSpec(
    "Render invoices with the new fonts (#3977)",
    run=Command(["pytest", "fail"]),
    needs=["git", "python"],
    assign_to="forge-b-01",
    labels={"repo": "billing", "team": "payments"},
    retry=Retry(base_ms=1_000),
)
LOST: Final = TaskSpec(
    "Rewrite the billing export as a stream (#4077)",
    needs=["git"],
    assign_to="forge-c-01",
    priority=PriorityName.HIGH,
    labels={"repo": "billing", "team": "payments"},
    run=Command(["pytest", "600"]),
)


def at(second: int, dice: Random) -> list[TaskSpec]:
    """What is submitted in a second: now more, now less."""
    wave = math.sin(2 * math.pi * second / PERIOD_S)
    many = max(0, round(6 + 3 * wave + dice.uniform(-1.5, 1.5)))
    tasks = [
        _task(dice, WORK, dice.choice(NEEDS), dice.lognormvariate(2.7, 0.5)) for _ in range(many)
    ]
    if dice.random() < 0.7:
        tasks.append(_task(dice, MAC, ["macos"], dice.uniform(15, 40)))
    if dice.random() < 0.3:
        tasks.append(_task(dice, HEAVY, ["gpu"], dice.uniform(30, 60)))
    return tasks


def _task(dice: Random, texts: tuple[str, ...], needs: list[str], seconds: float) -> TaskSpec:
    repo = dice.choice(REPOS)
    text = dice.choice(texts)
    fails = dice.random() < 0.01
    payload = {"repo": repo, "seconds": round(seconds, 1), "fails": fails}
    return TaskSpec(
        text.format(repo=repo, area=dice.choice(AREAS), number=dice.randint(1200, 4900)),
        payload=msgspec.Raw(msgspec.json.encode(payload)),
        needs=needs,
        priority=dice.choice(PRIORITIES),
        fairness_key=repo,
        labels={"repo": repo, "team": dice.choice(TEAMS)},
    )
