"""The command line of the pictures: `scripts/pictures --help`."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from hub.cli.exits import Trouble
from scripts.gallery.shots import take
from scripts.gallery.stage import Stage

ROOT: Final = Path(__file__).resolve().parents[2]
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def main() -> int:
    """Take the pictures; returns the exit status."""
    arguments = _parser().parse_args()
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        sys.stderr.write("No Chromium is installed; on Debian: apt install chromium\n")
        return 2
    try:
        for line in _taken(arguments, browser):
            print(line)
    except Trouble as trouble:
        sys.stderr.write(f"{trouble.message} {trouble.hint}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=main.__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "pictures", metavar="DIR")
    parser.add_argument(
        "--minutes",
        type=float,
        default=5.5,
        help="how long the fleet works before it is photographed; %(default)s fills the charts",
    )
    return parser


def _taken(arguments: argparse.Namespace, browser: str) -> list[str]:
    made = tempfile.TemporaryDirectory(prefix="corral-pictures-")
    with made as folder, Stage(Path(folder)) as stage:
        token = stage.open()
        sys.stderr.write(f"A fleet works at {stage.url} for {arguments.minutes} minutes.\n")
        time.sleep(arguments.minutes * 60)
        stage.perform()
        with sync_playwright() as playwright:
            window = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
            return take(window, stage.url, token, stage.ids, arguments.output)


if __name__ == "__main__":
    sys.exit(main())
