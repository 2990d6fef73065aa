"""Where the hub and the token are found."""

from pathlib import Path

import pytest

from hub.cli.exits import Exit, Trouble
from hub.cli.locate import locate

RUNTIME = '{"url": "http://127.0.0.1:8420", "pid": 1, "started_at": 1}'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of a hub that runs."""
    (tmp_path / "runtime.json").write_text(RUNTIME)
    (tmp_path / "admin.token").write_text("admin-secret\n")
    return tmp_path


def test_the_data_directory_is_enough(data: Path) -> None:
    """On the hub's own machine nothing needs to be said."""
    assert locate(None, None, data) == locate("http://127.0.0.1:8420/", "admin-secret", data)


def test_a_given_address_and_token_need_no_directory(tmp_path: Path) -> None:
    """From elsewhere, flags or environment say everything."""
    found = locate("https://hub.example/", "mine", tmp_path / "nothing")
    assert (found.url, found.token) == ("https://hub.example", "mine")


def test_the_admin_token_stays_on_this_machine(data: Path) -> None:
    """It is not sent to an address other than the one of the hub that runs here."""
    with pytest.raises(Trouble) as error:
        locate("https://elsewhere.example", None, data)
    assert error.value.exit_code is Exit.DENIED
    assert "--token" in error.value.hint


def test_without_a_hub_it_says_how_to_start_one(tmp_path: Path) -> None:
    """The most common first error leads on."""
    with pytest.raises(Trouble) as error:
        locate(None, None, tmp_path)
    assert error.value.exit_code is Exit.UNREACHABLE
    assert "corral up" in error.value.hint


def test_a_damaged_runtime_file_is_named(data: Path) -> None:
    """A file that is no JSON is not taken for a hub that does not run."""
    (data / "runtime.json").write_text("{")
    with pytest.raises(Trouble, match=r"runtime\.json cannot be read"):
        locate(None, None, data)


def test_a_missing_admin_token_is_named(data: Path) -> None:
    """The path is said, so that a person can look."""
    (data / "admin.token").unlink()
    with pytest.raises(Trouble, match=r"admin\.token cannot be read"):
        locate(None, None, data)


@pytest.mark.parametrize("url", ["hub:8420", "ftp://hub", "http://", "http://[", "http://h:99999"])
def test_what_is_no_address_is_refused(url: str, data: Path) -> None:
    """An address needs a scheme and a host."""
    with pytest.raises(Trouble) as error:
        locate(url, "t", data)
    assert error.value.exit_code is Exit.USAGE


def test_blanks_around_a_token_do_not_count(data: Path) -> None:
    """A line copied or read from a file ends with a newline."""
    assert locate("https://hub.example", " mine\n", data).token == "mine"


@pytest.mark.parametrize("token", ["se\x00cret", "se\ncret", "sécret", "se cret", "se\x7fcret"])
def test_a_token_that_cannot_be_sent_is_not_repeated(token: str, data: Path) -> None:
    """It is denied in a sentence that does not show it, wherever it came from."""
    (data / "admin.token").write_text(token)
    for given in (token, None):
        with pytest.raises(Trouble) as error:
            locate(None, given, data)
        assert error.value.exit_code is Exit.DENIED
        assert "cret" not in error.value.message + error.value.hint
