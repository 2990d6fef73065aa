"""Writes the published contract: JSON Schema 2020-12 made from the Structs, never by hand.

`python -m schemas.generate` writes `schemas/json`, with `--check` it only compares. The
documents themselves are made without touching a file.
"""

import ast
import inspect
import json
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from schemas import events, from_agent, to_agent, work
from schemas.http import access, agents, bulk, dispatch, hub, tasks
from schemas.http import events as http_events

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = Path(__file__).parent / "json"

HTTP: Final = (access, agents, bulk, dispatch, http_events, hub, tasks)
"""The modules whose Structs are bodies and queries of HTTP."""

MADE_ELSEWHERE: Final = ("asyncapi.json", "openapi.json")

Schema = dict[str, Any]


def documents() -> dict[str, str]:
    """Every document of the contract: its file name and its text."""
    made = {
        "from_agent.json": _union("What an agent or a submitter sends", from_agent.FromAgent),
        "to_agent.json": _union("What the hub sends", to_agent.ToAgent),
        "http.json": {
            "title": "The bodies of HTTP requests and answers, each under $defs",
            "$defs": definitions(*http_structs(), *structs_of(work)),
        },
        "events.json": _events(),
    }
    return {
        name: json.dumps({"$schema": DIALECT} | schema, indent=2) + "\n"
        for name, schema in made.items()
    }


def _union(title: str, union: Any) -> Schema:
    """The schema of a message that is one of a union, told apart by `type`."""
    members = get_args(union)
    return {
        "title": title,
        "anyOf": [{"$ref": f"#/$defs/{member.__name__}"} for member in members],
        "$defs": definitions(*members),
    }


def _events() -> Schema:
    """The schema of an event: one envelope, and for each type of event its payload."""
    return {
        "title": "An event",
        "$ref": "#/$defs/Envelope",
        "anyOf": [
            {
                "properties": {
                    "type": {"const": events.EVENT_NAMES[kind]},
                    "payload": {"$ref": f"#/$defs/{payload.__name__}"},
                }
            }
            for kind, payload in events.PAYLOADS.items()
        ],
        "$defs": definitions(events.Envelope, *events.PAYLOADS.values()),
    }


def http_structs() -> list[type[Struct]]:
    """Every Struct of HTTP, module by module."""
    return [struct for module in HTTP for struct in structs_of(module)]


def structs_of(module: ModuleType) -> list[type[Struct]]:
    """The Structs that a module defines, in the order of its text."""
    return [
        member
        for member in vars(module).values()
        if isinstance(member, type)
        and issubclass(member, Struct)
        and member.__module__ == module.__name__
    ]


def definitions(*structs: type[Struct], ref: str = "#/$defs/{name}") -> Schema:
    """The schemas of Structs and of all they are made of, by name, with their notes."""
    _, definitions = msgspec.json.schema_components(structs, ref_template=ref)
    notes = _notes()
    for name, definition in definitions.items():
        for field, schema in definition.get("properties", {}).items():
            if (name, field) in notes:
                schema["description"] = notes[name, field]
    return dict(sorted(definitions.items()))


def _notes() -> dict[tuple[str, str], str]:
    """The sentences below the fields of the Structs, by Struct and wire name."""
    return {
        (struct.__name__, wire_names[field]): note
        for module in (*HTTP, events, from_agent, to_agent, work)
        for struct in structs_of(module)
        for wire_names in [
            dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))
        ]
        for field, note in field_notes(struct)
    }


def field_notes(struct: type[Struct]) -> list[tuple[str, str]]:
    """The fields of a Struct that are followed by a sentence, with the sentence."""
    definition = ast.parse(textwrap.dedent(inspect.getsource(struct))).body[0]
    assert isinstance(definition, ast.ClassDef)
    return [
        (field.target.id, inspect.cleandoc(note.value.value))
        for field, note in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(note, ast.Expr)
        and isinstance(note.value, ast.Constant)
        and isinstance(note.value.value, str)
    ]


def stale(folder: Path = FOLDER) -> list[str]:
    """The names of files in `folder` that are missing, different or not part of the contract."""
    wanted = documents()
    there = {
        path.name: path.read_text("utf-8")
        for path in folder.glob("*.json")
        if path.name not in MADE_ELSEWHERE
    }
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))


def write(folder: Path = FOLDER) -> list[str]:
    """Bring `folder` up to date and return the names of the files that changed."""
    wanted, changed = documents(), stale(folder)
    folder.mkdir(exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], "utf-8")
        else:
            (folder / name).unlink()
    return changed


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare; 1 when something is stale, 2 for bad arguments."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: scripts/schemas [--check]\n")
        return 2
    changed = stale() if arguments else write()
    verdict = "is stale: run scripts/schemas" if arguments else "written"
    for name in changed:
        sys.stdout.write(f"schemas/json/{name} {verdict}\n")
    return 1 if arguments and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
