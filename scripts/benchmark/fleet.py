"""Very many agents that a hub knows before it is measured.

Registering ten thousand agents would take a quarter of an hour at the rate that an
administrator has. So a hub with a higher rate registers them once, through the API, and each
measured hub begins with a copy of that data directory, on its defaults.
"""

import shutil
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from scripts.benchmark.bench import Bench, Say

RATES: Final = {
    "CORRAL_CONTROL_PER_MINUTE": "1000000000",
    "CORRAL_CONTROL_BURST": "1000000000",
}


class Known(Struct, frozen=True):
    """Who is known to a hub, as id and token."""

    agents: list[tuple[str, str]]
    operator: tuple[str, str]


def settle(bench: Bench, folder: Path, agents: int, say: Say) -> Known:
    """Give a hub whose folder this is a data directory with so many agents.

    They are registered the first time only. Raises BenchmarkError when the hub refuses.
    """
    template = bench.folder / f"fleet-{agents}"
    names = template / "known.json"
    if not names.exists():
        template.mkdir()
        names.write_bytes(msgspec.json.encode(_registered(bench, template, agents, say)))
    shutil.copytree(template / "data", folder / "data")
    return msgspec.json.decode(names.read_bytes(), type=Known)


def _registered(bench: Bench, folder: Path, agents: int, say: Say) -> Known:
    names = [f"bench-agent-{number}" for number in range(agents)]
    found = []
    with bench.hub(folder, settings=RATES) as hub:
        for name, token in zip(names, hub.agent_tokens(names), strict=True):
            found.append((name, token))
            if len(found) % 500 == 0:
                say(f"registering agents: {len(found):,} of {agents:,}")
        return Known(found, hub.operator())
