"""Builds the page of a checkout before its other packages are there: `python -m hub.dashboard`.

With the word `state` it only says what there is to do: `fresh`, `skip`, `tried` when these
sources could not be built before, `node` when Node has to be fetched first, or `build`.
"""

import sys

from hub.dashboard import node
from hub.dashboard.build import Mode, NotBuilt, bring_up_to_date, mode
from hub.dashboard.stamp import HERE, Place, is_fresh, was_tried


def state(place: Place, wanted: Mode) -> str:
    """What there is to do."""
    if is_fresh(place):
        return "fresh"
    if wanted is Mode.SKIP or not place.has_sources:
        return "skip"
    if wanted is Mode.AUTO and was_tried(place):
        return "tried"
    return "build" if node.find() else "node"


def main(words: list[str]) -> int:
    """Say what there is to do, or do it; returns the exit code."""
    try:
        wanted = mode()
        if words == ["state"]:
            sys.stdout.write(state(HERE, wanted) + "\n")
        else:
            bring_up_to_date(HERE, wanted, _say)
    except NotBuilt as error:
        _say(f"The dashboard is not built. {error}")
        return 1
    return 0


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
