"""Before they sign up, people read on which day they are deleted; and on that day they are."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import make_event, make_signup
from webapp import templating
from webapp.db import db
from webapp.privacy import commands
from webapp.signup.models import Signup


@pytest.mark.case("D80")
@pytest.mark.parametrize(
    ("ends_at", "zone", "days", "day"),
    [
        ("2027-04-06T20:00Z", "Europe/London", 30, "6 May 2027"),
        # Past midnight there, and over the night in which the clocks go back.
        ("2027-10-20T22:30Z", "Europe/Berlin", 30, "19 November 2027"),
        ("2027-04-06T20:00Z", "Europe/London", 0, "6 April 2027"),
    ],
)
def test_the_day_is_shown_and_kept(
    app: Flask, client: FlaskClient, ends_at: str, zone: str, days: int, day: str
) -> None:
    end = dt.datetime.fromisoformat(ends_at)
    with app.app_context():
        event = make_event(
            slug="evening", starts_at=end - dt.timedelta(hours=1), ends_at=end, timezone=zone,
            retention_days=days,
        )  # fmt: skip
        signup_id = make_signup(event).id
        db.session.commit()
    for page in ("/events/evening", "/events/evening/privacy"):
        assert day in client.page(page).text, page
    with app.app_context():
        due = end + dt.timedelta(days=days)
        commands.run(due - dt.timedelta(milliseconds=1))
        assert db.session.get_one(Signup, signup_id).erased_at is None
        commands.run(due)
        assert db.session.get_one(Signup, signup_id).erased_at == due
        assert templating.date(due, zone, "long") == day
