"""Whatever colour an organiser picks, it can be read."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from webapp.events import accent

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


@given(colours)
def test_contrast_holds_on_every_surface_in_light_and_dark(colour):
    light, dark = accent.stylesheet(colour).split("@media")
    for css, grounds in ((light, ("#faf6ef", "#ffffff")), (dark, ("#171412", "#211d1a"))):
        value = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", css))
        for ground in (*grounds, value["tint"]):
            assert accent.contrast(value["accent"], ground) >= 4.5
        assert accent.contrast(value["on-accent"], value["accent"]) >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert "--accent: #a3231f" in accent.stylesheet("#a3231f")


def test_known_ratios():
    assert round(accent.contrast("#000000", "#ffffff"), 1) == 21.0
    assert accent.contrast("#777777", "#777777") == 1.0
