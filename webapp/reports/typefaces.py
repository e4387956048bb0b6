"""The fonts that everything is set in that is no page: they stand beside this file, and no others are used."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import typst
from PIL import ImageFont

FOLDER = Path(__file__).parent / "fonts"
# As typst falls back from one to the next.
_COVERING = (
    "AtkinsonHyperlegibleNext-Bold", "AtkinsonHyperlegibleNextExt-Bold", "NotoSans-Bold", "NotoSansArabic-Bold",
    "NotoSansHebrew-Bold",
)  # fmt: skip
# Belongs to no script: what a font draws for it is what it draws for any sign that it does not have.
_NO_SIGN = "\U0010fffe"


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[FOLDER]
    )


@lru_cache(maxsize=1)
def _covering() -> list[tuple[ImageFont.FreeTypeFont, bytes]]:
    found = [
        ImageFont.truetype(FOLDER / f"{name}.ttf", 24, layout_engine=ImageFont.Layout.BASIC)
        for name in _COVERING
    ]
    return [(font, bytes(font.getmask(_NO_SIGN))) for font in found]


@lru_cache(maxsize=4096)
def has(sign: str) -> bool:
    """Whether one of the fonts has this character, so that no box stands in its place."""
    return sign.isspace() or any(
        bytes(font.getmask(sign)) != missing for font, missing in _covering()
    )
