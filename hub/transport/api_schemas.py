"""HTTP for those who write clients: the published contract."""

from functools import cache
from importlib import resources

from msgspec import Raw, json

from hub.transport.call import Answer, Call

MESSAGES = ("from_agent", "to_agent", "http", "events")


@cache
def _document(name: str) -> bytes:
    """One of the documents in `schemas/json`."""
    return resources.files("schemas").joinpath("json", f"{name}.json").read_bytes()


async def schemas(call: Call) -> Answer:
    """The JSON Schemas of all messages, bodies and events, by document."""
    found = {name: Raw(_document(name)) for name in MESSAGES}
    return Answer(200, json.encode(found), durable=False)


async def openapi(call: Call) -> Answer:
    """Every route, as OpenAPI 3.1."""
    return Answer(200, _document("openapi"), durable=False)


async def asyncapi(call: Call) -> Answer:
    """Every message of the socket, as AsyncAPI 3.0."""
    return Answer(200, _document("asyncapi"), durable=False)
