from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from tests.conftest import NOW
from tests.factories import make_erased, make_event, make_signup, make_target, make_user, make_visit
from tests.front.evening import BASE, make_evening, minute, sign_in_before
from webapp.agenda import operations
from webapp.db import db
from webapp.events import texts
from webapp.events.models import Event
from webapp.front import checklist


def at(number):
    return time_machine.travel(minute(number), tick=False)


def crowd(app, event_id):
    """Five confirmed, two of them came; a guest came and left; one each waits, was declined, cancelled."""
    with app.app_context():
        event = db.session.get(Event, event_id)
        people = [make_signup(event) for _number in range(5)]
        for status in ("pending", "waitlisted", "declined", "cancelled"):
            make_signup(event, status=status)
            # Nobody acts for somebody whose data is gone.
            make_erased(event, minute(0), status=status)
        for person in people[:2]:
            make_visit(event, minute(0), signup=person, last_seen_at=minute(10))
        make_visit(event, minute(0), minute(5))
        db.session.commit()


def test_the_counts_of_a_live_evening(client, app):
    evening = make_evening(app, client)
    crowd(app, evening.id)
    with at(10):
        page = client.page(BASE)
        live = client.get(f"{BASE}/board/live").json["figures"]
    for name, value in {
        "confirmed": "5", "doors": "3", "present": "2", "not_joined": "3", "pending": "1",
        "waitlisted": "1", "cancelled": "1", "status": "Live for 10 min",
        "as_of": "as of 19:10:00 (London time)",
    }.items():  # fmt: skip
        assert live[name] == value
        assert f'data-figure="{name}"' in page.text
    assert ">2</dd>" in page.text
    assert "who signed up have not joined yet." in page.text
    assert "Open the cockpit" in page.text


def test_unknown_where_presence_is_not_measured(client, app):
    make_evening(app, client, presence="door")
    with at(10):
        page = client.page(BASE)
        assert '<dd data-figure="present" class="unknown">unknown</dd>' in page.text
        assert client.get(f"{BASE}/board/live").json["figures"]["present"] == "unknown"


@pytest.mark.parametrize(
    ("values", "number", "status", "button"),
    [
        ({"state": "draft"}, -2880, "Draft: nobody sees it yet", None),
        ({}, -2880, "Starts in 2 days", None),
        ({}, -125, "Starts in 2 h 05 min", "Open the cockpit"),
        ({}, 166, "Over", "Write the report"),
        ({"state": "cancelled"}, 0, "Called off", None),
    ],
)
def test_where_the_event_stands_and_what_to_do(client, app, values, number, status, button):
    make_evening(app, client, **values)
    with at(number):
        text = client.page(BASE).text
    assert status in text
    for words in ("Check and publish", "Open the cockpit", "Write the report"):
        assert (words in text) == (words == button)


def test_the_checklist_names_what_is_missing(client, app):
    with app.app_context():
        ada = make_user("Ada")
        event = make_event(ada, slug="bolivia", state="draft", presence="door", host_name="")
        db.session.commit()
        sign_in_before(client, ada)
        event_id = event.id
    with at(-1000):
        text = client.page(BASE).text
    without, better = text.split("somebody would notice")
    assert (without.count("Missing:"), better.count("Missing:")) == (1, 4)
    assert ("Who hosts it" in without, "Where people join" in better) == (True, True)
    # What blocks has no button to publish beside it.
    assert "/publish" not in text
    assert "/manage/events/bolivia/previews" in text
    with app.app_context():
        event = db.session.get(Event, event_id)
        event.host_name, event.summary, event.state = "Friends", "Come.", "published"
        make_target(event)
        operations.replace(
            event, [{"title": "A", "minutes": 5, "speakers": [{"name": "K", "role": "chair"}]}],
            minute(0),
        )  # fmt: skip
        db.session.commit()
    with at(-1000):
        text = client.page(BASE).text
    assert re.findall(r"Missing:</span> <a [^>]*>([^<]+)", text) == [
        "No mail server is set up: mails are kept here and reach nobody"
    ]
    assert text.count("Done:") == 5
    assert "5 things are done" in text


def test_the_checklist_sees_what_time_languages_and_mail_lack(context):
    at_, ada = NOW, make_user("Ada")
    event = make_event(ada, state="draft", starts_at=NOW - dt.timedelta(hours=5))
    event.translations = {"es": {"texts": {"title": "Una velada"}, "of": {"title": "x"}}}

    def said():
        return [
            (s.weight, s.text, s.address.rpartition("/")[2])
            for s in checklist.steps(event, [], at_)
        ]

    found = said()
    assert found[0] == ("blocks", "A time that is still to come: it would be over.", "settings")
    assert ("missing", "1 text is missing in Spanish, or older than what it translates", "languages?to=es") in found  # fmt: skip
    assert found[-1][0] == "done"
    event.starts_at, event.ends_at = NOW + dt.timedelta(days=2), NOW + dt.timedelta(days=2, hours=1)
    event.closes_at = NOW - dt.timedelta(days=1)
    event.translations["es"]["of"]["title"] = texts.mark(event.title)
    context.config["MAIL_SERVER"] = "mail.example.org"
    context.config["MAIL_DEFAULT_SENDER"] = "Turnout <turnout@localhost>"
    found = [text for _weight, text, _page in said()]
    assert "All texts are there in Spanish" in found
    assert "Sign-up is closed already: look at when it closes." in found
    assert "Mails come from turnout@localhost, a domain that nobody outside can look up: many will not arrive" in found  # fmt: skip
    context.config["MAIL_DEFAULT_SENDER"] = "Turnout <turnout@friends.org>"
    assert ("done", "Mails come from turnout@friends.org", "mail") in said()


def test_links_to_pass_on(client, app):
    make_evening(app, client)
    with at(-1000):
        text = client.page(BASE).text
    assert 'value="http://turnout.test/events/bolivia"' in text
    assert 'value="http://turnout.test/chair/' in text
    assert 'id="guest-link" readonly value="http://turnout.test/' in text


def test_an_empty_event_is_a_page_too(client, app):
    with app.app_context():
        ada = make_user("Ada")
        make_event(ada, slug="bolivia")
        db.session.commit()
        sign_in_before(client, ada)
    with at(-1000):
        text = client.page(BASE).text
    assert "Nothing is planned yet." in text
    assert "Write the agenda" in text


def test_the_same_number_of_queries_for_any_crowd(client, app, count_queries):
    evening = make_evening(app, client)

    def cost():
        with at(10), count_queries() as made:
            client.page(BASE)
        return len(made)

    cost()
    few = cost()
    for _number in range(3):
        crowd(app, evening.id)
    assert cost() == few


def test_strangers_see_404(client, app):
    make_evening(app, client)
    with app.app_context():
        cleo = make_user("Cleo")
        db.session.commit()
        sign_in_before(client, cleo)
    with at(0):
        assert client.get(BASE).status_code == 404
        assert client.get(f"{BASE}/board/live").status_code == 404
