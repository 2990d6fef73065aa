"""Makes the published contract: JSON Schema 2020-12 from the Structs, never by hand.

No file is touched here; `hub/published` writes them.
"""

import ast
import inspect
import json
import sys
from functools import cache
from types import ModuleType
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from schemas import dashboard, events, from_agent, to_agent, work
from schemas.http import (
    access,
    agents,
    bulk,
    dispatch,
    hub,
    metrics,
    search,
    sessions,
    tasks,
)
from schemas.http import events as http_events

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

HTTP: Final = (
    access,
    agents,
    bulk,
    dashboard,
    dispatch,
    http_events,
    hub,
    metrics,
    search,
    sessions,
    tasks,
)
"""The modules whose Structs are bodies and queries of HTTP."""

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
        "to_page.json": _union("What the hub sends to the dashboard", dashboard.ToPage),
        "from_page.json": _union("What the dashboard sends", dashboard.FromPage),
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
    for struct in structs:
        # A row travels as an array: only the titles say what stands where.
        items = definitions[struct.__name__].get("prefixItems", [])
        for field, schema in zip(struct.__struct_encode_fields__, items, strict=False):
            schema["title"] = field
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


@cache
def _classes_of(module: str) -> dict[str, ast.ClassDef]:
    """The classes at the top of a module's source, by name; read once for all of them."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def field_notes(struct: type[Struct]) -> list[tuple[str, str]]:
    """The fields of a Struct that are followed by a sentence, with the sentence."""
    definition = _classes_of(struct.__module__)[struct.__name__]
    return [
        (field.target.id, inspect.cleandoc(note.value.value))
        for field, note in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(note, ast.Expr)
        and isinstance(note.value, ast.Constant)
        and isinstance(note.value.value, str)
    ]
