"""A folder with the sources of a small page, and a double of npm that builds it."""

import shutil
from pathlib import Path
from typing import Final

from hub.dashboard.node import Node
from hub.dashboard.stamp import HERE, Place

NPM: Final = """#!/bin/sh
echo "$1 ${NODE_ENV-}" >>"$(dirname "$0")/asked"
case $1 in
    view) test ! -e ../no-network || { echo "npm error code ENOTFOUND"; exit 1; } ;;
    ci) mkdir -p node_modules/vue ;;
    run)
        test ! -e ../broken || { echo "noise"; echo "Error: a bracket is missing"; exit 2; }
        test ! -e ../endless || { sleep 600 & echo $! >../endless; wait; }
        test -e ../empty || { mkdir -p ../static/assets; rm -f ../static/.build-stamp.json
            cat src/main.ts >../static/assets/main-0123abcd.js
            echo '{"build": "b1"}' >../static/build.json
            echo '<!doctype html><title>Full</title>' >../static/index.html; }
        ;;
esac
"""


class Workbench:
    """Where a page is built; `asked` tells what npm was asked for."""

    def __init__(self, root: Path) -> None:
        self.place = Place(root / "dashboard")
        shutil.copytree(HERE.plain, self.place.plain)
        self.write("package.json", "{}")
        self.write("package-lock.json", "{}")
        self.write("src/main.ts", "start()\n")
        self._npm = root / "npm"
        self._npm.write_text(NPM)
        self._npm.chmod(0o755)
        self._log = root / "asked"

    @property
    def node(self) -> Node:
        """The double."""
        return Node(self._npm, (str(self._npm),))

    @property
    def asked(self) -> list[str]:
        """The words that npm was called with, each with the NODE_ENV that it saw."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def write(self, name: str, text: str) -> None:
        """Write one of the sources."""
        path = self.place.ui / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def mark(self, name: str) -> Path:
        """Tell npm's double to behave in another way."""
        path = self.place.root / name
        path.touch()
        return path
