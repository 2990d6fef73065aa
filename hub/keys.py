"""The keys of a configuration: every setting in a tree of frozen Structs, by one flat name.

A field whose type is a Struct is a table. The name of a key is its path below the first
table, joined by underscores, so `rates.submit.per_minute` is `submit_per_minute`: the same
word in the file, in the environment and in every message.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, structs

Tree = TypeVar("Tree", bound=Struct)


class Key(NamedTuple):
    """One setting."""

    name: str
    path: tuple[str, ...]
    """The attributes that lead to it from the root."""
    place: str
    """Where it stands in a file: its table and its name, with dots."""
    kind: Any
    """Its type, with bounds."""
    default: Any

    @property
    def flag(self) -> str:
        """Its flag; of a list, which takes one value each time, in the singular."""
        name = self.name.removesuffix("s") if self.is_list else self.name
        return "--" + name.replace("_", "-")

    @property
    def bare(self) -> Any:
        """Its type without bounds and without None."""
        kind = get_args(self.kind)[0] if hasattr(self.kind, "__metadata__") else self.kind
        if get_origin(kind) in (Union, UnionType):
            (kind,) = (each for each in get_args(kind) if each is not NoneType)
        return kind

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return get_origin(self.bare) is tuple

    @property
    def is_path(self) -> bool:
        """Whether it names a file or a directory."""
        return self.bare is Path

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, when it is one of a few."""
        return get_args(self.bare) if get_origin(self.bare) is Literal else ()

    @property
    def span(self) -> str:
        """What it may be, in a few words."""
        if self.choices:
            return ", ".join(self.choices)
        words = {bool: "true or false", str: "text", Path: "path"}
        bounds = [meta for meta in getattr(self.kind, "__metadata__", ()) if isinstance(meta, Meta)]
        for meta in bounds:
            if meta.ge is not None and meta.le is not None:
                return f"{meta.ge:,} to {meta.le:,}"
        return "list" if self.is_list else words.get(self.bare, "number")


def keys(root: Struct) -> list[Key]:
    """Every key of a tree, with the defaults that `root` holds.

    Raises ValueError when two have one name.
    """
    found = list(_keys(root, (), ""))
    names = [key.name for key in found]
    if len(names) != len(set(names)):
        raise ValueError(f"a setting's name is there twice: {sorted(names)}")
    return found


def _keys(node: Struct, path: tuple[str, ...], table: str) -> Iterator[Key]:
    for field in structs.fields(node):
        here = (*path, field.name)
        place = f"{table}.{field.encode_name}" if table else field.encode_name
        value = getattr(node, field.name)
        if isinstance(value, Struct):
            yield from _keys(value, here, place)
        else:
            yield Key("_".join(here[1:] or here), here, place, field.type, value)


def rebuilt(node: Tree, values: Mapping[tuple[str, ...], Any]) -> Tree:
    """The tree with other values at some paths."""
    changes: dict[str, Any] = {}
    for name in {path[0] for path in values}:
        below = {path[1:]: value for path, value in values.items() if path[0] == name}
        changes[name] = below[()] if () in below else rebuilt(getattr(node, name), below)
    return structs.replace(node, **changes)


def converted(key: Key, raw: Any, *, is_text: bool) -> Any:
    """A value for a key, from text or from a file. Raises ValidationError."""
    if is_text:
        raw = _from_text(key, raw)
    elif key.is_list and isinstance(raw, str):
        raw = [raw]
    return msgspec.convert(raw, key.kind, strict=not is_text, dec_hook=_path)


def _from_text(key: Key, raw: Any) -> Any:
    if key.is_list:
        given = [raw] if isinstance(raw, str) else raw
        return [part.strip() for text in given for part in text.split(",") if part.strip()]
    if raw == "" and key.default is None:
        return None
    if key.choices and isinstance(raw, str):
        return next((word for word in key.choices if word.lower() == raw.lower()), raw)
    return raw


def _path(kind: type, raw: Any) -> Any:
    return Path(raw).expanduser() if kind is Path and isinstance(raw, str | Path) else raw


def shown(value: Any) -> str:
    """A value as a person writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value == ():
        return "none"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
