"""Everything that is written from the code, so that it cannot drift: schemas and documents.

`python -m hub.published` writes it, with `--check` it only compares. It is run in a checkout.
"""

import json
from functools import cache
from pathlib import Path
from typing import Final

from hub import __version__
from hub.published import (
    commands_page,
    dashboard_page,
    messages_page,
    rates_page,
    refusals_page,
    rooms_page,
    routes_page,
    settings_page,
)
from hub.transport.openapi import openapi
from schemas import generate
from schemas.asyncapi import asyncapi

ROOT: Final = Path(__file__).parents[2]


def published(root: Path = ROOT) -> dict[str, str]:
    """Every file that is made from the code: its path in the checkout, and its text."""
    pages = _pages()
    return _documents() | {
        name: within(_text(root, name) or "", tables) for name, tables in pages.items()
    }


@cache
def _documents() -> dict[str, str]:
    """Whole files. The code does not change while it runs."""
    made = {f"schemas/json/{name}": text for name, text in generate.documents().items()}
    made["schemas/json/openapi.json"] = json.dumps(openapi(__version__), indent=2) + "\n"
    made["schemas/json/asyncapi.json"] = json.dumps(asyncapi(__version__), indent=2) + "\n"
    return made


@cache
def _pages() -> dict[str, str]:
    """The tables within pages that people write."""
    return {
        "docs/api.md": "\n".join(
            (refusals_page.tables(), rates_page.tables(), routes_page.tables())
        ),
        "docs/architecture.md": rooms_page.tables(ROOT),
        "docs/cli.md": commands_page.tables(),
        "docs/configuration.md": settings_page.tables(),
        "docs/protocol.md": messages_page.tables(),
        "schemas/README.md": dashboard_page.tables(),
    }


BEGIN: Final = "<!-- Made from the code up to the next mark: run scripts/schemas. -->\n"
END: Final = "<!-- The end of what is made. -->\n"


def within(page: str, made: str) -> str:
    """A page with what is made put between its marks; at its end when it has none."""
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def stale(root: Path = ROOT) -> list[str]:
    """The files that are missing, different, or not made from anything any more."""
    wanted = published(root)
    there = {f"schemas/json/{path.name}" for path in (root / "schemas" / "json").glob("*.json")}
    return sorted(name for name in wanted.keys() | there if _text(root, name) != wanted.get(name))


def _text(root: Path, name: str) -> str | None:
    path = root / name
    return path.read_text("utf-8") if path.exists() else None


def write(root: Path = ROOT) -> list[str]:
    """Bring all of them up to date, and return the ones that changed."""
    wanted, changed = published(root), stale(root)
    for name in changed:
        path = root / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], "utf-8")
        else:
            path.unlink()
    return changed
