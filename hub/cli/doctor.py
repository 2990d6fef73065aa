"""`corral doctor`: looks at everything that a hub or a sidecar rests on, and changes nothing."""

from pathlib import Path
from typing import Annotated, Final

import typer

from hub.cli import (
    doctor_dashboard,
    doctor_data,
    doctor_disk,
    doctor_host,
    doctor_hub,
    doctor_sidecar,
)
from hub.cli.doctor_report import (
    Check,
    Finding,
    Scene,
    Verdict,
    count,
    document,
    fail,
    made,
    page,
    verdict_line,
)
from hub.cli.exits import Exit, Trouble
from hub.cli.join import DEFAULT_CONFIG
from hub.cli.locate import runtime
from hub.cli.options import Access, Config, Json
from hub.cli.screen import OUT, emit, note

OF_A_HUB: Final[tuple[tuple[str, Check], ...]] = (
    ("directory", doctor_data.directory),
    ("lock", doctor_data.lock),
    ("database", doctor_data.database),
    ("disk", doctor_disk.disk),
    ("port", doctor_hub.port),
    ("hub", doctor_hub.hub),
    ("dashboard", doctor_dashboard.dashboard),
    ("versions", doctor_host.versions),
    ("open files", doctor_host.open_files),
    ("containment", doctor_host.containment),
)
OF_A_SIDECAR: Final[tuple[tuple[str, Check], ...]] = (
    ("configuration", doctor_sidecar.configuration),
    ("hub", doctor_sidecar.hub),
    ("disk", doctor_disk.sidecar_disk),
    ("versions", doctor_host.versions),
    ("containment", doctor_host.containment),
)


def doctor(
    of_sidecar: Annotated[
        bool, typer.Option("--sidecar", help="Look at this machine's agent instead of a hub.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    *,
    as_json: Json = False,
    hub: Access,
) -> None:
    """Check everything that a hub or an agent rests on, and change nothing.

    Each check ends as OK, WARN, FAIL or SKIP, with a sentence and what to do
    next. The exit code is 0 unless a check has failed; then it is 10.
    """
    place = hub.data.expanduser()
    scene = Scene(place, config.expanduser(), hub.url, hub.token)
    findings: list[Finding] = []
    if not of_sidecar:
        scene = _with_what_runs(scene, findings)
    for name, check in OF_A_SIDECAR if of_sidecar else OF_A_HUB:
        findings += made(name, check, scene)
    if as_json:
        emit(document(findings))
    else:
        OUT.print(page(findings))
        note(verdict_line(findings))
    if count(findings, Verdict.FAIL):
        raise typer.Exit(Exit.CHECK_FAILED)


def _with_what_runs(scene: Scene, findings: list[Finding]) -> Scene:
    """The scene with what is known of a hub on the data directory."""
    try:
        said = runtime(scene.data)
        return scene._replace(runtime=said, held=doctor_data.is_held(scene.data))
    except Trouble as trouble:
        findings.append(fail("runtime", trouble.message, trouble.hint))
    except OSError as error:
        findings.append(
            fail("lock", f"{_name(scene.data)} cannot be read: {error.strerror}.", BECOME)
        )
    return scene


BECOME: Final = "Become the user who runs the hub, or choose another directory with --data."


def _name(data: Path) -> Path:
    return data / "hub.lock"
