"""The tables of `docs/cli.md`: every command with its options, and every exit code."""

import inspect
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, NamedTuple

from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from hub.cli.exits import MEANINGS
from hub.cli.program import program

EVERYWHERE: Final = ("--help", "--url", "--token", "--data")
"""Options that are described once for all commands."""


class Verb(NamedTuple):
    """One command as it is typed, such as `task show`."""

    words: str
    command: TyperCommand | TyperGroup

    @property
    def text(self) -> str:
        """What it does, in the words of its own help."""
        return inspect.cleandoc(self.command.help or "")

    @property
    def first(self) -> str:
        """The same in one sentence."""
        return " ".join(self.text.partition("\n\n")[0].split())


def verbs() -> list[Verb]:
    """Every command that does something, by name."""
    return sorted(_below("", get_command(program)))


def _below(words: str, node: Any) -> Iterator[Verb]:
    if not isinstance(node, TyperGroup):
        yield Verb(words, node)
        return
    if words and node.invoke_without_command:
        yield Verb(words, node)
    for name, child in node.commands.items():
        yield from _below(f"{words} {name}".strip(), child)


def tables() -> str:
    """All commands, a section for each, and the exit codes."""
    found = verbs()
    parts = ["## All commands", _overview(found)]
    parts += [_section(verb) for verb in found]
    parts += ["## Exit codes", _exit_codes()]
    return "\n\n".join(parts) + "\n"


def _overview(found: list[Verb]) -> str:
    lines = ["| command | what it does |", "|---|---|"]
    lines += [f"| `corral {verb.words}` | {_cell(verb.first)} |" for verb in found]
    return "\n".join(lines)


def _section(verb: Verb) -> str:
    given = " ".join(_placeholder(each) for each in _params(verb) if each.opts[0][0] != "-")
    lines = [f"### corral {verb.words}", "", f"`{f'corral {verb.words} {given}'.strip()}`", ""]
    lines += [" ".join(part.split()) + "\n" for part in verb.text.split("\n\n")]
    rows = [_row(each) for each in _params(verb) if each.opts[0] not in EVERYWHERE]
    if rows:
        lines += ["| option | meaning | default |", "|---|---|---|", *rows]
    return "\n".join(lines).rstrip()


def _params(verb: Verb) -> list[Any]:
    return [each for each in verb.command.params if not getattr(each, "hidden", False)]


def _placeholder(argument: Any) -> str:
    name = _metavar(argument)
    many = "…" if argument.nargs == -1 else ""
    return f"{name}{many}" if argument.required else f"[{name.strip('[]')}{many}]"


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def _row(param: Any) -> str:
    return f"| {_names(param)} | {_cell(param.help or '')} | {_default(param)} |"


def _names(param: Any) -> str:
    if param.opts[0][0] != "-":
        return f"`{_metavar(param)}`"
    names = ", ".join(f"`{name}`" for name in [*param.opts, *param.secondary_opts])
    takes = "" if getattr(param, "is_flag", False) else f" {_metavar(param)}"
    return names + takes


def _default(param: Any) -> str:
    value = param.default
    if value in (None, False, (), []) or callable(value):
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _exit_codes() -> str:
    lines = ["| code | name with `--json` | meaning |", "|---|---|---|"]
    lines += [
        f"| {int(code)} | `{code.name.lower()}` | {meaning} |" for code, meaning in MEANINGS.items()
    ]
    return "\n".join(lines)
