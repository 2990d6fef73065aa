"""The tables of `docs/protocol.md`: every message that goes either way, field by field."""

import inspect
from typing import Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Struct, structs

from hub.core.credentials import Scope
from hub.core.gates import COSTS, SCOPES
from schemas.from_agent import FromAgent, Identify
from schemas.generate import field_notes
from schemas.scalars import Role
from schemas.to_agent import ToAgent

ROLES: Final = {Role.AGENT: "agents", Role.OPERATOR: "operators", Role.ADMIN: "admins"}


def tables() -> str:
    """A section for each direction, and in it one for each message."""
    parts = ["## What agents and submitters send"]
    parts += [_section(each) for each in get_args(FromAgent)]
    parts.append("## What the hub sends")
    parts += [_section(each) for each in get_args(ToAgent)]
    return "\n\n".join(parts) + "\n"


def _section(model: type[Struct]) -> str:
    text = " ".join(inspect.cleandoc(model.__doc__ or "").split())
    lines = [f"### {model.__struct_config__.tag}", "", text]
    scope = SCOPES.get(model)
    if scope is not None:
        lines += ["", f"For {_who(scope)}; {_price(model)}."]
    fields = structs.fields(model)
    if fields:
        notes = dict(field_notes(model))
        hints = get_type_hints(model, include_extras=True)
        lines += ["", "| field | type | meaning |", "|---|---|---|"]
        for field in fields:
            optional = "" if field.required else "?"
            kind = kind_of(hints[field.name])
            note = " ".join(notes.get(field.name, "").split())
            lines.append(f"| `{field.encode_name}`{optional} | {kind} | {note} |")
    return "\n".join(lines)


def _price(model: type[Struct]) -> str:
    """From which bucket it is taken."""
    if model in COSTS or model is Identify:
        return f"taken from the bucket `{getattr(model, 'tier', '')}`"
    return "not limited"


def _who(scope: Scope) -> str:
    return ", ".join(word for role, word in ROLES.items() if scope.allows(role))


def kind_of(hint: Any) -> str:
    """A type in a few words, from its JSON Schema."""
    (schema,), _ = msgspec.json.schema_components((hint,), ref_template="{name}")
    return _words(schema)


def _words(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_words(each) for each in schema["anyOf"] if each.get("type") != "null")
    if "$ref" in schema:
        return f"`{schema['$ref']}`"
    if schema.get("type") == "array":
        most = f", at most {schema['maxItems']:,}" if "maxItems" in schema else ""
        return f"list of {_words(schema.get('items', {}))}{most}"
    kind = str(schema.get("type", "any JSON"))
    longest = schema.get("maxLength")
    return f"{kind}, at most {longest:,} characters" if longest else kind
