"""The demo as a person starts it."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(180)
@pytest.mark.parametrize("arguments", [[], ["--checkout", "."]], ids=["made", "checkout"])
def test_every_check_of_the_demo_holds(arguments: list[str]) -> None:
    """Sixty tasks, a killed sidecar, and nothing lost."""
    ended = subprocess.run(
        [sys.executable, "-m", "hub.cli", "demo", *arguments],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All 12 checks hold." in ended.stdout
