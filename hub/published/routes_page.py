"""The tables of `docs/api.md`: every route, with who may use it and what goes in and out."""

import inspect
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from hub.core.credentials import Scope
from hub.transport.openapi import answers_of, refusals_of
from hub.transport.query import notes_of
from hub.transport.route import Route
from hub.transport.routes_backbone import SERVED
from schemas.scalars import ErrorCode, Role

ROLES: Final = {
    Role.VIEWER: "viewer", Role.AGENT: "agent", Role.OPERATOR: "operator", Role.ADMIN: "admin"
}  # fmt: skip
TITLES: Final = {"hub": "The hub", "access": "Access", "backbone": "Old clients"}


def tables() -> str:
    """A section for each group of routes, and in it one for each route."""
    groups: dict[str, list[Route]] = {}
    for route in SERVED:
        groups.setdefault(group_of(route), []).append(route)
    parts = [_overview(SERVED)]
    for name, routes in groups.items():
        parts.append(f"## {TITLES.get(name, name.capitalize())}")
        parts += [_section(route) for route in routes]
    return "\n\n".join(parts) + "\n"


def group_of(route: Route) -> str:
    """The group of a route: the file that its handler stands in."""
    return route.handler.__module__.rpartition(".")[2].removeprefix("api_")


def _overview(routes: Iterable[Route]) -> str:
    lines = ["## All routes", "", "| route | who may | bucket |", "|---|---|---|"]
    lines += [
        f"| `{each.method} {each.path}` | {_who(each.scope)} | {each.tier} |" for each in routes
    ]
    return "\n".join(lines)


def _who(scope: Scope | None) -> str:
    if scope is None:
        return "anybody"
    return ", ".join(word for role, word in ROLES.items() if scope.allows(role))


def _section(route: Route) -> str:
    text = " ".join(inspect.cleandoc(route.handler.__doc__ or "").split())
    lines = [f"### {route.method} {route.path}", "", text, ""]
    lines += [f"- Who may: {_who(route.scope)}."]
    if route.body:
        optional = " It may be left out." if route.may_be_empty else ""
        lines.append(f"- Body: {_names(route.body)}.{optional}")
    lines.append(f"- Answer: {_answer(route)}.")
    if route.is_secret:
        lines.append("- The answer holds a secret, which is shown once.")
    if route.has_version:
        lines.append("- `If-Match` may demand a version; `ETag` names it.")
    if route.events:
        names = ", ".join(f"`{event.name.lower()}`" for event in route.events)
        lines.append(f"- Events: {names}.")
    lines.append(f"- Refusals: {_refusals(route)}.")
    if route.query is not None:
        lines += ["", "| parameter | meaning |", "|---|---|"]
        lines += [f"| `{name}` | {note} |" for name, note in notes_of(route.query).items()]
    return "\n".join(lines)


def _names(models: Iterable[type[Struct]]) -> str:
    return " or ".join(f"`{model.__name__}`" for model in models)


def _answer(route: Route) -> str:
    models = answers_of(route)
    if ErrorCode.NOT_IMPLEMENTED in route.refusals:
        return "none, it is always refused"
    if models:
        return f"{route.status}, {_names(models)}"
    return f"{route.status}, `{route.answer}`" if route.answer else f"{route.status}, no body"


def _refusals(route: Route) -> str:
    found = []
    for status, codes in sorted(refusals_of(route).items()):
        names = ", ".join(f"`{code}`" for code in sorted(codes))
        found.append(f"{status} {names}")
    return "; ".join(found)
