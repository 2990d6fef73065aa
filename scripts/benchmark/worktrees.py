"""Two commits as trees of files, for as long as they are compared."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.benchmark.faults import USAGE, BenchmarkError


@contextmanager
def worktree(root: Path, commit: str, folder: Path) -> Iterator[str]:
    """Make `folder` a checkout of this commit of the repository at `root`; yields its short hash.

    Raises BenchmarkError when there is no such commit.
    """
    found = _git(root, "rev-parse", "--verify", "--short=12", f"{commit}^{{commit}}")
    _git(root, "worktree", "add", "--detach", "--force", str(folder), found)
    try:
        yield found
    finally:
        _git(root, "worktree", "remove", "--force", str(folder))


def _git(root: Path, *arguments: str) -> str:
    try:
        asked = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise BenchmarkError(USAGE, "comparing commits needs git") from None
    if asked.returncode != 0:
        raise BenchmarkError(USAGE, f"git {arguments[0]} {arguments[-1]}: {asked.stderr.strip()}")
    return asked.stdout.strip()
