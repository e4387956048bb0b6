"""Links of sign-ups that are no longer on: they log no visit, and lead to another way in."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from tests.attendance.test_door import LIVE, Broken, get, guestbook, press, visits
from tests.factories import make_signup
from webapp import tokens
from webapp.attendance import door, presence, spool
from webapp.attendance.figures import figures
from webapp.attendance.models import Companions
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.privacy import operations as privacy
from webapp.signup import links
from webapp.signup.models import Signup

__all__ = ["guestbook", "visits"]  # fixtures
GAVE_BACK = {"status": "cancelled", "cancelled_by": "person"}
TAKEN_BACK = {"status": "cancelled", "cancelled_by": "organiser"}


@pytest.fixture
def person(app):
    """The one sign-up, read anew; with an argument, changed by it first."""

    def read(change=None):
        with app.app_context():
            signup = db.session.scalars(sa.select(Signup)).one()
            if change is not None:
                change(signup)
                db.session.commit()
                signup = db.session.scalars(sa.select(Signup)).one()
            db.session.expunge(signup)
            return signup

    return read


def erase(signup):
    privacy.erase_signup(signup, LIVE, by="the person")


@pytest.mark.parametrize("values", [GAVE_BACK, TAKEN_BACK, {"status": "declined"}])
def test_a_withdrawn_signup_is_offered_another_way_in(client, guestbook, visits, values):
    _, token = guestbook(signup=values)
    for answer in (get(client, f"/join/{token}", LIVE), press(client, f"/join/{token}", LIVE).text):
        assert "no longer on" in answer
        assert "/guest/" in answer
        assert "meet.example.org" not in answer
        assert ("I want to come after all" in answer) == (values is GAVE_BACK)
    assert visits() == []


def test_the_pages_behind_the_door_lead_back_to_it(client, guestbook, app):
    _, token = guestbook(signup=GAVE_BACK)
    get(client, f"/room/{token}", LIVE, 303)
    answer = press(client, f"/room/{token}/together", LIVE, count="3")
    assert answer.location == f"/join/{token}"
    with app.app_context():
        assert db.session.scalars(sa.select(Companions)).all() == []


def test_who_gave_the_place_back_takes_it_up_again_at_the_door(client, guestbook, visits, person, app):  # fmt: skip
    _, token = guestbook(signup=GAVE_BACK)
    assert "Go in" not in get(client, f"/join/{token}", LIVE)
    answer = press(client, f"/join/{token}/come-back", LIVE)
    assert (answer.status_code, answer.location) == (303, f"/join/{token}")
    assert person().status == "confirmed"
    with app.app_context():
        assert db.session.scalars(sa.select(OutgoingMail.message)).all() == ["confirmed"]
    assert "Go in" in get(client, f"/join/{token}", LIVE)
    assert press(client, f"/join/{token}", LIVE).status_code == 303
    [visit] = visits()
    assert visit.is_registered


@pytest.mark.parametrize("values", [TAKEN_BACK, {"status": "declined"}])
def test_what_an_organiser_decided_no_link_returns(client, guestbook, person, values):
    _, token = guestbook(signup=values)
    answer = press(client, f"/join/{token}/come-back", LIVE)
    assert answer.status_code == 409
    assert "The organisers took this place back" in answer.text
    assert "Join as a guest" in answer.text
    assert person().status == values["status"]


def test_a_place_that_somebody_else_has_by_now(client, guestbook, app):
    event_id, token = guestbook(signup=GAVE_BACK, capacity=1, waitlist=False)
    with app.app_context():
        make_signup(db.session.get(Event, event_id))
        db.session.commit()
    answer = press(client, f"/join/{token}/come-back", LIVE)
    assert answer.status_code == 409
    assert "All places are taken" in answer.text
    assert "Join as a guest" in answer.text


def test_an_erased_person_is_nobody_to_the_door(client, guestbook, visits, person, app):
    event_id, token = guestbook()
    person(erase)
    with app.app_context():
        foreign = tokens.sign_lasting("join", [event_id + 999, "abc", 5])
    unknown = get(client, f"/join/{foreign}", LIVE, 404)
    assert get(client, f"/join/{token}", LIVE, 404) == unknown
    for path in (f"/join/{token}", f"/join/{token}/come-back"):
        answer = press(client, path, LIVE)
        assert (answer.status_code, answer.text) == (404, unknown)
    assert visits() == []


@pytest.mark.parametrize("values", [GAVE_BACK, TAKEN_BACK])
def test_a_page_of_the_room_that_was_kept_open_begins_no_visit(client, guestbook, visits, app, values):  # fmt: skip
    _, token = guestbook(signup=values)
    with app.app_context():
        press(client, f"/room/{token}/pulse", LIVE, connection="a-tab-kept-open")
        assert len(presence.current()) == 1
        presence.current().flush(LIVE)
    assert visits() == []


def test_a_visit_goes_on_when_the_place_is_given_back_during_it(client, guestbook, visits, person, app):  # fmt: skip
    _, token = guestbook()
    uid = press(client, f"/join/{token}", LIVE).location.split("c=")[1]
    person(lambda signup: setattr(signup, "status", "cancelled"))
    later = LIVE + dt.timedelta(minutes=1)
    with app.app_context():
        press(client, f"/room/{token}/pulse", later, connection=uid)
        presence.current().flush(later)
    [visit] = visits()
    assert visit.last_seen_at == later


def test_a_join_asks_once_and_a_second_time_only_when_nothing_was_written(client, guestbook, count_queries):  # fmt: skip
    _, token = guestbook()
    get(client, f"/join/{token}", LIVE)
    client.application.extensions["door_engine"].dispose()
    with client.application.app_context():
        engine = door.engine()
    seen = []
    sa.event.listen(engine, "before_cursor_execute", lambda *said: seen.append(said[2]))
    uid = tokens.public_id()
    press(client, f"/join/{token}", LIVE, visit=uid)
    assert len(seen) == 1, seen
    press(client, f"/join/{token}", LIVE, visit=uid)
    assert len(seen) == 4, seen


def test_a_link_from_after_the_tie_was_cut_still_opens(client, guestbook, visits, person, app):
    event_id, _ = guestbook()
    cut = person(lambda signup: setattr(signup, "person_key", None))
    with app.app_context():
        token = links.join_token(cut)
    assert press(client, f"/join/{token}", LIVE).status_code == 303
    assert len(visits()) == 1
    assert visits()[0].event_id == event_id


@pytest.mark.parametrize("then", ["cancelled", "erased"])
def test_who_went_in_while_nobody_could_be_asked_was_there_as_a_guest(client, guestbook, visits, person, app, then):  # fmt: skip
    event_id, token = guestbook()
    key = person().person_key
    if then == "erased":
        person(erase)
    else:
        person(lambda signup: setattr(signup, "status", "cancelled"))
    app.extensions["door_engine"] = Broken()
    assert press(client, f"/join/{token}", LIVE).status_code == 303
    with app.app_context():
        assert spool.replay(LIVE) == 1
        found = figures(db.session.get(Event, event_id), LIVE + dt.timedelta(minutes=5))
    [visit] = visits()
    assert visit.person_key != key
    assert (visit.identity, visit.is_registered) == ("anonymous", False)
    assert found["attendance"]["guests"] == 1
    assert found["attendance"]["registered_attended"] == 0


def test_a_press_proves_the_address_also_while_the_database_does_not_answer(client, guestbook, visits, person, app):  # fmt: skip
    waiting = {"status": "pending", "pending_reason": "address", "confirmed_at": None}
    _, token = guestbook(confirm_address=True, signup=waiting)
    app.extensions["door_engine"] = Broken()
    assert press(client, f"/join/{token}", LIVE).status_code == 303
    assert person().proved_at is None
    with app.app_context():
        assert spool.replay(LIVE + dt.timedelta(seconds=5)) == 1
    assert (person().status, visits()[0].is_registered) == ("confirmed", True)


def test_looking_at_the_door_does_not_need_the_database(client, guestbook, app):
    _, token = guestbook()
    get(client, f"/join/{token}", LIVE)
    app.extensions["door_engine"].dispose()
    app.extensions["door_engine"] = Broken()
    assert "Go in" in get(client, f"/join/{token}", LIVE)
    get(client, f"/room/{token}", LIVE)
