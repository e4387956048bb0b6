"""What mailings are called on screen, and what is said of them. For organisers."""

from __future__ import annotations

import dataclasses
import datetime as dt

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp.events.models import Event
from webapp.mail import placeholders
from webapp.mail.forecasting import Forecast
from webapp.mailing.models import Mailing
from webapp.mailing.reminders import Rule, rule_of
from webapp.signup import finding
from webapp.signup.choosing import Choice
from webapp.templating import date, number, time, zone_name

HOUR, DAY = 60, 24 * 60


def span(minutes: int) -> str:
    """ "24 hours", "3 days", "90 minutes": in the largest unit that fits."""
    if minutes % DAY == 0 and minutes > DAY:
        return ngettext("%(num)d day", "%(num)d days", minutes // DAY)
    if minutes % HOUR == 0:
        return ngettext("%(num)d hour", "%(num)d hours", minutes // HOUR)
    return ngettext("%(num)d minute", "%(num)d minutes", minutes)


def amount(rule: Rule) -> tuple[int, str]:
    """The same as a number and a unit, for a form."""
    if rule.minutes % DAY == 0 and rule.minutes > DAY:
        return rule.minutes // DAY, "days"
    if rule.minutes % HOUR == 0:
        return rule.minutes // HOUR, "hours"
    return rule.minutes, "minutes"


UNITS = {"minutes": 1, "hours": HOUR, "days": DAY}


def units() -> dict[str, str]:
    return {"minutes": _("minutes"), "hours": _("hours"), "days": _("days")}


def anchors() -> dict[str, str]:
    return {"start": _("before the start"), "end": _("before the end")}


def name(mailing: Mailing, by_door: bool = False) -> str:
    """What a mailing is, in a few words."""
    match mailing.kind:
        case "changed":
            return _("What changed")
        case "event_cancelled":
            return _("Called off")
        case "reminder":
            rule = rule_of(mailing)
            before = anchors()[rule.anchor]
            return _("Reminder %(span)s %(before)s", span=span(rule.minutes), before=before)
        case "thank_you":
            return _("Thank you for coming")
        case "missed_you":
            return _("We did not see you") if by_door else _("Sorry we missed you")
        case "stayed":
            return _("Thank you for staying %(span)s", span=span(mailing.number))
        case "report_published":
            return _("The report is published")
        case "confirm":
            of = str(mailing.details.get("list", ""))
            return _("Confirmation for the list “%(name)s”", name=of) if of else _("Confirmation for a list")  # fmt: skip
        case "invite":
            return _("Invitation")
        case "invite_again":
            return _("Reminder of the invitation")
    texts = [text.subject for text in mailing.texts if text.subject]
    return placeholders.in_general(texts[0]) if texts else _("A mail without a subject")


def whom(kind: str, by_door: bool = False) -> str:
    """Whom a mail of this kind goes to."""
    match kind:
        case "changed":
            return _("everybody who was told otherwise")
        case "event_cancelled":
            return _("everybody who has a place, is on the waiting list or is to be approved")
        case "reminder":
            return _("everybody who has a place by then")
        case "thank_you":
            return _("who went through the door") if by_door else _("who came")
        case "missed_you":
            return _("who had a place and did not go through the door") if by_door else _("who had a place and did not come")  # fmt: skip
        case "stayed":
            return _("who stayed that long")
        case "report_published":
            return _("everybody who had a place")
        case "confirm":
            return _("who came with this list, and has had no mail from us")
        case "invite":
            return _("who is on the list of invitations, and was not asked yet")
        case "invite_again":
            return _("who was asked, and has not answered")
    return _("whom you chose")


STATUSES = {
    "": _l("everybody who has a place, is on the waiting list or is to be approved"),
    "confirmed": _l("who has a place"),
    "waitlisted": _l("who is on the waiting list"),
    "pending": _l("who is to be approved"),
}
GROUPS = {
    "": _l("whether they came or not"),
    "came": _l("only who joined"),
    "absent": _l("only who did not join"),
    "stayed": _l("only who stayed, in minutes:"),
}


def choice_of(mailing: Mailing) -> Choice:
    """Which sign-ups an organiser chose for it."""
    return Choice.from_args(mailing.choice or {})


def beside(event: Event, choice: Choice) -> list[str]:
    """What a choice asks beside the status and the tag, in words."""
    rest = dataclasses.replace(choice, status=None, tag=None)
    return [part.text for part in finding.said(event, rest)]


def status_of(choice: Choice) -> str:
    """Where those chosen stand, also where nobody there can be written to."""
    status = choice.status or ""
    return str(STATUSES.get(status) or finding.status_words().get(status, status))


def why_nobody(choice: Choice) -> str:
    """Why a mail to those chosen reaches nobody, however many they are; empty if it can reach some."""
    if choice.status == "cancelled":
        return _("None of them can be written to: whoever gave up their place gets no more mails of this event.")  # fmt: skip
    if choice.status == "declined":
        return _("None of them can be written to: whoever was declined gets no more mails of this event.")  # fmt: skip
    if choice.reason in ("address", "click"):
        return _("None of them can be written to: they have not shown that the address is theirs. Their sign-ups have a button that sends the links once more.")  # fmt: skip
    return ""


def chosen(mailing: Mailing, event: Event) -> str:
    """Whom an organiser chose for a mail, in words."""
    choice = choice_of(mailing)
    found = [status_of(choice)]
    if choice.tag:
        found.append(_("has the tag “%(tag)s”", tag=choice.tag))
    found += beside(event, choice)
    if mailing.attendance == "stayed":
        found.append(_("who stayed %(span)s", span=span(mailing.number)))
    elif mailing.attendance:
        found.append(str(GROUPS[mailing.attendance]))
    return ", ".join(found)


def state(mailing: Mailing) -> str:
    """How far it is."""
    match mailing.state:
        case "draft":
            return _("Draft")
        case "off":
            return _("Switched off")
        case "planned":
            return _("Planned")
        case "held":
            return _("Held")
        case "sending":
            looked_at = number(mailing.queued + mailing.passed_over)
            return _("Sending, %(n)s of %(m)s", n=looked_at, m=number(mailing.total))
        case "done":
            return ngettext(
                "Sent to one", "Sent to %(n)s", mailing.queued, n=number(mailing.queued)
            )
        case "skipped":
            return _("Passed over")
    return _("Stopped")


def why_skipped(mailing: Mailing) -> str:
    if mailing.state != "skipped":
        return ""
    return _("Its time had passed when the event was made, moved or published.")


def people(count: int) -> str:
    return ngettext("one person", "%(n)s people", count, n=number(count))


def through(forecast: Forecast, event: Event, at: dt.datetime) -> str:
    """When a batch will be through, and whether that is in time: "Ends about 18:52, the event starts
    17:30 (London time)." """
    if not forecast.has_server:
        return _("No mail server is set: mails stay in the outbox until there is one.")
    if forecast.ends_at is None:
        return _("Not within a month: the mail server's quota is too small for so many.")
    zone = event.timezone
    is_same_day = date(forecast.ends_at, zone) == date(event.starts_at, zone)

    def said(moment: dt.datetime) -> str:
        clock = time(moment, zone)
        return clock if is_same_day else f"{date(moment, zone, 'medium')}, {clock}"

    ends, named = said(forecast.ends_at), zone_name(zone)
    if event.live_from <= at:
        return _("Ends about %(ends)s (%(zone)s).", ends=ends, zone=named)
    starts = said(event.starts_at)
    return _("Ends about %(ends)s, the event starts %(starts)s (%(zone)s).", ends=ends, starts=starts, zone=named)  # fmt: skip


def basis(forecast: Forecast) -> str:
    """What the forecast rests on."""
    pace = number(forecast.pace)
    found = [
        _("Measured: %(pace)s mails a minute.", pace=pace)
        if forecast.is_measured
        else _("Too few mails were sent lately to measure how fast they go; taken as %(pace)s a minute.", pace=pace)
    ]  # fmt: skip
    if forecast.ahead:
        found.append(ngettext("One mail goes before.", "%(n)s mails go before.", forecast.ahead, n=number(forecast.ahead)))  # fmt: skip
    if forecast.held_by == "hour":
        found.append(_("The mail server's hourly quota holds it back."))
    elif forecast.held_by == "day":
        found.append(_("The mail server's daily quota holds it back."))
    return " ".join(found)


def is_late(forecast: Forecast, event: Event, at: dt.datetime) -> bool:
    """Whether it is through only after the event has begun."""
    return forecast.ends_at is not None and at < event.starts_at < forecast.ends_at
