"""A hub that serves the page of another folder: `python -m tests.dashboard.other_page FOLDER …`."""

import sys
from pathlib import Path

from hub import app, listening
from hub.dashboard.site import open_site
from hub.dashboard.stamp import Place
from hub.transport.assets import Site


def main(folder: str, *flags: str) -> int:
    """Run the hub with this page, otherwise as ever."""

    def site() -> Site:
        return open_site(Place(Path(folder)))

    listening.open_site = site
    return app.main(list(flags))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
