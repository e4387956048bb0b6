"""In which language a page speaks, and how it writes a date."""

from __future__ import annotations

import pytest
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.reports.article import in_language
from webapp.signup import mails
from webapp.templating import moment, number

WRITTEN = "Tuesday, 6 April 2027, 19:00 to 20:45"


@pytest.fixture
def evening(app):
    with app.app_context():
        make_event(make_user(), slug="evening")
        db.session.commit()


@pytest.mark.parametrize(
    "browser",
    [
        None,
        "en-GB,en-US;q=0.9,en;q=0.8",
        # What browsers of Germans say by default: they read English, and write the day first.
        "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7",
        "en-US,en;q=0.9",
        "*",
        "nonsense;;q",
    ],
)
def test_english_writes_a_date_one_way_for_all(client, evening, browser):
    """Americans as well: the day before a month in words is misread by nobody, beside a clock of 24 hours."""
    headers = {"Accept-Language": browser} if browser else {}
    with time_machine.travel(NOW, tick=False):
        text = client.page("/events/evening", headers=headers).text
    assert WRITTEN in text
    assert '<html lang="en">' in text


def test_a_mail_says_it_as_the_page_does(app, evening):
    with app.test_request_context(headers={"Accept-Language": "en-US"}):
        event = make_event(slug="other")
        mails.confirmed(event, make_signup(event), NOW)
        mail = db.session.query(OutgoingMail).one()
        assert WRITTEN in mail.text
        assert '<html lang="en">' in mail.html


def test_a_report_is_the_same_for_everybody(app):
    with app.test_request_context(headers={"Accept-Language": "en-US"}):
        assert moment(NOW, "UTC") == "6 Apr 2027, 17:00 (UTC)"
        with in_language("en"):
            assert moment(NOW, "UTC") == "6 Apr 2027, 17:00 (UTC)"


def test_numbers_are_written_as_the_language_does(app):
    with app.test_request_context("/events/x?lang=es"):
        assert (number(1214), number(12140), number(2.25, 1), number(None)) == ("1.214", "12.140", "2,2", "no se sabe")  # fmt: skip
    with app.test_request_context("/events/x"):
        assert (number(1214), number(12140), number(2.25, 1), number(None)) == ("1,214", "12,140", "2.2", "unknown")  # fmt: skip
