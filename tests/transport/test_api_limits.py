"""What an admin sees of the limits."""

from schemas.scalars import Role
from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub


def test_the_rates_and_who_used_them(own_hub: StartHub) -> None:
    """Each tier with its roles, and the asker's own last requests."""
    hub = own_hub(reads_per_minute=60, reads_burst=10)
    seen = [hub.get("/admin/limits") for _ in range(3)][-1]
    (reads,) = [each for each in seen["rates"] if each["tier"] == "reads"]
    assert reads["roles"] == ["agent", "viewer", "operator", "admin"]
    assert (reads["per_minute"], reads["burst"]) == (60, 10)
    submit = [each for each in seen["rates"] if each["tier"] == "submit"]
    assert [each["roles"] for each in submit] == [["agent"], ["viewer", "operator", "admin"]]
    (mine,) = [each for each in seen["usage"] if each["tier"] == "reads"]
    assert (mine["subject"], mine["role"], mine["remaining"]) == ("admin", "admin", 7)
    assert seen["usage_total"] == len(seen["usage"])


def test_only_admins_look(calm_hub: Hub) -> None:
    """Who is how busy is not for everybody."""
    for role in (Role.VIEWER, Role.OPERATOR):
        assert calm_hub.http("GET", "/api/v1/admin/limits", role=role).status == 403
