"""The door and the room, on a controlled clock."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import OperationalError

from tests.conftest import NOW, Page
from tests.factories import make_event, make_session, make_signup, make_target
from webapp import tokens
from webapp.attendance import door, presence, spool, tickets
from webapp.attendance.models import Companions, Visit
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import links
from webapp.signup.models import Signup

START = NOW + dt.timedelta(hours=1)
LIVE = START + dt.timedelta(minutes=3)
MEETING = "https://meet.example.org/evening"


@pytest.fixture
def guestbook(app):
    """Makes an event with a meeting and a sign-up; answers (event id, join token)."""

    def make(signup=None, **values):
        with app.app_context():
            event = make_event(**values)
            make_target(event, MEETING)
            make_target(event, "https://stream.example.org/evening")
            make_session(event, "Opening")
            person = make_signup(event, **(signup or {}))
            db.session.commit()
            return event.id, links.join_token(person)

    return make


@pytest.fixture
def visits(app):
    def read():
        with app.app_context():
            return list(db.session.scalars(sa.select(Visit).order_by(Visit.id)))

    return read


def get(client, path, at, status=200):
    with time_machine.travel(at, tick=False):
        response = client.get(path)
    assert response.status_code == status
    return response.get_data(as_text=True)


def press(client, path, at, **data):
    with time_machine.travel(at, tick=False):
        return client.post(path, data=data)


def test_pressing_logs_the_visit_and_opens_the_room(client, guestbook, visits):
    event_id, token = guestbook()
    answer = press(client, f"/join/{token}", LIVE)
    [visit] = visits()
    assert answer.status_code == 303
    assert answer.location == f"/room/{token}?c={visit.uid}"
    assert (visit.event_id, visit.channel, visit.identity) == (event_id, "room", "identified")
    assert (visit.started_at, visit.ended_at, visit.end_reason) == (LIVE, None, None)
    assert visit.connection == visit.uid
    assert visit.is_registered
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("mode", ["door", "platform"])
def test_another_app_is_reached_by_a_page_of_ours(client, guestbook, visits, mode):
    _, token = guestbook(presence=mode)
    answer = press(client, f"/join/{token}", LIVE)
    assert answer.status_code == 200
    text = Page(answer).text
    assert f'content="2;url={MEETING}"' in text
    assert "https://stream.example.org/evening" in text
    [visit] = visits()
    assert (visit.channel, visit.ended_at, visit.end_reason) == ("link", None, "unknown")


@pytest.mark.case("D17")
def test_looking_changes_nothing(client, guestbook, visits):
    event_id, token = guestbook()
    with client.application.app_context():
        guest = tickets.public_link(event_id)
    for path in (f"/join/{token}", f"/room/{token}", f"/guest/{guest}"):
        for at in (NOW, LIVE):
            with time_machine.travel(at, tick=False):
                client.get(path)
                client.head(path)
    assert visits() == []


def test_a_double_click_is_one_visit(client, guestbook, visits):
    _, token = guestbook()
    uid = Page(client.get(f"/join/{token}")).field("visit")
    press(client, f"/join/{token}", LIVE, visit=uid)
    press(client, f"/join/{token}", LIVE + dt.timedelta(seconds=1), visit=uid)
    assert [v.uid for v in visits()] == [uid]


def test_waiting_is_not_a_visit_and_pressing_arms(client, guestbook, visits):
    _, token = guestbook()
    before = get(client, f"/join/{token}", NOW)
    assert "1 h 0 min to go" in before
    assert 'data-armed="no"' in before
    armed = press(client, f"/join/{token}", NOW).get_data(as_text=True)
    assert 'data-armed="yes"' in armed
    assert visits() == []


@pytest.mark.case("D37")
def test_the_meetings_address_stays_behind_the_door(client, guestbook):
    event_id, token = guestbook()
    with client.application.app_context():
        guest = tickets.public_link(event_id)
        slug = db.session.get(Event, event_id).slug
    over = START + dt.timedelta(hours=5)
    pages = [
        get(client, f"/join/{token}", NOW), get(client, f"/join/{token}", LIVE),
        get(client, f"/join/{token}", over), get(client, f"/room/{token}", over),
        get(client, f"/guest/{guest}", LIVE), get(client, f"/events/{slug}", LIVE),
        get(client, f"/events/{slug}/agenda.json", LIVE), get(client, f"/events/{slug}/agenda.ics", LIVE),
        press(client, f"/join/{token}", over).get_data(as_text=True),
    ]  # fmt: skip
    assert not [page for page in pages if "meet.example.org" in page]
    assert MEETING in get(client, f"/room/{token}", LIVE)


@pytest.mark.case("D39")
def test_bad_tokens_are_one_and_the_same_page(client, guestbook, app):
    event_id, token = guestbook()
    with app.app_context():
        foreign = tokens.sign_lasting("my", [event_id, "x"])
        gone = tokens.sign_lasting("join", [event_id + 999, "abc", 5])
        whole = tickets.public_link(event_id)
    bodies = set()
    for bad in (token[:-1] + ("a" if token[-1] != "a" else "b"), token[:-4], token * 2, foreign, gone, whole):  # fmt: skip
        for path in (f"/join/{bad}", f"/room/{bad}"):
            bodies.add(get(client, path, LIVE, 404))
            assert press(client, path.replace("room", "join"), LIVE).status_code == 404
    assert len(bodies) == 1


def test_over_when_ended_and_live_again_when_undone(client, guestbook, app):
    event_id, token = guestbook()
    with app.app_context():
        db.session.get(Event, event_id).ended_at = LIVE
        db.session.commit()
    assert "This event is over" in get(client, f"/join/{token}", LIVE)
    with app.app_context():
        db.session.get(Event, event_id).ended_at = None
        db.session.commit()
    app.extensions["door_cache"].clear()
    assert "Go in" in get(client, f"/join/{token}", LIVE)


def test_joining_proves_the_address(client, guestbook, app):
    _, token = guestbook(
        confirm_address=True,
        signup={"status": "pending", "pending_reason": "address", "confirmed_at": None},
    )
    press(client, f"/join/{token}", LIVE)
    with app.app_context():
        person = db.session.scalars(sa.select(Signup)).one()
        assert person.status == "confirmed"
        assert person.proved_at == LIVE


class Broken:
    """An engine whose database does not answer."""

    def begin(self):
        raise OperationalError("INSERT", {}, Exception("the database does not answer"))

    def dispose(self):
        pass


def test_the_door_fails_open_and_the_spool_is_stored_once(client, guestbook, visits, app):
    _, token = guestbook()
    app.extensions["door_engine"] = Broken()
    uid = Page(client.get(f"/join/{token}")).field("visit")
    for _ in range(2):
        assert press(client, f"/join/{token}", LIVE, visit=uid).status_code == 303
    other = press(client, f"/join/{token}", LIVE)
    assert other.status_code == 303
    assert visits() == []
    with app.app_context():
        assert spool.waiting() == 3
        assert spool.replay(LIVE) == 2
        assert spool.replay(LIVE) == 0
        assert spool.waiting() == 0
    assert len(visits()) == 2
    assert visits()[0].uid == uid
    assert visits()[0].started_at == LIVE


def test_a_replay_that_died_is_done_again(client, guestbook, visits, app):
    _, token = guestbook()
    app.extensions["door_engine"] = Broken()
    press(client, f"/join/{token}", LIVE)
    with app.app_context():
        [path] = spool.folder().glob("*.jsonl")
        line = path.read_text()
        assert spool.replay(LIVE) == 1
        # As if the process had died between the commit and the deletion, in the middle of a line.
        (spool.folder() / "1-2.jsonl.replaying").write_text(line + '{"uid": "cut')
        assert spool.replay(LIVE) == 0
    assert len(visits()) == 1


def test_the_door_works_from_memory_when_the_database_is_gone(client, guestbook, app, monkeypatch):
    event_id, token = guestbook()
    get(client, f"/join/{token}", LIVE)
    with app.app_context():
        cache = app.extensions["door_cache"]
        cache[event_id] = door.dataclasses.replace(cache[event_id], until=0)

        def silent(_event_id):
            raise OperationalError("SELECT", {}, Exception("gone"))

        monkeypatch.setattr(door, "_load", silent)
    app.extensions["door_engine"].dispose()
    app.extensions["door_engine"] = Broken()
    assert press(client, f"/join/{token}", LIVE).status_code == 303
    with app.app_context():
        spool.replay(LIVE)


def test_guests_come_in_without_a_signup(client, guestbook, visits, app):
    event_id, _ = guestbook()
    with app.app_context():
        path = f"/guest/{tickets.public_link(event_id)}"
    press(client, path, LIVE, name="  Ana  Ortiz ")
    press(client, path, LIVE + dt.timedelta(minutes=1))
    first, second = visits()
    assert (first.identity, first.name, first.name_key) == ("name_only", "Ana Ortiz", "ana ortiz")
    assert second.identity == "anonymous"
    assert first.person_key == second.person_key, "the same browser is the same guest"
    assert not first.is_registered
    other = app.test_client()
    press(other, path, LIVE)
    assert visits()[2].person_key != first.person_key
    bad = press(other, path, LIVE, name="a\x00b")
    assert bad.status_code == 400
    assert "cannot be seen" in bad.get_data(as_text=True)


def test_the_guests_link_is_the_same_whenever_it_is_asked_for(client, guestbook, app):
    event_id, _ = guestbook()
    with app.app_context():
        links = set()
        for moment in (NOW - dt.timedelta(days=900), NOW, LIVE):
            with time_machine.travel(moment, tick=False):
                links.add(door.guest_url(db.session.get(Event, event_id)))
        timed = tokens.sign("guest", [event_id])
    (link,) = links
    assert "Go in as a guest" in get(client, link.removeprefix("http://turnout.test"), LIVE)
    get(client, f"/guest/{timed}", LIVE, 404)


def test_a_guest_who_finds_their_mail_becomes_their_signup(client, guestbook, visits, app):
    event_id, token = guestbook()
    with app.app_context():
        path = f"/guest/{tickets.public_link(event_id)}"
    press(client, path, LIVE, name="Ana")
    press(client, f"/join/{token}", LIVE + dt.timedelta(minutes=1))
    first, second = visits()
    assert first.person_key == second.person_key
    assert (first.identity, first.is_registered, first.name) == ("identified", True, None)


def test_the_room_pulses_without_touching_the_database(client, guestbook, app, count_queries):
    _, token = guestbook()
    uid = press(client, f"/join/{token}", LIVE).location.split("c=")[1]
    assert "Opening" in get(client, f"/room/{token}?c={uid}", LIVE)
    with count_queries() as queries:
        answer = press(client, f"/room/{token}/pulse", LIVE, connection=uid)
    assert len(queries) == 0, queries.statements
    assert answer.json["phase"] == "live"
    assert answer.json["ended"] is False
    assert "Set-Cookie" not in answer.headers
    with app.app_context():
        assert len(presence.current()) == 1
        presence.current().flush(LIVE)


def test_leaving_closes_the_visit_at_once(client, guestbook, visits):
    _, token = guestbook()
    uid = press(client, f"/join/{token}", LIVE).location.split("c=")[1]
    later = LIVE + dt.timedelta(minutes=1)
    press(client, f"/room/{token}/pulse", later, connection=uid)
    gone = later + dt.timedelta(seconds=20)
    assert press(client, f"/room/{token}/leave", gone, connection=uid).status_code == 204
    [visit] = visits()
    assert (visit.ended_at, visit.end_reason) == (gone, "left")


def test_company_is_said_and_said_again(client, guestbook, app):
    _, token = guestbook()
    assert "said=yes" in press(client, f"/room/{token}/together", LIVE, count="3").location
    assert "said=yes" in press(client, f"/room/{token}/together", LIVE, count="2").location
    for bad in ("", "-1", "many", "99999"):
        assert "said=no" in press(client, f"/room/{token}/together", LIVE, count=bad).location
    with app.app_context():
        assert [row.count for row in db.session.scalars(sa.select(Companions))] == [2]
