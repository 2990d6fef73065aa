"""The AsyncAPI 3.0 document of the sockets: every message that goes either way."""

import inspect
from typing import Any, Final, NamedTuple, get_args

from msgspec import Struct

from schemas import dashboard
from schemas.from_agent import FromAgent
from schemas.generate import definitions, structs_of
from schemas.http.sessions import COOKIE_NOTE, USUAL_COOKIE
from schemas.to_agent import ToAgent

Document = dict[str, Any]

REF: Final = "#/components/schemas/{name}"
PATH: Final = "/ws"


class Socket(NamedTuple):
    """One of the hub's sockets, as the document tells of it."""

    name: str
    """That of its channel."""
    other: str
    """Who is at the other end, in the names of the operations."""
    told: Document
    """What the channel says of itself beside its messages."""
    sent: tuple[str, Any]
    """What the other end sends: a sentence, and the union of the messages."""
    heard: tuple[str, Any]
    """What the hub sends."""
    security: tuple[str, ...]
    """Any one of these opens it."""

    def messages(self) -> tuple[type[Struct], ...]:
        """All that go over it; what goes both ways once."""
        return tuple(dict.fromkeys(get_args(self.sent[1]) + get_args(self.heard[1])))


AGENTS: Final = Socket(
    name="socket",
    other="agent",
    told={"address": PATH, "description": "The one connection of an agent or a submitter."},
    sent=("What an agent or a submitter sends.", FromAgent),
    heard=("What the hub sends.", ToAgent),
    security=("bearer",),
)
PAGES: Final = Socket(
    name="dashboard",
    other="page",
    told={
        "address": dashboard.PATH,
        "description": "The connection of a page of the dashboard: batches of what changed. "
        "A page first asks `GET /api/v1/dashboard/snapshot` where it begins. It is opened with a "
        "person's token, or with the cookie of a session and the `Origin` of the hub's own page. "
        "Whoever may not look is let in, told why by `ended`, and sent away. `x-close-codes` "
        "says why the hub closes it. A page that does not read for 30 s is cut off without a code.",
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {
                    "type": "object",
                    "description": "The last batch that the page has; without both it has none.",
                    "properties": {
                        "epoch": {"type": "string"},
                        "since": {"type": "integer", "minimum": 0},
                    },
                },
                "bindingVersion": "0.1.0",
            }
        },
        "x-close-codes": {str(int(code)): text for code, text in dashboard.CLOSES.items()},
    },
    sent=("What a page sends.", dashboard.FromPage),
    heard=("What the hub sends to a page.", dashboard.ToPage),
    security=("bearer", "session"),
)
SOCKETS: Final = (AGENTS, PAGES)


def asyncapi(version: str) -> Document:
    """The document; `version` is that of the hub."""
    messages = [each for socket in SOCKETS for each in socket.messages()]
    rows = [each for each in structs_of(dashboard) if each.__struct_config__.array_like]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Corral",
            "version": version,
            "description": "One JSON object in each text frame; its `type` says what it is.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {socket.name: _channel(socket) for socket in SOCKETS},
        "operations": {
            name: operation for socket in SOCKETS for name, operation in _operations(socket).items()
        },
        "components": {
            "messages": {each.__name__: _message(each) for each in messages},
            "schemas": definitions(*messages, *rows, ref=REF),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "httpApiKey",
                    "in": "cookie",
                    "name": USUAL_COOKIE,
                    "description": COOKIE_NOTE,
                },
            },
        },
    }


def _channel(socket: Socket) -> Document:
    messages = {_type_of(each): _reference("messages", each.__name__) for each in socket.messages()}
    return socket.told | {"messages": messages}


def _operations(socket: Socket) -> Document:
    return {
        f"from_{socket.other}": _operation(socket, "receive", *socket.sent),
        f"to_{socket.other}": _operation(socket, "send", *socket.heard),
    }


def _operation(socket: Socket, action: str, title: str, union: Any) -> Document:
    place = f"#/channels/{socket.name}"
    return {
        "action": action,
        "title": title,
        "channel": {"$ref": place},
        "messages": [{"$ref": f"{place}/messages/{_type_of(each)}"} for each in get_args(union)],
        "security": [_reference("securitySchemes", each) for each in socket.security],
    }


def _type_of(model: type[Struct]) -> str:
    return str(model.__struct_config__.tag)


def _reference(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


def _message(model: type[Struct]) -> Document:
    return {
        "name": _type_of(model),
        "title": model.__name__,
        "summary": " ".join(inspect.cleandoc(model.__doc__ or "").split()),
        "payload": _reference("schemas", model.__name__),
    }
