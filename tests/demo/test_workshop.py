"""The folder that the demo works on."""

import subprocess
from pathlib import Path

from hub.demo import workshop

CHECKOUT = Path(__file__).parents[2]


def test_only_sources_are_found(tmp_path: Path) -> None:
    """Hidden folders, caches and builds are no part of a checkout's sources."""
    for name in ("a.py", "b/c.py", ".venv/d.py", "b/__pycache__/e.py", "build/f.py", "g.txt"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert workshop.python_files(tmp_path) == ["a.py", "b/c.py"]


def test_made_files_are_the_same_every_time(tmp_path: Path) -> None:
    """What the demo makes does not depend on chance."""
    first, second = (workshop.made(tmp_path / name) for name in ("one", "two"))
    assert first.files == second.files
    contents = [[(site.root / file).read_text() for file in site.files] for site in (first, second)]
    assert contents[0] == contents[1]


def test_made_suites_pass(tmp_path: Path) -> None:
    """The tests that the demo makes have as many cases as it says."""
    site = workshop.made(tmp_path)
    suite = site.suites[0]
    ended = subprocess.run(suite.argv, cwd=site.root, capture_output=True, text=True, check=True)
    assert f"Ran {suite.tests} tests" in ended.stderr


def test_a_checkout_runs_its_own_quick_tests(tmp_path: Path) -> None:
    """This project's listed test files exist and have tests."""
    site = workshop.of_checkout(CHECKOUT, tmp_path)
    assert len(site.suites) >= 3
    assert all(suite.tests > 0 for suite in site.suites)
    assert "hub/demo/workshop.py" in site.folders["hub/demo"]


def test_a_checkout_may_change_while_the_demo_runs(tmp_path: Path) -> None:
    """The work is on a copy; the tests run where they are."""
    site = workshop.of_checkout(CHECKOUT, tmp_path)
    file = Path("hub", "demo", "workshop.py")
    assert site.root == tmp_path
    assert (tmp_path / file).read_bytes() == (CHECKOUT / file).read_bytes()
    assert {suite.root for suite in site.suites} == {CHECKOUT}
