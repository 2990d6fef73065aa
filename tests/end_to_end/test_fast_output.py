"""A command that writes faster than its agent may send: slowed down, and nothing is lost."""

import pytest

from tests.end_to_end.test_sidecars import Sidecar, door, sidecar
from tests.transport.wire import Door, until

__all__ = ["door", "sidecar"]

SIZE = 600_000
LIMITED = pytest.mark.parametrize(
    "door", [{"logs_per_minute": 12_000_000, "logs_burst": 100_000}], indirect=True
)


def read_log(hub_door: Door, task: str) -> int:
    """How many bytes of the task's output the hub has."""
    offset = 0
    while True:
        page = hub_door.hub.get(f"/tasks/{task}/log?stream=stdout&offset={offset}")
        if page["next_offset"] == offset:
            return offset
        offset = page["next_offset"]


@LIMITED
async def test_all_of_the_output_arrives(door: Door, sidecar: Sidecar) -> None:
    """Although some of it was refused on the way; the agent stays connected."""
    script = f"i=0; while [ $i -lt {SIZE // 1000} ]; do printf '%01000d' $i; i=$((i+1)); done"
    run = {"kind": "command", "argv": ["sh", "-c", script]}
    task = door.hub.submit(run=run, needs=[sidecar.name])
    await door.reaches(task, "completed")
    await until(lambda: read_log(door, task) == SIZE)
    assert door.hub.metric("corral_refusals_total", '{code="rate_limited"}') > 0
    assert sidecar.status == "idle"
