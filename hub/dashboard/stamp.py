"""What is built of the page: from which sources, and if it is not, why.

The stamp is written last and says which sources a build was made from; so half a build is
none. This needs the standard library only, because a package is built before anything else
is installed.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

STAMP: Final = ".build-stamp.json"
NOT_BUILT: Final = "NOT-BUILT.txt"
_TRIED: Final = "Sources: "
_NO_SOURCES: Final = frozenset({"node_modules", "schema.ts", "coverage", "tests"})
"""What lies beside the sources and changes nothing in the build, or is made by it."""


class Place(NamedTuple):
    """A folder that holds the page: its sources and what was built from them."""

    root: Path

    @property
    def ui(self) -> Path:
        """The sources."""
        return self.root / "ui"

    @property
    def static(self) -> Path:
        """What was built."""
        return self.root / "static"

    @property
    def plain(self) -> Path:
        """The page that needs no build."""
        return self.root / "plain"

    @property
    def modules(self) -> Path:
        """The packages that the build needs."""
        return self.ui / "node_modules"

    @property
    def wire(self) -> Path:
        """What the hub's API speaks, from which the build makes the types of the page."""
        return self.root.parent.parent / "schemas" / "json" / "http.json"

    @property
    def has_sources(self) -> bool:
        """Whether it can be built here at all; a wheel brings no sources."""
        return (self.ui / "package.json").is_file()


HERE: Final = Place(Path(__file__).parent)


def digest(place: Place) -> str:
    """One number for everything that a build is made from: names and contents."""
    total = hashlib.sha256()
    contents = {path.relative_to(place.ui).as_posix(): path for path in _sources(place.ui)}
    if place.wire.is_file():
        contents["wire"] = place.wire
    for name, path in sorted(contents.items()):
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in _NO_SOURCES:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def built_from(place: Place) -> str | None:
    """The digest of the sources of the build that is there; None when there is none."""
    try:
        said = json.loads((place.static / STAMP).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    sources = said.get("sources") if isinstance(said, dict) else None
    whole = isinstance(sources, str) and (place.static / "index.html").is_file()
    return sources if whole else None


def build_id(place: Place) -> str | None:
    """The name that the build gave itself, which the page knows too."""
    try:
        said = json.loads((place.static / "build.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    name = said.get("build") if isinstance(said, dict) else None
    return name if isinstance(name, str) else None


def is_fresh(place: Place) -> bool:
    """Whether there is nothing to build: it is built from what the sources are now."""
    sources = built_from(place)
    return sources is not None and (not place.has_sources or sources == digest(place))


def note_built(place: Place, sources: str) -> None:
    """Say that the build is complete."""
    (place.static / NOT_BUILT).unlink(missing_ok=True)
    (place.static / STAMP).write_text(json.dumps({"sources": sources}) + "\n", "utf-8")


def note_not_built(place: Place, reason: str, sources: str | None) -> None:
    """Say why there is no build of these sources. The first line is for everybody to read."""
    place.static.mkdir(parents=True, exist_ok=True)
    tried = "" if sources is None else f"\n{_TRIED}{sources}"
    (place.static / NOT_BUILT).write_text(f"{reason.strip()}{tried}\n", "utf-8")


def why_not_built(place: Place) -> str | None:
    """The sentence about what is missing; None when nothing is."""
    text = _reason(place)
    if text is None:
        return None if built_from(place) else "It was never built."
    return text.partition("\n")[0]


def was_tried(place: Place) -> bool:
    """Whether a build of just these sources failed."""
    lines = (_reason(place) or "").splitlines()
    return place.has_sources and lines[-1:] == [_TRIED + digest(place)]


def _reason(place: Place) -> str | None:
    try:
        return (place.static / NOT_BUILT).read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
