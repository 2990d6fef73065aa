"""The scenario table of old clients against a real hub: what becomes of the task, and of them.

Each row of the table of what was measured is here: what people, agents and accidents do, and
where a recorded hub did what ours never does, what ours does in its place.
"""

from collections import defaultdict
from typing import Final

import pytest

from tests.backbone import (
    scenes_of_cuts,
    scenes_of_deaths,
    scenes_of_links,
    scenes_of_newer,
    scenes_of_work,
)
from tests.backbone.rows import Acted, Row, each_version
from tests.backbone.script import Version
from tests.transport.ranch import Hub

BOTH: Final = {"1.1", "1.4"}
NEWER: Final = {"1.4"}
TABLE: Final[dict[str, tuple[str, ...]]] = {
    "a": (
        "assigned and done",
        "no acknowledgement",
        "result of 3 MB",
        "result over the frame limit",
    ),
    "b": ("second task while busy", "same id under a higher number"),
    "c": (
        "failed",
        "only an error",
        "empty result",
        "no JSON",
        "not started",
        "result without a start",
        "wake command does the work",
        "started before the wake command ends",
        "wake fails",
        "wake fails once",
        "no wake command",
    ),
    "d": (
        "cut at work",
        "abort",
        "same id after an abort",
        "state report unanswered",
        "continue under another number",
        "reassign at work",
        "result while the hub is away",
        "wake fails while the hub is away",
        "cut before it began",
    ),
    "e": (
        "killed at work",
        "continue under another number",
        "continue without a number",
        "reassign",
        "no answer",
        "late continue",
        "result while dead",
        "killed while waking",
    ),
    "f": ("no pong",),
    "g": ("closes", "errors", "two processes"),
    "i": ("error and silence", "error and close"),
    "j": (
        "direct",
        "direct fails",
        "direct without a command",
        "unknown target",
        "target wake",
        "no wake command",
        "verification",
        "long verification",
        "pings while it verifies",
        "cut in direct execution",
        "classified changes",
    ),
    "k": (
        "restart at work",
        "restart idle or unconfirmed",
        "cancel at work",
        "cancel between wake tries",
        "cancel, then the same id",
        "late reassign",
    ),
}
"""Every row of the table of what was measured, by its letter."""
OF_NEWER_ONLY: Final = {("d", "same id after an abort"), ("d", "state report unanswered")}
"""Rows that mean nothing for the older ones, besides those of the last two letters."""
ROWS: Final = [
    *scenes_of_work.ROWS,
    *scenes_of_cuts.ROWS,
    *scenes_of_deaths.ROWS,
    *scenes_of_links.ROWS,
    *scenes_of_newer.ROWS,
]


def test_no_row_is_lost() -> None:
    """What is played here is the table, the whole table, for both versions."""
    played: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in ROWS:
        played[row.letter, row.of] |= set(row.versions)
    wanted = {
        (letter, name): NEWER if letter in "jk" or (letter, name) in OF_NEWER_ONLY else BOTH
        for letter, names in TABLE.items()
        for name in names
    }
    assert played == wanted
    assert len(wanted) == 40 + 17
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(("row", "version"), each_version(ROWS))
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(150)
async def test_every_scenario_has_its_end(row: Row, version: Version, acted: Acted) -> None:
    """Each row ends as it says at the hub and at the client, which goes on working."""
    await acted(row, version)


def test_nothing_broke_inside_the_hubs(calm_hub: Hub, hasty_hub: Hub) -> None:
    """All of it is everyday business: no hub logged an error."""
    for hub in (calm_hub, hasty_hub):
        assert not [line for line in hub.log_lines() if line["level"] in ("ERROR", "CRITICAL")]
