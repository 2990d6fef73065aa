"""What `corral doctor` says about the dashboard of this installation."""

from collections.abc import Iterator

from hub.cli.doctor_report import Finding, Scene, ok, warn
from hub.dashboard.build import weight
from hub.dashboard.site import fix_for
from hub.dashboard.stamp import HERE, NOT_BUILT, built_from, is_fresh, why_not_built


def dashboard(scene: Scene) -> Iterator[Finding]:
    """The full page is there, and made from the sources beside it."""
    name = "dashboard"
    if is_fresh(HERE):
        yield ok(name, f"The page is built: {weight(HERE.static)}.")
        return
    reason = why_not_built(HERE)
    if built_from(HERE) is not None:
        why = f" {reason}" if reason else ""
        text = f"The page is older than its sources.{why}"
    else:
        text = f"The hub serves a plain page instead of the dashboard. {reason}"
    details = HERE.static / NOT_BUILT
    more = f"\nMore about it is in {details}." if details.exists() else ""
    yield warn(name, text, f"{fix_for(HERE)}{more}")
