"""What is said of the machine and the checkout of a benchmark."""

import subprocess
from pathlib import Path

import pytest

from scripts.benchmark.machine import commit
from scripts.benchmark.queued import stored_in


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a page of numbers and a program."""
    (tmp_path / "docs").mkdir()
    for name in ("docs/benchmarks.md", "docs/api.md", "program.py"):
        (tmp_path / name).write_text("old\n")
    who = ("-c", "user.name=ann", "-c", "user.email=ann@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "Begin")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "changed"),
    [("docs/benchmarks.md", False), ("docs/api.md", True), ("program.py", True)],
)
def test_only_pages_of_numbers_may_differ(checkout: Path, name: str, changed: bool) -> None:
    """They are written by the benchmark itself, and change nothing in the next."""
    assert commit(checkout)[1] is False
    (checkout / name).write_text("new\n")
    assert commit(checkout)[1] is changed


def test_the_search_index_is_no_part_of_what_a_task_costs(tmp_path: Path) -> None:
    """It follows behind, and can be made anew."""
    for name, size in (("hub.db", 10), ("search.db", 5), ("search.db-wal", 3)):
        (tmp_path / name).write_bytes(bytes(size))
    assert stored_in(tmp_path) == 10
