"""Python tasks from their assignment to their report: a real sidecar and real processes."""

from pathlib import Path
from typing import Any

import pytest

from tests.sidecar.conftest import Sidecar, StartSidecar
from tests.sidecar.stage import Frame, Hub, until

SHOP = """
import asyncio, math, os, sys, time
from os import system
import missing_at_call_time as later


class Sold(Exception):
    pass


def total(prices, *, rate=1.0):
    print("::progress 50 adding", flush=False)
    print("adding", len(prices))
    task = os.environ["CORRAL_TASK_ID"]
    return {"total": sum(prices) * rate, "where": os.listdir(), "task": task}


async def slowly(of):
    await asyncio.sleep(0.01)
    return [of, "é"]


def nothing():
    pass


def fail(text):
    raise Sold(f"{text} \\udfff")


def leave(code):
    sys.exit(code)


def a_set():
    return {1, 2}


def not_a_number():
    return math.nan


def too_exact():
    return 2**53


def odd_text():
    return "\\ud800"


def endless():
    print("up")
    time.sleep(60)


def circle():
    inner = []
    inner.append(inner)
    return inner


def imported():
    return [name for name in sys.modules if name.split(".")[0] in ("sidecar", "msgspec")]


number = 7
"""


@pytest.fixture
async def sidecar(start: StartSidecar, tmp_path: Path) -> Sidecar:
    """A sidecar that calls whatever the module `shop` defines."""
    place = tmp_path / "jobs"
    place.mkdir()
    (place / "shop.py").write_text(SHOP.replace("import missing_at_call_time as later\n", ""))
    (place / "broken.py").write_text(SHOP)
    (place / "crooked.py").write_text("def f(:\n")
    allow = ("shop:*", "broken:total", "crooked:f", "no_such_module:f", "builtins:dict")
    return await start(allow_python=allow, python_path=(str(place),))


async def report(hub: Hub, target: str, kwargs: Any = None, **more: Any) -> Frame:
    """How a call of this function ends."""
    run = {"kind": "python", "target": target}
    await hub.assign(run=run if kwargs is None else run | {"kwargs": kwargs}, **more)
    ends = ("task_complete", "task_failed", "task_cancelled", "task_rejected")
    return dict(await until(lambda: next((f for f in hub.frames if f["type"] in ends), None)))


async def test_a_function_is_called(hub: Hub, sidecar: Sidecar) -> None:
    """Its result, its output and its progress arrive, and it runs in a directory of its own."""
    assert (await hub.heard("identify"))["executors"] == ["command", "python"]
    done = await report(hub, "shop:total", {"prices": [1, 2.5], "rate": 2})
    assert done["result"] == {"total": 7.0, "where": [], "task": "task-1"}
    await until(lambda: hub.log_text() == "::progress 50 adding\nadding 2\n")
    assert (await hub.heard("task_progress"))["message"] == "adding"


async def test_an_asynchronous_function_runs_to_its_end(hub: Hub, sidecar: Sidecar) -> None:
    """What is awaited is the result."""
    assert (await report(hub, "shop:slowly", {"of": {"ü": None}}))["result"] == [{"ü": None}, "é"]


@pytest.mark.parametrize("kwargs", [None, {}])
async def test_a_function_may_return_nothing(hub: Hub, sidecar: Sidecar, kwargs: Any) -> None:
    """Then the result is null."""
    done = await report(hub, "shop:nothing", kwargs)
    assert (done["type"], done["result"]) == ("task_complete", None)


async def test_a_function_shares_nothing_with_the_sidecar(hub: Hub, sidecar: Sidecar) -> None:
    """Its process is a fresh interpreter with only what it asks for."""
    assert (await report(hub, "shop:imported"))["result"] == []


async def test_a_function_that_raises_has_failed(hub: Hub, sidecar: Sidecar) -> None:
    """The report says what was raised; the traceback is about the function and nothing else."""
    failed = await report(hub, "shop:fail", {"text": "no\U0001f600more"})
    assert (failed["type"], failed["error"]) == ("task_failed", "Sold: no\U0001f600more ?")
    assert (failed["class"], failed["result"]["exit_code"]) == ("agent", 1)
    assert 'shop.py", line' in failed["result"]["stderr"]
    assert "python_child" not in failed["result"]["stderr"]


async def test_an_exit_code_has_its_class(hub: Hub, sidecar: Sidecar) -> None:
    """A function may leave like a program, and the sidecar's table holds for it."""
    failed = await report(hub, "shop:leave", {"code": 75})
    assert failed["error"] == "The program ended with exit code 75."
    assert failed["class"] == "quota"


@pytest.mark.parametrize(
    ("target", "kwargs", "error"),
    [
        ("shop:a_set", {}, "returned something that is not JSON: Object of type set"),
        ("shop:not_a_number", {}, "returned something that is not JSON: Out of range float"),
        ("shop:circle", {}, "returned something that is not JSON: Circular"),
        ("shop:too_exact", {}, "holds an integer beyond 2**53 - 1"),
        ("shop:odd_text", {}, "is not JSON"),
        ("shop:no_such", {}, "shop has no function 'no_such'."),
        ("shop:number", {}, "shop has no function 'number'."),
        ("shop:system", {"command": "true"}, "allow shop:system by its name"),
        ("shop:total", {}, "do not fit the function: missing a required argument: 'prices'."),
        ("shop:total", {"price": [1]}, "The kwargs do not fit the function"),
        ("broken:total", {"prices": []}, "ModuleNotFoundError: No module named 'missing_at"),
        ("crooked:f", {}, "crooked cannot be imported: SyntaxError"),
        ("no_such_module:f", {}, "no_such_module cannot be imported: ModuleNotFoundError"),
    ],
)
async def test_a_call_that_cannot_work_is_not_tried_again(
    hub: Hub, sidecar: Sidecar, target: str, kwargs: Any, error: str
) -> None:
    """The configuration or the task is wrong, and the report says how."""
    failed = await report(hub, target, kwargs)
    assert (failed["type"], failed["class"]) == ("task_failed", "config")
    assert error in failed["error"]


async def test_a_function_not_written_in_python_can_be_called(hub: Hub, sidecar: Sidecar) -> None:
    """It does not tell what it takes, so it is tried."""
    assert (await report(hub, "builtins:dict", {"a": 4}))["result"] == {"a": 4}


async def test_a_function_that_is_not_allowed_is_rejected(hub: Hub, sidecar: Sidecar) -> None:
    """Nothing is imported to find that out."""
    assert (await report(hub, "os:getcwd"))["reason"] == "not_allowed"


async def test_without_a_list_there_is_no_executor(hub: Hub, start: StartSidecar) -> None:
    """A hub that assigns such a task all the same gets it back."""
    await start()
    assert (await report(hub, "shop:total"))["reason"] == "no_executor"


async def test_a_function_can_run_out_of_time(hub: Hub, sidecar: Sidecar) -> None:
    """Its process is stopped like any program."""
    failed = await report(hub, "shop:endless", timeout_ms=400)
    assert failed["class"] == "timeout"
    assert failed["result"]["signal"] == "SIGTERM"


async def test_a_function_can_be_cancelled(hub: Hub, sidecar: Sidecar) -> None:
    """Its output is there at once, and the signal ends it."""
    await hub.assign(run={"kind": "python", "target": "shop:endless"})
    await until(lambda: hub.log_text() == "up\n")
    await hub.say("task_cancel", task_id="task-1", generation=1, reason="requested", grace_ms=500)
    assert (await hub.heard("task_cancelled"))["result"]["signal"] == "SIGTERM"
