"""Schemathesis asks a real hub everything that its OpenAPI document says, and more."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Response
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from hub.transport.openapi import openapi
from schemas.scalars import Role
from tests.transport.ranch import CALM, WITH_SEARCH, Hub
from tests.transport.wire import new_name

Case = schemathesis.Case[Any]

SCHEMA: Final = schemathesis.openapi.from_dict(openapi("0"))
KEY: Final = re.compile("[!-~]{1,255}")
VERSION: Final = re.compile(r'\*|"[0-9]{1,15}"')
BEYOND_SCHEMAS: Final = re.compile(
    "expected an object|integer beyond .*|a label is key=value|expected name=value"
    "|only for the role .*|does not go with .*|this time has passed|give (either|one of) .*"
    "|names no field to change|required, but missing|names no value|is empty: .*"
    "|an agent's token names its agent|a filter names at least one condition.*"
)
"""What may be wrong with a request although its schema says nothing against it."""
LIVE: Final = "/api/v1/events/stream"
"""Its answer has no end; `tests/transport/test_stream.py` reads it."""
QUICK: Final = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def sensible(case: Case) -> None:
    """Take out of a request what is wrong with it in a way that no schema can say."""
    for name in ("cursor", "after"):
        # A cursor comes from an answer; nobody can make one up.
        case.query.pop(name, None)
    if KEY.fullmatch(case.headers.get("Idempotency-Key", "")):
        # Two different writes under one key are refused.
        case.headers["Idempotency-Key"] = new_name("key")
    if case.query.get("wait_ms") in range(60_001):
        case.query["wait_ms"] = 1
    # Of two headers, Schemathesis forgets the pattern of the first.
    if not VERSION.fullmatch(case.headers.get("If-Match", "*")):
        del case.headers["If-Match"]
    # JSON Schema takes 1.0 for an integer, the hub does not: see `schemas/README.md`.
    case.body = plain(case.body)


def plain(value: Any) -> Any:
    """The same, with whole numbers written as such."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that may be filled with anything."""
    hub = Hub(tmp_path_factory.mktemp("open") / "data", **CALM, **WITH_SEARCH).start()
    yield hub
    hub.kill()


def asked(hub: Hub) -> dict[str, Any]:
    """Where to ask, and as whom."""
    return {
        "base_url": f"http://127.0.0.1:{hub.port}",
        "headers": {"Authorization": f"Bearer {hub.tokens[Role.ADMIN]}"},
    }


def judge(case: Case, response: Response) -> None:
    """Everything is as promised; a good request is refused for one of our few rules only."""
    excluded: list[Any] = []
    if case.body is NOT_SET:
        # Schemathesis takes a body that may be left out for one that must be there.
        excluded.append(negative_data_rejection)
    if response.status_code == 422:
        flaws = response.json()["error"]["details"]
        if flaws and all(BEYOND_SCHEMAS.fullmatch(flaw["message"]) for flaw in flaws):
            excluded.append(positive_data_acceptance)
    case.validate_response(response, excluded_checks=excluded)


@SCHEMA.exclude(path=LIVE).parametrize()
@QUICK
def test_every_answer_is_as_promised(case: Case, hub: Hub) -> None:
    """Status, type and body of each answer are in the document; nothing breaks the hub."""
    sensible(case)
    response = case.call(**asked(hub))
    judge(case, response)


def test_one_request_after_the_other(hub: Hub) -> None:
    """What one answer names is asked for in the next request; the hub stays as promised."""
    machine = SCHEMA.exclude(path=LIVE).as_state_machine()

    class Walk(machine):  # type: ignore[valid-type,misc]
        """Steps against the hub of this test."""

        def before_call(self, case: Case) -> None:
            """As in the other test."""
            sensible(case)

        def validate_response(self, response: Response, case: Case, **_: Any) -> None:
            """Likewise."""
            judge(case, response)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            """As an admin."""
            return asked(hub)

    Walk.run(settings=settings(QUICK, max_examples=20, stateful_step_count=8))
