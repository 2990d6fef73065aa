"""Tokens and join codes on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble

SECRET = "corral_v_abcdefghi_" + "x" * 49
TOKEN: dict[str, Any] = {
    "id": "abcdefghi",
    "name": "anna",
    "role": "viewer",
    "state": "active",
    "created_at": 1_750_000_000_000,
    "created_by": "admin",
    "expires_at": None,
    "revoked_at": None,
    "rotated_to": None,
    "last_used_at": None,
}
ROTATE = "POST /api/v1/tokens/abcdefghi/rotate"


def test_a_new_token_is_printed_alone(hub: HubDouble, corral: Corral) -> None:
    """So that a script can take it; what a person has to know stands beside it."""
    hub.prepare("POST /api/v1/tokens", TOKEN | {"token": SECRET}, 201)
    ended = corral("token", "create", "anna", "--role", "viewer", "--ttl", "30d")

    assert (ended.exit_code, ended.out) == (0, SECRET + "\n")
    assert "not shown again" in " ".join(ended.err.split())
    assert hub.asked[0].body["ttl_ms"] == 30 * 86_400_000
    assert hub.asked[0].body["name"] == "anna"


def test_an_agents_token_names_the_agent(hub: HubDouble, corral: Corral) -> None:
    """With JSON everything about it is printed."""
    hub.prepare("POST /api/v1/tokens", TOKEN | {"token": SECRET}, 201)
    ended = corral("token", "create", "birch", "--role", "agent", "--json")

    assert json.loads(ended.out)["token"] == SECRET
    body = hub.asked[0].body
    assert (body["name"], body["agent_id"]) == (None, "birch")


@pytest.mark.parametrize("arguments", [("--ttl", "0s"), ("--ttl", "9999d"), ("--ttl", "soon")])
def test_what_is_no_lifetime(corral: Corral, arguments: tuple[str, str]) -> None:
    """Nothing is asked then."""
    assert corral("token", "create", "anna", "--role", "viewer", *arguments).exit_code == 2


def test_tokens_are_listed(hub: HubDouble, corral: Corral) -> None:
    """Filtered as the hub does it."""
    hub.prepare("GET /api/v1/tokens", {"items": [TOKEN], "next_cursor": None})
    ended = corral("token", "list", "--role", "viewer", "--state", "active")

    assert "abcdefghi" in ended.out
    assert "anna" in ended.out
    assert max(len(line) for line in ended.out.splitlines()) <= 80
    assert hub.asked[0].query == {"limit": "200", "role": "viewer", "state": "active"}


def test_the_file_follows_a_rotation(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """When the token in the data directory is the one that was replaced."""
    file = tmp_path / "admin.token"
    file.write_text("corral_d_abcdefghi_" + "y" * 49 + "\n")
    hub.prepare(ROTATE, TOKEN | {"token": SECRET}, 201)
    ended = corral("token", "rotate", "abcdefghi", "--overlap", "1h", "--data", str(tmp_path))

    assert ended.exit_code == 0
    assert hub.asked[0].body == {"overlap_ms": 3_600_000}
    assert file.read_text() == SECRET + "\n"
    assert file.stat().st_mode & 0o077 == 0


def test_another_file_stays_as_it_is(hub: HubDouble, corral: Corral, tmp_path: Path) -> None:
    """Its token was not replaced."""
    file = tmp_path / "admin.token"
    file.write_text("corral_d_another00_" + "y" * 49 + "\n")
    hub.prepare(ROTATE, TOKEN | {"token": SECRET}, 201)
    corral("token", "rotate", "abcdefghi", "--overlap", "0s", "--data", str(tmp_path))

    assert "another00" in file.read_text()
    assert hub.asked[0].body == {"overlap_ms": 0}


def test_a_refused_revocation_says_why(hub: HubDouble, corral: Corral) -> None:
    """With the exit code of a refusal."""
    hub.refuse("DELETE /api/v1/tokens/abcdefghi", 409, "invalid_state")

    assert corral("token", "revoke", "abcdefghi").exit_code == 6


def test_join_codes_are_listed(hub: HubDouble, corral: Corral) -> None:
    """And taken back."""
    invite = {
        "id": "abc",
        "agent_id": None,
        "created_at": 1,
        "created_by": "admin",
        "expires_at": 2,
    }
    hub.prepare("GET /api/v1/invites", {"items": [invite], "next_cursor": None})
    hub.prepare("DELETE /api/v1/invites/abc", b"", 204)

    assert "any agent" in corral("invites").out
    assert json.loads(corral("invites", "--json", "--revoke", "abc").out)["items"] == [invite]
    assert hub.asked[1].method == "DELETE"
