"""The page's own unit tests and types, so that one summary has everything."""

import os
import subprocess

import pytest

from hub.dashboard import node
from hub.dashboard.stamp import HERE
from tests.dashboard.browser import need

SECONDS = 300


@pytest.mark.timeout(SECONDS + 20)
@pytest.mark.parametrize("script", ["test", "check", "budget"])
def test_the_page_keeps_its_own_promises(script: str) -> None:
    """Its unit tests pass, its types agree with the wire, and it is as light as it has to be."""
    need(HERE.modules.exists(), "the dashboard was not built here, so its tools are missing")
    found = node.find()
    need(found, "there is no Node")
    assert found is not None

    with found.environment(os.environ) as environment:
        done = subprocess.run(
            [*found.npm, "run", script],
            cwd=HERE.ui,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
