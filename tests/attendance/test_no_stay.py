"""People who are let in without it being recorded how long they stay: they count one, and no minutes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.attendance.test_presence import at, joined, pulse, stays
from tests.factories import make_event, make_signup, make_visit
from webapp.attendance import operations, presence
from webapp.attendance.figures import figures
from webapp.attendance.models import Visit
from webapp.db import db

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def buffer(app):
    return presence.Presence(app)


def registered(event, name: str, **values):
    signup = make_signup(event, name, **values)
    visit = joined(event, signup=signup)
    return signup, visit


def test_two_came_and_one_of_them_has_minutes(buffer):
    event = make_event()
    ana, ana_visit = registered(event, "Ana")
    ben, ben_visit = registered(event, "Ben", no_stay=True)
    for seconds in range(0, 601, 30):
        pulse(buffer, event, ana.person_key, ana_visit.uid, seconds, identity="identified")
        pulse(buffer, event, ben.person_key, ben_visit.uid, seconds, identity="identified")
    # A second tab of Ben's, of which no visit is known yet, makes none.
    pulse(buffer, event, ben.person_key, "second-tab", 60, 90, identity="identified")
    buffer.flush(at(600))
    assert stays(event) == [(0, 600, None, None), (0, 0, None, None)]
    buffer.leave(event.id, ben.person_key, ben_visit.uid, at(620))
    buffer.leave(event.id, ana.person_key, ana_visit.uid, at(600))
    presence.sweep(at(800))
    assert stays(event) == [(0, 600, 600, "left"), (0, 0, None, "unknown")]
    found = figures(event, at(900))["attendance"]
    assert found["people"]["low"] == found["people"]["identified"] == 2
    assert found["registered_attended"] == found["doors"] == 2
    assert found["minutes"]["total"] == found["minutes"]["average"] == 10.0
    assert found["minutes"]["open_ended"] == 1
    assert found["peak"]["people"] == 1


def test_who_came_in_just_before_the_end_is_not_there_to_the_end(buffer):
    event = make_event(ended_at=at(600))
    signup = make_signup(event, "Ben", no_stay=True)
    joined(event, 580, signup=signup)
    presence.sweep(at(700))
    assert stays(event) == [(580, 580, None, "unknown")]


def test_asked_for_later_the_minutes_before_are_dropped(buffer):
    event = make_event()
    ana, visit = registered(event, "Ana")
    make_visit(event, at(-1000), at(-400), signup=ana, channel="platform")
    for seconds in range(0, 301, 30):
        pulse(buffer, event, ana.person_key, visit.uid, seconds, identity="identified")
    buffer.flush(at(300))
    assert stays(event) == [(-1000, -400, -400, "left"), (0, 300, None, None)]
    ana.no_stay = True
    assert operations.forget_stay(event.id, [ana.person_key]) == 2
    db.session.commit()
    nothing = [(-1000, -1000, None, "unknown"), (0, 0, None, "unknown")]
    assert stays(event) == nothing
    # The tab that is still open goes on sending, and changes nothing any more.
    pulse(buffer, event, ana.person_key, visit.uid, 330, 360, identity="identified")
    buffer.flush(at(360))
    presence.sweep(at(400))
    assert stays(event) == nothing
    found = figures(event, at(900))["attendance"]
    assert (found["people"]["low"], found["minutes"], found["peak"]) == (1, None, None)


def test_pulses_that_were_on_their_way_are_gone_with_the_next_sweep(buffer):
    """Another process wrote a stretch it had heard before it could know."""
    event = make_event()
    _ana, visit = registered(event, "Ana", no_stay=True)
    visit.last_seen_at = at(60)
    db.session.commit()
    presence.sweep(at(90))
    assert stays(event) == [(0, 0, None, "unknown")]


def test_a_guest_who_turns_out_to_be_one_of_them(buffer):
    event = make_event()
    ana = make_signup(event, "Ana", no_stay=True)
    visit = joined(event, person_key=4711)
    pulse(buffer, event, 4711, visit.uid, 30, 60)
    buffer.flush(at(60))
    operations.claim_guests(event.id, [4711], ana.person_key)
    db.session.commit()
    pulse(buffer, event, 4711, visit.uid, 90, 120)
    buffer.flush(at(120))
    presence.sweep(at(130))
    assert stays(event) == [(0, 0, None, "unknown")]
    assert db.session.scalar(sa.select(Visit.person_key)) == ana.person_key


def test_the_stay_of_everybody_else_is_as_it_was(buffer):
    event, other = make_event(), make_event()
    make_signup(event, "Ben", no_stay=True)
    ben = make_signup(other, "Ben")
    visit = joined(other, signup=ben)
    pulse(buffer, other, ben.person_key, visit.uid, 30, 60, identity="identified")
    buffer.flush(at(60))
    assert stays(other) == [(0, 60, None, None)]
    assert operations.forget_stay(event.id, []) == 0
