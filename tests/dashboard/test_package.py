"""What is installed from a package has the page, and needs no Node for it."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from hub.dashboard.stamp import Place, digest, note_built
from tests.blueprint import ROOT

FILES = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts of a checkout of which a package is made, with a page that looks built."""
    root = tmp_path_factory.mktemp("checkout")
    left_out = shutil.ignore_patterns("__pycache__", "node_modules", "static", ".build-lock")
    for folder in ("hub", "schemas", "sidecar"):
        shutil.copytree(ROOT / folder, root / folder, ignore=left_out)
    for file in FILES:
        shutil.copy(ROOT / file, root / file)
    (root / "docs/pictures").mkdir(parents=True)
    (root / "docs/pictures/overview.png").touch()
    place = Place(root / "hub/dashboard")
    place.ui.mkdir(exist_ok=True)
    (place.ui / "package.json").touch()
    (place.modules / "vue").mkdir(parents=True)
    (place.modules / "vue/index.js").write_text("a package of others")
    (place.static / "assets").mkdir(parents=True)
    (place.static / "index.html").write_text("page")
    (place.static / "assets/main-0.js.br").write_text("script")
    note_built(place, digest(place))
    return root


def package(checkout: Path, target: str, out: Path) -> Path:
    """Build a package where there is no Node, and where the page has to be there."""
    environment = os.environ | {"CORRAL_DASHBOARD": "require", "PATH": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (made,) = out.iterdir()
    return made


def names_of_wheel(wheel: Path) -> set[str]:
    """The files that it installs."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_a_wheel_brings_the_page_and_not_its_sources(checkout: Path, tmp_path: Path) -> None:
    """With the files that were compressed, the stamp and the plain page."""
    names = names_of_wheel(package(checkout, "wheel", tmp_path))

    assert {
        "hub/dashboard/static/index.html",
        "hub/dashboard/static/.build-stamp.json",
        "hub/dashboard/static/assets/main-0.js.br",
        "hub/dashboard/plain/index.html",
        "hub/dashboard/plain/plain.js",
    } <= names
    assert not any(name.startswith(("hub/dashboard/ui", "docs")) for name in names)


def test_a_source_archive_installs_without_node(checkout: Path, tmp_path: Path) -> None:
    """It has the page beside its sources, and nothing of others."""
    archive = package(checkout, "sdist", tmp_path / "sdist")
    with tarfile.open(archive) as files:
        packed = files.getnames()
        assert not any("node_modules" in name for name in packed)
        assert any(name.endswith("docs/pictures/overview.png") for name in packed)
    into = tmp_path / "unpacked"
    into.mkdir()
    # Some releases of Python 3.11 know no filter for extracted files, and later ones demand it.
    subprocess.run(["tar", "-xzf", archive, "-C", into], check=True)
    (unpacked,) = into.iterdir()

    names = names_of_wheel(package(unpacked, "wheel", tmp_path / "wheel"))
    assert "hub/dashboard/static/index.html" in names
