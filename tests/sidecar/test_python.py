"""Which Python functions may be called, and how their process is started."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.attempts import Rejection
from schemas.to_agent import TaskAssign
from schemas.work import PythonCall
from sidecar.config import Config
from sidecar.executors import Refusal
from sidecar.executors.python import PythonExecutor
from sidecar.runner import Plan


def plan(target: str, *allow: str, **more: Any) -> Plan | Refusal:
    """What an executor that allows these says to a task with this target."""
    config = Config(url="http://h:1", agent_id="a", token="t", allow_python=allow, **more)
    return PythonExecutor(config).plan(
        TaskAssign("task-1", 1, 2, "add it up", 0, run=PythonCall(target))
    )


@pytest.mark.parametrize(
    ("target", "entry"),
    [
        ("shop:total", "shop:total"),
        ("shop:_total", "shop:_total"),
        ("shop.cart:total", "shop.cart:*"),
    ],
)
def test_what_the_list_names_is_planned(target: str, entry: str) -> None:
    """Exactly, or with its whole module; the function comes as an argument, never as code."""
    planned = plan(target, "other:*", entry)
    assert isinstance(planned, Plan)
    assert (planned.program, planned.cwd) == (sys.executable, None)
    assert planned.argv[-2:] == (target, entry)
    assert planned.env["CORRAL_TASK_ID"] == "task-1"
    assert planned.env["CORRAL_ATTEMPT"] == "2"


@pytest.mark.parametrize(
    "target", ["shop:_total", "shop.cart:total", "shopping:total", "os:system", "sho:p"]
)
def test_what_the_list_does_not_name_is_rejected(target: str) -> None:
    """A whole module is neither its private functions nor its submodules."""
    refusal = plan(target, "shop:*", "shop.till:open")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Rejection.NOT_ALLOWED
    assert f"--allow-python {target}" in refusal.message


def test_without_a_list_nothing_is_offered() -> None:
    """The sidecar has no such executor then."""
    refusal = plan("shop:total")
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Rejection.NO_EXECUTOR


def test_modules_are_found_where_the_configuration_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the places that the sidecar's own environment names, if that is inherited."""
    monkeypatch.setenv("PYTHONPATH", "/theirs")
    places = {"python_path": (str(tmp_path), "jobs")}
    alone, after = plan("a:b", "a:b", **places), plan("a:b", "a:b", **places, env=("PYTHONPATH",))
    bare = plan("a:b", "a:b")
    assert isinstance(alone, Plan)
    assert isinstance(after, Plan)
    assert isinstance(bare, Plan)
    ours = os.pathsep.join([str(tmp_path), os.path.abspath("jobs")])
    assert alone.env["PYTHONPATH"] == ours
    assert after.env["PYTHONPATH"] == f"{ours}{os.pathsep}/theirs"
    assert "PYTHONPATH" not in bare.env
