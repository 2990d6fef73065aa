"""The Node that builds the page fits, wherever it is from."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hub.dashboard import node
from tests.blueprint import ROOT


def put(path: Path, text: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without Node: the folder where its programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(node, "_MODULE", "a_node_that_nobody_has")
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.9.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("nonsense", False),
    ],
)
def test_an_old_node_is_none(machine: Path, version: str, fits: bool) -> None:
    """The build tools would fail with it in ways that nobody understands."""
    put(machine / "node", f"#!/bin/sh\necho {version}\n")
    put(machine / "npm", "#!/bin/sh\n")

    assert (node.find() is not None) is fits


def test_a_node_that_cannot_run_is_none(machine: Path) -> None:
    """It may be of another machine."""
    put(machine / "node", "#!/no/such/interpreter\n")
    put(machine / "npm", "#!/bin/sh\n")

    assert node.find() is None


def test_node_without_npm_is_none(machine: Path) -> None:
    """Debian has the two in packages of their own."""
    put(machine / "node", "#!/bin/sh\necho v24.0.0\n")

    assert node.find() is None


def test_the_python_package_comes_first(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever installed it wants it; npm is called by its script."""
    put(machine / "node", "#!/bin/sh\necho v24.0.0\n")
    put(machine / "npm", "#!/bin/sh\n")
    package = tmp_path / "site/a_node_wheel"
    program = put(package / "bin/node", "")
    script = put(package / "lib/node_modules/npm/bin/npm-cli.js", "")
    put(package / "__init__.py", "")
    monkeypatch.setattr(node, "_MODULE", "a_node_wheel")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])

    assert node.find() == node.Node(program, (str(program), str(script)))


def test_scripts_of_npm_find_the_same_node_and_npm(tmp_path: Path) -> None:
    """Whatever else is on the machine; and tools of development are not left out."""
    double = put(tmp_path / "a node/npm-cli", '#!/bin/sh\necho "npm $*"\n')
    found = node.Node(tmp_path / "a node/node", (str(double),))
    ours = {"PATH": "/usr/bin:/bin", "NODE_ENV": "production", "HOME": "/h"}

    with found.environment(ours) as environment:
        said = subprocess.run(
            ["/bin/sh", "-c", "npm run types"], env=environment, capture_output=True, check=True
        )
    folder, program, *others = environment.pop("PATH").split(":")
    assert said.stdout == b"npm run types\n"
    assert (program, others) == (str(found.program.parent), ["/usr/bin", "/bin"])
    assert environment == {"HOME": "/h"}
    assert not Path(folder).exists()


def test_the_lock_holds_the_node_that_a_package_asks_for() -> None:
    """`scripts/install` and pip get the same one."""
    name, least, _ = re.split(">=|,", node.PACKAGE)
    locked = (ROOT / "scripts/requirements-node.txt").read_text("utf-8")

    assert re.match(rf"{name}=={least.split('.')[0]}\.", locked)
