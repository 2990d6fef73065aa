"""What `corral doctor --sidecar` looks at: the configuration of an agent, and its hub."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hub.cli import doctor_hub
from hub.cli.doctor_report import Finding, Scene, fail, ok, warn
from sidecar.config import Config, ConfigError, load


def configuration(scene: Scene) -> Iterator[Finding]:
    """The configuration can be used, and what it names is there."""
    name = "configuration"
    try:
        config = load(scene.config)
    except ConfigError as error:
        text, _, rest = str(error).partition(". ")
        yield fail(name, text.rstrip(".") + ".", rest or "Join again: corral join URL CODE")
        return
    yield ok(name, f"This machine is {config.agent_id} of {config.url}.")
    yield _programs(config)
    yield _work_directory(config, scene.config)


def _programs(config: Config) -> Finding:
    missing = [program for program in config.allow if shutil.which(program) is None]
    if missing:
        return warn(
            "programs",
            f"Allowed, but not found: {', '.join(missing)}.",
            "Install them, or write their full paths under `allow`.",
        )
    if not (config.allow or config.allow_python):
        return warn(
            "programs",
            "It may run nothing, so it gives every command back.",
            "Name programs under `allow` in its configuration.",
        )
    return ok("programs", f"It may run {len(config.allow) + len(config.allow_python)} things.")


def _work_directory(config: Config, where: Path) -> Finding:
    place = Path(config.work_dir) if config.work_dir else where / "work"
    there = next(path for path in (place, *place.parents) if path.is_dir())
    if os.access(there, os.W_OK | os.X_OK):
        return ok("work", f"Attempts get their directories in {place}.")
    return fail(
        "work",
        f"No directories for attempts can be made in {place}.",
        "Give it to the sidecar's user, or name another as `work_dir`.",
    )


def hub(scene: Scene) -> Iterator[Finding]:
    """The hub that it joined answers and knows it."""
    try:
        config = load(scene.config)
    except ConfigError:
        return iter(())
    return doctor_hub.hub(scene._replace(url=config.url, token=config.token, runtime=None))
