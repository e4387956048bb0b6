from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from tests.agenda.evening import agenda
from tests.conftest import NOW, Page
from tests.factories import make_event, make_user
from tests.signin import sign_in
from webapp.accounts.models import User
from webapp.agenda import operations, queries
from webapp.agenda.models import Session
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import Event

BASE = "/manage/events/bolivia"


@pytest.fixture
def event_id(app, client):
    with app.app_context():
        ada = make_user("Ada")
        event = make_event(ada, slug="bolivia")
        operations.replace(event, agenda(), NOW)
        db.session.commit()
        sign_in(client, ada)
        return event.id


def item_form(page, **values):
    """What a browser would send of the item form, with ``values`` typed over it."""
    data = {
        "csrf_token": page.field("csrf_token"),
        "revision": page.field("revision"),
        "title": page.field("title"),
        "minutes": page.field("minutes"),
        "kind": re.search(r'<option selected value="(\w+)">', page.text)[1],
        "summary": "",
    }
    for name in re.findall(r'name="(speakers-\d+-(?:known|name))"', page.text):
        data[name] = page.field(name)
    for name in re.findall(r'name="(speakers-\d+-role)"', page.text):
        block = page.text[page.text.index(f'name="{name}"') :]
        data[name] = re.search(r'<option selected value="(\w+)">', block)[1]
    return data | values


def items(app):
    with app.app_context():
        event = db.session.scalar(sa.select(Event).where(Event.slug == "bolivia"))
        return queries.draft(event)


def test_the_agenda_with_its_start_times(client, event_id):
    page = client.page(f"{BASE}/agenda")
    # NOW + 1 h is 18:00 UTC, 19:00 in London in April.
    assert re.findall(r"<b>(\d\d:\d\d)</b>", page.text) == [
        "19:00", "19:05", "19:17", "19:29", "19:41", "19:53", "20:05", "20:17",
    ]  # fmt: skip
    assert "London time" in page.text
    assert "Kate Hudson (chair)" in page.text
    assert (
        'The programme ends at <b class="num" data-ends>20:25</b>; the event is planned until 20:45.'
        in page.text
    )
    assert re.findall(r'agenda-warning"><p>(.*?)</p>', page.text) == [
        "Between the last item and the planned end of the event there is a gap of 20 minutes."
    ]


def test_an_empty_agenda_says_what_it_is_for(client, app):
    with app.app_context():
        ada = make_user("Ada")
        make_event(ada, slug="bolivia")
        db.session.commit()
        sign_in(client, ada)
    assert "Here the running order will stand" in client.page(f"{BASE}/agenda").text
    assert "Add the first item" in client.page(f"{BASE}/speakers").text


def test_warnings_past_the_end_and_without_a_chair(client, app, event_id):
    with app.app_context():
        event = db.session.get(Event, event_id)
        operations.replace(event, [{"title": "Long", "minutes": 130}], NOW)
        db.session.commit()
    text = client.page(f"{BASE}/agenda").text
    assert "The last item ends 25 minutes after the planned end" in text
    assert "Nobody is in the chair yet" in text
    assert "Nobody speaks yet in: Long." in text


def test_one_person_in_two_places_at_once(client, app, event_id):
    with app.app_context():
        ada = db.session.scalar(sa.select(User).where(User.email == "ada@example.org"))
        start = NOW + dt.timedelta(hours=1, minutes=10)
        theirs = [
            {"title": "X", "minutes": 3},
            {"title": "Y", "minutes": 30, "speakers": [{"name": "TIM young"}]},
        ]
        for owner, title, state in ((ada, "Mine", "draft"), (make_user("Cleo"), "Secret", "draft")):
            other = make_event(owner, title=title, state=state, starts_at=start)
            operations.replace(other, theirs, NOW)
        db.session.commit()
    text = client.page(f"{BASE}/agenda").text
    assert "Tim Young is in two places at once: at 19:05 here, and in “Mine”." in text
    assert "Secret" not in text


def test_add_an_item_with_people(client, app, event_id):
    answer = client.send(
        f"{BASE}/agenda/new",
        {"title": "Questions & answers", "kind": "questions", "minutes": "15", "summary": "All",
         "speakers-0-name": "Kate Hudson", "speakers-0-role": "moderator",
         "speakers-1-name": "", "speakers-1-role": "speaker"},
    )  # fmt: skip
    assert answer.status_code == 302
    last = items(app)[-1]
    assert (last.key, last.title, last.kind, last.minutes) == (
        "questions-answers", "Questions & answers", "questions", 15,
    )  # fmt: skip
    assert [(w.name, w.role, w.title) for w in last.speakers] == [
        ("Kate Hudson", "moderator", "General Secretary")
    ]
    assert "Added: “Questions &amp; answers”, 15 minutes." in client.page(f"{BASE}/agenda").text
    with app.app_context():
        entry = db.session.scalar(
            sa.select(AuditEntry).where(AuditEntry.action == "agenda.changed")
        )
        assert (entry.actor, entry.event_id) == ("ada@example.org", event_id)


def test_change_an_item_take_somebody_out_and_put_somebody_in(client, app, event_id):
    page = client.page(f"{BASE}/agenda/items/tim")
    answer = client.post(
        f"{BASE}/agenda/items/tim",
        data=item_form(page, minutes="20", **{
            "speakers-0-remove": "y", "speakers-1-name": "Ana Pérez", "speakers-1-role": "speaker",
        }),
    )  # fmt: skip
    assert answer.status_code == 302
    item = items(app)[1]
    assert (item.key, item.minutes, [w.name for w in item.speakers]) == ("tim", 20, ["Ana Pérez"])
    assert "Tim Young" not in client.page(f"{BASE}/speakers").text


def test_saving_without_a_change_keeps_everything(client, app, event_id):
    before = items(app)
    page = client.page(f"{BASE}/agenda/items/opening")
    client.post(f"{BASE}/agenda/items/opening", data=item_form(page))
    assert items(app) == before
    assert "Nothing was different" in client.page(f"{BASE}/agenda").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"title": ""}, "An item needs a title."),
        ({"minutes": "ten"}, "Not a valid integer value"),
        ({"minutes": "0"}, "Between 1 and 1440 minutes."),
        ({"speakers-1-name": "Kate Hudson", "speakers-1-role": "chair"}, "names Kate Hudson twice"),
        ({"csrf_token": "old"}, "The page had been open for long"),
    ],
)
def test_a_mistake_shows_the_form_again_filled_in(client, app, event_id, typed, said):
    before = items(app)
    page = client.page(f"{BASE}/agenda/items/opening")
    answer = client.post(
        f"{BASE}/agenda/items/opening",
        data=item_form(page, **({"summary": "Half an hour of typing."} | typed)),
    )
    assert answer.status_code == 400
    assert said in answer.text
    assert "Half an hour of typing." in answer.text
    assert items(app) == before


def test_room_for_more_people_without_saving(client, app, event_id):
    before = items(app)
    page = client.page(f"{BASE}/agenda/items/tim")
    answer = client.post(
        f"{BASE}/agenda/items/tim",
        data=item_form(page, more="1", summary="typed", **{
            "speakers-1-name": "Ana", "speakers-2-name": "Ben",
        }),
    )  # fmt: skip
    assert answer.status_code == 200
    assert 'name="speakers-4-name"' in answer.text
    assert 'value="Ana"' in answer.text
    assert "typed" in answer.text
    assert items(app) == before


def test_a_colleagues_change_is_noticed_and_nothing_is_lost(client, app, event_id):
    page = client.page(f"{BASE}/agenda/items/tim")
    with app.app_context():
        event = db.session.get(Event, event_id)
        theirs = agenda()
        theirs[1]["minutes"] = 15
        operations.replace(event, theirs, NOW)
        db.session.commit()
    typed = item_form(page, title="My better title", minutes="20")
    answer = client.post(f"{BASE}/agenda/items/tim", data=typed)
    assert answer.status_code == 409
    assert "Somebody else changed this item" in answer.text
    assert "15 min" in answer.text
    assert 'value="My better title"' in answer.text
    assert items(app)[1].minutes == 15
    # Having seen theirs, the second press means it.
    again = client.post(f"{BASE}/agenda/items/tim", data=item_form(Page(answer)))
    assert again.status_code == 302
    assert (items(app)[1].title, items(app)[1].minutes) == ("My better title", 20)


def test_a_change_of_another_item_is_no_conflict(client, app, event_id):
    page = client.page(f"{BASE}/agenda/items/tim")
    with app.app_context():
        event = db.session.get(Event, event_id)
        theirs = agenda()
        theirs[2]["minutes"] = 15
        operations.replace(event, theirs, NOW)
        db.session.commit()
    client.post(f"{BASE}/agenda/items/tim", data=item_form(page, minutes="20"))
    assert [item.minutes for item in items(app)][:3] == [5, 20, 15]


def test_an_item_taken_out_meanwhile_can_be_put_in_again(client, app, event_id):
    page = client.page(f"{BASE}/agenda/items/tim")
    with app.app_context():
        event = db.session.get(Event, event_id)
        operations.replace(event, [i for i in agenda() if i["key"] != "tim"], NOW)
        db.session.commit()
    answer = client.post(f"{BASE}/agenda/items/tim", data=item_form(page, title="Still mine"))
    assert answer.status_code == 409
    assert "took this item out" in answer.text
    assert 'value="Still mine"' in answer.text
    assert f'action="{BASE}/agenda/new"' in answer.text


def arranged(page, **typed):
    """What the list sends: its order and its minutes."""
    order = re.findall(r'name="order" value="([\w.-]+)"', page.text)
    data = {
        "csrf_token": page.field("csrf_token"),
        "revision": page.field("revision"),
        "order": order,
    }
    return data | {f"minutes-{key}": page.field(f"minutes-{key}") for key in order} | typed


def test_up_and_down_keep_the_minutes_typed_meanwhile_and_can_be_undone(client, app, event_id):
    def now():
        return [(item.key, item.minutes) for item in items(app)][:3]

    page = client.page(f"{BASE}/agenda")
    typed = arranged(page, **{"minutes-tim": "20"})
    answer = client.post(f"{BASE}/agenda/order", data=typed | {"to": "up:claudia"})
    assert answer.location == f"{BASE}/agenda#item-claudia"
    assert "Moved: “Democracy recovered” is now number 2." in client.page(f"{BASE}/agenda").text
    assert now() == [("opening", 5), ("claudia", 12), ("tim", 20)]
    # A colleague whose page is older sees what is there now, beside what was typed.
    late = client.post(f"{BASE}/agenda/order", data=typed | {"minutes-tim": "25"})
    assert late.status_code == 409
    assert "Somebody else changed this" in late.text
    assert "Now 20 min; you typed “25”." in late.text
    assert now() == [("opening", 5), ("claudia", 12), ("tim", 20)]
    client.post(f"{BASE}/agenda/order", data=arranged(Page(late)))
    assert now() == [("opening", 5), ("claudia", 12), ("tim", 25)]
    edge = arranged(client.page(f"{BASE}/agenda"), to="up:opening")
    client.post(f"{BASE}/agenda/order", data=edge)
    assert now()[0] == ("opening", 5)
    bad = client.post(f"{BASE}/agenda/order", data=edge | {"minutes-tim": "ten"})
    assert (bad.status_code, "not “ten”" in bad.text, 'value="ten"' in bad.text) == (
        400,
        True,
        True,
    )
    # The last change is taken back, also from a page that was just opened; and the one before it.
    for expected in ([5, 12, 20], [5, 12, 12]):
        page = client.page(f"{BASE}/agenda")
        data = {"csrf_token": page.field("csrf_token"), "seen": page.field("seen")}
        client.post(f"{BASE}/agenda/undo", data=data)
        assert [minutes for _key, minutes in now()] == expected
    assert [key for key, _minutes in now()] == ["opening", "tim", "claudia"]
    assert "Taken back." in client.page(f"{BASE}/agenda").text
    client.post(f"{BASE}/agenda/undo", data=data)
    assert "Nothing was taken back" in client.page(f"{BASE}/agenda").text


def test_adding_below_the_list_goes_on_there(client, app, event_id):
    answer = client.send(
        f"{BASE}/agenda/new",
        {"quick": "1", "title": "Tea", "kind": "break", "minutes": "15", "speakers-0-role": "speaker"},
        at=f"{BASE}/agenda",
    )  # fmt: skip
    assert answer.location == f"{BASE}/agenda#add-title"
    assert (items(app)[-1].title, items(app)[-1].kind, items(app)[-1].minutes) == ("Tea", "break", 15)  # fmt: skip


def test_taking_an_item_out_asks_for_what_was_seen(client, app, event_id):
    page = client.page(f"{BASE}/agenda")
    seen = re.search(r'items/tim/remove" name="seen" value="(\w+)"', page.text)[1]
    data = {"csrf_token": page.field("csrf_token"), "seen": "something else"}
    client.post(f"{BASE}/agenda/items/tim/remove", data=data)
    assert "tim" in [item.key for item in items(app)]
    client.post(f"{BASE}/agenda/items/tim/remove", data=data | {"seen": seen})
    assert "tim" not in [item.key for item in items(app)]


def test_what_has_started_cannot_be_taken_out(client, app, event_id):
    with app.app_context():
        db.session.execute(sa.update(Session).where(Session.key == "tim").values(started_at=NOW))
        db.session.commit()
    page = client.page(f"{BASE}/agenda")
    assert "items/tim/remove" not in page.text
    with app.app_context():
        item = items(app)[1]
    data = {
        "csrf_token": page.field("csrf_token"),
        "seen": queries.fingerprint([item]),
    }
    client.post(f"{BASE}/agenda/items/tim/remove", data=data)
    assert "has already started" in client.page(f"{BASE}/agenda").text


def test_editing_a_person_wherever_they_speak(client, app, event_id):
    who = items(app)[0].speakers[0].speaker_id
    page = client.page(f"{BASE}/speakers/{who}")
    data = {
        "csrf_token": page.field("csrf_token"), "revision": page.field("revision"),
        "name": "Kate Húdson", "title": "GS", "affiliation": "CND", "bio": "Line one.\nLine two.",
        "url": "https://example.org/kate",
    }  # fmt: skip
    assert client.post(f"{BASE}/speakers/{who}", data=data).status_code == 302
    for item in (items(app)[0], items(app)[-1]):
        kate = item.speakers[0]
        assert (kate.speaker_id, kate.name, kate.title, kate.affiliation, kate.bio, kate.url) == (
            who, "Kate Húdson", "GS", "CND", "Line one.\nLine two.", "https://example.org/kate",
        )  # fmt: skip
    # The same page sent again was looking at what is no longer there.
    stale = client.post(f"{BASE}/speakers/{who}", data=data | {"title": "Mine"})
    assert stale.status_code == 409
    assert 'value="Mine"' in stale.text
    assert items(app)[0].speakers[0].title == "GS"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "A speaker needs a name."),
        ({"name": "tim young"}, "There already is a Tim Young"),
        ({"url": "javascript:alert(1)"}, "begins with https"),
        ({"title": "x" * 201}, "longer than 200"),
        ({"csrf_token": ""}, "The page had been open for long"),
    ],
)
def test_a_persons_form_loses_nothing(client, app, event_id, typed, said):
    who = items(app)[0].speakers[0].speaker_id
    page = client.page(f"{BASE}/speakers/{who}")
    data = {"csrf_token": page.field("csrf_token"), "revision": page.field("revision"),
            "name": "Kate Hudson", "bio": "A long introduction."} | typed  # fmt: skip
    answer = client.post(f"{BASE}/speakers/{who}", data=data)
    assert answer.status_code == 400
    assert said in answer.text
    assert "A long introduction." in answer.text
    assert items(app)[0].speakers[0].bio == ""


def test_people_and_items_of_other_events_are_not_found(client, app, event_id):
    with app.app_context():
        other = make_event(make_user("Ben"), slug="other")
        operations.replace(other, [{"title": "X", "minutes": 1, "speakers": [{"name": "Y"}]}], NOW)
        db.session.commit()
        theirs = queries.running_order(other)[0].speakers[0].speaker_id
    assert client.get(f"{BASE}/speakers/{theirs}").status_code == 404
    assert client.get(f"{BASE}/agenda/items/x").status_code == 404
    assert client.get("/manage/events/other/agenda").status_code == 404
    assert client.get("/manage/events/other/agenda/items/x").status_code == 404
    # Nothing that a page of ours sends: each says what it has seen.
    page = client.page(f"{BASE}/agenda")
    token = {"csrf_token": page.field("csrf_token")}
    order = re.search(r'name="revision" value="([0-9a-f]+)"', page.text)[1]
    for path, sent in (("", {}), ("/remove", {}), ("/move", {"revision": order})):
        assert client.post(f"{BASE}/agenda/items/x{path}", data=token | sent).status_code == 404


@pytest.mark.case("D44")
def test_hostile_titles_and_names_stay_text(client, app, event_id):
    bad = '"><img src=x onerror=alert(1)><script>'
    with app.app_context():
        event = db.session.get(Event, event_id)
        operations.replace(
            event,
            [{"title": bad, "minutes": 5, "summary": bad, "speakers": [{"name": bad, "bio": bad}]}],
            NOW,
        )
        db.session.commit()
        who = queries.running_order(event)[0].speakers[0].speaker_id
        key = queries.running_order(event)[0].key
    for path in ("agenda", "speakers", f"speakers/{who}", f"agenda/items/{key}"):
        assert "<img" not in client.page(f"{BASE}/{path}").text
