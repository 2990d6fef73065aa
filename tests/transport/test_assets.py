"""The dashboard's files: what a browser may keep, gets compressed, and can never reach."""

import gzip
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hub.dashboard.stamp import note_built
from hub.transport.assets import asset, read_folder
from tests.dashboard.workbench import Workbench
from tests.transport.conftest import StartHub
from tests.transport.ranch import CALM, Hub

MAIN = "/dashboard/assets/main-0123abcd.js"
SCRIPT = b"start()\n" * 200


class Got(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub that serves a small page which was built."""
    root = tmp_path_factory.mktemp("page")
    place = Workbench(root).place
    (place.static / "assets").mkdir(parents=True)
    (place.static / "index.html").write_text("<!doctype html><title>Full</title>")
    (place.static / "theme.js").write_text("theme()\n")
    (place.static / "assets/main-0123abcd.js").write_bytes(SCRIPT)
    (place.static / "assets/main-0123abcd.js.br").write_bytes(b"as brotli")
    (place.static / "assets/main-0123abcd.js.gz").write_bytes(gzip.compress(SCRIPT))
    note_built(place, "0" * 64)
    (root / "secret").write_text("secret")
    hub = Hub(root / "data", **CALM)
    hub.program = ("-m", "tests.dashboard.other_page", str(place.root))
    yield hub.start()
    hub.kill()


def get(hub: Hub, path: str, method: str = "GET", **headers: str) -> Got:
    """Ask for a file; words of header names are joined by underscores."""
    connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=20)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=given)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Got(answer.status, told, answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path", ["/dashboard", "/dashboard/", "/dashboard/tasks/task-1", "/dashboard/fleet/a.b?x=1"]
)
def test_every_path_of_the_page_is_the_page(hub: Hub, path: str) -> None:
    """A link into it can be opened, and is asked for anew each time."""
    got = get(hub, path)

    assert (got.status, got.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert got.headers["cache-control"] == "no-cache"
    assert b"Full" in got.body


def test_the_root_leads_to_the_page(hub: Hub) -> None:
    """People type the address only."""
    got = get(hub, "/")

    assert (got.status, got.headers["location"]) == (307, "/dashboard")


def test_a_hashed_file_is_kept_for_a_year(hub: Hub) -> None:
    """Another content would have another name."""
    got = get(hub, MAIN)

    assert (got.status, got.body) == (200, SCRIPT)
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert got.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["/dashboard/assets/gone-1.js", "/dashboard/assets/", MAIN + ".br"]
)
def test_a_file_that_is_not_there_is_never_the_page(hub: Hub, path: str) -> None:
    """A tab from before an upgrade would run the page as a script."""
    got = get(hub, path)

    assert (got.status, got.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert got.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/theme.js", MAIN])
def test_what_has_not_changed_is_not_sent_again(hub: Hub, path: str) -> None:
    """A browser that has it hears so."""
    first = get(hub, path)
    again = get(hub, path, If_None_Match=f'"other", W/{first.headers["etag"]}')

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert again.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR; q=0.001", "br"),
        ("deflate", None),
        ("gzip;q=0, br; q=0.000", None),
        ("", None),
    ],
)
def test_the_client_chooses_the_coding(hub: Hub, accepted: str, coding: str | None) -> None:
    """The smallest that it takes; caches on the way are told that it matters."""
    got = get(hub, MAIN, Accept_Encoding=accepted)

    bodies = {"br": b"as brotli", "gzip": gzip.compress(SCRIPT), None: SCRIPT}
    assert got.headers.get("content-encoding") == coding
    assert got.headers["vary"] == "Accept-Encoding"
    assert len(got.body) == int(got.headers["content-length"])
    assert (gzip.decompress(got.body) if coding == "gzip" else got.body) == (
        SCRIPT if coding == "gzip" else bodies[coding]
    )


def test_each_coding_has_its_tag(hub: Hub) -> None:
    """Or a cache would hand one out for the other."""
    tags = {get(hub, MAIN, Accept_Encoding=coding).headers["etag"] for coding in ("br", "gzip", "")}

    assert len(tags) == 3


def test_head_says_what_get_would(hub: Hub) -> None:
    """But for the body."""
    head, got = get(hub, MAIN, "HEAD"), get(hub, MAIN)
    told = {name: value for name, value in head.headers.items() if name != "date"}

    assert (head.status, head.body) == (200, b"")
    assert told == {name: value for name, value in got.headers.items() if name != "date"}


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard/../secret",
        "/dashboard/assets/../../../secret",
        "/dashboard/assets/%2e%2e/%2e%2e/%2e%2e/secret",
        "/dashboard/..%2f..%2fsecret",
        "/dashboard/assets/..%5c..%5csecret",
        "/dashboard/assets//etc/passwd",
        "/dashboard//etc/passwd",
        "/dashboard/%00",
        "/dashboard/assets/main-0123abcd.js%00.css",
        "/dashboard/.build-stamp.json",
    ],
)
def test_no_path_leads_out(hub: Hub, path: str) -> None:
    """Nothing but the files that were read at start can be asked for."""
    got = get(hub, path)

    assert got.status in (200, 404)
    assert b"secret" not in got.body
    assert b"root:" not in got.body
    assert b"sources" not in got.body


@pytest.mark.parametrize("path", ["/", "/dashboard", "/dashboard/assets/none.js", MAIN])
def test_the_page_may_do_nothing_that_it_need_not(hub: Hub, path: str) -> None:
    """No foreign script, no inline one, no frame around it, and nothing is told to others."""
    headers = get(hub, path).headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


@pytest.mark.parametrize(
    ("path", "host"),
    [("/health", "127.0.0.1"), ("/api/v1/tasks", "127.0.0.1"), ("/none", "127.0.0.1"), ("/", "x")],
)
def test_answers_of_the_api_are_kept_by_nobody(hub: Hub, path: str, host: str) -> None:
    """Also refusals, and those of the guard."""
    headers = get(hub, path, Host=host).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_file_is_only_read(hub: Hub, method: str) -> None:
    """Anything else is a 405."""
    assert get(hub, "/dashboard", method).status == 405


def test_a_page_has_a_bucket_of_its_own(own_hub: StartHub) -> None:
    """A browser that loads all files at once is not refused, and keeps its right to log in."""
    hub = own_hub(limit_loopback=True, anonymous_burst=5)
    statuses = [get(hub, "/dashboard/plain/plain.css").status for _ in range(60)]

    assert set(statuses) == {200}
    assert get(hub, "/health").status == 200


def test_links_and_hidden_files_are_not_read(tmp_path: Path) -> None:
    """They may lead anywhere, or say what is nobody's business."""
    folder = tmp_path / "static"
    folder.mkdir()
    (tmp_path / "outside.js").write_text("secret")
    (folder / "link.js").symlink_to(tmp_path / "outside.js")
    (folder / ".hidden").write_text("secret")
    (folder / "real.js").write_text("here")

    assert set(read_folder(folder, "/dashboard")) == {"/dashboard/real.js"}


def test_large_text_is_compressed_where_the_build_did_not() -> None:
    """A picture is not, and what is tiny is not worth it."""
    assert set(asset(".css", {"identity": b"a" * 2_000}).forms) == {"identity", "gzip"}
    assert set(asset(".png", {"identity": b"a" * 2_000}).forms) == {"identity"}
    assert set(asset(".css", {"identity": b"a"}).forms) == {"identity"}
