"""`corral top`: a live view of a hub in the terminal."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Final

import typer
from rich.live import Live

from hub.cli.exits import Exit, Trouble
from hub.cli.options import Access, Json
from hub.cli.screen import OUT, emit, span
from hub.cli.top_frame import frame
from hub.cli.top_look import Feed, Look, Watch, latest

REFRESH_S: Final = 1.0
GONE: Final = "\x04"
QUIT: Final = ("q", "Q", GONE)
HOLD: Final = ("p", "P", " ")

Keys = Callable[[float], str]
"""Waits up to some seconds for a key, and returns it or nothing."""


def top(
    once: Annotated[bool, typer.Option("--once", help="Print one frame and end.")] = False,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Watch a hub live: tasks, rates, agents, events.

    q ends it, p holds the picture. Where the output is no terminal it prints
    one frame; with --json one JSON document.
    """
    with hub.client() as client:
        watch = Watch(client)
        events, cursor = latest(client)
        first = watch.look(events)
        if as_json:
            emit(first)
        elif once or not OUT.is_terminal:
            OUT.print(frame(first, OUT.width, OUT.height))
        else:
            feed = Feed(client.address, events, cursor)
            with pressed() as keys, Live(console=OUT, screen=True, auto_refresh=False) as live:
                _show(live, lambda: watch.look(feed.now()), first, keys)


def _show(live: Live, ask: Callable[[], Look], look: Look, keys: Keys) -> None:
    """Draw a frame each second until somebody ends it; raises `Trouble` when the hub refuses."""
    held, answered = False, time.monotonic()
    due = answered + REFRESH_S
    while True:
        remark = _remark(time.monotonic() - answered, held=held)
        live.update(frame(look, OUT.width, OUT.height, remark=remark), refresh=True)
        key = keys(max(0.0, due - time.monotonic()))
        if key in QUIT:
            return
        held = held != (key in HOLD)
        if time.monotonic() < due:
            continue
        due = time.monotonic() + REFRESH_S
        if not held:
            found = _answer(ask)
            look, answered = (found, time.monotonic()) if found else (look, answered)


def _answer(ask: Callable[[], Look]) -> Look | None:
    """The look; None while the hub is away, which the picture tells."""
    try:
        return ask()
    except Trouble as trouble:
        if trouble.exit_code in (Exit.UNREACHABLE, Exit.LATER):
            return None
        raise


def _remark(silent_s: float, *, held: bool) -> str:
    if held:
        return "held: p goes on"
    return f"no answer for {span(silent_s * 1000)}" if silent_s > 3 * REFRESH_S else ""


@contextmanager
def pressed() -> Iterator[Keys]:
    """Single keys, as they are pressed; where the input is no terminal nobody presses any."""
    if not sys.stdin.isatty():
        yield _wait
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield partial(_key, descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _key(descriptor: int, within_s: float) -> str:
    ready, _, _ = select.select([descriptor], [], [], within_s)
    # A terminal that is gone reads as its end.
    return (os.read(descriptor, 1).decode("ascii", "replace") or GONE) if ready else ""


def _wait(within_s: float) -> str:
    time.sleep(within_s)
    return ""
