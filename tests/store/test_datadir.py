"""The data directory: private, held by one hub, with its pepper."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub.store.contract import Locked, StoreError
from hub.store.datadir import PEPPER_BYTES, DataDir, write_durably

ROOT = Path(__file__).parents[2]


def test_it_is_made_and_private(tmp_path: Path) -> None:
    """Also the directories above it are made."""
    directory = DataDir(tmp_path / "a" / "b")
    assert directory.path.stat().st_mode & 0o777 == 0o700
    directory.close()


def test_an_empty_directory_is_made_private(tmp_path: Path) -> None:
    """Whoever made it may have left it open to others."""
    path = tmp_path / "data"
    path.mkdir(mode=0o755)
    DataDir(path).close()
    assert path.stat().st_mode & 0o777 == 0o700


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    """Its mode is not ours to change."""
    path = tmp_path / "shared"
    path.mkdir(mode=0o755)
    (path / "letters").touch()
    with pytest.raises(StoreError, match="chmod"):
        DataDir(path)
    assert path.stat().st_mode & 0o777 == 0o755


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    """With a sentence, not a traceback."""
    (tmp_path / "data").touch()
    with pytest.raises(StoreError, match="cannot be used"):
        DataDir(tmp_path / "data")


def test_one_hub_at_a_time(tmp_path: Path) -> None:
    """The second is told who has it, and gets it when the first lets go."""
    first = DataDir(tmp_path / "data")
    with pytest.raises(Locked, match=r"process \d+ has"):
        DataDir(tmp_path / "data")
    first.close()
    first.close()
    DataDir(tmp_path / "data").close()


def test_a_killed_hub_leaves_no_lock(tmp_path: Path) -> None:
    """The system drops it with the process."""
    code = (
        "import os, sys, signal; from pathlib import Path; from hub.store.datadir import DataDir;"
        "DataDir(Path(sys.argv[1])); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "data"
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False)
    assert (path / "hub.lock").exists()
    DataDir(path).close()


def test_the_pepper_stays_the_same(tmp_path: Path) -> None:
    """Made once, private, random."""
    directory = DataDir(tmp_path / "data")
    pepper = directory.pepper()
    assert len(pepper) == PEPPER_BYTES
    assert directory.pepper() == pepper
    assert (directory.path / "pepper").stat().st_mode & 0o777 == 0o600
    directory.close()
    other = DataDir(tmp_path / "other")
    assert other.pepper() != pepper
    other.close()


def test_a_lost_pepper_is_not_replaced(tmp_path: Path) -> None:
    """A new one would make every token of the database void without a word."""
    directory = DataDir(tmp_path / "data")
    directory.database.touch()
    with pytest.raises(StoreError, match="pepper is missing"):
        directory.pepper()
    directory.close()


def test_a_cut_pepper_is_refused(tmp_path: Path) -> None:
    """It is not the one that the tokens were made with."""
    directory = DataDir(tmp_path / "data")
    (directory.path / "pepper").write_bytes(b"short")
    with pytest.raises(StoreError, match="32 bytes, not 5"):
        directory.pepper()
    directory.close()


def test_a_durable_file_replaces_the_older_one(tmp_path: Path) -> None:
    """Whole, private, and with no draft left."""
    path = tmp_path / "file"
    write_durably(path, b"a long first text")
    write_durably(path, b"second")
    assert path.read_bytes() == b"second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert path.stat().st_mode & 0o777 == 0o600
