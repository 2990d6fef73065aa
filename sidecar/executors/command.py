"""Programs named by the task, if this sidecar's allow-list has them. Never through a shell."""

import os
import shutil
from collections.abc import Mapping
from typing import Final

from schemas.attempts import Rejection
from schemas.to_agent import TaskAssign
from schemas.work import PythonCall
from sidecar.config import Config, environment
from sidecar.executors import Refusal, task_variables
from sidecar.runner import Plan

_RESERVED: Final = ("CORRAL_", "LD_", "DYLD_")
"""Variables a task may not set: what the sidecar says, and what loads foreign code."""


class CommandExecutor:
    """Knows the allowed programs, resolved once.

    A task names a program as the list does, by the path that was found, or by the file that
    path leads to. Another link to the same file is another program: with multi-call
    binaries, `cat` and `rm` are one file.
    """

    def __init__(self, config: Config) -> None:
        """Resolve the allow-list and the inherited environment now."""
        self._default = config.default
        self._inherited = environment(config.env)
        self._path = self._inherited.get("PATH", os.defpath)
        found = {path for name in config.allow if (path := self._look_up(name))}
        self._allowed = {path: os.path.realpath(path) for path in found}
        self._targets = set(self._allowed.values())
        self.missing = [name for name in config.allow if self._look_up(name) is None]
        """Entries of the allow-list that name no program."""

    def plan(self, assign: TaskAssign) -> Plan | Refusal:
        """What to run for this task, or why not."""
        command = assign.run
        assert not isinstance(command, PythonCall), "that is the other executor's"
        argv = tuple(command.argv) if command else self._default
        if not argv:
            text = "The task has no `run`, and this sidecar has no default command."
            return Refusal(Rejection.NO_EXECUTOR, text)
        program = self._look_up(argv[0])
        if program is None:
            text = f"There is no program {argv[0]!r}: name one on PATH or give its whole path."
            return Refusal(Rejection.BAD_TASK, text)
        if command is not None and not self._is_allowed(program):
            text = f"{program} is not on this sidecar's allow-list. Join with --allow {program}"
            return Refusal(Rejection.NOT_ALLOWED, text)
        cwd = command.cwd if command else None
        if cwd is not None and not (os.path.isabs(cwd) and os.path.isdir(cwd)):
            text = f"There is no directory {cwd!r} here; `cwd` must be a whole path."
            return Refusal(Rejection.BAD_TASK, text)
        given = (command.env or {}) if command else {}
        if forged := [name for name in given if name.startswith(_RESERVED)]:
            return Refusal(Rejection.BAD_TASK, f"A task cannot set {', '.join(sorted(forged))}.")
        return Plan(program, argv, cwd, self._environment(assign, given))

    def _is_allowed(self, program: str) -> bool:
        target = os.path.realpath(program)
        if program in self._allowed:
            return self._allowed[program] == target
        return program == target and target in self._targets

    def _environment(self, assign: TaskAssign, given: Mapping[str, str]) -> dict[str, str]:
        own = task_variables(assign)
        if assign.run is None:
            own["CORRAL_DESCRIPTION"] = assign.description.replace("\0", " ")
        return {**self._inherited, **given, **own}

    def _look_up(self, name: str) -> str | None:
        return find_program(name, self._path)


def find_program(name: str, path: str) -> str | None:
    """The whole path of a program given by name or whole path; None if there is none."""
    if os.path.dirname(name):
        absolute = os.path.isabs(name) and _is_program(name)
        return os.path.normpath(name) if absolute else None
    found = shutil.which(name, path=path)
    return os.path.abspath(found) if found else None


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)
