from __future__ import annotations

import base64
import datetime as dt
import hashlib
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from tests.reports.evening import AFTER, make_evening
from webapp.events import accent
from webapp.reports import curve, operations

pytestmark = pytest.mark.usefixtures("context")
NS = "{http://www.w3.org/2000/svg}"


def document(**values: Any) -> dict[str, Any]:
    event = make_evening(**values)
    report = operations.draft(event, at=AFTER, by="Ada").report
    return operations.preview(event, report, at=AFTER).document


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{NS}text")]


def test_the_peak_and_the_speakers_are_marked() -> None:
    made = document()
    wide, narrow = curve.draw(made, wide=True), curve.draw(made)
    assert wide is not None
    assert narrow is not None
    assert "most: 5 at 19:22" in texts(wide)
    assert "Tim Young" in texts(wide)
    # On a phone the items have the numbers of the table, and letters stay 12 units of 360.
    assert {"1", "2", "3", "4"} <= set(texts(narrow))
    assert "Tim Young" not in texts(narrow)
    sizes = {float(e.get("font-size", "0")) for e in ET.fromstring(narrow).iter(f"{NS}text")}
    assert min(sizes) >= 12


def test_no_presence_no_curve() -> None:
    assert curve.draw(document(presence="door")) is None


@pytest.mark.case("D44")
def test_a_name_in_the_picture_is_text() -> None:
    made = document()
    made["agenda"][2]["names"] = ['<script>x</script>"><b']
    made["agenda"][2]["end"] = made["agenda"][3]["end"]
    svg = curve.draw(made, wide=True)
    assert svg is not None
    tree = ET.fromstring(svg)
    assert list(tree.iter(f"{NS}script")) == []
    assert any("<script>x</script>" in text for text in texts(svg))


@pytest.mark.parametrize(
    ("count", "top", "gap"),
    [(1, 1, 1), (5, 6, 2), (12, 15, 5), (98, 100, 50), (1098, 1500, 500), (1201, 1500, 500)],
)
def test_the_axis_has_round_lines(count: int, top: int, gap: int) -> None:
    assert curve.ceiling(count) == (top, gap)


def test_a_long_evening_is_thinned_and_keeps_its_fullest_minute() -> None:
    start = dt.datetime(2027, 4, 6, tzinfo=dt.UTC)
    points = [(start + dt.timedelta(minutes=n), 999 if n == 1234 else 5) for n in range(5000)]
    thin = curve.thinned(points)
    assert len(thin) <= curve.MOST_POINTS
    assert max(count for _at, count in thin) == 999


def test_the_curve_has_the_colour_of_the_event_in_light_and_dark() -> None:
    made = document()
    assert (made["event"]["accent"], curve.ACCENT in (curve.draw(made) or "")) == (None, True)
    made["event"]["accent"] = "#0a3d91"
    svg = curve.draw(made)
    assert svg is not None
    light, dark = accent.shades("#0a3d91")
    assert f'stroke="{light.accent}"' in svg
    assert f'fill="{light.tint}"' in svg
    assert f".a{{stroke:{dark.accent}}}" in svg
    assert curve.ACCENT not in svg
    # Its own style is allowed, and no other.
    style = svg.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert curve.policy(made) == f"default-src 'none'; style-src 'sha256-{digest}'"


def test_the_theme_stays_off_paper() -> None:
    made = document()
    assert "<style>" in (curve.draw(made) or "")
    assert "<style>" not in (curve.draw(made, themed=False) or "")
