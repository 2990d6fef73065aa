"""Python functions named by the task, if this sidecar's list has them; each in its own process."""

import os
import sys
from typing import Final

from schemas.attempts import Rejection
from schemas.to_agent import TaskAssign
from schemas.work import PythonCall
from sidecar.config import Config, environment
from sidecar.executors import Refusal, python_child, task_variables
from sidecar.runner import Plan

_SEARCH: Final = "PYTHONPATH"


class PythonExecutor:
    """Knows the allowed functions. It imports none of them: only the task's own process does."""

    def __init__(self, config: Config) -> None:
        """Take the list and the environment as they are now."""
        self._allowed = frozenset(config.allow_python)
        self._inherited = environment(config.env)
        places = [os.path.abspath(place) for place in config.python_path]
        places += filter(None, [self._inherited.get(_SEARCH)])
        if places:
            self._inherited[_SEARCH] = os.pathsep.join(places)

    @property
    def offered(self) -> bool:
        """Whether there is anything it may call."""
        return bool(self._allowed)

    def plan(self, assign: TaskAssign) -> Plan | Refusal:
        """How to call the function for this task, or why not."""
        assert isinstance(assign.run, PythonCall), "that is the other executor's"
        target = assign.run.target
        if not self.offered:
            text = f"This sidecar calls no functions. Join with --allow-python {target}"
            return Refusal(Rejection.NO_EXECUTOR, text)
        entry = self._entry(target)
        if entry is None:
            text = f"{target} is not on this sidecar's list. Join with --allow-python {target}"
            return Refusal(Rejection.NOT_ALLOWED, text)
        python = sys.executable
        # -P: nothing is imported from beside the child. -u: output becomes log at once.
        argv = (python, "-P", "-u", "-X", "utf8", python_child.__file__, target, entry)
        return Plan(python, argv, None, {**self._inherited, **task_variables(assign)})

    def _entry(self, target: str) -> str | None:
        """The entry of the list that lets the target through."""
        if target in self._allowed:
            return target
        module, name = target.split(":")
        whole = f"{module}:*"
        return whole if whole in self._allowed and not name.startswith("_") else None
