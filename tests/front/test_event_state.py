"""Publishing, taking back and calling off an event, as organisers do it in the browser."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
import time_machine

from tests.conftest import NOW
from tests.factories import make_erased, make_event, make_signup, make_target, make_user
from tests.signin import sign_in
from webapp.accounts.models import User
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import Event
from webapp.signup.models import STATUSES, Signup

BASE = "/manage/events/bolivia"
SETTINGS = f"{BASE}/settings"
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def make(app, client):
    """Makes Ada's event "bolivia" and signs ``client`` in as her."""

    def make(**values):
        with app.app_context():
            ada = make_user("Ada")
            make_event(
                ada, **({"slug": "bolivia", "title": "Bolivia", "summary": "Come."} | values)
            )
            db.session.commit()
            sign_in(client, ada)
        return client

    return make


def event(app):
    with app.app_context():
        return db.session.scalars(sa.select(Event).where(Event.slug == "bolivia")).one()


def acts(app):
    with app.app_context():
        return db.session.execute(
            sa.select(AuditEntry.action, AuditEntry.actor).order_by(AuditEntry.id)
        ).all()


def press(client, act, at=SETTINGS, **fields):
    """Presses a button of the page ``at`` and answers the page that it leads to."""
    answer = client.send(f"{BASE}/{act}", fields, at=at)
    assert (answer.status_code, answer.location) == (302, SETTINGS)
    return client.page(SETTINGS).text


def test_publish_makes_the_page_public(app, make):
    client = make(state="draft")
    assert client.get("/events/bolivia").status_code == 404
    assert "The page is public now." in press(client, "publish")
    assert client.get("/events/bolivia").status_code == 200
    assert acts(app) == [("event.published", "ada@example.org")]
    # Pressed again from an old page, it is public all the same, and written down once.
    press(client, "publish")
    assert len(acts(app)) == 1


def test_the_page_of_a_published_event_shows_its_address(make):
    text = make().page(SETTINGS).text
    assert '<a href="/events/bolivia">http://turnout.test/events/bolivia</a>' in text
    assert "Publish the event" not in text


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"host_name": ""}, ["Who hosts it"]),
        ({"summary": ""}, ["One reason to come"]),
        ({"summary": "", "description": "Long."}, []),
        ({"presence": "door"}, ["Where people join"]),
        ({"presence": "platform", "mode": "hybrid"}, ["Where people join"]),
        ({"presence": "door", "mode": "in_person"}, []),
        ({"presence": "door", "summary": "", "host_name": ""},
         ["Who hosts it", "One reason to come", "Where people join"]),
        ({}, []),
    ],
)  # fmt: skip
def test_the_checklist_before_publishing(app, make, values, missing):
    client = make(state="draft", **values)
    text = client.page(SETTINGS).text
    state = text[text.index('id="state"') : text.index('class="settings"')]
    found = [
        words for words in ("Who hosts it", "One reason to come", "Where people join") if words in state
    ]  # fmt: skip
    assert found == missing
    assert ("would still miss" in state) == bool(set(missing) - {"Who hosts it"})
    # Without a host nobody would know whom they give their name to; the rest forbids nothing.
    said = press(client, "publish")
    assert event(app).state == ("draft" if "Who hosts it" in missing else "published")
    assert ("Not published yet" in said) == ("Who hosts it" in missing)


def test_an_evening_that_is_over_is_not_published(app, make):
    client = make(state="draft", starts_at=NOW - 5 * HOUR)
    assert "it would be over" in press(client, "publish")
    assert event(app).state == "draft"


def test_with_a_target_nothing_is_missing_at_the_door(app, make):
    client = make(state="draft", presence="door")
    with app.app_context():
        make_target(db.session.scalars(sa.select(Event)).one())
        db.session.commit()
    assert "would still miss" not in client.page(SETTINGS).text


def test_take_it_back_while_nobody_has_signed_up(app, make):
    client = make()
    assert "It is a draft again: only you see it." in press(client, "unpublish")
    assert event(app).state == "draft"
    assert client.get("/events/bolivia").status_code == 404
    assert acts(app) == [("event.unpublished", "ada@example.org")]


@pytest.mark.parametrize("status", STATUSES)
def test_not_once_somebody_has_signed_up_whatever_became_of_it(app, make, status):
    client = make()
    with app.app_context():
        make_signup(db.session.scalars(sa.select(Event)).one(), status=status)
        db.session.commit()
    assert "1 person has signed up and would find nothing here" in press(client, "unpublish")
    assert event(app).state == "published"
    assert acts(app) == []


def test_not_once_it_has_begun(app, make):
    client = make(started_at=NOW)
    assert "This event has begun; it can no longer become a draft." in press(client, "unpublish")
    assert event(app).state == "published"


def test_nobody_signs_up_between_the_count_and_the_act(app, make):
    """Somebody signs up while the event is being taken back: one of the two comes first, and whoever
    comes second sees what the first has done."""
    client = make()
    token = client.page(SETTINGS).field("csrf_token")
    visitor = app.test_client()
    form = visitor.page("/events/bolivia/signup").field("csrf_token")
    person = {"csrf_token": form, "name": "Ana", "email": "ana@example.org", "consent": "yes"}
    barrier = threading.Barrier(2)

    def at_once(browser, path, data):
        barrier.wait()
        browser.post(path, data=data)

    threads = [
        threading.Thread(target=at_once, args=(visitor, "/events/bolivia/signup", person)),
        threading.Thread(target=at_once, args=(client, f"{BASE}/unpublish", {"csrf_token": token})),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        people = db.session.scalar(sa.select(sa.func.count(Signup.id)))
    assert (event(app).state, people) in [("draft", 0), ("published", 1)]


def test_calling_off_asks_once(app, make):
    client = make()
    with app.app_context():
        found = db.session.scalars(sa.select(Event)).one()
        for status in STATUSES:
            make_signup(found, status=status)
            make_erased(found, NOW, status=status)
        db.session.commit()
    page = client.page(f"{BASE}/cancel")
    assert "Call this event off?" in page.text
    assert "<b><bdi>Bolivia</bdi></b><br>6 Apr 2027, 19:00 (London time)" in page.text
    # Pending, confirmed, on the waiting list, offered.
    assert "4 people have a place, are on the waiting list or are to be approved." in page.text
    assert event(app).state == "published"
    text = press(client, "cancel", at=f"{BASE}/cancel")
    assert "The event is called off." in text
    assert (event(app).state, event(app).ics_sequence) == ("cancelled", 1)
    assert acts(app) == [("event.cancelled", "ada@example.org")]
    assert client.get("/events/bolivia").status_code == 200


def test_an_event_that_is_over_offers_neither(make):
    text = make(starts_at=NOW - 10 * HOUR).page(SETTINGS).text
    assert "Call it off" not in text
    assert "Make it a draft again" not in text


@pytest.mark.case("D17")
def test_asking_changes_nothing(app, make):
    client = make()
    client.page(f"{BASE}/cancel")
    assert client.head(f"{BASE}/cancel").status_code == 200
    assert event(app).state == "published"


def test_nobody_to_tell(make):
    assert "Nobody has signed up so far." in make().page(f"{BASE}/cancel").text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"state": "draft"}, "This is a draft that nobody has seen; there is nothing to call off."),
        ({"state": "cancelled"}, "This event has been called off already."),
        ({"starts_at": NOW - 10 * HOUR}, "This event is over; it can no longer be called off."),
    ],
)
def test_where_there_is_nothing_to_call_off_nobody_is_asked(app, make, values, sentence):
    client = make(**values)
    before = event(app).state
    answer = client.get(f"{BASE}/cancel")
    assert (answer.status_code, answer.location) == (302, SETTINGS)
    assert sentence in client.page(SETTINGS).text
    token = client.page(SETTINGS).field("csrf_token")
    assert client.post(f"{BASE}/cancel", data={"csrf_token": token}).location == SETTINGS
    assert event(app).state == before
    assert acts(app) == []


def test_what_was_called_off_stays_so(app, make):
    client = make(state="cancelled")
    text = client.page(SETTINGS).text
    for words in ("Publish the event", "Make it a draft again", "Call it off"):
        assert words not in text
    assert "was called off; make a new one instead" in press(client, "publish")
    press(client, "unpublish")
    assert event(app).state == "cancelled"


@pytest.mark.case("D25")
@pytest.mark.parametrize("act", ["publish", "unpublish", "cancel"])
@pytest.mark.parametrize("data", [{}, {"csrf_token": "old"}])
def test_without_a_token_nothing_happens(app, make, act, data):
    client = make(state="draft" if act == "publish" else "published")
    before = event(app).state
    assert client.post(f"{BASE}/{act}", data=data).status_code == 400
    assert event(app).state == before


@pytest.mark.case("D36")
@pytest.mark.parametrize("act", ["publish", "unpublish", "cancel"])
def test_fields_that_are_not_asked_for_are_ignored(app, make, act):
    client = make(state="draft" if act == "publish" else "published")
    with app.app_context():
        other_id = make_event(slug="other", state="draft").id
        db.session.commit()
    press(client, act, is_admin="1", event_id=str(other_id), slug="other", state="published", signups="0")  # fmt: skip
    wanted = {"publish": "published", "unpublish": "draft", "cancel": "cancelled"}
    assert event(app).state == wanted[act]
    with app.app_context():
        assert db.session.get(Event, other_id).state == "draft"
        assert db.session.scalars(sa.select(User)).one().role == "organiser"


@pytest.mark.case("D31")
@pytest.mark.parametrize("act", ["publish", "unpublish", "cancel"])
def test_organisers_of_other_events_see_404_and_change_nothing(app, make, act):
    client = make(state="draft" if act == "publish" else "published")
    before = event(app).state
    with app.app_context():
        cleo = make_user("Cleo")
        make_event(cleo, slug="cleos")
        db.session.commit()
        sign_in(client, cleo)
    token = client.page("/manage/events/cleos/settings").field("csrf_token")
    assert client.post(f"{BASE}/{act}", data={"csrf_token": token}).status_code == 404
    assert client.get(f"{BASE}/cancel").status_code == 404
    assert event(app).state == before
