"""Join codes."""

import json

from tests.cli.conftest import Corral
from tests.cli.hub_double import HubDouble

INVITES = "POST /api/v1/invites"


def test_an_invitation_is_a_line_to_paste(hub: HubDouble, corral: Corral) -> None:
    """The line alone is on standard output."""
    hub.prepare(INVITES, {"code": "abc", "expires_at": 5}, 201)
    ended = corral("invite", "--agent", "birch", "--ttl", "90s")
    assert ended.out == f"corral join {hub.url} abc --name birch --allow uname\n"
    assert hub.asked[0].body == {"agent_id": "birch", "ttl_ms": 90_000}
    assert "90 s" in ended.err


def test_an_invitation_for_programs(hub: HubDouble, corral: Corral) -> None:
    """With --json the parts come separately."""
    hub.prepare(INVITES, {"code": "abc", "expires_at": 5}, 201)
    assert json.loads(corral("invite", "--json").out) == {
        "url": hub.url,
        "code": "abc",
        "expires_at": 5,
    }


def test_a_code_that_would_live_too_long_is_refused(hub: HubDouble, corral: Corral) -> None:
    """The limit is said before the hub is asked."""
    assert corral("invite", "--ttl", "2h").exit_code == 2
    assert hub.asked == []
