"""The published contract is made from the Structs."""

import json
from typing import get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator

from schemas.from_agent import FromAgent
from schemas.generate import documents


@pytest.mark.parametrize("name", documents())
def test_documents_are_json_schema(name: str) -> None:
    """Each is a valid document of the dialect it names."""
    document = json.loads(documents()[name])

    assert document["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(document)


def test_each_message_is_published_as_it_is_judged() -> None:
    """Apart from notes, a published definition is what msgspec says about its Struct."""
    published = json.loads(documents()["from_agent.json"])["$defs"]

    for member in get_args(FromAgent):
        own = msgspec.json.schema(member)["$defs"][member.__name__]
        assert without_notes(published[member.__name__]) == without_notes(own)


def without_notes(schema: object) -> object:
    """A schema without its descriptions, which mean nothing to a validator."""
    if isinstance(schema, list):
        return [without_notes(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without_notes(item)
        for key, item in schema.items()
        if not (key == "description" and isinstance(item, str))
    }


def test_notes_below_fields_are_published() -> None:
    """The sentence under a field in the source reaches the reader of the schema."""
    task = json.loads(documents()["http.json"])["$defs"]["TaskSpec"]["properties"]

    assert task["assign_to"]["description"] == "Pins the task to one agent."
