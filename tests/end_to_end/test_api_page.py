"""The examples of `docs/api.md`, typed as they stand there."""

import os
import re
import shutil
import subprocess

import pytest

from hub.published import ROOT
from schemas.scalars import Role
from tests.transport.conftest import StartHub

PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
EXAMPLES = [each for each in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.M | re.S) if "curl" in each]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples call curl")
def test_every_example_works(own_hub: StartHub) -> None:
    """In the order of the page, on a hub that has one task of version 1 to edit."""
    hub = own_hub()
    task = hub.submit(description="to be edited")
    hub.submit(description="red", labels={"team": "red"})
    environment = os.environ | {
        "HUB": f"http://127.0.0.1:{hub.port}",
        "TOKEN": hub.tokens[Role.ADMIN],
        "ID": task,
    }
    assert len(EXAMPLES) >= 5
    for example in EXAMPLES:
        endless = "/stream" in example
        quick = "curl --fail-with-body -m 2 -s" if endless else "curl --fail-with-body -s"
        ended = subprocess.run(
            ["sh", "-euc", example.replace("curl -s", quick)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ended.returncode == (28 if endless else 0), ended.stdout + ended.stderr
        assert "event: task.created" in ended.stdout if endless else ended.stdout.startswith("{")
