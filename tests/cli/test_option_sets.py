"""Several options in the place of one parameter."""

import inspect

from hub.cli.option_sets import option, unfolded


def test_a_parameter_becomes_options_in_its_place() -> None:
    """Those before and after it keep theirs, and the command gets what is made of them."""
    heard: list[object] = []

    def command(first: int, *, pair: tuple[str, str], last: bool = False) -> None:
        heard.append((first, pair, last))

    options = [option("left", str, "l"), option("right", str)]
    made = unfolded(command, "pair", options, lambda left, right: (left, right))
    assert list(inspect.signature(made).parameters) == ["first", "left", "right", "last"]
    made(first=1, left="a", right="b", last=True)
    assert heard == [(1, ("a", "b"), True)]
