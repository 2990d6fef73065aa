"""Under which names a hub is called, and where programs find it."""

import socket
from pathlib import Path

import pytest

from hub.config import Config
from hub.exposure import door_of, flaw_of_welcome, url_of
from hub.transport.visitors import LOOPBACK_NAMES

CERT, KEY = Path("c"), Path("k")


def test_a_hub_on_loopback_has_loopback_names_alone() -> None:
    """The machine's name would lead elsewhere."""
    assert door_of(Config()).names == LOOPBACK_NAMES
    assert door_of(Config(host="127.0.0.9")).names == LOOPBACK_NAMES | {"127.0.0.9"}


def test_a_hub_for_others_has_the_machines_name_too() -> None:
    """And those it was given, in small letters; what a proxy may be is spelled in one way."""
    door = door_of(
        Config(
            host="0.0.0.0",
            insecure=True,
            allowed_hosts=("Hub.Example.org.",),
            allowed_origins=("https://Ops.example.org",),
            behind_proxy=("FD00:0::2",),
        )
    )
    assert door.names >= {socket.gethostname().lower(), "hub.example.org", "0.0.0.0"}
    assert door.origins == {"https://ops.example.org"}
    assert door.proxies == {"fd00::2"}


def test_where_programs_find_the_hub() -> None:
    """At its address; behind TLS at the name that its certificate is for."""
    assert url_of(Config(), "127.0.0.1", 80) == "http://127.0.0.1:80"
    assert url_of(Config(host="::1"), "::1", 80) == "http://[::1]:80"
    secure = Config(
        host="0.0.0.0",
        public=True,
        allowed_hosts=("hub.example.org", "b"),
        tls_cert=CERT,
        tls_key=KEY,
    )
    assert url_of(secure, "0.0.0.0", 8420) == "https://hub.example.org:8420"
    assert url_of(Config(tls_cert=CERT, tls_key=KEY), "127.0.0.1", 1) == "https://127.0.0.1:1"


def test_open_registration_is_not_for_the_public() -> None:
    """Whoever gets a token may have the fleet do something."""
    for wider in (
        Config(open_registration=True, public=True, tls_cert=CERT, tls_key=KEY),
        Config(open_registration=True, behind_proxy=("10.0.0.2",)),
    ):
        assert "open_registration" in (flaw_of_welcome(wider) or "")
    assert flaw_of_welcome(Config(open_registration=True)) is None
    assert flaw_of_welcome(Config(open_registration=True, host="0.0.0.0", insecure=True)) is None


@pytest.mark.parametrize(
    "repo",
    [
        "https://git.example/a/b.git",
        "git@git.example:a/b.git",
        "ssh://git@git.example/a/b",
        "/srv/git/a.git",
        "https://git.example/a@v1",
        "ssh://git.example:22/a",
    ],
)
def test_repositories_that_newcomers_clone(repo: str) -> None:
    """Whatever git clones."""
    assert flaw_of_welcome(Config(default_repo=repo)) is None


@pytest.mark.parametrize(
    "repo",
    [
        *("", "--upload-pack=x", "a b", "a;b", "$(x)", "a'b", "`x`", "a\nb", "x" * 1_001),
        *("https://ann:secret@git.example/a", "https://token@git.example/a", "ssh://a:b@c/d"),
    ],
)
def test_repositories_that_nobody_should_clone(repo: str) -> None:
    """Clients hand it to a shell, and anybody can read it."""
    assert "default_repo" in (flaw_of_welcome(Config(default_repo=repo)) or "")
