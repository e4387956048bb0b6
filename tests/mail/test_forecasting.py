"""When a batch will be through: what waits before it, how fast mails go, and what the server allows."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.mail.conftest import put
from webapp.db import db
from webapp.mail import forecasting, pauses
from webapp.mail.forecasting import ASSUMED_PACE, forecast

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture(autouse=True)
def server(app: Flask) -> None:
    app.config["MAIL_SERVER"] = "mail.example.org"


def _sent(*seconds_ago: float) -> None:
    for number, ago in enumerate(seconds_ago):
        mail = put(f"sent{number}@example.org")
        mail.state, mail.sent_at = "sent", NOW - dt.timedelta(seconds=ago)
    db.session.commit()


def _minutes(moment: dt.datetime | None) -> float:
    assert moment is not None
    return (moment - NOW).total_seconds() / 60


def test_before_anything_was_sent_the_pace_is_said_to_be_a_guess() -> None:
    found = forecast(240, "blast", NOW)
    assert (found.ahead, found.is_measured, found.pace) == (0, False, ASSUMED_PACE)
    assert _minutes(found.ends_at) == 2


def test_the_pace_is_that_of_the_last_mails_without_the_time_in_which_nothing_was_due() -> None:
    _sent(*range(10, 35), *range(4000, 4010))
    found = forecast(60, "blast", NOW)
    assert found.is_measured
    assert found.pace == 60
    assert _minutes(found.ends_at) == 1


def test_mails_of_long_ago_say_nothing_of_the_pace() -> None:
    _sent(*range(90_000, 90_100))
    assert not forecast(60, "blast", NOW).is_measured


def test_what_waits_in_more_urgent_lanes_goes_first_and_what_is_less_urgent_does_not() -> None:
    for number, lane in enumerate(("own", "own", "reminder", "blast")):
        put(f"waits{number}@example.org", lane=lane)
    assert [forecast(1, lane, NOW).ahead for lane in ("own", "reminder", "blast")] == [2, 3, 4]


def test_without_a_server_there_is_no_end(app: Flask) -> None:
    app.config["MAIL_SERVER"] = ""
    found = forecast(10, "blast", NOW)
    assert (found.ends_at, found.has_server) == (None, False)


def test_an_hourly_quota_spreads_a_batch_over_the_hours(app: Flask) -> None:
    app.config["MAIL_HOURLY_QUOTA"] = 100
    found = forecast(250, "blast", NOW)
    assert found.held_by == "hour"
    # A hundred at once, a hundred an hour later, and the last fifty after two.
    assert 120 <= _minutes(found.ends_at) <= 122


def test_what_was_sent_in_the_last_hour_counts_against_the_quota(app: Flask) -> None:
    app.config["MAIL_HOURLY_QUOTA"] = 30
    _sent(*[1800.0] * 30)
    found = forecast(10, "blast", NOW)
    assert 29 <= _minutes(found.ends_at) <= 31
    assert _minutes(forecast(0, "blast", NOW).ends_at) == 0


def test_a_daily_quota_that_a_month_does_not_satisfy_has_no_end(app: Flask) -> None:
    app.config["MAIL_DAILY_QUOTA"] = 10
    found = forecast(25, "blast", NOW)
    assert found.held_by == "day"
    assert 2 * 24 * 60 <= _minutes(found.ends_at) <= 2 * 24 * 60 + 2
    assert forecast(1000, "blast", NOW).ends_at is None


def test_a_pause_of_delivery_comes_first() -> None:
    pause = pauses.begin(NOW, "refused", "535 no")
    db.session.commit()
    found = forecast(0, "blast", NOW)
    assert found.ends_at == pause.until > NOW


def test_it_asks_the_database_four_times_at_most(app: Flask, count_queries: object) -> None:
    app.config["MAIL_HOURLY_QUOTA"] = 100
    _sent(*range(30))
    with count_queries() as queries:  # type: ignore[operator]  # a fixture's function
        forecasting.forecast(10, "blast", NOW)
    assert len(queries) == 4


def test_what_is_held_leaves_after_its_hold_and_what_waits_now_goes_meanwhile() -> None:
    for number in range(int(ASSUMED_PACE) * 2):
        put(f"waits{number}@example.org")
    held = forecast(int(ASSUMED_PACE), "blast", NOW, not_before=NOW + dt.timedelta(minutes=10))
    assert held.ahead == 0
    assert _minutes(held.ends_at) == 11
    soon = forecast(int(ASSUMED_PACE), "blast", NOW, not_before=NOW + dt.timedelta(minutes=1))
    assert soon.ahead == ASSUMED_PACE
    assert _minutes(soon.ends_at) == 3
