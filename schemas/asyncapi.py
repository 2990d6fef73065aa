"""The AsyncAPI 3.0 document of the socket: every message that goes either way."""

import inspect
from typing import Any, Final, get_args

from msgspec import Struct

from schemas.from_agent import FromAgent
from schemas.generate import definitions
from schemas.to_agent import ToAgent

Document = dict[str, Any]

REF: Final = "#/components/schemas/{name}"
PATH: Final = "/ws"


def asyncapi(version: str) -> Document:
    """The document; `version` is that of the hub."""
    up, down = get_args(FromAgent), get_args(ToAgent)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Corral",
            "version": version,
            "description": "One JSON object in each text frame; its `type` says what it is.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": {
                "address": PATH,
                "description": "The one connection of an agent or a submitter.",
                "messages": {_type_of(each): _reference("messages", each) for each in up + down},
            }
        },
        "operations": {
            "from_agent": _operation("receive", "What an agent or a submitter sends.", up),
            "to_agent": _operation("send", "What the hub sends.", down),
        },
        "components": {
            "messages": {each.__name__: _message(each) for each in up + down},
            "schemas": definitions(*up, *down, ref=REF),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _type_of(model: type[Struct]) -> str:
    return str(model.__struct_config__.tag)


def _reference(kind: str, model: type[Struct]) -> Document:
    return {"$ref": f"#/components/{kind}/{model.__name__}"}


def _operation(action: str, title: str, models: tuple[type[Struct], ...]) -> Document:
    return {
        "action": action,
        "title": title,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [{"$ref": f"#/channels/socket/messages/{_type_of(each)}"} for each in models],
    }


def _message(model: type[Struct]) -> Document:
    return {
        "name": _type_of(model),
        "title": model.__name__,
        "summary": " ".join(inspect.cleandoc(model.__doc__ or "").split()),
        "payload": _reference("schemas", model),
    }
