"""The table of all events: what stands in each column, where it comes from, and what it means.

The figures of people are those of ``attendance.figures``, taken event by event and kept there until
something changes; everything else is read for all events of the table at once.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from webapp.attendance.figures import METHOD, figures
from webapp.clock import iso_z
from webapp.events.models import Event
from webapp.privacy import queries as privacy
from webapp.reports import queries as reports
from webapp.reports.queries import Standing
from webapp.signup import queries as signups


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One event. None is unknown, or not known yet: see ``has_begun``."""

    event: Event
    phase: str
    signed_up: int
    confirmed: int
    cancelled: int
    attended: int | None
    show_up_rate: float | None
    low: int | None
    high: int | None
    peak: int | None
    peak_at: str | None
    sources: tuple[str, ...]
    report: Standing | None
    due_at: dt.datetime
    names_people: bool

    @property
    def has_begun(self) -> bool:
        return self.phase in ("live", "over")

    def values(self, at: dt.datetime) -> dict[str, Any]:
        """The row for programs: every column of ``definitions``."""
        event = self.event
        return {
            "event": event.slug,
            "title": event.title,
            "host": event.host_name,
            "state": self.phase,
            "sample": event.is_sample,
            "starts_at": iso_z(event.starts_at),
            "ends_at": iso_z(event.ends_at),
            "timezone": event.timezone,
            "signed_up": self.signed_up,
            "confirmed": self.confirmed,
            "cancelled": self.cancelled,
            "attended": self.attended,
            "show_up_rate": self.show_up_rate,
            "people_low": self.low,
            "people_high": self.high,
            "peak": self.peak,
            "peak_at": self.peak_at,
            "sources": " ".join(self.sources),
            "report": _report_word(self.report),
            "report_version": self.report.version if self.report and self.report.version else None,
            "report_published_at": iso_z(self.report.published_at)
            if self.report and self.report.published_at
            else None,
            "names_people": self.names_people,
            "deletion_due": iso_z(self.due_at),
            "as_of": iso_z(at),
            "method": METHOD,
        }


def _report_word(report: Standing | None) -> str:
    if report is None:
        return "none"
    return "published" if report.version else "draft"


def definitions() -> dict[str, str]:
    """What each column of the table means, in the order of the columns."""
    return {
        "event": _("The event's address on this site."),
        "title": _("The event's title."),
        "host": _("The organisation that hosts it."),
        "state": _("draft, before, live, over, or cancelled, at the moment of as_of."),
        "sample": _("Whether it is sample data with invented people."),
        "starts_at": _("The planned start, UTC."),
        "ends_at": _("The planned end, UTC."),
        "timezone": _("The event's own time zone."),
        "signed_up": _("Sign-ups that are on: confirmed, offered a place, on the waiting list, or not decided yet (to be approved, address not confirmed). Not what looked like a robot’s."),
        "confirmed": _("Sign-ups with a place. Erased people are still counted."),
        "cancelled": _("Sign-ups that were cancelled, by the person or an organiser."),
        "attended": _("Confirmed sign-ups with at least one visit. Empty if the event has not begun or no source can tell."),
        "show_up_rate": _("attended divided by confirmed, as a fraction of 1. Empty where either is not known."),
        "people_low": _("The audience, each person once, guests included, crew not: those who can be told apart by a sign-up or a name."),
        "people_high": _("The same with visitors without a name and possible second devices."),
        "peak": _("The most people of the audience present at one instant. Empty if no source measured presence."),
        "peak_at": _("The first such instant, UTC."),
        "sources": _("Where the figures of people come from: turnout (our own door and room), platform (the meeting platform), import (files)."),
        "report": _("none, draft, or published."),
        "report_version": _("The number of the newest published version."),
        "report_published_at": _("When that was published, UTC."),
        "names_people": _("Whether attendees are still named anywhere; invented people are not counted."),
        "deletion_due": _("When everybody's data is to be deleted, UTC. The counts stay."),
        "as_of": _("The moment for which the row was counted, UTC."),
        "method": _("The version of the definitions of the figures."),
    }  # fmt: skip


def rows(events: Sequence[Event], at: dt.datetime) -> list[Row]:
    """The table of ``events`` as of ``at``, in their order."""
    standing = reports.standing_of([event.id for event in events])
    naming = privacy.naming(events)
    signed_up = signups.signed_up_of([event.id for event in events])
    return [
        _row(event, at, standing.get(event.id), naming[event.id], signed_up[event.id])
        for event in events
    ]


def _row(
    event: Event, at: dt.datetime, report: Standing | None, names_people: bool, signed_up: int
) -> Row:
    found = figures(event, at)
    counts, attendance = found["signups"], found["attendance"]
    phase = event.phase(at)
    # Where no source has seen anybody, nobody came only if a room of ours would have seen them.
    is_measured = event.presence == "room" and event.mode != "in_person"
    is_known = phase in ("live", "over") and bool(attendance["by_source"] or is_measured)
    peak = attendance["peak"] if is_known else None
    return Row(
        event=event,
        phase=phase,
        signed_up=signed_up,
        confirmed=counts["confirmed"],
        cancelled=counts["cancelled"],
        attended=attendance["registered_attended"] if is_known else None,
        show_up_rate=attendance["show_up_rate"] if is_known else None,
        low=attendance["people"]["low"] if is_known else None,
        high=attendance["people"]["high"] if is_known else None,
        peak=peak["people"] if peak else None,
        peak_at=peak["at"] if peak else None,
        sources=tuple(source["source"] for source in attendance["by_source"]),
        report=report,
        due_at=privacy.due_at(event),
        names_people=names_people,
    )
