"""How many a mail goes to: the schedule, the mail's own page and what really goes out say the same, also when
somebody went, ended such mails or was erased since it was written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from tests.factories import make_event, make_signup, make_user, make_visit
from tests.mailing.conftest import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    coming_event,
    mailings,
    mails,
    put_off,
    run,
)
from tests.mailing.test_first_mails import approve, arrive, no_more
from tests.signup.test_imports import bring_in, people
from webapp.db import db
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mailing import operations, timeline
from webapp.mailing.models import KINDS
from webapp.mailing.operations import blasts
from webapp.mailing.writing import Whom, Words
from webapp.privacy import operations as privacy
from webapp.reports import operations as reports
from webapp.signup.choosing import Choice
from webapp.signup.invitations import operations as invitations
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import Signup

pytestmark = pytest.mark.usefixtures("context")
ADA = "ada@example.org"


def crowd(event: Event) -> None:
    for number in range(8):
        make_signup(event, f"Person {number}", email=f"p{number}@example.org")
    db.session.commit()


def upcoming() -> Event:
    event = coming_event()
    crowd(event)
    return event


def over() -> Event:
    start = NOW - 3 * HOUR
    event = make_event(slug="evening", starts_at=start, started_at=start, ended_at=NOW - HOUR)
    crowd(event)
    for number, signup in enumerate(db.session.scalars(sa.select(Signup).order_by(Signup.id))):
        if number % 2 == 0 or number == 7:
            make_visit(event, start, NOW - HOUR, signup=signup)
    db.session.commit()
    run(NOW)
    return event


def invited(event: Event) -> None:
    invitations.add_typed(event, people(8, first=10).decode(), NOW, by=ADA)
    db.session.commit()


def make_changed() -> dt.datetime:
    event = upcoming()
    put_off(event, NOW, HOUR)
    run(NOW)
    return NOW + 5 * MINUTE


def make_called_off() -> dt.datetime:
    event = upcoming()
    events.cancel(event, at=NOW, by=ADA)
    db.session.commit()
    run(NOW)
    return NOW + 5 * MINUTE


def make_reminder() -> dt.datetime:
    event = upcoming()
    bring_in(event, b"Email\nlist@example.org\n")
    db.session.commit()
    return event.starts_at - DAY


def make_follow_up(kind: str, number: int = 0) -> dt.datetime:
    approve(over(), kind, number=number)
    return NOW + 10 * MINUTE


def make_report() -> dt.datetime:
    event = over()
    reports.draft(event, at=NOW, by=ADA)
    reports.publish(event, at=NOW, by=ADA)
    approve(event, "report_published")
    return NOW + 10 * MINUTE


def make_blast() -> dt.datetime:
    event, ada = upcoming(), make_user("Ada")
    words = {"en": Words("A word", "Hello {name}")}
    blasts.hold(blasts.write(event, Whom(Choice()), words, NOW, ada), event, NOW, ada)
    db.session.commit()
    return NOW + 10 * MINUTE


def make_confirm() -> dt.datetime:
    event = coming_event()
    approve(event, "confirm", number=bring_in(event, people(8)).id)
    return NOW + 10 * MINUTE


def make_invite() -> dt.datetime:
    event = coming_event()
    invited(event)
    approve(event, "invite")
    return NOW + 10 * MINUTE


def make_invite_again() -> dt.datetime:
    make_invite()
    run(NOW + 10 * MINUTE)
    arrive()
    event = db.session.scalars(sa.select(Event)).one()
    approve(event, "invite_again", NOW + 20 * MINUTE)
    return NOW + 30 * MINUTE


MAKE: dict[str, Callable[[], dt.datetime]] = {
    "changed": make_changed,
    "event_cancelled": make_called_off,
    "reminder": make_reminder,
    "thank_you": lambda: make_follow_up("thank_you"),
    "missed_you": lambda: make_follow_up("missed_you"),
    "stayed": lambda: make_follow_up("stayed", 20),
    "report_published": make_report,
    "blast": make_blast,
    "confirm": make_confirm,
    "invite": make_invite,
    "invite_again": make_invite_again,
}


def some_go(kind: str, at: dt.datetime) -> None:
    """The first of the people cancels (or is withdrawn), the second wants no such mails, the last is
    erased."""
    event = db.session.scalars(sa.select(Event)).one()
    if kind.startswith("invite"):
        found = db.session.scalars(sa.select(Invitation).order_by(Invitation.id)).all()
        invitations.withdraw(found[0], at)
        no_more(event, found[1].email or "")
        invitations.forget(found[-1], at)
    else:
        signups = db.session.scalars(sa.select(Signup).where(Signup.email.like("p_@%")).order_by(Signup.id)).all()  # fmt: skip
        signups[0].status = "cancelled"
        signups[0].cancelled_at, signups[0].cancelled_by = at, "person"
        no_more(event, signups[1].email or "")
        privacy.erase_signup(signups[-1], at, by=ADA)
    db.session.commit()


@pytest.mark.parametrize("kind", KINDS)
def test_the_number_is_one_wherever_it_stands(kind: str) -> None:
    moment = MAKE[kind]()
    before = moment - MINUTE
    event = db.session.scalars(sa.select(Event)).one()
    some_go(kind, before)
    mailing = mailings(kind)[0]
    (line,) = [x for x in timeline.schedule(event, before).lines if x.mailing and x.mailing.id == mailing.id]  # fmt: skip
    on_its_page = operations.reach(mailing, event).people
    there = len(mails())
    db.session.commit()
    run(moment)
    written = len(mails()) - there
    assert 0 < written < 8
    assert (line.count, on_its_page) == (written, written)
    (done,) = [one for one in mailings(kind) if one.id == mailing.id]
    assert (done.state, done.queued) == ("done", written)
