"""The part about weight: what a browser has to fetch, as `npm run budget` counts it."""

import os
import re
import subprocess
from typing import Final

from hub.dashboard import node
from hub.dashboard.stamp import HERE, is_fresh
from scripts.benchmark.bench import Bench, Say
from scripts.benchmark.dashboard.figures import Asked, Part
from scripts.benchmark.faults import NOT_HERE, BenchmarkError

SECONDS: Final = 60.0
LINE: Final = re.compile(r"^(.+): ([\d.]+) of [\d.]+ kB$", re.MULTILINE)


def check_built() -> None:
    """Raise BenchmarkError unless the hub serves the page that these sources make."""
    if not is_fresh(HERE):
        raise BenchmarkError(NOT_HERE, "the page is not built: run `corral dashboard build`")


def bundle(_bench: Bench, _asked: Asked, say: Say) -> Part:
    """Weigh the page; raises BenchmarkError where there is no Node."""
    say("weighing the page")
    found = node.find()
    if found is None:
        raise BenchmarkError(NOT_HERE, "there is no Node to weigh the page with")
    with found.environment(os.environ) as environment:
        done = subprocess.run(
            [*found.npm, "run", "--silent", "budget"],
            cwd=HERE.ui,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    weights = weights_of(done.stdout)
    if not weights:
        raise BenchmarkError(NOT_HERE, f"the page was not weighed:\n{done.stdout}{done.stderr}")
    return Part("bundle", weights)


def weights_of(text: str) -> dict[str, list[float]]:
    """What the budget says, by name, in kB."""
    return {name: [float(kb)] for name, kb in LINE.findall(text)}
