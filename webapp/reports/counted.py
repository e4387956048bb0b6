"""*How we counted*: every figure of a report with its value as said, its definition and its source."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import templating
from webapp.reports import saying
from webapp.templating import number, percent

Row = dict[str, str]


def source_name(source: str) -> str:
    return {
        "turnout": str(_("our own door and room")),
        "platform": str(_("the meeting platform")),
        "import": str(_("an imported attendance file")),
    }.get(source, source)


def _row(key: str, label: str, value: str, meaning: str = "") -> Row:
    return {"key": key, "label": label, "value": value, "definition": meaning}


def _moment(text: str, zone: str) -> str:
    return templating.moment(dt.datetime.fromisoformat(text.replace("Z", "+00:00")), zone)


def _sources(figures: dict[str, Any]) -> str:
    names = [source_name(row["source"]) for row in figures["attendance"]["by_source"]]
    return saying.listed(names) if names else str(_("no source yet"))


def _people(figures: dict[str, Any]) -> list[Row]:
    attendance = figures["attendance"]
    counts = attendance["people"]
    rows = [
        _row(
            "people", _("People who came"), saying.figure(counts["low"], counts["high"]),
            saying.definition(figures, "people") + " " + _("Counted by %(sources)s.", sources=_sources(figures)),
        )
    ]  # fmt: skip
    parts = [
        (counts["identified"], _("by a sign-up or address")),
        (counts["name_only"], _("by name only")),
        (counts["ambiguous"], _("under a name that was there already")),
        (counts["anonymous"], _("without a name")),
    ]
    known = [f"{number(count)} {how}" for count, how in parts if count]
    if known:
        rows[0]["definition"] += " " + _("Known %(parts)s.", parts=saying.listed(known))
    if len(attendance["by_source"]) > 1:
        for part in attendance["by_source"]:
            ends = part["people"]["low"], part["people"]["high"]
            rows.append(
                _row(
                    f"source_{part['source']}",
                    _("Of these, seen by %(source)s", source=source_name(part["source"])),
                    saying.figure(*ends),
                    _("What cannot be matched between two sources is not added up."),
                )
            )
    return rows


def _presence(figures: dict[str, Any], zone: str) -> list[Row]:
    attendance = figures["attendance"]
    peak, minutes = attendance["peak"], attendance["minutes"]
    if not peak:
        return [
            _row(
                "presence", _("How long people stayed"), _("unknown"),
                _("We know that people came through the door, not how long they stayed: the event took place in a program that did not tell us. So there is no fullest moment and no length of stay, and nothing here says who heard whom."),
            )
        ]  # fmt: skip
    rows = [
        _row(
            "peak", _("Most at one moment"), number(peak["people"]),
            _("At %(at)s. The most people at one and the same instant; two devices of one person are one. Connections at most: %(connections)s.",
              at=_moment(peak["at"], zone), connections=number(peak["connections"])),
        )
    ]  # fmt: skip
    if minutes:
        median, left = minutes["median"], minutes["open_ended"]
        meaning = _(
            "The median: half stayed longer, half shorter. On average %(n)s min. Over those whose leaving is known.",
            n=number(minutes["average"]),
        )
        if left:
            meaning += " " + ngettext(
                "%(n)s visit has an unknown end and counts as a person, not as minutes.",
                "%(n)s visits have an unknown end and count as people, not as minutes.",
                left,
                n=number(left),
            )
        stay = _("%(n)s min", n=number(median)) if median is not None else _("unknown")
        rows.append(_row("median", _("Typical stay"), stay, meaning))
        rows.append(
            _row(
                "measured_share", _("Measured, not inferred"), percent(minutes["measured_share"]),
                _("The share of all minutes whose end was seen (somebody left, or the room closed); the rest ends at the last sign of life."),
            )
        )  # fmt: skip
    return rows


def rows(figures: dict[str, Any], zone: str) -> list[Row]:
    """All rows in the order of the table. ``zone`` is the event's: it is named with every time."""
    attendance, signups = figures["attendance"], figures["signups"]
    came = number(attendance["registered_attended"])
    rate = attendance["show_up_rate"]
    table = [
        _row("signed_up", _("Signed up"), number(signups["confirmed"]),
             _("Confirmed sign-ups. Cancelled ones and addresses that were never confirmed are not in it.")),
        _row("registered_attended", _("Of them came"), f"{came} ({percent(rate)})" if rate is not None else came,
             _("Confirmed sign-ups with at least one visit, and their share.")),
        _row("guests", _("Guests"), number(attendance["guests"]), _("People who came without a sign-up.")),
        *_people(figures),
        _row("doors", _("Pressed Join"), number(attendance["doors"]),
             _("People who pressed Join with us, whatever happened after. Each person once.")),
        *_presence(figures, zone),
        _row("crew", _("Hosts and speakers"), number(attendance["crew"]),
             _("Chair, speakers, hosts and moderators who were there. They are not among the people who came, the guests, the most at one moment or the stay; who of them signed up or pressed Join is counted there.")),
    ]  # fmt: skip
    if attendance["watching_together"]:
        table.append(
            _row("watching_together", _("Watching on the same screen"), number(attendance["watching_together"]),
                 _("What people said of others beside them. Not in any number above."))
        )  # fmt: skip
    for count in attendance["head_counts"]:
        table.append(
            _row("head_count", _("Heads counted"), number(count["count"]),
                 _("%(source)s, %(at)s. Not in any number above.", source=count["source"], at=_moment(count["at"], zone)))
        )  # fmt: skip
    for stated in attendance["platform"]:
        table.append(
            _row("platform", _("The platform says"), str(stated["value"]), f"{stated['name']}, {stated['source']}")
        )  # fmt: skip
    return [{key: str(text) for key, text in row.items()} for row in table]
