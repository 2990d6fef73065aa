"""Everything that is written from the code, so that it cannot drift: schemas and documents.

`python -m hub.published` writes it, with `--check` it only compares. It is run in a checkout.
"""

import json
import sys
from pathlib import Path
from typing import Final

from hub import __version__
from hub.transport.openapi import openapi
from schemas import generate
from schemas.asyncapi import asyncapi

ROOT: Final = Path(__file__).parent.parent


def published() -> dict[str, str]:
    """Every file that is made from the code: its path in the checkout, and its text."""
    made = {f"schemas/json/{name}": text for name, text in generate.documents().items()}
    made["schemas/json/openapi.json"] = json.dumps(openapi(__version__), indent=2) + "\n"
    made["schemas/json/asyncapi.json"] = json.dumps(asyncapi(__version__), indent=2) + "\n"
    return made


def stale() -> list[str]:
    """The files that are missing, different, or not made from anything any more."""
    wanted = published()
    there = {f"schemas/json/{path.name}" for path in (ROOT / "schemas" / "json").glob("*.json")}
    return sorted(name for name in wanted.keys() | there if _text(name) != wanted.get(name))


def _text(name: str) -> str | None:
    path = ROOT / name
    return path.read_text("utf-8") if path.exists() else None


def write() -> list[str]:
    """Bring all of them up to date, and return the ones that changed."""
    wanted, changed = published(), stale()
    for name in changed:
        path = ROOT / name
        if name in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[name], "utf-8")
        else:
            path.unlink()
    return changed


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare; 1 when something is stale, 2 for bad arguments."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: scripts/schemas [--check]\n")
        return 2
    changed = stale() if arguments else write()
    verdict = "is stale: run scripts/schemas" if arguments else "written"
    for name in changed:
        sys.stdout.write(f"{name} {verdict}\n")
    return 1 if arguments and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
