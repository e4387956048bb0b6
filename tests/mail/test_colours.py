from __future__ import annotations

import pytest

from webapp.mail.colours import HOUSE, colours, contrast


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize("accent", [None, "", "red", "#fff", "#12345", "url(x)", "#a3231f;x:1"])
def test_what_is_no_colour_gives_the_house_colour(accent: str | None) -> None:
    assert colours(accent).accent == HOUSE


def test_a_readable_accent_is_kept() -> None:
    assert colours("#1B6B4A").accent == "#1b6b4a"


@pytest.mark.parametrize(
    "accent", ["#ffff00", "#ffffff", "#88ccff", "#000000", "#a3231f", "#777777"]
)
def test_every_accent_is_made_readable(accent: str) -> None:
    found = colours(accent)
    assert contrast(found.accent, "#ffffff") >= 4.5
    assert contrast(found.on_accent, found.accent) >= 4.5
    assert contrast(found.dark, "#211d1a") >= 4.5
