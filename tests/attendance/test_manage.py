"""The organisers' page of attendance: figures in words, and head-counts."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from tests.conftest import NOW, Page
from tests.factories import make_event, make_session, make_signup, make_user, make_visit
from tests.signin import sign_in
from webapp import clock
from webapp.attendance.models import HeadCount
from webapp.db import db

BASE = "/manage/events/bolivia/attendance"
START = NOW + dt.timedelta(hours=1)  # 19:00 in London


def at(minutes: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minutes)


@pytest.fixture
def ada(app, client, monkeypatch):
    """Ada is signed in; it is 21:00 in London."""
    monkeypatch.setattr(clock, "now", lambda: at(120))
    with app.app_context():
        user = make_user("Ada")
        db.session.commit()
        sign_in(client, user)
        yield user


def shown(page: Page) -> list[tuple[str, str]]:
    return re.findall(r"<dt>([^<]+)</dt><dd[^>]*>([^<]*)</dd>", page.text)


def heads():
    db.session.expire_all()
    return [
        (row.count, row.at, row.source, row.author)
        for row in db.session.scalars(sa.select(HeadCount).order_by(HeadCount.id))
    ]


def test_an_evening_in_words(ada, client):
    event = make_event(ada, slug="bolivia", ended_at=at(100))
    make_session(event, "Opening", 10, started_at=at(1), ended_at=at(11))
    make_session(event, "Salt lakes", 10)
    ana, ben = make_signup(event), make_signup(event)
    make_visit(event, at(0), at(60), signup=ana)
    make_visit(event, at(30), at(50))
    make_visit(event, at(0), at(90), signup=ben, is_crew=True)
    make_signup(event)
    db.session.commit()
    page = client.page(BASE)
    got = shown(page)
    for pair in [
        ("People", "1 to 2"), ("Pressed Join", "3"), ("Signed up and came", "2"),
        ("of the confirmed sign-ups", "67 %"), ("Guests without a sign-up", "1"), ("Peak", "2"),
        ("Minutes together", "80"), ("Median stay in minutes", "40.0"),
        ("Minutes that were measured", "100 %"), ("Crew", "1"),
        ("Everybody, crew included", "2 to 3"), ("Peak of everybody", "3"),
        ("Watching together", "0"),
    ]:  # fmt: skip
        assert pair in got
    assert "It is a range because of 1 visitor without a name." in page.text
    assert "6 Apr 2027, 19:30 (London time)" in page.text
    assert page.text.count("As of 6 Apr 2027, 21:00 (London time).") == 4
    assert re.search(r"19:01 to 19:11 <span class=\"soft\">\(actual\)", page.text)
    assert re.search(r"19:10 to 19:20 <span class=\"soft\">\(planned\)", page.text)
    assert "Our own door and room" in page.text


def test_what_the_door_cannot_say_is_unknown(ada, client):
    event = make_event(ada, slug="bolivia", presence="door")
    make_session(event, "Opening", 10)
    make_visit(event, at(0), channel="link", end_reason="unknown")
    db.session.commit()
    page = client.page(BASE)
    got = shown(page)
    for label in (
        "Peak",
        "Minutes together",
        "Median stay in minutes",
        "of the confirmed sign-ups",
    ):
        assert (label, "unknown") in got
    assert "is unknown until a file is imported" in page.text
    assert re.search(r"\(planned\)</span></td>\s*(<td>unknown</td>){5}", page.text)


def test_before_anybody_came_the_page_says_what_will_stand_there(ada, client):
    make_event(ada, slug="bolivia")
    db.session.commit()
    page = client.page(BASE)
    assert ("People", "0") in shown(page)
    assert "Nobody came yet." in page.text
    assert page.text.count('aria-current="page"') == 1


def test_a_head_count_in_the_time_of_the_event(ada, client):
    make_event(ada, slug="bolivia")
    db.session.commit()
    assert client.page(BASE).field("when") == "2027-04-06T21:00"
    answer = client.send(
        BASE, {"count": "23", "when": "2027-04-06T20:15", "source": "Ana <b>, the hall"}
    )
    assert (answer.status_code, answer.location) == (302, BASE)
    assert heads() == [(23, at(75), "Ana <b>, the hall", "ada@example.org")]
    page = client.page(BASE)
    assert "23 heads on 6 Apr 2027, 20:15 (London time), from: Ana &lt;b&gt;, the hall" in page.text


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("count", "many", "A whole number."),
        ("count", "", "A whole number."),
        ("count", "-1", "Between 0 and 100000 heads."),
        ("when", "tomorrow", "A day and a time"),
        ("when", "2027-04-06T21:01", "That is still to come."),
        ("when", "2027-03-28T01:30", "the clocks go forward"),
        ("source", "", "Say who counted"),
    ],
)
def test_a_head_count_with_a_slip_is_shown_again(ada, client, field, typed, says):
    make_event(ada, slug="bolivia")
    db.session.commit()
    data = {"count": "23", "when": "2027-04-06T20:15", "source": "the hall", field: typed}
    answer = client.send(BASE, data)
    page = Page(answer)
    assert page.status == 400
    assert says in re.search(r'<p class="error" id="' + field + r'-error">([^<]*)', page.text)[1]
    for name, value in data.items():
        assert page.field(name) == value
    assert heads() == []


@pytest.mark.case("D75")
@pytest.mark.parametrize(("now", "counted"), [("00:40", "00:30"), ("01:40", "01:30")])
def test_a_time_that_comes_twice_is_the_last_one(ada, client, monkeypatch, now, counted):
    night = dt.datetime.fromisoformat("2027-10-31T00:00Z")
    make_event(ada, slug="bolivia", timezone="Europe/Berlin", starts_at=night)
    db.session.commit()
    monkeypatch.setattr(clock, "now", lambda: dt.datetime.fromisoformat(f"2027-10-31T{now}Z"))
    client.send(BASE, {"count": "23", "when": "2027-10-31T02:30", "source": "the hall"})
    assert [row[1] for row in heads()] == [dt.datetime.fromisoformat(f"2027-10-31T{counted}Z")]


def test_an_old_page_is_shown_again_filled_in(ada, client):
    make_event(ada, slug="bolivia")
    db.session.commit()
    page = Page(
        client.post(
            BASE,
            data={"csrf_token": "old", "count": "23", "when": "2027-04-06T20:15", "source": "hall"},
        )
    )
    assert (page.status, page.field("count")) == (400, "23")
    assert "please send it once more" in page.text
    assert heads() == []


def test_strangers_see_nothing(ada, client):
    make_event(make_user("Ben"), slug="bolivia")
    db.session.commit()
    assert client.get(BASE).status_code == 404
    assert client.post(BASE, data={"count": "1"}).status_code == 404


def test_nobody_signed_in_is_sent_to_the_sign_in(client):
    assert client.get(BASE).status_code == 302
