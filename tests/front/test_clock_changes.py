"""On nights when clocks change, and in weeks when only one of two zones has changed: page, mail and calendar
say the same."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import sqlalchemy as sa
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_signup
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.signup import mails

BERLIN = ZoneInfo("Europe/Berlin")


def mail_of(event: Any, **values: Any) -> OutgoingMail:
    mails.confirmed(event, make_signup(event, **values), NOW)
    db.session.flush()
    found = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
    assert found is not None
    return found


def entry_of(mail: OutgoingMail) -> Any:
    (entry,) = icalendar.Calendar.from_ical(mail.calendar or "").walk("VEVENT")
    return entry


@pytest.mark.case("D75")
def test_the_night_that_is_an_hour_longer(app: Any, client: Any) -> None:
    with app.app_context():
        event = make_event(
            slug="night", timezone="Europe/Berlin",
            starts_at=dt.datetime(2026, 10, 25, 1, 30, tzinfo=BERLIN).astimezone(dt.UTC),
            ends_at=dt.datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN).astimezone(dt.UTC),
        )  # fmt: skip
        db.session.commit()
        mail = mail_of(event)
        entry = entry_of(mail)
        said = "Sunday, 25 October 2026, 01:30 to 03:30"
        assert said in mail.text
        assert entry.decoded("dtend") - entry.decoded("dtstart").astimezone(dt.UTC) == dt.timedelta(hours=3)  # fmt: skip
        db.session.commit()
    with time_machine.travel(NOW, tick=False):
        page = client.get("/events/night").text
    assert said in page
    assert '"startDate": "2026-10-24T23:30:00Z", "endDate": "2026-10-25T02:30:00Z"' in page


@pytest.mark.case("D76")
def test_a_weekly_evening_for_somebody_in_new_york(context: Any) -> None:
    for day, hour in {"2027-03-08": 12, "2027-03-15": 13, "2027-03-22": 13, "2027-03-29": 12}.items():  # fmt: skip
        at = dt.datetime.fromisoformat(f"{day}T18:00").replace(tzinfo=BERLIN).astimezone(dt.UTC)
        event = make_event(timezone="Europe/Berlin", starts_at=at)
        mail = mail_of(event, timezone="America/New_York")
        (own,) = [line for line in mail.text.splitlines() if "On your own clock" in line]
        assert f"{hour}:00" in own, (day, own)
        assert "New York" in own
        assert ", 18:00 to 19:45" in mail.text
        assert entry_of(mail).decoded("dtstart") == at
