"""The OpenAPI document says what the route table says."""

import json
import re
from typing import Any

from hub.transport.openapi import openapi
from hub.transport.routes import ROUTES
from tests.transport.ranch import Hub

DOCUMENT = openapi("1.2.3")


def operations() -> list[dict[str, Any]]:
    """Every operation of the document."""
    return [each for path in DOCUMENT["paths"].values() for each in path.values()]


def test_every_route_is_told() -> None:
    """Method, path, and whether a credential is needed."""
    told = {
        (method.upper(), path, "security" in operation)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }

    assert told == {(each.method, each.path, each.scope is not None) for each in ROUTES}


def test_operations_have_names_of_their_own() -> None:
    """Generated clients make functions of them."""
    names = [each["operationId"] for each in operations()]

    assert len(names) == len(set(names))
    assert all(each["summary"].endswith(".") for each in operations())


def test_every_reference_leads_somewhere() -> None:
    """No schema is named that is not there."""
    wanted = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(DOCUMENT)))

    assert wanted <= set(DOCUMENT["components"]["schemas"])


def test_the_hub_serves_it(calm_hub: Hub) -> None:
    """Without a credential, so that a generator can read it; so the other documents."""
    served = calm_hub.http("GET", "/api/openapi.json", role=None)
    asyncapi = calm_hub.http("GET", "/api/asyncapi.json", role=None)
    schemas = calm_hub.http("GET", "/api/schemas", role=None)

    assert served.json["paths"].keys() == DOCUMENT["paths"].keys()
    assert asyncapi.json["asyncapi"] == "3.0.0"
    assert set(schemas.json) == {"from_agent", "to_agent", "http", "events"}
