"""The OpenAPI 3.1 document, made from the route table and the Structs it names."""

import inspect
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct, structs

from hub.transport.browser import CSRF, NO_SESSION, POLL, SAFE
from hub.transport.problems import STATUS
from hub.transport.query import is_list, is_whole, notes_of, without_none
from hub.transport.route import Route
from hub.transport.routes import ROUTES
from schemas.generate import definitions
from schemas.http.hub import ErrorBody
from schemas.http.sessions import COOKIE_NOTE, USUAL_COOKIE
from schemas.scalars import ErrorCode, IdempotencyKey, Role

Document = dict[str, Any]
_Version = Annotated[str, Meta(pattern=r'^(\*|"[0-9]{1,15}")$')]

REF: Final = "#/components/schemas/{name}"
_IN_PATH: Final = re.compile(r"{(\w+)}")
WORDS: Final = {
    Role.AGENT: "agents", Role.VIEWER: "viewers", Role.OPERATOR: "operators", Role.ADMIN: "admins"
}  # fmt: skip
SECURITY: Final[Document] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": USUAL_COOKIE,
        "description": COOKIE_NOTE,
    },
}
"""A token, or a session's cookie; of both the token counts."""
ANY_ROUTE: Final = (ErrorCode.INVALID_HEADER, ErrorCode.VALIDATION_FAILED, ErrorCode.RATE_LIMITED)
ANY_BODY: Final = (ErrorCode.INVALID_JSON, ErrorCode.TOO_LARGE, ErrorCode.UNSUPPORTED_MEDIA_TYPE)


def openapi(version: str, routes: Iterable[Route] = ROUTES) -> Document:
    """The document for these routes; `version` is that of the hub."""
    routes = list(routes)
    paths: dict[str, Document] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Corral",
            "version": version,
            "description": "A hub that gives fleets of agents work that cannot get lost.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": paths,
        "components": {
            "schemas": definitions(*_structs(routes), ref=REF),
            "securitySchemes": SECURITY,
        },
    }


def _structs(routes: list[Route]) -> list[type[Struct]]:
    found: dict[type[Struct], None] = {ErrorBody: None}
    for route in routes:
        for struct in (*route.body, *answers_of(route)):
            found[struct] = None
    return list(found)


def answers_of(route: Route) -> tuple[type[Struct], ...]:
    """The Structs of which the answer is one; none when it is no JSON of ours."""
    if isinstance(route.answer, tuple):
        return route.answer
    if isinstance(route.answer, type):
        return (route.answer,)
    return ()


def _operation(route: Route) -> Document:
    summary, _, more = inspect.cleandoc(route.handler.__doc__ or "").partition("\n\n")
    operation: Document = {
        "operationId": route.handler.__name__ + _suffix(route),
        "summary": " ".join(summary.split()),
        "description": _description(route, more),
        "tags": [route.handler.__module__.rpartition("api_")[2]],
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": _responses(route),
    }
    if route.scope is not None:
        operation["security"] = [{name: []} for name in SECURITY]
    if route.body:
        operation["requestBody"] = {
            "required": not route.may_be_empty,
            "content": {"application/json": {"schema": _one_of(route.body)}},
        }
    return operation


def _suffix(route: Route) -> str:
    """Some handlers serve two paths: the second gets a name of its own."""
    first = next(each for each in ROUTES if each.handler is route.handler)
    return "" if first is route else "_" + route.path.rpartition("/")[2]


def _description(route: Route, more: str) -> str:
    who = "Anybody" if route.scope is None else "For " + ", ".join(
        word for role, word in WORDS.items() if route.scope.allows(role)
    )  # fmt: skip
    return " ".join(f"{more} {who}; taken from the bucket `{route.tier}`.".split())


def _one_of(models: tuple[type[Struct], ...]) -> Document:
    refs = [{"$ref": REF.format(name=model.__name__)} for model in models]
    return refs[0] if len(refs) == 1 else {"anyOf": refs}


def _schema_of(hint: Any) -> Document:
    (schema,), _ = msgspec.json.schema_components((hint,))
    return dict(schema)


def _path_parameters(route: Route) -> list[Document]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        }
        for name in _IN_PATH.findall(route.path)
    ]


def _query_parameters(route: Route) -> list[Document]:
    if route.query is None:
        return []
    hints = get_type_hints(route.query, include_extras=True)
    notes = notes_of(route.query)
    found = []
    for field in structs.fields(route.query):
        kind = without_none(hints[field.name])
        schema = _schema_of(kind)
        if field.default is not NODEFAULT and field.default is not None:
            schema["default"] = field.default
        parameter = {
            "name": field.encode_name,
            "in": "query",
            "required": field.required,
            "schema": schema,
        }
        if is_list(kind):
            parameter |= {"style": "form", "explode": is_whole(kind)}
        note = notes[field.encode_name]
        found.append(parameter | ({"description": note} if note else {}))
    return found


def _headers(route: Route) -> list[Document]:
    found = []
    if route.takes_key:
        found.append(_header("Idempotency-Key", "One write, also when it is sent again."))
    if route.has_version:
        found.append(_header("If-Match", "The version to change, as its ETag or `*`.", _Version))
    if _is_guarded(route):
        found.append(_header(CSRF, "The word of the session, when its cookie is sent.", str))
    elif route.scope is not None:
        text = "With `1` a page reads by itself: its session is not used by that."
        found.append(_header(POLL, text, Literal["1"]))
    return found


def _is_guarded(route: Route) -> bool:
    """Whether a page has to show that it is the hub's own."""
    return route.scope is not None and route.method not in SAFE


def _header(name: str, text: str, kind: Any = IdempotencyKey) -> Document:
    schema = _schema_of(kind)
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": text}


def _responses(route: Route) -> Document:
    responses: Document = {str(route.status): _success(route)}
    for status, codes in sorted(refusals_of(route).items()):
        if str(status) in responses:
            continue
        responses[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(sorted(codes))}.",
            "content": {"application/json": {"schema": _one_of((ErrorBody,))}},
        }
    return responses


def _success(route: Route) -> Document:
    success: Document = {"description": HTTPStatus(route.status).phrase}
    if isinstance(route.answer, str):
        success["content"] = {route.answer.partition(";")[0]: {}}
    elif answers_of(route):
        success["content"] = {"application/json": {"schema": _one_of(answers_of(route))}}
    return success


def refusals_of(route: Route) -> dict[int, set[str]]:
    """What a route may refuse with, by status."""
    codes: set[ErrorCode] = {*ANY_ROUTE, *route.refusals, ErrorCode.INTERNAL}
    if route.scope is not None:
        codes |= {ErrorCode.INVALID_TOKEN, ErrorCode.FORBIDDEN, *NO_SESSION}
    if _is_guarded(route):
        codes.add(ErrorCode.INVALID_CSRF)
    if "{" in route.path:
        codes.add(ErrorCode.NOT_FOUND)
    if route.query is not None and "cursor" in route.query.__struct_fields__:
        codes.add(ErrorCode.INVALID_CURSOR)
    if route.body:
        codes |= {*ANY_BODY}
    else:
        codes.add(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
    if route.method != "GET":
        codes |= {ErrorCode.BUSY}
    if route.takes_key:
        codes |= {ErrorCode.IN_PROGRESS, ErrorCode.ALREADY_DONE, ErrorCode.KEY_REUSED}
    if route.has_version:
        codes.add(ErrorCode.VERSION_CONFLICT)
    by_status: dict[int, set[str]] = {}
    for code in codes:
        by_status.setdefault(STATUS[code], set()).add(code.value)
    return by_status
