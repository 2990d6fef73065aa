"""Health, readiness and metrics: what watchers of the hub see."""

import pytest

from tests.transport.conftest import StartHub
from tests.transport.ranch import Hub
from tests.transport.wire import new_name, open_door

SERIES = [
    "corral_tasks",
    "corral_scheduler_attempts_total",
    "corral_scheduler_matches_total",
    "corral_submit_seconds_count",
    "corral_dispatch_seconds_count",
    "corral_journal_commit_seconds_count",
    "corral_journal_batch_rows_count",
    "corral_loop_lag_seconds_count",
    "corral_sessions",
    "corral_agents_free",
    "corral_journal_waiting_rows",
    "corral_journal_commit_age_seconds",
]


@pytest.mark.parametrize("path", ["/health", "/healthz"])
def test_health(calm_hub: Hub, path: str) -> None:
    """It is alive, and says since when."""
    told = calm_hub.http("GET", path, role=None).json
    assert (told["status"], told["epoch"]) == ("ok", 1)
    assert told["uptime_ms"] >= 0


@pytest.mark.parametrize("path", ["/ready", "/readyz"])
def test_ready(calm_hub: Hub, path: str) -> None:
    """It takes work."""
    assert calm_hub.http("GET", path, role=None).json == {"ready": True, "reasons": []}


@pytest.mark.parametrize("name", SERIES)
def test_every_series_is_there(calm_hub: Hub, name: str) -> None:
    """Under its name, with help and type."""
    text = calm_hub.http("GET", "/metrics").text
    assert any(line.startswith((f"{name} ", f"{name}{{")) for line in text.splitlines())


def test_a_client_behind_a_proxy_is_never_at_home(own_hub: StartHub) -> None:
    """Without a readable address, too, only a token shows it the metrics."""
    hub = own_hub()
    assert hub.http("GET", "/metrics", role=None).status == 200
    hub.stop()
    hub.start("env", "CORRAL_BEHIND_PROXY=127.0.0.1")
    for said in ("", "unknown", "127.0.0.1", "1.2.3.4, _hidden"):
        headers = {"X-Forwarded-For": said} if said else {}
        assert hub.http("GET", "/metrics", role=None, headers=headers).status == 401
    assert hub.http("GET", "/metrics").status == 200


def test_an_attempt_counts_without_agents(own_hub: StartHub) -> None:
    """A scheduler that looks and finds nobody is at work too."""
    hub = own_hub()
    before = hub.metric("corral_scheduler_attempts_total")
    hub.submit(needs=["nobody"])
    assert hub.metric("corral_scheduler_attempts_total") > before
    assert hub.metric("corral_scheduler_matches_total") == 0
    assert hub.metric("corral_agents_free") == 0


async def test_the_numbers_move(own_hub: StartHub) -> None:
    """With each step of a task."""
    hub = own_hub()
    async with open_door(hub) as door:
        name = new_name()
        agent = await door.agent(name)
        assert (hub.metric("corral_sessions"), hub.metric("corral_agents_free")) == (1, 1)
        task = hub.submit(assign_to=name)
        fence = await agent.accepts(task)
        await agent.everything()
        assert hub.metric("corral_tasks", '{org="main",state="running"}') == 1
        assert hub.metric("corral_agents_free") == 0
        await agent.completes(fence, 1)
        assert hub.metric("corral_tasks", '{org="main",state="completed"}') == 1
        assert hub.metric("corral_tasks_ended_total", '{state="completed"}') == 1
        for name in ("submit", "dispatch"):
            assert hub.metric(f"corral_{name}_seconds_count") == 1
        assert hub.metric("corral_journal_commit_seconds_count") >= 4
    hub.http("GET", "/api/v1/me", role=None)
    assert hub.metric("corral_refusals_total", '{code="invalid_token"}') == 1
