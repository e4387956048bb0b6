"""The audience curve of a published report as an SVG file: drawn by hand, from the frozen document alone.

Two shapes of one picture: ``narrow`` for phones (letters stay readable at 340 px) and wide for screens
and paper. Everything is presentation attributes, so that it looks right wherever it is shown; the one
style sheet inside only follows the reader's dark mode. The colour is the event's, fitted to light and dark.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import re
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from markupsafe import escape

from webapp.events.accent import Shades, shades
from webapp.templating import number

MOST_POINTS = 400
MARGIN = dt.timedelta(minutes=15)
ACCENT = "#a3231f"
_INK, _SOFT, _LINE, _TINT = "#1f1a16", "#6a5f55", "#e5dccf", "#f6e3dc"
FONT = "Atkinson Hyperlegible Next, Noto Sans, Noto Sans Arabic, system-ui, sans-serif"
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


# The house's own, as in css/base.css: for events without a colour.
_HOUSE = (Shades(ACCENT, "#ffffff", _TINT), Shades("#ff9a86", "#2a0f0b", "#3a231e"))


def _shades(document: dict[str, Any]) -> tuple[Shades, Shades]:
    """The event's colour on light and on dark pages."""
    own: str | None = document["event"]["accent"]
    return shades(own) if own else _HOUSE


def _style(document: dict[str, Any]) -> str:
    dark = _shades(document)[1]
    return (
        "@media (prefers-color-scheme:dark){.i{fill:#f3ece2}.s{fill:#b5a899}.l{stroke:#3a332d}"
        f".t{{fill:{dark.tint}}}.a{{stroke:{dark.accent}}}.d{{fill:{dark.accent}}}"
        ".b{stroke:#f3ece2}.h{stroke:#171412}}"
    )


def policy(document: dict[str, Any]) -> str:
    """The content policy of the file: exactly its own style, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style(document).encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'"


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """Where the plot lies inside the picture, in its own units, and what it spans."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    start: dt.datetime
    end: dt.datetime
    most: int

    def x(self, at: dt.datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        inner = self.width - self.left - self.right
        return round(self.left + min(1.0, max(0.0, share)) * inner, 1)

    def y(self, people: float) -> float:
        return round(self.floor - people / self.most * (self.floor - self.top), 1)

    @property
    def floor(self) -> int:
        return self.height - self.bottom


def read_moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def ceiling(count: int) -> tuple[int, int]:
    """(top of the axis, distance of its lines): two to five round lines above ``count``."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if count <= 4 * factor * size:
                gap = factor * size
                return max(gap, -(-count // gap) * gap), gap
        size *= 10


def thinned(points: list[tuple[dt.datetime, int]]) -> list[tuple[dt.datetime, int]]:
    """At most MOST_POINTS, keeping the fullest minute of each stretch."""
    bucket = -(-len(points) // MOST_POINTS)
    if bucket <= 1:
        return points
    chunks = [points[n : n + bucket] for n in range(0, len(points), bucket)]
    return [max(chunk, key=lambda point: point[1]) for chunk in chunks]


def _text(x: float, y: float, text: str, *, size: int = 12, fill: str = _SOFT, kind: str = "s", anchor: str = "middle", weight: int = 400, halo: bool = False) -> str:  # fmt: skip
    clean = escape(_CONTROLS.sub("", text))
    around = ""
    if halo:
        around = (
            f'<text class="h" x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" '
            f'text-anchor="{anchor}" fill="none" stroke="#faf6ef" stroke-width="4" '
            f'stroke-linejoin="round" aria-hidden="true">{clean}</text>'
        )
    return around + (
        f'<text class="{kind}" x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{fill}">{clean}</text>'
    )


def _frame(document: dict[str, Any], points: list[tuple[dt.datetime, int]], *, wide: bool) -> Frame:
    event = document["event"]
    first = min(read_moment(event["started_at"]), *(read_moment(m["start"]) for m in document["agenda"])) if document["agenda"] else read_moment(event["started_at"])  # fmt: skip
    last = max(read_moment(event["ended_at"]), first + dt.timedelta(minutes=1))
    start = max(first - MARGIN, min(points[0][0], first))
    end = min(last + MARGIN, max(points[-1][0], last))
    peak = document["figures"]["attendance"]["peak"]
    most, _gap = ceiling(max(peak["people"], *(count for _at, count in points), 1))
    if wide:
        return Frame(720, 330, 46, 14, 62, 30, start, end, most)
    return Frame(360, 300, 40, 10, 36, 30, start, end, most)


def lines(name: str, width: float, size: float) -> list[str] | None:
    """A name broken at its spaces into at most three lines that fit ``width``; None if it cannot."""
    most = int(width / (size * 0.52))
    broken: list[str] = []
    for word in name.split():
        if len(word) > most:
            return None
        if broken and len(broken[-1]) + 1 + len(word) <= most:
            broken[-1] += f" {word}"
        else:
            broken.append(word)
    return broken if 0 < len(broken) <= 3 else None


def _bands(document: dict[str, Any], frame: Frame, *, wide: bool) -> list[str]:
    """What was on: a tinted band for every other item, its number, and its names where they fit."""
    drawn = []
    for n, mark in enumerate(document["agenda"], 1):
        left, right = frame.x(read_moment(mark["start"])), frame.x(read_moment(mark["end"]))
        width = round(right - left, 1)
        if n % 2:
            drawn.append(f'<rect class="t" x="{left}" y="{frame.top}" width="{width}" height="{frame.floor - frame.top}" fill="{_shades(document)[0].tint}"/>')  # fmt: skip
        middle = round((left + right) / 2, 1)
        names = " & ".join(mark["names"]) or mark["title"]
        broken = lines(names, width - 4, 11) if wide else None
        if broken:
            for row, part in enumerate(reversed(broken)):
                drawn.append(_text(middle, frame.top - 7 - 13 * row, part, size=11, fill=_INK, kind="i"))  # fmt: skip
        elif width >= 6 * len(str(n)):
            drawn.append(_text(middle, frame.top - 7, str(n), size=12, fill=_INK, kind="i", weight=700))  # fmt: skip
    return drawn


def _axes(frame: Frame, zone: str) -> list[str]:
    drawn = []
    gap = ceiling(frame.most)[1]
    for people in range(0, frame.most + 1, gap):
        y = frame.y(people)
        if people:
            drawn.append(f'<line class="l" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{y}" y2="{y}" stroke="{_LINE}" stroke-width="1"/>')  # fmt: skip
        drawn.append(_text(frame.left - 6, round(y + 4, 1), number(people), anchor="end"))
    drawn.append(f'<line class="b" x1="{frame.left}" x2="{frame.width - frame.right}" y1="{frame.floor}" y2="{frame.floor}" stroke="{_INK}" stroke-width="1.5"/>')  # fmt: skip
    local = ZoneInfo(zone)
    span = (frame.end - frame.start) / dt.timedelta(minutes=1)
    room = (frame.width - frame.left - frame.right) / 48
    step = next((m for m in (5, 10, 15, 30, 60, 120, 180, 360, 720) if span / m <= room), 1440)
    tick = frame.start.astimezone(local).replace(second=0, microsecond=0)
    tick += dt.timedelta(minutes=-(tick.hour * 60 + tick.minute) % step)
    while tick <= frame.end:
        x = frame.x(tick)
        drawn.append(f'<line class="b" x1="{x}" x2="{x}" y1="{frame.floor}" y2="{frame.floor + 4}" stroke="{_INK}" stroke-width="1"/>')  # fmt: skip
        if frame.left + 8 <= x <= frame.width - frame.right - 8:
            drawn.append(_text(x, frame.floor + 18, f"{tick:%H:%M}"))
        tick += dt.timedelta(minutes=step)
    return drawn


def _peak(document: dict[str, Any], frame: Frame, accent: str) -> list[str]:
    peak = document["figures"]["attendance"]["peak"]
    at = read_moment(peak["at"])
    x, y = frame.x(at), frame.y(peak["people"])
    local = at.astimezone(ZoneInfo(document["event"]["timezone"]))
    label = _("most: %(n)s at %(time)s", n=number(peak["people"]), time=f"{local:%H:%M}")
    half = len(label) * 3.4
    # To the right of the peak, below the line: there the curve is full and the words do not cross it.
    middle = min(x + half - 6, frame.width - frame.right - half)
    return [
        f'<circle class="d" cx="{x}" cy="{y}" r="5" fill="{accent}"/>',
        _text(round(middle, 1), round(y + 24, 1), label, size=13, fill=_INK, kind="i", weight=700, halo=True),
    ]  # fmt: skip


def summary(document: dict[str, Any]) -> str:
    """The curve in one sentence, for those who do not see it."""
    peak = document["figures"]["attendance"]["peak"]
    zone = ZoneInfo(document["event"]["timezone"])
    return str(
        _(
            "People in the room, minute by minute, with the speakers marked. The most at one moment were %(n)s at %(time)s. The table below has the figures.",
            n=number(peak["people"]),
            time=f"{read_moment(peak['at']).astimezone(zone):%H:%M}",
        )
    )


def draw(document: dict[str, Any], *, wide: bool = False, themed: bool = True) -> str | None:
    """The SVG's text; None where presence is unknown and there is no curve to draw.

    ``themed`` adds the style sheet for dark mode; paper has none.
    """
    if not document["curve"]:
        return None
    points = thinned([(read_moment(at), count) for at, count in document["curve"]])
    frame = _frame(document, points, wide=wide)
    points = [point for point in points if frame.start <= point[0] <= frame.end] or points[:1]
    accent = _shades(document)[0].accent
    path = " ".join(f"{frame.x(at)} {frame.y(count)}" for at, count in points)
    left, right = frame.x(points[0][0]), frame.x(points[-1][0])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {frame.width} {frame.height}" '
        f'width="{frame.width}" height="{frame.height}" role="img" font-family="{FONT}">',
        f"<title>{escape(summary(document))}</title>",
        f"<style>{_style(document)}</style>" if themed else "",
        *_bands(document, frame, wide=wide),
        *_axes(frame, document["event"]["timezone"]),
        f'<path class="d" d="M{left} {frame.floor} L{path} L{right} {frame.floor} Z" fill="{accent}" fill-opacity="0.12"/>',
        f'<path class="a" d="M{path}" fill="none" stroke="{accent}" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"/>',
        *_peak(document, frame, accent),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(part for part in parts if part) + "\n"
