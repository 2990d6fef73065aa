"""What an eye sees of a page and a program does not: what sticks out, and where the keyboard is."""

from typing import Final, NamedTuple

from playwright.sync_api import Page

_STICKING_OUT: Final = """() => {
  const frame = ["MAIN", "BODY", "HTML"];
  const isHeld = (one) => {
    for (let up = one.parentElement; up && !frame.includes(up.tagName); up = up.parentElement)
      if (getComputedStyle(up).overflowX !== "visible") return true;
    return false;
  };
  const isOut = (one) => one !== null && one.getBoundingClientRect().right > innerWidth + 1;
  return [...document.querySelectorAll("body *")]
    .filter((one) => isOut(one) && !isOut(one.parentElement))
    .filter((one) => one.getBoundingClientRect().width > 1 && one.checkVisibility() && !isHeld(one))
    .map((one) => `${one.tagName.toLowerCase()}.${one.getAttribute("class") ?? ""}`);
}"""
_FOCUS: Final = """() => {
  const one = document.activeElement;
  if (one === null || one === document.body) return null;
  const row = document.getElementById(one.getAttribute("aria-activedescendant") ?? "");
  const box = (row ?? one).getBoundingClientRect();
  const ringOf = (part) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(part);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
  };
  const around = one.closest(".field, .segment, .palette");
  const x = Math.min(Math.max((box.left + box.right) / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max((box.top + box.bottom) / 2, 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  const target = row ?? one;
  const isAround = (part) => Boolean(around?.contains(part));
  return {
    name: one.getAttribute("aria-label") ?? one.textContent.trim().slice(0, 60),
    tag: one.tagName.toLowerCase(),
    ring: [one, one.parentElement, around].some((part) => part !== null && ringOf(part))
      || Boolean(around?.matches(".palette")),
    marked: row !== null && row.matches(".is-active, [aria-selected=true]"),
    scripted: one.tabIndex < 0,
    seen: top !== null && (target.contains(top) || top.contains(target) || isAround(top)),
  };
}"""


class Focus(NamedTuple):
    """Where the keyboard is."""

    name: str
    tag: str
    ring: bool
    """A ring is drawn around it, or around the field that it is in."""
    marked: bool
    """It is a list, and its row at hand is marked."""
    scripted: bool
    """The page put the keyboard there; no Tab leads to it."""
    seen: bool
    """Nothing lies over it."""

    @property
    def is_visible(self) -> bool:
        """Whether a person knows where the keyboard is; a new screen is mark enough."""
        return self.seen and (self.ring or self.marked or self.scripted)


def sticking_out(page: Page) -> list[str]:
    """What is wider than the window, and not in something that scrolls or cuts on purpose."""
    found: list[str] = page.evaluate(_STICKING_OUT)
    return found


def focus_of(page: Page) -> Focus | None:
    """Where the keyboard is; None when it is lost."""
    found = page.evaluate(_FOCUS)
    return None if found is None else Focus(**found)
