"""The poster: every face it shows, and how cheaply."""

from __future__ import annotations

import datetime as dt
import json
import re
from urllib.parse import urlsplit

import html5lib
import pytest
import sqlalchemy as sa
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_session, make_signup, make_speaker
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import links


@pytest.fixture
def evening(app):
    """An event with one item and one speaker; answers its slug. Keyword values go to the event."""

    def make(speakers: int = 1, **values):
        with app.app_context():
            event = make_event(**values)
            for number in range(speakers):
                who = make_speaker(event, f"Łucja Ąžuolė {number}", affiliation="Somewhere")
                make_session(event, f"Talk {number}", speakers=[(who, "speaker")])
            db.session.commit()
            return event.slug

    return make


def show(client, slug, at=NOW):
    with time_machine.travel(at, tick=False):
        return client.page(f"/events/{slug}").text


def test_before_the_event_one_large_button(client, evening):
    text = show(client, evening(title="Peace: What Next?", host_name="Friends"))
    assert "Save my place" in text
    assert 'Peace<span class="hidden-visually">:</span> <small>What Next?</small>' in text
    assert "Tuesday, 6 April 2027, 19:00 to 20:45" in text
    assert "London time" in text
    assert "Łucja Ąžuolė 0" in text


@pytest.mark.parametrize(
    ("values", "minutes", "sentence"),
    [
        ({"opens_at": NOW + dt.timedelta(minutes=30)}, 0, "Sign-up opens on"),
        ({"closes_at": NOW - dt.timedelta(minutes=1)}, 0, "Sign-up is closed"),
        ({}, 70, "Live now"),
        ({}, 60 + 105 + 61, "This event is over"),
        ({"ended_at": NOW + dt.timedelta(minutes=90)}, 91, "This event is over"),
        ({"state": "cancelled"}, 0, "This event was called off"),
    ],
)
def test_every_state_says_so(client, evening, values, minutes, sentence):
    assert sentence in show(client, evening(**values), NOW + dt.timedelta(minutes=minutes))


def test_full_and_nearly_full(client, app, evening):
    slug = evening(capacity=2)
    assert "2 places left." in show(client, slug)
    with app.app_context():
        from webapp.events.queries import by_slug

        event = by_slug(slug)
        make_signup(event)
        make_signup(event)
        make_signup(event, status="cancelled")
        db.session.commit()
    app.extensions["page_cache"].clear()
    text = show(client, slug)
    assert "All places are taken." in text
    assert "Save my place" not in text


@pytest.mark.case("D35")
@pytest.mark.parametrize("page", ["", "/agenda", "/agenda.json", "/agenda.ics", "/privacy"])
def test_a_draft_is_nowhere(client, evening, page):
    slug = evening(state="draft", title="Not out yet")
    assert client.get(f"/events/{slug}{page}").status_code == 404
    assert "Not out yet" not in client.page("/").text


def test_warm_pages_ask_the_database_nothing_and_set_no_cookie(client, evening, count_queries):
    slug = evening()
    first = client.get(f"/events/{slug}")
    assert "Set-Cookie" not in first.headers
    assert "Cookie" not in first.headers.get("Vary", "")
    with count_queries() as queries:
        again = client.get(f"/events/{slug}")
    assert len(queries) == 0, queries.statements
    assert again.data == first.data
    same = client.get(f"/events/{slug}", headers={"If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304
    assert same.data == b""


@pytest.mark.parametrize("speakers", [1, 8])
def test_cold_pages_ask_little_however_many_speak(client, evening, count_queries, speakers):
    slug = evening(speakers, capacity=100)
    with count_queries() as queries:
        client.get(f"/events/{slug}")
    assert len(queries) <= 6, queries.statements


@pytest.mark.case("D44")
@pytest.mark.parametrize(
    "payload", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><b>x", "{{7*7}}"]
)  # fmt: skip
def test_texts_stay_text(client, evening, payload):
    text = show(client, evening(title=f"T {payload}", summary=payload, description=payload, host_name=payload))  # fmt: skip
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    assert payload in (tree.findtext(".//title") or "")
    assert not [e for e in tree.iter("img") if e.get("onerror")]
    scripts = list(tree.iter("script"))
    assert len(scripts) == 2, "the data and zone.js"
    data = json.loads(scripts[0].text)
    assert data["name"] == f"T {payload}"
    assert "49" not in re.sub(r"\d{4}|\d\d:\d\d", "", tree.findtext(".//h1") or "")


def test_a_talk_without_a_speaker_is_named_by_its_title(client, app, evening):
    """Only an interpreter is known so far: there is nobody whose name could stand first."""
    slug = evening()
    with app.app_context():
        event = db.session.scalars(sa.select(Event).where(Event.slug == slug)).one()
        who = make_speaker(event, "Ana Quispe")
        make_session(event, "To be announced", kind="talk", speakers=[(who, "interpreter")])
        db.session.commit()
    text = show(client, slug)
    assert "To be announced" in text
    assert "Ana Quispe" in text


def test_agenda_in_three_forms(client, evening):
    slug = evening(2)
    assert "Talk 1" in client.page(f"/events/{slug}/agenda").text
    data = client.get(f"/events/{slug}/agenda.json").json
    assert [item["title"] for item in data["agenda"]] == ["Talk 0", "Talk 1"]
    assert data["agenda"][1]["planned_start"] == "2027-04-06T18:10:00Z"
    calendar = client.get(f"/events/{slug}/agenda.ics")
    assert calendar.mimetype == "text/calendar"
    assert calendar.data.count(b"BEGIN:VEVENT") == 2


def test_home_lists_what_comes_and_what_was(client, evening):
    assert "No event is announced" in show_home(client)
    evening(title="Coming up")
    evening(title="Long gone", starts_at=NOW - dt.timedelta(days=30))
    client.application.extensions["page_cache"].clear()
    text = show_home(client)
    assert text.index("Coming up") < text.index("What has been") < text.index("Long gone")


def show_home(client):
    with time_machine.travel(NOW, tick=False):
        return client.page("/").text


def test_privacy_says_the_day(client, evening):
    text = client.page(f"/events/{evening(retention_days=10)}/privacy").text
    assert "16 April 2027" in text
    client.page("/privacy")


def test_order_only_until_it_starts(client, app, evening):
    """No time of an item, and nothing to work one out from, on the pages, in the feed and in the calendar."""
    slug = evening(speakers=3, order_only=True)
    with app.app_context():
        event = db.session.scalar(sa.select(Event).where(Event.slug == slug))
        signup = make_signup(event)
        db.session.commit()
        mine = [links.my_url(signup), links.join_url(signup)]
    addresses = [f"/events/{slug}", f"/events/{slug}/agenda", *(urlsplit(url).path for url in mine)]
    for at, hidden in ((NOW, True), (NOW + dt.timedelta(minutes=65), False)):
        with time_machine.travel(at, tick=False):
            client.application.extensions.pop("page_cache", None)
            client.application.extensions.pop("door_cache", None)
            for address in addresses[: 4 if hidden else 2]:
                text = client.page(address).text
                assert "Talk 2" in text
                assert ("19:10" not in text) is hidden, address
            told = json.loads(client.get(f"/events/{slug}/agenda.json").data)["agenda"][1]
            shown = [told["minutes"], told["planned_start"], told["planned_end"]]
            assert (shown == [None, None, None]) is hidden
            calendar = client.get(f"/events/{slug}/agenda.ics").text
            assert calendar.count("BEGIN:VEVENT") == (1 if hidden else 3)
            assert "Talk 2" in calendar
