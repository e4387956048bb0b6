"""An event's accent as a stylesheet of ours, its contrast computed instead of hoped for."""

from __future__ import annotations

import colorsys
import dataclasses
from functools import lru_cache

# The surfaces of css/base.css that the accent stands on: paper, card.
_LIGHT = ("#faf6ef", "#ffffff")
_DARK = ("#171412", "#211d1a")
# WCAG 2.2 AA for text, with a little to spare for rounding.
WANTED = 4.6


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(rgb: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(min(max(part, 0), 1) * 255):02x}" for part in rgb)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _mixed(colour: str, ground: str, share: float) -> str:
    return _hex(
        tuple(  # type: ignore[arg-type]  # three, as they came
            a * share + b * (1 - share) for a, b in zip(_rgb(colour), _rgb(ground), strict=True)
        )
    )


def _fitted(colour: str, grounds: tuple[str, ...], tint_share: float, *, darker: bool) -> str:
    """The colour itself, made darker or lighter in small steps until it can be read everywhere."""
    hue, light, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    while True:
        fitted = _hex(colorsys.hls_to_rgb(hue, light, saturation))
        tint = _mixed(fitted, grounds[0], tint_share)
        if all(contrast(fitted, ground) >= WANTED for ground in (*grounds, tint)):
            return fitted
        light += -0.01 if darker else 0.01


@dataclasses.dataclass(frozen=True, slots=True)
class Shades:
    """An accent fitted to one ground: itself, what is written on it, and a tint that it can stand on."""

    accent: str
    on_accent: str
    tint: str


def _shades(accent: str, grounds: tuple[str, ...], share: float, *, darker: bool) -> Shades:
    fitted = _fitted(accent, grounds, share, darker=darker)
    on_accent = max(("#ffffff", "#17100c"), key=lambda text: contrast(text, fitted))
    return Shades(fitted, on_accent, _mixed(fitted, grounds[0], share))


@lru_cache(maxsize=256)
def shades(accent: str) -> tuple[Shades, Shades]:
    """``accent`` (#rrggbb) on light and on dark pages."""
    return (
        _shades(accent, _LIGHT, 0.12, darker=True),
        _shades(accent, _DARK, 0.16, darker=False),
    )


@lru_cache(maxsize=256)
def stylesheet(accent: str) -> str:
    """CSS that sets --accent, --on-accent and --tint for light and dark. ``accent`` is #rrggbb."""
    light, dark = (
        f":root {{ --accent: {on.accent}; --on-accent: {on.on_accent}; --tint: {on.tint}; }}"
        for on in shades(accent)
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}\n"
