"""What `scripts/bench` may be told, and what that makes of the rows."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from scripts.benchmark import faults
from scripts.benchmark.faults import BenchmarkError
from scripts.benchmark.figures import Settings
from scripts.benchmark.rows import ROWS, RowPlan

QUICK_SECONDS: Final = 2.0
QUICK_WARMUP_SECONDS: Final = 0.5
QUICK: Final = {"agents": 1_000, "crowd": 1_000, "stored": 50_000, "queued": 20_000, "rounds": 2}
"""The most of each for a quick look."""
CHANGED: Final = (
    "seconds",
    "agents",
    "slots",
    "in_flight",
    "rate",
    "stored",
    "pages",
    "queued",
    "crowd",
)
"""Arguments that change the setting of the same name, in the rows that have it."""

EPILOG: Final = """\
The plain run writes docs/benchmarks.json, docs/benchmarks.md and its plots. A run with other
settings is another benchmark: it is only shown, unless --output says where to write it.

--compare measures two commits in turn, A B B A, each with the hub of its own tree, by the rows
and the load of this one. It writes nothing.

exit status: 0 measured; 1 measured, but tasks were lost, refused or counted twice; 2 wrong usage;
3 no C compiler, or not Linux; 4 the hub did not start or stop; 5 the load generator failed
"""


def parser() -> argparse.ArgumentParser:
    """The arguments; what is not given stays as the rows have it."""
    made = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures a hub on this machine: durable tasks a second, and latency.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--peers", action="store_true", help="compare with other task queues: --peers --help")
    add("--quick", action="store_true", help="one short repetition of each row, only to look")
    add("--rows", help=f"which rows (default: {','.join(ROWS)})")
    add("--repeat", type=int, help="repetitions of each row (default: 3, or 1 of long ones)")
    add("--json", action="store_true", help="print the raw numbers instead of the page")
    add("--output", type=Path, metavar="DIR", help="where to write benchmarks.json, .md and plots")
    add("--render", action="store_true", help="only write the page and plots anew from the JSON")
    add("--directory", type=Path, help="where databases are made: the disk that is measured")
    add("--hub", metavar="COMMAND", help="what starts the hub (default: corral up)")
    add("--profile", type=Path, metavar="FILE", help="flame graph of the hub, by py-spy")
    _add_settings(made.add_argument_group("another benchmark"))
    _add_comparison(made.add_argument_group("two commits"))
    return made


def _add_settings(group: Any) -> None:
    add = group.add_argument
    add("--seconds", type=float, help="length of the measured window (default: 10; listing: 40)")
    add("--agents", type=int, help="connected agents (default: 100, or what the row is about)")
    add("--slots", type=int, help="slots of each agent (default: 16)")
    add("--in-flight", type=int, help="tasks in flight in the closed rows (default: 1000)")
    add("--rate", type=int, help="tasks offered a second in the open rows")
    add("--stored", type=int, help="tasks there before in the listing row (default: 1000000)")
    add("--pages", type=int, help="pages read a second in the listing row (default: 75)")
    add("--queued", type=int, help="tasks in the queue of its row (default: 1000000)")
    add("--crowd", type=int, help="further agents in that row (default: 10000)")


def _add_comparison(group: Any) -> None:
    add = group.add_argument
    add("--compare", nargs=2, metavar=("A", "B"), help="which commits to compare")
    add("--rounds", type=int, default=6, help="pairs of each row (default: %(default)s)")


def is_standard(arguments: argparse.Namespace) -> bool:
    """Whether this is the benchmark of the page: every row, nothing changed but repetitions."""
    changes = (*CHANGED, "quick", "hub", "profile")
    return set(chosen_rows(arguments)) == set(ROWS) and not any(
        getattr(arguments, name) for name in changes
    )


def chosen_rows(arguments: argparse.Namespace, usual: Iterable[str] = ROWS) -> list[str]:
    """The names after `--rows`; raises BenchmarkError for one that does not exist."""
    if arguments.rows is None:
        return list(usual)
    names = [name.strip() for name in arguments.rows.split(",")]
    for name in names:
        if name not in ROWS:
            raise BenchmarkError(faults.USAGE, f"no row {name!r}; there are: {', '.join(ROWS)}")
    return names


def repetitions(plan: RowPlan, arguments: argparse.Namespace) -> int:
    """How often a row is measured."""
    asked: int | None = arguments.repeat
    return asked or (1 if arguments.quick else plan.repeat)


def settings_of(plan: RowPlan, arguments: argparse.Namespace) -> Settings:
    """The row's settings with what the arguments change."""
    asked = structs.asdict(plan.settings)
    changes: dict[str, Any] = {}
    if arguments.quick:
        changes = {name: min(most, asked[name]) for name, most in QUICK.items()}
        changes["seconds"] = min(QUICK_SECONDS, asked["seconds"])
        changes["warmup_seconds"] = min(QUICK_WARMUP_SECONDS, asked["warmup_seconds"])
    for name in CHANGED:
        given = getattr(arguments, name)
        if given and _has(asked, name):
            changes[name] = given
    return structs.replace(plan.settings, **changes)


def _has(asked: dict[str, Any], name: str) -> bool:
    """Whether a row has this setting: connections over HTTP are no tasks in flight."""
    return bool(asked[name]) and not (name == "in_flight" and asked["connections"])
