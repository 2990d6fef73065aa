"""Builds the dashboard when a package of Corral is built.

CORRAL_DASHBOARD says what happens when it cannot be: `auto` goes on without it (the hub then
serves a plain page), `require` fails, `skip` does not try. Node comes as a Python package, and
only where a build is needed and the machine has no fitting one.
"""

import sys
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

# Whoever builds a package does not have it installed.
sys.path.insert(0, str(Path(__file__).parent))

from hub.dashboard import node
from hub.dashboard.build import Mode, bring_up_to_date, mode
from hub.dashboard.stamp import Place, is_fresh

NODE_PLATFORMS: Final = frozenset(
    {
        *(f"manylinux_2_28_{machine}" for machine in ("x86_64", "aarch64")),
        *(f"musllinux_1_2_{machine}" for machine in ("x86_64", "aarch64")),
        *(f"macosx_13_0_{machine}" for machine in ("x86_64", "arm64")),
        "win_amd64",
        "win_arm64",
    }
)
"""Where the Python package of Node can be installed; asking for it elsewhere would fail."""


class DashboardHook(BuildHookInterface[Any]):
    """Makes the build a part of every wheel, source archive and editable installation."""

    def dependencies(self) -> list[str]:
        """Node, when there is something to build and the machine has none."""
        place = self._place()
        if mode() is Mode.SKIP or is_fresh(place) or not place.has_sources or node.find():
            return []
        can_have = any(tag.platform in NODE_PLATFORMS for tag in sys_tags())
        return [node.PACKAGE] if can_have else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, if what is there is not up to date."""
        tidy = version != "editable"
        bring_up_to_date(self._place(), mode(), self.app.display_warning, tidy=tidy)

    def _place(self) -> Place:
        return Place(Path(self.root, "hub", "dashboard"))
