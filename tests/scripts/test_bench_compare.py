"""Two commits beside each other: what the pairs show, and that each runs its own code."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from scripts.benchmark import compare, worktrees
from scripts.benchmark.arguments import parser
from scripts.benchmark.compare import Compared, compared, table_of
from scripts.benchmark.faults import USAGE, BenchmarkError
from scripts.benchmark.results import StartRun
from scripts.benchmark.rows import START, THROUGHPUT

RATE = THROUGHPUT.goals[0]
SECONDS = START.goals[0]
HUB = '''
"""A hub that says that it serves, and what it is."""
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


with Path(LOG).open("a") as log:
    log.write(NAME + "\\n")
server = HTTPServer(("127.0.0.1", 0), Ready)
print(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
server.serve_forever()
'''


def git(root: Path, *arguments: str) -> str:
    """Run git there as somebody."""
    who = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
    return subprocess.run(
        ["git", "-C", str(root), *who, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with two commits, whose hubs write their names into a log."""
    root = tmp_path / "repository"
    (root / "hub").mkdir(parents=True)
    (root / "hub" / "__init__.py").touch()
    git(root, "init", "-q", "-b", "main")
    for name in ("old", "new"):
        constants = f"NAME = {name!r}\nLOG = {str(tmp_path / 'log')!r}\n"
        (root / "hub" / "cli.py").write_text(constants + HUB)
        git(root, "add", "hub")
        git(root, "commit", "-q", "-m", name)
    return root


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ([120, 121, 119, 120, 122], "B better by 20.0%"),
        ([80, 81, 79, 80, 82], "B **worse** by 20.0%"),
        ([110, 90, 105, 107, 108], "no difference shown: the pairs disagree"),
        ([102, 130, 103, 104, 101], "B better, but the pairs differ by more than the 3.0%"),
        ([120, 121, 119, 120], "no difference shown: 4 pairs are too few"),
        ([100], "no difference shown"),
    ],
)
def test_pairs_are_judged_by_how_much_they_agree(rates: list[float], words: str) -> None:
    """A median alone would always name a winner."""
    pairs = [(100.0, rate) for rate in rates]
    assert Compared("throughput", RATE, pairs).verdict.startswith(words)


def test_less_is_better_where_it_is() -> None:
    """A start that takes longer is worse."""
    assert Compared("start", SECONDS, [(1.0, 2.0)] * 5).verdict == "B **worse** by 100.0%"


def test_the_ratio_is_that_of_each_pair() -> None:
    """A slow minute that hits both sides of a pair says nothing."""
    runs = [(StartRun([1.0]), StartRun([1.1])), (StartRun([9.0]), StartRun([9.9]))]
    (found,) = table_of(START, runs)
    assert found.ratios.lowest == pytest.approx(1.1)
    assert found.ratios.highest == pytest.approx(1.1)


@pytest.mark.skipif(sys.platform != "linux", reason="pins processes")
def test_each_side_runs_its_own_commit(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take turns at being first, and their trees are gone afterwards."""
    monkeypatch.setattr(compare, "ROOT", repository)
    asked = ["--compare", "HEAD~1", "main", "--rows", "start", "--rounds", "2", "--quick"]
    arguments = parser().parse_args([*asked, "--directory", str(tmp_path)])

    text, flawed = compared(arguments, Console(quiet=True))

    turns = (tmp_path / "log").read_text().split()
    assert turns == [*["old"] * 2, *["new"] * 4, *["old"] * 2]
    assert not flawed
    assert git(repository, "rev-parse", "--short=12", "HEAD~1") in text
    assert "| start | first 200 |" in text
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_a_commit_that_does_not_exist_is_told(repository: Path, tmp_path: Path) -> None:
    """Nothing is left of the attempt."""
    tree = worktrees.worktree(repository, "nowhere", tmp_path / "tree")
    with pytest.raises(BenchmarkError, match="nowhere") as error, tree:
        pytest.fail("there is no such commit")
    assert error.value.status == USAGE
    assert not (tmp_path / "tree").exists()


@pytest.mark.parametrize(
    ("more", "words"), [(["--rows", "listing"], "leave it out"), (["--hub", "x"], "two trees")]
)
def test_what_cannot_be_compared_is_refused(more: list[str], words: str) -> None:
    """The listing row writes to the store by the code of this tree."""
    arguments = parser().parse_args(["--compare", "A", "B", *more])
    with pytest.raises(BenchmarkError, match=words) as error:
        compared(arguments, Console(quiet=True))
    assert error.value.status == USAGE
