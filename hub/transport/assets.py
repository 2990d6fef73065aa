"""The dashboard's files, read once at start and served with everything a browser should heed.

A path is only ever looked up in the table of what was read, so no path leads out of it. What
has a hash in its name is kept by browsers for a year; everything else is asked for again and
mostly answered with 304. A path of the page itself, such as `/dashboard/tasks/task-1`, is the
page; a file that is not there is a 404, never the page: an old tab would run it as a script.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct
from starlette.responses import Response

from schemas.scalars import KIB

ROOT: Final = "/dashboard"
HASHED: Final = f"{ROOT}/assets/"
PLAIN: Final = f"{ROOT}/plain"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types vue"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""What a browser is told beside the headers that every answer of the hub has."""
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED: Final = {".br": "br", ".gz": "gzip"}
"""Files beside a file that are the same, compressed; the first that a client takes is sent."""
_LEAST_PACKED: Final = KIB // 2


class Asset(Struct, frozen=True):
    """A file, in all forms in which it can be sent."""

    media_type: str
    cache: str
    forms: dict[str, bytes]
    """By content coding; `identity` is as it is."""
    tag: str

    def answer(self, headers: Mapping[str, str]) -> Response:
        """The file, or that it has not changed."""
        coding = _coding(headers.get("accept-encoding", ""), self.forms)
        tag = f'"{self.tag}-{coding}"'
        said = {"Cache-Control": self.cache, "ETag": tag, "Vary": "Accept-Encoding"}
        if _matches(headers.get("if-none-match", ""), tag):
            return Response(None, 304, said)
        if coding != "identity":
            said["Content-Encoding"] = coding
        said["Content-Type"] = self.media_type
        return Response(self.forms[coding], 200, said)


class Site:
    """All files of the dashboard by their paths, and the page."""

    def __init__(self, files: Mapping[str, Asset], page: Asset, build: str | None = None) -> None:
        self._files = dict(files)
        self._page = page
        self.build = build
        """Which build of the page this is; None for the plain one."""

    def find(self, path: str) -> Asset | None:
        """What to show under a path; None when there is nothing."""
        found = self._files.get(path)
        if found is not None or path.startswith(HASHED) or "\0" in path:
            return found
        return self._page


def read_folder(folder: Path, root: str) -> dict[str, Asset]:
    """Every file of a folder, by its path below `root`; hidden ones and links are left out."""
    files = {f"{root}/{path.relative_to(folder).as_posix()}": path for path in _files(folder)}
    return {
        name: asset(path.suffix, _forms(path), hashed=name.startswith(HASHED))
        for name, path in files.items()
        if path.suffix not in _PACKED
    }


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _forms(path: Path) -> dict[str, bytes]:
    forms = {"identity": path.read_bytes()}
    for suffix, coding in _PACKED.items():
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            forms[coding] = packed.read_bytes()
    return forms


def asset(suffix: str, forms: dict[str, bytes], *, hashed: bool = False) -> Asset:
    """A file from its content; what is worth compressing and is not yet is compressed here."""
    media_type = _TYPES.get(suffix, "application/octet-stream")
    plain = forms["identity"]
    is_text = media_type.startswith("text/") or suffix in (".svg", ".json", ".webmanifest")
    if is_text and "gzip" not in forms and len(plain) >= _LEAST_PACKED:
        forms = forms | {"gzip": gzip.compress(plain, mtime=0)}
    cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
    return Asset(media_type, cache, forms, hashlib.sha256(plain).hexdigest()[:20])


def _coding(accepted: str, forms: Mapping[str, bytes]) -> str:
    """The best form that a client takes."""
    takes = set()
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if weight.replace(" ", "").rstrip("0.") != "q=":
            takes.add(name.strip())
    return next((form for form in _PACKED.values() if form in takes and form in forms), "identity")


def _matches(wanted: str, tag: str) -> bool:
    tags = {part.strip().removeprefix("W/") for part in wanted.split(",")}
    return tag in tags or "*" in tags
