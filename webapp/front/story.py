"""One person's whole story as lines in time: signing up, what was agreed, every change, mails and visits."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.attendance.models import Visit
from webapp.db import from_ms
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup import questions
from webapp.signup.models import Consent, Signup, SignupChange
from webapp.templating import moment, time


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """``what`` happened at ``at``; ``more`` are lines of detail below it, and ``mail`` is shown with its
    state and a link. ``kind`` is "place", "mail", "visit", "words" or "organiser"."""

    at: dt.datetime
    kind: str
    what: str
    more: tuple[str, ...] = ()
    mail: OutgoingMail | None = None
    address: str | None = None


def told(
    event: Event,
    signup: Signup,
    changes: list[SignupChange],
    consents: list[Consent],
    mails: list[OutgoingMail],
    visits: list[Visit],
) -> list[Line]:
    """Everything in the order it happened."""
    agreed_later = {
        (change.details.get("host"), change.at) for change in changes if change.what == "consent_given"
    }  # fmt: skip
    labels = {ask.key: ask.label for ask in questions.of_event(event.id, retired=True)}
    hosts = {event.host_key: event.host_name} | {host.key: host.name for host in event.cohosts}
    lines = [Line(signup.created_at, "place", _signed_up(signup, changes))]
    lines += [
        Line(consent.agreed_at, "words", _("Agreed"), (consent.wording,))
        for consent in consents
        if (consent.host_key, consent.agreed_at) not in agreed_later
    ]
    lines += [_changed(event, change, labels, hosts) for change in changes]
    lines += [
        Line(
            mail.created_at, "mail", _("Mail: %(subject)s", subject=mail.subject), mail=mail,
            address=url_for("mail_pages.show", slug=event.slug, mail_id=mail.id),
        )
        for mail in mails
    ]  # fmt: skip
    lines += [_visited(event, visit) for visit in visits]
    # Sorting keeps the order of what happened in the same millisecond.
    return sorted(lines, key=lambda line: line.at)


def _signed_up(signup: Signup, changes: list[SignupChange]) -> str:
    if any(change.what in ("added", "imported") for change in changes):
        return _("The sign-up was made.")
    if signup.source:
        return _("Signed up, from “%(source)s”.", source=signup.source)
    return _("Signed up.")


def _who(actor: str) -> str:
    return {"the person": _("the person"), "itself": ""}.get(actor, actor)


_RESULTS = {
    "confirmed": lambda: _("They have a place."),
    "waitlisted": lambda: _("They are on the waiting list."),
    "pending": lambda: _("They are to be approved."),
    "offered": lambda: _("A place is offered to them."),
}


def _changed(
    event: Event, change: SignupChange, labels: dict[str, str], hosts: dict[str, str]
) -> Line:
    details: dict[str, Any] = change.details or {}
    who = _who(change.actor)
    host = hosts.get(details.get("host") or "", details.get("host") or "")
    match change.what:
        case "cancelled" if change.actor == "the person":
            what = _("Cancelled.")
        case "cancelled":
            what = _("The place was taken back by %(who)s.", who=who)
        case "came_back":
            what = _("Came back.")
        case "approved":
            what = _("Approved by %(who)s.", who=who)
        case "declined":
            what = _("Declined by %(who)s.", who=who)
        case "crew":
            what = _("Counted as crew by %(who)s.", who=who)
        case "audience":
            what = _("Counted as audience by %(who)s.", who=who)
        case "promoted":
            what = _("A place became free, and they got it.")
        case "offered":
            until = moment(from_ms(details["until"]), event.timezone)
            what = _("A place became free and was offered to them, until %(until)s.", until=until)
        case "accepted":
            what = _("Took the place that was offered.")
        case "lapsed":
            what = _("Did not take the place in time; it went on to the next person.")
        case "proved":
            what = _("Confirmed the address by pressing a button behind a mailed link.")
        case "placed":
            what = ""
        case "links_sent":
            what = _("The links were sent once more by %(who)s.", who=who)
        case "address_corrected":
            what = _("The address was corrected by %(who)s.", who=who)
        case "tagged":
            what = _("Tag “%(tag)s” given by %(who)s.", tag=details.get("tag"), who=who)
        case "untagged":
            what = _("Tag “%(tag)s” taken away by %(who)s.", tag=details.get("tag"), who=who)
        case "consent_given":
            what = _("Agreed to hear from %(host)s.", host=host)
        case "consent_withdrawn":
            what = _("Took back the agreement to hear from %(host)s.", host=host)
        case "edited":
            what = _("Changed what they had said.") if change.actor == "the person" else _("Changed by %(who)s.", who=who)  # fmt: skip
        case "added":
            what = _("Added by hand by %(who)s.", who=who)
        case "imported":
            what = _("Imported by %(who)s.", who=who)
        case _:
            # A word of another time stays as it is.
            what = f"{change.what.replace('_', ' ')} ({who})" if who else change.what
    result = _RESULTS.get(str(details.get("to")))
    what = " ".join(part for part in (what, result() if result else "") if part)
    words = details.get("reason") or details.get("said")
    more = [f"“{words}”"] if words else []
    more += _differences(details, labels)
    by_organiser = change.actor not in ("the person", "itself")
    kind = "place" if change.what in _PLACES else "organiser" if by_organiser else "words"
    return Line(change.at, kind, what, tuple(more))


_PLACES = frozenset(
    ("cancelled", "came_back", "approved", "declined", "promoted", "offered", "accepted", "lapsed", "placed", "added", "imported")
)  # fmt: skip


def _differences(details: dict[str, Any], labels: dict[str, str]) -> list[str]:
    """[before, after] by field, and by question below "answers", as lines."""
    named = {
        "name": _("Name"), "email": _("Address"), "access_needs": _("What would help"),
        "access_note": _("What would help"), "companions": _("Brings along"), "no_stay": _("No record of the stay"),
    }  # fmt: skip
    found = [(label, details[key]) for key, label in named.items() if key in details]
    answers = details.get("answers") or {}
    found += [(labels.get(key, key), pair) for key, pair in answers.items()]
    return [
        _("%(field)s: %(before)s → %(after)s", field=label, before=shown(pair[0]), after=shown(pair[1]))
        for label, pair in found
        if isinstance(pair, list) and len(pair) == 2
    ]  # fmt: skip


def shown(value: Any) -> str:
    """An answer as people read it."""
    if value is None or value == [] or value == "":
        return _("nothing")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return str(value)


def _visited(event: Event, visit: Visit) -> Line:
    start = time(visit.started_at, event.timezone)
    channel = {
        "room": _("in our room"), "link": _("went through our door"), "door": _("marked present at the door"),
        "platform": _("as the meeting platform says"), "import": _("as an imported file says"),
    }[visit.channel]  # fmt: skip
    if visit.end_reason is None and visit.channel == "room":
        return Line(visit.started_at, "visit", _("Came at %(start)s (%(how)s), and is there still.", start=start, how=channel))  # fmt: skip
    if visit.ended_at is None:
        return Line(visit.started_at, "visit", _("Came at %(start)s (%(how)s). How long they stayed is not known.", start=start, how=channel))  # fmt: skip
    minutes = round((visit.ended_at - visit.started_at).total_seconds() / 60)
    stayed = ngettext("%(num)s minute", "%(num)s minutes", minutes)
    more = _("The end is inferred from silence.") if visit.end_reason == "timeout" else ""
    return Line(
        visit.started_at, "visit",
        _("Was there from %(start)s to %(end)s, %(stayed)s (%(how)s).", start=start, end=time(visit.ended_at, event.timezone), stayed=stayed, how=channel),
        (more,) if more else (),
    )  # fmt: skip
