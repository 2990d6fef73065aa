"""Flaws in the opaque JSON of a message that is refused anyway, so that all are named at once."""

from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from hub.core import opaque
from hub.core.errors import Refused
from schemas.http.tasks import TaskEdit
from schemas.scalars import METADATA_BYTES, OPAQUE_BYTES, ErrorCode
from schemas.to_agent import Flaw
from schemas.work import TaskSpec

LIMITS: Final = {
    "payload": (OPAQUE_BYTES, False),
    "metadata": (METADATA_BYTES, True),
    "result": (OPAQUE_BYTES, False),
    "usage": (METADATA_BYTES, True),
}
"""The opaque fields: their limit in bytes, and whether they have to be objects."""


class _Parts(Struct):
    """The places of a message where opaque JSON may be."""

    payload: Raw | UnsetType = UNSET
    metadata: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    usage: Raw | UnsetType = UNSET
    run: Raw | UnsetType = UNSET
    tasks: Raw | UnsetType = UNSET


class _Run(Struct):
    """The place in a `run` where opaque JSON may be."""

    kwargs: Raw | UnsetType = UNSET


_parts = msgspec.json.Decoder(_Parts).decode
_run = msgspec.json.Decoder(_Run | None).decode
_items = msgspec.json.Decoder(list[Raw]).decode
_ERRORS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def opaque_flaws(raw: bytes | Raw, model: type[Struct], path: str = "$") -> list[Flaw]:
    """What is wrong with the opaque parts of `raw` as a `model`, as far as it can be read."""
    try:
        parts = _parts(raw)
    except _ERRORS:
        return []
    flaws: list[Flaw] = []
    for name, (most, needs_object) in LIMITS.items():
        value = getattr(parts, name)
        if value is not UNSET and name in model.__struct_fields__:
            text = opaque.flaw(value, most, needs_object=needs_object)
            flaws += [] if text is None else [Flaw(f"{path}.{name}", text)]
    if parts.run is not UNSET and "run" in model.__struct_fields__:
        flaws += _in_run(parts.run, f"{path}.run")
    if parts.tasks is not UNSET and "tasks" in model.__struct_fields__:
        flaws += _in_tasks(parts.tasks, path)
    return flaws


def _in_run(run: Raw, path: str) -> list[Flaw]:
    try:
        part = _run(run)
    except _ERRORS:
        return []
    if part is None or part.kwargs is UNSET:
        return []
    text = opaque.kwargs_flaw(part.kwargs)
    return [] if text is None else [Flaw(f"{path}.kwargs", text)]


def _in_tasks(tasks: Raw, path: str) -> list[Flaw]:
    try:
        items = _items(tasks)
    except _ERRORS:
        return []
    flaws: list[Flaw] = []
    for index, item in enumerate(items):
        flaws += opaque_flaws(item, TaskSpec, f"{path}.tasks[{index}]")
    return flaws


def check_edit(edit: TaskEdit, path: str = "$") -> None:
    """Look at the opaque JSON of an edit. Raises Refused `validation_failed`."""
    if edit.metadata is UNSET:
        return
    text = opaque.flaw(edit.metadata, METADATA_BYTES, needs_object=True)
    if text is not None:
        flaws = [Flaw(f"{path}.metadata", text)]
        raise Refused(ErrorCode.VALIDATION_FAILED, "opaque JSON is not valid", flaws=flaws)
