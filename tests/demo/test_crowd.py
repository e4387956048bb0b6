"""The people in the live sample's room, who have no browsers."""

from __future__ import annotations

import datetime as dt
import random

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from webapp.attendance import presence
from webapp.attendance.models import Visit
from webapp.db import db
from webapp.demo import commands, crowd, operations
from webapp.events.models import Event
from webapp.signup.models import Consent, Signup


def _room(slug: str, *, is_sample: bool = True, is_invented: bool = True) -> Event:
    """A live event with one person in its room since it began."""
    event = make_event(slug=slug, is_sample=is_sample, starts_at=NOW, started_at=NOW)
    make_visit(event, NOW, signup=make_signup(event, is_sample=is_invented))
    return event


def _evening(first: int, last: int) -> None:
    """From one minute to another, as the jobs do it: twice a minute."""
    for half in range(2 * first, 2 * last):
        at = NOW + dt.timedelta(seconds=30 * half)
        commands.keep_crowd(at)
        presence.sweep(at)


def _there(event: Event) -> bool:
    db.session.expire_all()
    found = db.session.scalars(sa.select(Visit).where(Visit.event_id == event.id)).one()
    return found.end_reason is None


def test_the_sample_evening_stays_full_until_it_is_over(context: Flask) -> None:
    live = _room(operations.LIVE)
    _evening(0, 10)
    assert _there(live)
    live.ended_at = NOW + dt.timedelta(minutes=10, seconds=30)
    _evening(10, 12)
    assert not _there(live)


@pytest.mark.parametrize(
    ("slug", "values"),
    [
        (operations.LIVE, {"is_sample": False}),
        (operations.LIVE, {"is_invented": False}),
        ("another", {}),
    ],
)
def test_nobody_else_is_kept_anywhere(context: Flask, slug: str, values: dict[str, bool]) -> None:
    """Not in an event of the same name, not a real person who tries the sample, not at another event."""
    event = _room(slug, **values)
    _evening(0, 10)
    assert not _there(event)


@pytest.mark.usefixtures("context")
def test_each_invented_person_agreed_in_the_words_of_the_form_and_to_nothing_more() -> None:
    event = make_event(is_sample=True, host_name="Friends", retention_days=30, starts_at=NOW)
    plan = crowd.Plan(signups=3, cancelled=1, come=0, guests_with_name=0, guests_without=0)
    crowd.sign_up(event, plan, NOW, random.Random(1))
    found = db.session.scalars(sa.select(Consent).order_by(Consent.id)).all()
    words = "I agree that Friends keeps my name, my address and my answers to run this event, until 30 days after it."
    assert [(c.kind, c.host_key, c.wording.startswith(words)) for c in found] == [("event", None, True)] * 3  # fmt: skip
    made = dict(db.session.execute(sa.select(Signup.id, Signup.created_at)).tuples().all())
    assert {c.signup_id: c.agreed_at for c in found} == made
