"""Drawings as text: a frame with scales, and lines and words in it, readable by day and night."""

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 700
HEIGHT: Final = 320
LEFT: Final = 64
RIGHT: Final = 158
TOP: Final = 64
BOTTOM: Final = 46
LABEL_GAP: Final = 17
"""Labels of lines are at least so far apart."""
STYLE: Final = """\
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: #57606a }
.title { font-size: 15px; font-weight: 600; fill: #1f2328 }
.paper { fill: #ffffff; stroke: #d0d7de }
.grid { stroke: #d8dee4; stroke-width: 1 }
.mark { stroke: #57606a; stroke-width: 1; stroke-dasharray: 5 4 }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round }
.thin { stroke-width: 1.5; opacity: .75 }
.a { stroke: #0969da } .fa { fill: #0969da }
.b { stroke: #bc4c00 } .fb { fill: #bc4c00 }
.c { stroke: #8250df } .fc { fill: #8250df }
.label { font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 }
  .title { fill: #f0f6fc }
  .paper { fill: #0d1117; stroke: #3d444d }
  .grid { stroke: #262c36 }
  .mark { stroke: #9198a1 }
  .a { stroke: #4493f8 } .fa { fill: #4493f8 }
  .b { stroke: #f0883e } .fb { fill: #f0883e }
  .c { stroke: #ab7df8 } .fc { fill: #ab7df8 }
}
"""
COLOURS: Final = "abc"

Point = tuple[float, float]


def drawing(title: str, subtitle: str, parts: Sequence[str]) -> str:
    """The whole file."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}">',
            f"<style>\n{STYLE}</style>",
            f'<rect class="paper" x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
            words(20, 28, title, "title"),
            words(20, 46, subtitle),
            *parts,
            "</svg>\n",
        ]
    )


def words(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    """A line of text."""
    named = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{named}>{escape(text)}</text>'


def stroke(points: Sequence[Point], style: str) -> str:
    """A line through all points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="{style}" points="{path}"/>'


def dot(point: Point, colour: str) -> str:
    """A point that is seen."""
    return f'<circle class="f{colour}" cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3.5"/>'


def level(y: float, style: str = "grid") -> str:
    """A line from the left to the right."""
    return stroke([(LEFT, y), (WIDTH - RIGHT, y)], style)


def place(share: float) -> float:
    """The x of a share of the width."""
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def height(share: float) -> float:
    """The y of a share of the height, from below."""
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def labels(wanted: Sequence[tuple[float, str, str]]) -> list[str]:
    """Words right of the lines, by y, text and colour, moved apart where they would meet."""
    drawn = []
    last = -LABEL_GAP * 1.0
    for y, text, colour in sorted(wanted):
        last = max(y, last + LABEL_GAP)
        drawn.append(words(WIDTH - RIGHT + 12, last + 4, text, f"label f{colour}"))
    return drawn
