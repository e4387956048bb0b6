"""From a mailing to its mails: what one of each kind needs, whom it is still for, and what the door of this
package sends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from webapp.db import from_ms
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.letters import Composed
from webapp.mail.unsubscribing import MailList
from webapp.mailing import inviting, mails, queries, writing
from webapp.mailing.models import FIRST_MAILS, Mailing
from webapp.mailing.reminders import rule_of
from webapp.mailing.told import Facts
from webapp.signup import mails as signup_mails
from webapp.signup.invitations import queries as invited
from webapp.signup.models import Signup
from webapp.templating import absolute_url

# About a person's own sign-up; everything else can be ended by whoever gets it.
OWN = ("changed", "event_cancelled", "reminder")
# What nobody needs once the event is called off.
WITHDRAWN_MESSAGES = ("changed", "reminder", "join_now", "thank_you", "missed_you", "report_published", "blast", "invitation")  # fmt: skip


def unwanted(kind: str, event: Event, addresses: Iterable[str]) -> set[str]:
    """Those of the addresses that do not want a mail of this kind: they ended such mails, or, where it would
    be the first, somebody else had given the address. Who comes with a list did not ask for our mails."""
    if kind in OWN:
        return set()
    if kind in FIRST_MAILS:
        return invited.unwanted(event, addresses)
    return unsubscribing.among(addresses, MailList(event.host_key, event.id))


def is_for(mailing: Mailing, signup: Any) -> bool:
    """Whether this person still gets the mail that was let go to them."""
    if mailing.kind in ("changed", "event_cancelled", "blast"):
        return queries.is_reachable(signup)
    return signup.status == "confirmed" and signup.erased_at is None and signup.email is not None


# Whose words organisers write under another key than the kind's.
_KEYS = {
    "blast": "",
    "confirm": "confirmed",
    "invite": "invitation",
    "invite_again": "invitation_again",
}


def text_key(mailing: Mailing) -> str:
    """Under which key organisers may have written its words themselves; empty for what they write anew
    each time."""
    if mailing.kind == "reminder":
        rule = rule_of(mailing)
        return "reminder" if rule.asks else "is_on" if rule.anchor == "end" else "join_now"
    return _KEYS.get(mailing.kind, mailing.kind)


Compose = Callable[[Any, dt.datetime], Composed]


def as_it_was(event: Event, facts: Facts) -> Event:
    """A copy of the event with the time and place of ``facts``; belongs to no session."""
    values = {name: getattr(event, name) for name in Event.__table__.columns.keys()}  # noqa: SIM118 - no dictionary: its iterator gives columns
    values |= {
        "starts_at": facts.starts_at, "ends_at": facts.ends_at, "timezone": facts.timezone,
        "mode": facts.mode, "ics_sequence": facts.sequence,
    }  # fmt: skip
    return Event(**values)


def _changed(mailing: Mailing, event: Event) -> Compose:
    """What was fixed when it was let go, whatever becomes of the event while it goes out."""
    before, after = (Facts.read(mailing.details[name]) for name in ("before", "after"))
    first = from_ms(mailing.details["first"])
    event = as_it_was(event, after)

    def compose(signup: Signup, at: dt.datetime) -> Composed:
        knew = queries.knew_before(signup, first)
        return mails.changed(event, signup, at, before, after, knew=knew)

    return compose


def _reminder(mailing: Mailing, event: Event) -> Compose:
    rule = rule_of(mailing)
    if rule.asks:
        return lambda signup, at: mails.reminder(event, signup, at)
    is_on = rule.anchor == "end"
    return lambda signup, at: mails.join_now(event, signup, at, is_on=is_on)


def _follow_up(mailing: Mailing, event: Event) -> Compose:
    recording_url = str(mailing.details.get("recording_url", ""))
    report_url = str(mailing.details.get("report_url", ""))
    if mailing.kind == "missed_you":
        door_only = bool(mailing.details.get("door_only"))
        return lambda signup, at: mails.missed_you(
            event,
            signup,
            at,
            recording_url=recording_url,
            report_url=report_url,
            door_only=door_only,
        )
    stayed = mailing.kind == "stayed"
    return lambda signup, at: mails.thank_you(
        event, signup, at, recording_url=recording_url, report_url=report_url, stayed=stayed
    )


def _report(mailing: Mailing, event: Event) -> Compose:
    url = absolute_url("report.show", slug=event.slug)
    headline = str(mailing.details.get("headline", ""))
    return lambda signup, at: mails.report_published(
        event, signup, at, report_url=url, headline=headline
    )


def prepared(mailing: Mailing, event: Event) -> Compose:
    """What makes this mailing's mail to one person after the other."""
    match mailing.kind:
        case "changed":
            return _changed(mailing, event)
        case "event_cancelled":
            return lambda signup, at: mails.event_cancelled(event, signup, at)
        case "reminder":
            return _reminder(mailing, event)
        case "thank_you" | "missed_you" | "stayed":
            return _follow_up(mailing, event)
        case "report_published":
            return _report(mailing, event)
        case "blast":
            return lambda signup, at: mails.blast(
                event, signup, at, writing.for_language(mailing, event, signup.language)
            )
        case "confirm":
            return lambda signup, at: signup_mails.first_of_many(event, signup, at)
        case "invite" | "invite_again":
            again = mailing.kind == "invite_again"
            return lambda person, at: inviting.invitation(event, person, at, again=again)
    raise ValueError(f"a mailing of an unknown kind: {mailing.kind}")
