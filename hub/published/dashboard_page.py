"""The tables of `schemas/README.md`: what goes over the dashboard's socket, and how it ends."""

import inspect
from typing import Any, get_args

from msgspec import Struct, structs

from schemas.dashboard import CLOSES, FromPage, ToPage


def tables() -> str:
    """The messages each way, and the close codes."""
    lines = ["| message | said by | fields | meaning |", "|---|---|---|---|"]
    lines += [_row(each, "the page") for each in _only(FromPage, ToPage)]
    lines += [_row(each, "both") for each in get_args(FromPage) if each in get_args(ToPage)]
    lines += [_row(each, "the hub") for each in _only(ToPage, FromPage)]
    lines += ["", "| close code | why, and what a page does |", "|---|---|"]
    lines += [f"| {int(code)} | {text} |" for code, text in sorted(CLOSES.items())]
    return "\n".join(lines) + "\n"


def _only(union: Any, other: Any) -> list[type[Struct]]:
    return [each for each in get_args(union) if each not in get_args(other)]


def _row(model: type[Struct], who: str) -> str:
    fields = ", ".join(
        f"`{each.encode_name}`" + ("" if each.required else "?") for each in structs.fields(model)
    )
    text = " ".join(inspect.cleandoc(model.__doc__ or "").split())
    return f"| `{model.__struct_config__.tag}` | {who} | {fields} | {text} |"
