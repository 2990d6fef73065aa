"""The tables of `docs/configuration.md`: every setting of a hub, made from its fields."""

from typing import Final

from msgspec import Struct, structs

from hub.config import PREFIX, Config, default_data
from hub.keys import Key, keys, shown
from schemas.generate import field_notes


def meanings(node: Struct, about: str = "") -> dict[tuple[str, ...], str]:
    """What each key means, by its path: its own note behind those of the tables around it."""
    notes = dict(field_notes(type(node)))
    found: dict[tuple[str, ...], str] = {}
    for field in structs.fields(node):
        value = getattr(node, field.name)
        meaning = " ".join(f"{about} {notes.get(field.name, '')}".split())
        if isinstance(value, Struct):
            below = meanings(value, meaning).items()
            found |= {(field.name, *path): text for path, text in below}
        else:
            found[(field.name,)] = meaning
    return found


def tables() -> str:
    """A table for the top level of the file, and one for each table in it."""
    root = Config()
    texts = meanings(root)
    groups: dict[str, list[Key]] = {}
    for key in keys(root):
        top, _, rest = key.place.partition(".")
        groups.setdefault(top if rest else "", []).append(key)
    parts = []
    for table, members in groups.items():
        title = f"### Table `[{table}]`" if table else "### Top level"
        rows = "\n".join(_row(key, table, texts[key.path]) for key in members)
        parts.append(f"{title}\n\n{_HEAD}\n{rows}\n")
    return "\n".join(parts)


_HEAD: Final = "| key | default | may be | variable | meaning |\n|---|---|---|---|---|"


def _row(key: Key, table: str, meaning: str) -> str:
    name = key.place.removeprefix(f"{table}.")
    variable = PREFIX + key.name.upper()
    return f"| `{name}` | {_default(key)} | {key.span} | `{variable}` | {meaning} |"


def _default(key: Key) -> str:
    """The default as it is on every machine."""
    return "`~/.local/share/corral`" if key.default == default_data() else shown(key.default)
