"""All screens but those of tasks: open to everybody, within the window, in each theme and size."""

import pytest

from tests.dashboard.screens import ROOMS, Screen
from tests.dashboard.sweep import Sweep


@pytest.mark.parametrize("screen", ROOMS, ids=lambda screen: screen.name)
def test_everybody_can_use_it(sweep: Sweep, screen: Screen) -> None:
    """No barrier, nothing beside the window, no error, nothing from elsewhere."""
    sweep.show(screen)
    assert sweep.flaws() == []
