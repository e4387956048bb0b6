from __future__ import annotations

import re

import pytest
import time_machine

from tests.agenda.evening import agenda
from tests.factories import make_event
from tests.front.evening import make_evening, minute, started
from tests.front.test_cockpit import form
from webapp import tokens
from webapp.agenda import operations
from webapp.agenda.models import Press
from webapp.db import db
from webapp.events.models import Event

DAY = 24 * 60


@pytest.fixture
def evening(app, client):
    found = make_evening(app, client)
    client.delete_cookie("turnout")  # the chair has no account
    return found


def at(number):
    return time_machine.travel(minute(number), tick=False)


def press(client, evening, number, act):
    with at(number):
        data = form(client.page(evening.chair), act)
        assert "csrf_token" not in data
        answer = client.post(f"{evening.chair}/press", data=data)
        assert (answer.status_code, answer.location) == (302, evening.chair)
        return client.page(evening.chair)


def test_one_name_two_lines_and_next(client, app, evening):
    with at(-5):
        page = client.page(evening.chair)
    assert "Not started yet. First comes" in page.text
    press(client, evening, 0, "start")
    page = press(client, evening, 5, "start")
    assert '<h2 id="now-name" data-slot="name">Tim Young</h2>' in page.text
    assert ">Works with Friends of Bolivia. Writes.</p>" in page.text
    assert "Third line." not in re.sub(r"<script.*?</script>", "", page.text)
    assert "12:00 left" in page.text
    assert ">Next: Claudia Turbet-Delof</button>" in page.text
    page = press(client, evening, 18, "back")
    assert "Back to Kate Hudson." in page.text
    assert started(app, evening.id) == [("opening", 0)]
    page = press(client, evening, 30, "end")
    assert "Thank you</h2>" in page.text
    page = press(client, evening, 31, "undo_end")
    assert "Kate Hudson</h2>" in page.text
    with app.app_context():
        assert {row.by for row in db.session.query(Press)} == {"the chair's link"}


def test_how_to_say_the_name_and_the_two_lines_are_the_chairs_alone(client, app, evening):
    items = agenda()
    items[1]["speakers"][0] |= {"say": "tim YUNG", "intro": "Came from La Paz.\nWrites.\nMore."}
    with app.app_context():
        operations.replace(db.session.get(Event, evening.id), items, minute(-60))
        db.session.commit()
    press(client, evening, 0, "start")
    with at(1):
        page = client.page(evening.chair).text
        assert (
            '<p class="soft" data-slot="next-about">Say: tim YUNG · Friends of Bolivia</p>' in page
        )
    page = press(client, evening, 5, "start").text
    assert '<p class="say" data-slot="say">Say: tim YUNG</p>' in page
    assert ">Came from La Paz. Writes.</p>" in page
    with at(6):
        for address in ("", "/agenda", "/agenda.json", "/agenda.ics"):
            text = client.get(f"/events/bolivia{address}").text
            assert "tim YUNG" not in text
            assert "Came from La Paz" not in text


def test_over_the_time_is_said(client, evening):
    press(client, evening, 0, "start")
    with at(6.5):
        assert "01:30 over" in client.page(evening.chair).text


def test_a_press_by_script(client, app, evening):
    with at(2):
        answer = client.post(
            f"{evening.chair}/press",
            data={
                "press_id": "abcdef0123",
                "act": "start",
                "session_key": "opening",
                "age": "60000",
            },
            headers={"Accept": "application/json"},
        )
        assert answer.json["outcome"] == "applied"
        live = client.get(f"{evening.chair}/live").json
    assert live["state"]["now"] == "opening"
    assert "figures" not in live
    assert started(app, evening.id) == [("opening", 1)]


@pytest.mark.parametrize(
    ("number", "status"),
    [(-DAY - 1, 200), (-DAY, 200), (105 + DAY, 200), (105 + DAY + 1, 404), (-40 * DAY, 200)],
)
def test_the_link_sleeps_before_and_dies_after(client, app, evening, number, status):
    with at(number):
        answer = client.get(evening.chair)
        assert answer.status_code == status
        awake = -DAY <= number <= 105 + DAY
        assert ('id="evening"' in answer.text) == awake
        assert client.get(f"{evening.chair}/live").status_code == (200 if awake else 404)
        if not awake:
            sent = client.post(
                f"{evening.chair}/press",
                data={"press_id": "abcdef0123", "act": "start", "session_key": "opening"},
            )
            assert sent.status_code == 404
    assert started(app, evening.id) == []


@pytest.mark.case("D39")
def test_a_changed_or_foreign_link_is_the_same_404(client, app, evening):
    with app.app_context():
        foreign = [
            tokens.sign("join", [evening.id]),
            tokens.sign("chair", [evening.id + 999]),
            tokens.sign("chair", evening.id),
            tokens.sign("chair", [str(evening.id)]),
        ]
    good = evening.chair.removeprefix("/chair/")
    with at(0):
        pages = set()
        for token in (good[:-1], good + good, good[:-2] + "xx", *foreign):
            answer = client.get(f"/chair/{token}")
            assert answer.status_code == 404
            pages.add(answer.text)
            data = {"press_id": "abcdef0123", "act": "start", "session_key": "opening"}
            assert client.post(f"/chair/{token}/press", data=data).status_code == 404
    assert len(pages) == 1
    assert started(app, evening.id) == []


@pytest.mark.case("D17")
def test_looking_at_the_link_changes_nothing(client, app, evening):
    with at(0):
        for path in ("", "/live"):
            client.get(evening.chair + path)
            client.head(evening.chair + path)
    assert started(app, evening.id) == []
    with app.app_context():
        assert db.session.get(Event, evening.id).started_at is None


@pytest.mark.parametrize(
    ("state", "said"), [("draft", "Not open yet"), ("cancelled", "was called off")]
)
@pytest.mark.case("D35")
def test_a_draft_gives_nothing_away_and_a_cancelled_event_says_so(client, app, state, said):
    found = make_evening(app, client, state=state)
    client.delete_cookie("turnout")
    with at(0):
        text = client.page(found.chair).text
    assert said in text
    assert ("Bolivia" in text) == (state == "cancelled")


def test_a_link_opens_its_own_event_only(client, app, evening):
    with app.app_context():
        other = make_event(slug="other", starts_at=minute(0))
        db.session.commit()
        other_id = other.id
    press(client, evening, 0, "start")
    assert started(app, other_id) == []
