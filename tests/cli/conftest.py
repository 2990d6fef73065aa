"""What the command line's tests share: a hub's double and a way to type a command."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from hub.cli import main
from tests.cli.hub_double import HubDouble


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    exit_code: int
    out: str
    err: str


Corral = Callable[..., Ended]


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    """A double of the hub on a real socket."""
    double = HubDouble()
    yield double
    double.close()


@pytest.fixture
def corral(
    hub: HubDouble, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Corral:
    """Type `corral …` against the double, at 80 columns and with the token `secret`."""
    monkeypatch.setenv("CORRAL_URL", hub.url)
    monkeypatch.setenv("CORRAL_TOKEN", "secret")
    monkeypatch.setenv("COLUMNS", "80")

    def typed(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        captured = capsys.readouterr()
        return Ended(int(ended.value.code or 0), captured.out, captured.err)

    return typed
