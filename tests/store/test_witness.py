"""The witness: what the file `epoch` remembers."""

from pathlib import Path

import pytest

from hub.store.witness import Seen, Witness


def test_nothing_was_seen_yet(tmp_path: Path) -> None:
    """A missing file says nothing."""
    assert Witness(tmp_path / "epoch").read() is None


@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 512, b'{"epoch":1}'])
def test_a_damaged_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    """A power loss may leave anything in a file that was not waited for."""
    (tmp_path / "epoch").write_bytes(content)
    assert Witness(tmp_path / "epoch").read() is None


def test_what_it_swears_is_read_back(tmp_path: Path) -> None:
    """By the next hub."""
    witness = Witness(tmp_path / "epoch")
    witness.swear(Seen(3, "abc", 17))
    witness.close()
    assert Witness(tmp_path / "epoch").read() == Seen(3, "abc", 17)


def test_it_notes_at_once_and_then_at_times(tmp_path: Path) -> None:
    """Never more than what was committed; everything when it is closed."""
    witness = Witness(tmp_path / "epoch")
    witness.swear(Seen(1, "abc", 0))
    for events in range(1, 500):
        witness.note(events)
    seen = Witness(tmp_path / "epoch").read()
    assert seen is not None
    assert 1 <= seen.events < 500
    witness.close()
    assert Witness(tmp_path / "epoch").read() == Seen(1, "abc", 499)


def test_it_is_written_in_place(tmp_path: Path) -> None:
    """One sector, so no write is ever torn."""
    witness = Witness(tmp_path / "epoch")
    witness.swear(Seen(1, "abc", 10**15))
    witness.note(5)
    witness.close()
    assert (tmp_path / "epoch").stat().st_size == 512
    assert Witness(tmp_path / "epoch").read() == Seen(1, "abc", 5)


def test_it_swears_before_it_notes(tmp_path: Path) -> None:
    """It would not know what to write."""
    with pytest.raises(RuntimeError):
        Witness(tmp_path / "epoch").note(1)
