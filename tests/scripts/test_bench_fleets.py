"""The load of the row about old clients, against a real hub."""

from schemas.scalars import Role
from scripts.benchmark.fleet_load import run
from tests.transport.conftest import StartHub, own_hub
from tests.transport.wire import new_name

__all__ = ["own_hub"]
QUIET_SECONDS = 2.5
"""Old agents are given nothing at first."""


async def test_both_halves_end_tasks_and_all_are_counted(own_hub: StartHub) -> None:
    """No task is lost on the way from one protocol to the other."""
    hub = own_hub()
    names = [new_name() for _ in range(4)]
    peers = [(name, hub.join(name)) for name in names]
    words: list[str] = []

    ledger, report = await run(
        hub.port,
        [*peers, ("operator", hub.tokens[Role.OPERATOR])],
        QUIET_SECONDS,
        0.5,
        words.append,
    )

    assert words == ["begin", "end"]
    assert report["submitted"] == report["acknowledged"] == report["done"] == len(ledger) / 3
    assert report["faults"] == {"unfinished": 0}
    assert all(rate > 0 for rate in report["slot_rates"].values())
    assert {hub.get(f"/agents/{name}")["protocol_version"] for name in names} == {1, 2}
