"""The demo's run from the first process to the verdict."""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from hub.cli.exits import Exit
from hub.demo import workshop
from hub.demo.drama import Drama
from hub.demo.fleet import Fleet
from hub.demo.leftovers import end_all
from hub.demo.plan import made_for
from hub.demo.stage import Stage
from hub.demo.verdict import Check, checks, figures
from hub.demo.watch import Watch

LOOK_S: Final = 0.15
"""How often the hub is asked for all tasks."""
DEADLINE_S: Final = 120.0
"""When the demo stops waiting and says what has not ended."""

SIDECARS: Final = {
    "amber": (("compile", "hash", "long"), 2),
    "birch": (("compile", "lines", "long"), 2),
    "cedar": (("hash", "lines", "tests"), 4),
}
"""Capabilities and slots. Everything but the tests can go on without any one of them."""


def perform(checkout: Path | None) -> Exit:
    """Run the demo on a checkout or on files of its own, and say whether every check held."""
    stage = Stage()
    folder = Path(tempfile.mkdtemp(prefix="corral-demo-"))
    notes = folder / "notes"
    notes.mkdir()
    with _ended_by_sigterm():
        held = False
        try:
            held = not any(check.wrong for check in _run(stage, folder, notes, checkout))
        finally:
            end_all(notes)
            if held:
                shutil.rmtree(folder)
            else:
                stage.tell(f"the logs are in {folder}")
    return Exit.OK if held else Exit.CHECK_FAILED


def _run(stage: Stage, folder: Path, notes: Path, checkout: Path | None) -> list[Check]:
    with Fleet(folder) as fleet:
        url = fleet.start_hub()
        stage.tell(f"a hub serves at {url}")
        for name, (capabilities, slots) in SIDECARS.items():
            fleet.join(name, capabilities, slots, url)
        stage.tell(f"sidecars join: {', '.join(SIDECARS)}")
        site = (
            workshop.of_checkout(checkout.resolve(), folder / "files")
            if checkout
            else workshop.made(folder / "files")
        )
        plan = made_for(site, notes)
        fleet.wait_until_here(SIDECARS)
        watch = Watch(fleet.client, plan)
        stage.tell(f"{len(plan.jobs)} tasks submitted, on {len(site.files)} Python files")
        began = time.monotonic()
        drama = Drama(fleet, plan, watch, stage.tell)
        _follow(stage, watch, drama)
        total_s = time.monotonic() - began
        found = checks(plan, watch, drama)
        stage.conclude(found, figures(watch, total_s))
    return found


def _follow(stage: Stage, watch: Watch, drama: Drama) -> None:
    with stage:
        while stage.elapsed_s < DEADLINE_S:
            watch.look()
            stage.show(watch)
            drama.step()
            if watch.all_ended and drama.over:
                return
            time.sleep(LOOK_S)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Make SIGTERM unwind the stack, so that everything that was started is ended."""

    def leave(signum: int, _frame: FrameType | None) -> NoReturn:
        sys.exit(128 + signum)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
