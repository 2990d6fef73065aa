"""`corral demo`: the main job on real input, checked."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    checkout: Annotated[
        Path | None,
        typer.Option(
            "--checkout",
            help="Work on this folder; without it on files made for it.",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Run sixty real tasks on a hub and three sidecars of its own, and check every result."""
    from hub.demo.perform import perform

    raise typer.Exit(perform(checkout))
