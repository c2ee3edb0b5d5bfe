"""The colours of the window, light and dark: greys that can be read (WCAG AA), and one accent."""

from __future__ import annotations

from msgspec import Struct


class Colours(Struct, frozen=True):
    """One theme; each is "#rrggbb"."""

    paper: str
    """Behind what is read."""
    panel: str
    """Behind lists and bars beside it."""
    raised: str
    """Of what lies on either: fields, cards, menus."""
    hover: str
    chosen: str
    line: str
    edge: str
    """Around what can be typed into or pressed: seen against both backgrounds."""
    text: str
    quiet: str
    accent: str
    on_accent: str
    mark: str
    """Behind words that are evidence."""
    good: str
    warn: str
    bad: str
    dark: bool = False


LIGHT = Colours(
    paper="#ffffff", panel="#f5f5f2", raised="#ffffff", hover="#ebebe6", chosen="#dfe8f4", line="#dededa",
    edge="#8a8a84", text="#1c1c1a", quiet="#5c5c57", accent="#155fb5", on_accent="#ffffff", mark="#ffe9a3",
    good="#1d6b35", warn="#8a5200", bad="#b0241b",
)  # fmt: skip

DARK = Colours(
    paper="#1c1d1f", panel="#151618", raised="#26282b", hover="#2d2f33", chosen="#2a3a50", line="#35373b",
    edge="#7d8087", text="#ececea", quiet="#a9abaf", accent="#7db4ff", on_accent="#0c1a2b", mark="#57470f",
    good="#7fcf95", warn="#e8b35c", bad="#ff8f85", dark=True,
)  # fmt: skip

READ_ON = (
    ("text", "paper"), ("text", "panel"), ("text", "raised"), ("text", "hover"), ("text", "chosen"), ("text", "mark"),
    ("quiet", "paper"), ("quiet", "panel"), ("quiet", "raised"), ("quiet", "hover"), ("quiet", "chosen"),
    ("accent", "paper"), ("accent", "panel"), ("accent", "raised"), ("on_accent", "accent"),
    ("good", "paper"), ("good", "panel"), ("warn", "paper"), ("warn", "panel"), ("warn", "raised"), ("bad", "paper"),
    ("bad", "panel"), ("bad", "raised"),
)  # fmt: skip
"""What is read on what: pairs of which the contrast must be 4.5 at least."""


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminance, 1 to 21, as WCAG 2.1 defines it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
