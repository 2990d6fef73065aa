"""Makes a picture small: a palette of at most 256 colours, and the best compression.

Chromium takes the PNG apart. The colours of surfaces stay what they are, every other one stays
within a few steps, and the rarest mark keeps its own, which a palette of the most frequent
colours would lose.
"""

import base64
import struct
import sys
import zlib
from array import array
from collections import Counter
from typing import Any, Final

from playwright.sync_api import Page

_PIXELS: Final = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const pixels = pen.getImageData(0, 0, picture.width, picture.height).data;
  let raw = "";
  for (let at = 0; at < pixels.length; at += 32768)
    raw += String.fromCharCode(...pixels.subarray(at, at + 32768));
  return { width: picture.width, height: picture.height, pixels: btoa(raw) };
}"""
MOST: Final = 256
EXACT: Final = 128
"""So many of the most frequent colours, which are those of surfaces, stay as they are."""
STEPS: Final = (4, 6, 8, 10, 13, 16, 20, 26, 34, 48)
"""How far a colour may be from the one that stands for it; the first that suffices is taken."""


def smaller(page: Page, png: bytes) -> bytes:
    """The same picture in fewer bytes; `page` is any page of a browser."""
    width, height, pixels = pixels_of(page, png)
    colours, place = palette(Counter(pixels))
    indexes = bytes(map(place.__getitem__, pixels))
    rows = b"".join(b"\0" + indexes[at : at + width] for at in range(0, width * height, width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    table = b"".join(bytes(parts(colour)) for colour in colours)
    chunks = ((b"IHDR", head), (b"PLTE", table), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def pixels_of(page: Page, png: bytes) -> tuple[int, int, "array[int]"]:
    """The width and height of a picture, and its pixels row by row."""
    found: dict[str, Any] = page.evaluate(_PIXELS, base64.b64encode(png).decode())
    pixels = array("I", base64.b64decode(found["pixels"]))
    return int(found["width"]), int(found["height"]), pixels


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def parts(pixel: int) -> tuple[int, int, int]:
    """Its red, green and blue."""
    red, green, blue, _ = pixel.to_bytes(4, sys.byteorder)
    return red, green, blue


def palette(counted: Counter[int]) -> tuple[list[int], dict[int, int]]:
    """The colours, and for each pixel value the place of its colour."""
    by_count = sorted(counted, key=lambda pixel: (-counted[pixel], pixel))
    for step in STEPS:
        found = _leaders(by_count, step)
        if found is not None:
            return found
    raise ValueError("a picture with so many colours is no picture of the dashboard")


def _leaders(by_count: list[int], step: int) -> tuple[list[int], dict[int, int]] | None:
    """Each colour stands for itself, or is represented by a more frequent one near it."""
    chosen: list[int] = []
    known: list[tuple[int, int, int]] = []
    place: dict[int, int] = {}
    for pixel in by_count:
        red, green, blue = parts(pixel)
        best, nearest = -1, step + 1
        for at, (r, g, b) in enumerate(known):
            distance = max(abs(r - red), abs(g - green), abs(b - blue))
            if distance < nearest:
                best, nearest = at, distance
        if best < 0 or len(chosen) < EXACT:
            if len(chosen) == MOST:
                return None
            best = len(chosen)
            chosen.append(pixel)
            known.append((red, green, blue))
        place[pixel] = best
    return chosen, place
