"""`corral schemas`: the published contract, from the installed package; no hub is needed."""

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Annotated, Any, Final

import msgspec
import typer

from hub.cli.exits import Exit, Trouble
from hub.cli.options import Json
from hub.cli.screen import OUT, emit
from hub.cli.tables import plain

OPENAPI: Final = "openapi"
ASYNCAPI: Final = "asyncapi"
ABOUT: Final[Mapping[str, str]] = {
    "from_agent": "what agents and submitters send over the socket",
    "to_agent": "what the hub sends over the socket",
    "http": "the bodies of HTTP requests and answers",
    "events": "the events of the stream",
    OPENAPI: "every HTTP route, as OpenAPI 3.1",
    ASYNCAPI: "every message of the socket, as AsyncAPI 3.0",
}
"""Each document, and what is in it."""
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="A document, or one body, message or event of it.",
        autocompletion=lambda: list(ABOUT),
    ),
]


def schemas(
    name: Name = None,
    as_openapi: Annotated[
        bool, typer.Option("--openapi", help="The HTTP routes, as OpenAPI 3.1.")
    ] = False,
    as_asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="The messages of the socket, as AsyncAPI 3.0.")
    ] = False,
    as_list: Annotated[bool, typer.Option("--list", help="List what there is.")] = False,
    as_json: Json = False,
) -> None:
    """Print the JSON Schemas of messages, bodies and events.

    Without a name it lists the documents. A name such as TaskView prints that
    schema alone. With --json it is on one line.
    """
    if len([given for given in (name, as_openapi, as_asyncapi, as_list) if given]) > 1:
        raise Trouble(Exit.USAGE, "Give one of NAME, --openapi, --asyncapi and --list.")
    if as_openapi or as_asyncapi:
        name = OPENAPI if as_openapi else ASYNCAPI
    if name is not None:
        _print(found(name), as_json=as_json)
    elif as_json:
        emit({each: {"about": about, "names": names(each)} for each, about in ABOUT.items()})
    else:
        _list(all_names=as_list)


def found(name: str) -> dict[str, Any]:
    """A document, or one definition with all that it rests on; raises `Trouble`."""
    if name in ABOUT:
        return document(name)
    for each in ABOUT:
        if name in names(each):
            definitions = document(each)["$defs"]
            return {"$schema": DIALECT, "$ref": f"#/$defs/{name}"} | {
                "$defs": needed(name, definitions)
            }
    known = [*ABOUT, *(one for each in ABOUT for one in names(each))]
    near = get_close_matches(name, known, 1, 0.5)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise Trouble(
        Exit.NOT_FOUND, f"There is no schema {name!r}.", f"{hint}See `corral schemas --list`."
    )


@cache
def document(name: str) -> dict[str, Any]:
    """A published document."""
    text = resources.files("schemas").joinpath("json", f"{name}.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Any])


def names(name: str) -> list[str]:
    """What a document defines."""
    return sorted(document(name).get("$defs", {}))


def needed(name: str, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A definition and all that it refers to, directly or not."""
    reached: dict[str, Any] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in reached:
            reached[each] = definitions[each]
            waiting += [reference.rpartition("/")[2] for reference in _references(reached[each])]
    return dict(sorted(reached.items()))


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [each for child in node for each in _references(child)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
    return own + [each for child in node.values() for each in _references(child)]


def _print(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit(made)
    else:
        text = msgspec.json.format(msgspec.json.encode(made), indent=2)
        typer.echo(text)


def _list(*, all_names: bool) -> None:
    table = plain("NAME")
    table.add_column("WHAT", overflow="fold", ratio=1)
    for each, about in ABOUT.items():
        inside = f": {', '.join(names(each))}" if all_names and names(each) else ""
        table.add_row(each, about + inside)
    OUT.print(table)
