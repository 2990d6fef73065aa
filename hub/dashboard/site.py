"""Which page a hub serves: the one that was built, or the plain one that says what is missing."""

import html
from string import Template
from typing import Final

from loguru import logger

from hub.dashboard.stamp import HERE, NOT_BUILT, Place, build_id, built_from, why_not_built
from hub.transport.assets import PLAIN, ROOT, Asset, Site, asset, read_folder

BUILD_COMMAND: Final = "corral dashboard build"
INSTALL_AGAIN: Final = "pip install --force-reinstall --no-deps ."


def fix_for(place: Place) -> str:
    """The command that puts the full page there."""
    return BUILD_COMMAND if place.has_sources else INSTALL_AGAIN


def installed() -> Site:
    """The page of this installation."""
    return open_site(HERE)


def open_site(place: Place) -> Site:
    """Read the page that there is; it is logged when that is not the full one."""
    plain = read_folder(place.plain, PLAIN)
    page = _plain_page(place)
    plain[PLAIN] = plain[f"{PLAIN}/index.html"] = page
    reason = why_not_built(place)
    if reason is not None:
        logger.bind(fix=fix_for(place)).warning(f"the dashboard is a plain page: {reason}")
    built = {} if built_from(place) is None else _built(place)
    full = built.get(f"{ROOT}/index.html")
    return Site(plain | built, full or page, build_id(place) if full else None)


def _built(place: Place) -> dict[str, Asset]:
    try:
        files = read_folder(place.static, ROOT)
    except OSError as error:
        # Somebody builds it anew at this moment: the next start will find it.
        logger.bind(error=repr(error)).warning("the dashboard is a plain page: it is in flux")
        return {}
    files.pop(f"{ROOT}/{NOT_BUILT}", None)
    return files


def _plain_page(place: Place) -> Asset:
    """The plain page with the sentence about what is missing; nothing of it comes from outside."""
    reason = why_not_built(place)
    text = Template((place.plain / "index.html").read_text("utf-8")).substitute(
        hidden="" if reason else "hidden",
        reason=html.escape(reason or ""),
        fix=html.escape(fix_for(place)),
    )
    return asset(".html", {"identity": text.encode()})
