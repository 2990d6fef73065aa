"""The command `corral`: every verb on one page, and the one place where errors are printed."""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from itertools import takewhile
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperOption
from typer.main import get_command

from hub.cli import (
    agent_bulk,
    agents,
    bulk,
    config,
    dashboard,
    dashboard_build,
    demo,
    dispatch,
    doctor,
    events,
    join,
    schemas,
    search,
    submit,
    tasks,
    tokens,
    top,
    up,
)
from hub.cli import task as one
from hub.cli.errors import Mistyped, internal, mistyped, refuse_what_is_no_text, tell
from hub.cli.exits import Exit, Trouble, epilog
from hub.cli.options import with_access
from hub.cli.screen import OUT
from schemas.redaction import without_secrets

_HELP: Final = {"help_option_names": ["-h", "--help"]}

program: Final = typer.Typer(
    name="corral",
    epilog=epilog(),
    no_args_is_help=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
)
many: Final = typer.Typer(help="List tasks, or cancel, retry or reprioritise many at once.")
task: Final = typer.Typer(
    help="Show, cancel, retry or edit one task, or print its output.",
    no_args_is_help=True,
    context_settings=_HELP,
)

fleet: Final = typer.Typer(
    help="List agents, act on many at once, or bring them in line with a file."
)
agent: Final = typer.Typer(
    help="Show one agent, pause, drain, edit or delete it.",
    no_args_is_help=True,
    context_settings=_HELP,
)
pauses: Final = typer.Typer(help="Show, make and end pauses of dispatch.")
page: Final = typer.Typer(help="Print a link that logs in to the dashboard, or build its page.")

token: Final = typer.Typer(
    help="Make, list, replace and end tokens.",
    no_args_is_help=True,
    context_settings=_HELP,
)

for _group, _name, _function in (
    (program, "up", up.up),
    (program, "demo", demo.demo),
    (program, "invite", join.invite),
    (program, "invites", tokens.invites),
    (program, "join", join.join),
    (program, "sidecar", join.sidecar),
    (program, "submit", submit.submit),
    (program, "dead-letters", tasks.dead_letters),
    (program, "stats", tasks.stats),
    (program, "explain", one.explain),
    (program, "search", search.search),
    (program, "events", events.events),
    (program, "top", top.top),
    (program, "doctor", doctor.doctor),
    (program, "schemas", schemas.schemas),
    (many, "cancel", bulk.cancel),
    (many, "retry", bulk.retry),
    (many, "reprioritise", bulk.reprioritise),
    (task, "show", one.show),
    (task, "cancel", one.cancel),
    (task, "retry", one.retry),
    (task, "edit", one.edit),
    (task, "log", one.log),
    (task, "events", one.history),
    (fleet, "sync", agents.sync),
    (fleet, "pause", agent_bulk.pause),
    (fleet, "resume", agent_bulk.resume),
    (fleet, "drain", agent_bulk.drain),
    (fleet, "delete", agent_bulk.delete),
    (agent, "show", agents.show),
    (agent, "pause", agents.pause),
    (agent, "resume", agents.resume),
    (agent, "drain", agents.drain),
    (agent, "edit", agents.edit),
    (agent, "delete", agents.delete),
    (pauses, "show", dispatch.show),
    (pauses, "pause", dispatch.pause),
    (pauses, "resume", dispatch.resume),
    (page, "build", dashboard_build.build),
    (token, "create", tokens.create),
    (token, "list", tokens.list_tokens),
    (token, "rotate", tokens.rotate),
    (token, "revoke", tokens.revoke),
):
    _group.command(_name)(with_access(_function))
# The flags are those of a hub, which knows them itself.
program.command("config", context_settings={"ignore_unknown_options": True})(config.config)
# What follows the program's name belongs to the program, also without `--`.
program.command("run", context_settings={"allow_interspersed_args": False})(with_access(submit.run))
program.add_typer(task, name="task")
many.callback(invoke_without_command=True)(with_access(tasks.tasks))
program.add_typer(many, name="tasks")
program.add_typer(token, name="token")
fleet.callback(invoke_without_command=True)(with_access(agents.agents))
program.add_typer(fleet, name="agents")
program.add_typer(agent, name="agent")
pauses.callback(invoke_without_command=True)(with_access(dispatch.dispatch))
program.add_typer(pauses, name="dispatch")
page.callback(invoke_without_command=True)(with_access(dashboard.dashboard))
program.add_typer(page, name="dashboard")

PANELS: Final = {
    "The hub": (
        *("up", "demo", "config", "doctor", "dashboard", "top", "stats", "events"),
        *("token", "schemas"),
    ),
    "Work": ("run", "submit", "task", "tasks", "dead-letters", "explain", "search", "dispatch"),
    "Agents": ("join", "sidecar", "invite", "invites", "agent", "agents"),
}
"""The parts of the first page of help, each with its commands; others come under Commands."""
for _panel, _names in PANELS.items():
    for _command in program.registered_commands:
        if _command.name in _names:
            _command.rich_help_panel = _panel
    for _below in program.registered_groups:
        if _below.name in _names:
            _below.rich_help_panel = _panel


@program.callback()
def corral(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """A hub that gives fleets of agents work that cannot get lost."""
    if show_version:
        OUT.print(f"corral {version('corral')}")
        raise typer.Exit(Exit.OK)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with one of the exit codes."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in _own(words)
    try:
        refuse_what_is_no_text(words)
        # By itself typer would tell a program of its mistakes in a box for people.
        status = program(args=words, prog_name="corral", standalone_mode=not as_json)
    except Trouble as error:
        trouble = error
    except Mistyped as error:
        trouble = mistyped(error)
    except Exception as error:  # noqa: BLE001 - the edge of the command line: told, never hidden
        if not as_json:
            sys.stderr.write(without_secrets(traceback.format_exc()))
        trouble = internal(error)
        _give_up_output()
    else:
        sys.exit(status or Exit.OK)
    tell(trouble, as_json=as_json)
    sys.exit(trouble.exit_code)


def _give_up_output() -> None:
    """Where the output cannot be written, do not try again at the end of the process."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _own(words: Sequence[str]) -> list[str]:
    """The words for `corral` itself: none after `--`, none of the program that `run` is given."""
    own = list(takewhile(lambda word: word != "--", words))
    if own[:1] != ["run"]:
        return own
    kept, rest = own[:1], iter(own[1:])
    with_value = _options_with_value("run")
    for word in takewhile(lambda word: word.startswith("-"), rest):
        kept.append(word)
        if word in with_value:
            next(rest, None)
    return kept


def _options_with_value(name: str) -> set[str]:
    group: Any = get_command(program)
    options = [each for each in group.commands[name].params if isinstance(each, TyperOption)]
    return {flag for each in options if not each.is_flag for flag in each.opts}
