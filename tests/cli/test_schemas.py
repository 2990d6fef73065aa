"""`corral schemas`: the published contract without a hub."""

import json

import pytest
from jsonschema import Draft202012Validator

from hub.cli.schemas import ABOUT, found, names
from tests.cli.conftest import Corral


def test_the_documents_are_listed(corral: Corral) -> None:
    """Each with what is in it; with --list also every name."""
    out = corral("schemas").out
    assert all(name in out for name in ABOUT)
    assert "TaskView" not in out
    assert "TaskView" in corral("schemas", "--list").out
    assert "TaskView" in json.loads(corral("schemas", "--json").out)["http"]["names"]


@pytest.mark.parametrize("name", ABOUT)
def test_a_document_is_printed_as_published(corral: Corral, name: str) -> None:
    """For people over many lines, for programs on one."""
    document = json.loads(corral("schemas", name).out)
    out = corral("schemas", name, "--json").out
    assert (json.loads(out), out.count("\n")) == (document, 1)


def test_two_documents_have_flags(corral: Corral) -> None:
    """They are asked for most often."""
    assert json.loads(corral("schemas", "--openapi").out)["openapi"].startswith("3.")
    assert json.loads(corral("schemas", "--asyncapi").out)["asyncapi"].startswith("3.")


@pytest.mark.parametrize("name", sorted({each for document in ABOUT for each in names(document)}))
def test_a_part_stands_alone(name: str) -> None:
    """A body, message or event comes with all that it rests on."""
    schema = found(name)
    Draft202012Validator.check_schema(schema)
    list(Draft202012Validator(schema).iter_errors({}))


def test_an_unknown_name_is_refused_with_the_nearest(corral: Corral) -> None:
    """And two wishes at once are a usage error."""
    ended = corral("schemas", "TaskVeiw")
    assert ended.exit_code == 5
    assert "Did you mean TaskView?" in ended.err
    assert corral("schemas", "http", "--openapi").exit_code == 2
