"""One of each message, as it is queued in life: for what is true of every mail."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_target
from webapp.accounts.models import User
from webapp.cohosts import mails as cohosts
from webapp.db import db
from webapp.events.models import CoHost, Event
from webapp.mail import outbox
from webapp.mailing import inviting
from webapp.mailing import mails as mailing
from webapp.mailing.models import MailingText
from webapp.mailing.told import Facts
from webapp.signup import mails
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import Signup

FOLDER = Path(__file__).parents[2] / "templates" / "mail"
REPORT = "http://turnout.test/events/evening/report"
BLAST = "Dear {name},\n\n**come**, and bring [a friend]({event_page}).\n\n{join_button}"
TITLE = "Bolivia Shows There Is An Alternative: Putting People and Planet First"


def _changed(event: Event, person: Signup) -> None:
    after = Facts.of(event)
    before = dataclasses.replace(after, starts_at=after.starts_at - dt.timedelta(days=1), ends_at=after.ends_at - dt.timedelta(days=1))  # fmt: skip
    mailing.changed(event, person, NOW, before, after, knew=True).post()


# What people get, by the folder of its templates.
MESSAGES: dict[str, Callable[[Event, Signup], Any]] = {
    "confirm_address": lambda event, person: mails.confirm_address(event, person, NOW),
    "confirmed": lambda event, person: mails.confirmed(event, person, NOW, first=True),
    "waiting_for_approval": lambda event, person: mails.waiting_for_approval(event, person, NOW, first=True),
    "approved": lambda event, person: mails.approved(event, person, NOW),
    "declined": lambda event, person: mails.declined(event, person, NOW, "The hall is too small."),
    "waitlisted": lambda event, person: mails.waitlisted(event, person, NOW, first=True),
    "offer": lambda event, person: mails.offer(event, person, NOW),
    "offer_lapsed": lambda event, person: mails.offer_lapsed(event, person, NOW),
    "link_again": lambda event, person: mails.link_again(event, person, NOW),
    "cancelled": lambda event, person: mails.cancelled(event, person, NOW, by="organiser", reason="The hall is too small.", had_place=True),
    "erase_link": lambda event, person: mails.erase_link(event, person, NOW),
    "changed": _changed,
    "event_cancelled": lambda event, person: mailing.event_cancelled(event, person, NOW).post(),
    "reminder": lambda event, person: mailing.reminder(event, person, NOW).post(),
    "join_now": lambda event, person: mailing.join_now(event, person, NOW).post(),
    "thank_you": lambda event, person: mailing.thank_you(event, person, NOW, recording_url="https://video.example.org/1", report_url=REPORT).post(),
    "missed_you": lambda event, person: mailing.missed_you(event, person, NOW, recording_url="https://video.example.org/1", report_url=REPORT, door_only=False).post(),
    "blast": lambda event, person: mailing.blast(event, person, NOW, MailingText(language="en", subject="Bring a friend, {name}", body=BLAST)).post(),
    "cohost_removals": lambda event, person: cohosts.removals(event, CoHost(event_id=event.id, key="wiphalas", name=person.name, contact_email=person.email), 3, NOW),
    "handover_waiting": lambda event, person: cohosts.not_handed_over(event, User(email=person.email, name=person.name), [("Wiphalas", 3)], NOW + dt.timedelta(days=3), NOW),
    "trial": lambda _event, person: outbox.queue("trial", to_address=person.email, to_name=person.name, context={}, at=NOW),
    "invitation": lambda event, person: inviting.invitation(event, Invitation(event_id=event.id, public_id=person.public_id, name=person.name, email=person.email, language="en"), NOW, again=False).post(),
    "report_published": lambda event, person: mailing.report_published(event, person, NOW, report_url=REPORT, headline="Over 1,200 people joined").post(),
}  # fmt: skip
# Looked at where they are written: organisers' own words.
WRITTEN = {"_written"}


def folders() -> set[str]:
    return {path.name for path in FOLDER.iterdir() if path.is_dir()} - WRITTEN


def queue(message: str, name: str = "Ana Álvarez", **event_values: Any) -> Event:
    """Queues one such mail to ``name`` and commits."""
    values = {"slug": "evening", "title": TITLE, "host_name": "Friends of Bolivia",
              "host_url": "https://friends.example.org", "accent": "#1f6b43"}  # fmt: skip
    event = make_event(**values | event_values)
    make_target(event)
    person = make_signup(
        event, name, email="ana@example.org", public_id="a" * 22, person_key=4711,
        timezone="America/La_Paz", offer_expires_at=NOW + dt.timedelta(minutes=30),
    )  # fmt: skip
    MESSAGES[message](event, person)
    db.session.commit()
    return event
