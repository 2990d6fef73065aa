"""A hub that serves the page of another folder: `python -m tests.dashboard.other_page FOLDER …`."""

import sys
from pathlib import Path
from unittest.mock import patch

from hub import app
from hub.dashboard import site
from hub.dashboard.stamp import Place


def main(folder: str, *flags: str) -> int:
    """Run the hub with this page, otherwise as ever."""
    with patch.object(site, "HERE", Place(Path(folder))):
        return app.main(list(flags))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
