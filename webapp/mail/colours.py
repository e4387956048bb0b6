"""An event's accent in its mails, with the contrast checked by us."""

from __future__ import annotations

import dataclasses
import re
from functools import lru_cache

HOUSE = "#a3231f"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_CARD, _DARK_CARD, _INK, _WHITE = "#ffffff", "#211d1a", "#1f1a16", "#ffffff"
# WCAG 2.2: text against its ground.
_ENOUGH = 4.5


@dataclasses.dataclass(frozen=True, slots=True)
class Colours:
    """``accent`` reads on a white card, ``on_accent`` on the accent, ``dark`` on a dark card."""

    accent: str
    on_accent: str
    dark: str


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, 0 to 1."""
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (part / 255 for part in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two #rrggbb colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _towards(colour: str, goal: str, share: float) -> str:
    mixed = (round(a + (b - a) * share) for a, b in zip(_parts(colour), _parts(goal), strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _readable(colour: str, ground: str, goal: str) -> str:
    """``colour`` moved towards ``goal`` just as far as it must to be read on ``ground``."""
    for step in range(21):
        tried = _towards(colour, goal, step / 20)
        if contrast(tried, ground) >= _ENOUGH:
            return tried
    return goal


@lru_cache(maxsize=256)
def colours(accent: str | None) -> Colours:
    """The three colours of a mail. Anything but #rrggbb gives the colours of the house."""
    if not accent or not _HEX.fullmatch(accent):
        accent = HOUSE
    accent = _readable(accent.lower(), _CARD, _INK)
    on_accent = max((_WHITE, _INK), key=lambda text: contrast(text, accent))
    return Colours(accent, on_accent, _readable(accent, _DARK_CARD, _WHITE))
