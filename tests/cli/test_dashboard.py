"""`corral dashboard`: a link that logs in one browser."""

import json
import webbrowser

import pytest

from hub.cli.dashboard import from_here
from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble

CODE = {"code": "abc", "path": "/dashboard#code=abc", "expires_at": 5}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened in a browser; there is one."""
    urls: list[str] = []

    def open_it(url: str) -> bool:
        urls.append(url)
        return len(urls) == 1

    monkeypatch.setattr(webbrowser, "open", open_it)
    return urls


def test_the_link_is_the_result(corral: Corral, hub: HubDouble, opened: list[str]) -> None:
    """Alone on standard output, so that it can be given on; no browser is touched."""
    hub.prepare("POST /api/v1/login-codes", CODE, 201)
    ended = corral("dashboard")

    assert (ended.exit_code, ended.out) == (0, f"{hub.url}/dashboard#code=abc\n")
    assert "once" in ended.err
    assert opened == []


def test_programs_get_it_with_its_end(corral: Corral, hub: HubDouble) -> None:
    """As every verb gives them what it has."""
    hub.prepare("POST /api/v1/login-codes", CODE, 201)
    ended = corral("dashboard", "--json")

    assert json.loads(ended.out) == {"login_url": f"{hub.url}/dashboard#code=abc", "expires_at": 5}


def test_a_browser_is_opened_when_asked(corral: Corral, hub: HubDouble, opened: list[str]) -> None:
    """And when there is none, the link is still there."""
    hub.prepare("POST /api/v1/login-codes", CODE, 201)
    first, second = corral("dashboard", "--open"), corral("dashboard", "--open")

    assert opened == [f"{hub.url}/dashboard#code=abc"] * 2
    assert "open the link yourself" not in first.err
    assert "open the link yourself" in second.err


def test_only_an_admin_gets_one(corral: Corral, hub: HubDouble) -> None:
    """The hub's refusal is told like any other."""
    hub.refuse("POST /api/v1/login-codes", 403, "forbidden")
    ended = corral("dashboard")

    assert ended.exit_code != 0
    assert ended.out == ""


@pytest.mark.parametrize(
    ("place", "link"),
    [
        ("http://0.0.0.0:8420", "http://127.0.0.1:8420"),
        ("http://[::]:8420", "http://[::1]:8420"),
        ("https://hub.example.org", "https://hub.example.org"),
    ],
)
def test_the_link_can_be_opened_here(place: str, link: str) -> None:
    """A hub that listens everywhere is not somewhere called everywhere."""
    assert from_here(place) == link
