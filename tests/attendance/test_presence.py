"""Pulses and what becomes of them, second by second, with every end worked out by hand."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from webapp import jobs, tokens
from webapp.attendance import presence
from webapp.attendance.figures import figures
from webapp.attendance.models import AttendanceMark, Visit
from webapp.attendance.queries import live_counts
from webapp.db import db

pytestmark = pytest.mark.usefixtures("context")
START = NOW + dt.timedelta(hours=1)  # 18:00 UTC; planned until 19:45, closes by 20:45


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


@pytest.fixture
def buffer(app):
    return presence.Presence(app)


def joined(event, seconds: float = 0, **values) -> Visit:
    """What POST /join leaves: a visit whose connection is its uid."""
    uid = tokens.public_id()
    visit = make_visit(event, at(seconds), uid=uid, connection=uid, **values)
    db.session.commit()
    return visit


def pulse(buffer, event, key, connection, *seconds: float, identity="anonymous") -> None:
    for moment in seconds:
        buffer.pulse(
            event.id, key, connection, at(moment),
            is_registered=identity == "identified", identity=identity,
        )  # fmt: skip


def stays(event) -> list[tuple[float, float, float | None, str | None]]:
    """(start, last seen, end, reason) of every visit, in seconds from the start."""
    db.session.expire_all()
    return [
        (
            (visit.started_at - START).total_seconds(),
            (visit.last_seen_at - START).total_seconds(),
            None if visit.ended_at is None else (visit.ended_at - START).total_seconds(),
            visit.end_reason,
        )
        for visit in db.session.scalars(
            sa.select(Visit).where(Visit.event_id == event.id).order_by(Visit.started_at, Visit.id)
        )
    ]


def revision(event) -> int | None:
    return db.session.scalar(
        sa.select(AttendanceMark.revision).where(AttendanceMark.event_id == event.id)
    )


@pytest.mark.case("D68")
def test_a_browser_closed_without_goodbye_ends_at_its_last_pulse(buffer):
    event = make_event()
    visit = joined(event, signup=make_signup(event))
    pulse(buffer, event, visit.person_key, visit.uid, 30, 60, 90)
    assert buffer.flush(at(95)) == 1
    assert stays(event) == [(0, 90, None, None)]
    # 150 seconds are bridged, one more millisecond is not.
    assert presence.sweep(at(240)) == 0
    assert presence.sweep(at(240.001)) == 1
    assert stays(event) == [(0, 90, 90, "timeout")]
    assert presence.sweep(at(1000)) == 0
    minutes = figures(event, at(1000))["attendance"]["minutes"]
    assert (minutes["total"], minutes["measured_share"]) == (1.5, 0.0)


@pytest.mark.case("D68")
def test_a_laptop_asleep_for_two_hours_is_not_credited_with_them(buffer):
    event = make_event(ends_at=START + dt.timedelta(hours=4))
    visit = joined(event)
    pulse(buffer, event, visit.person_key, visit.uid, 30, 60)
    buffer.flush(at(61))
    # It wakes before any sweep has looked.
    pulse(buffer, event, visit.person_key, visit.uid, 7260, 7290)
    buffer.flush(at(7291))
    assert stays(event) == [(0, 60, 60, "timeout"), (7260, 7290, None, None)]
    db.session.refresh(visit)
    returned = db.session.scalar(sa.select(Visit).where(Visit.started_at == at(7260)))
    assert returned.person_key == visit.person_key
    assert returned.connection == visit.connection
    assert returned.uid != visit.uid
    got = figures(event, at(7300))["attendance"]
    assert (got["people"]["high"], got["minutes"]["total"]) == (1, 1.5)


@pytest.mark.case("D68")
def test_a_laptop_asleep_within_one_batch_is_two_visits_as_well(buffer):
    event = make_event(ends_at=START + dt.timedelta(hours=4))
    visit = joined(event)
    pulse(buffer, event, visit.person_key, visit.uid, 30, 60, 7260, 7290)
    buffer.flush(at(7291))
    assert stays(event) == [(0, 60, 60, "timeout"), (7260, 7290, None, None)]


@pytest.mark.case("D68")
def test_a_return_keeps_the_name_a_guest_gave(buffer):
    event = make_event()
    visit = joined(event, identity="name_only", name="Ana", name_key="ana", is_crew=True)
    pulse(buffer, event, visit.person_key, visit.uid, 30, 1000, identity="anonymous")
    buffer.flush(at(1001))
    returned = db.session.scalar(sa.select(Visit).where(Visit.started_at == at(1000)))
    assert (returned.name, returned.name_key) == ("Ana", "ana")
    assert (returned.identity, returned.is_crew, returned.channel) == ("name_only", True, "room")


@pytest.mark.case("D68")
def test_two_tabs_are_one_person(buffer):
    event = make_event()
    ana = make_signup(event)
    visit = joined(event, signup=ana)
    pulse(buffer, event, ana.person_key, visit.uid, 30, 60, identity="identified")
    pulse(buffer, event, ana.person_key, "second-tab", 45, 75, 105, identity="identified")
    assert buffer.flush(at(110)) == 2
    assert stays(event) == [(0, 60, None, None), (45, 105, None, None)]
    counts = live_counts(event, at(110))
    assert (counts.doors, counts.present, counts.visited_signups) == (1, 1, 1)
    # 0 to 105 seconds, the overlap once.
    assert figures(event, at(110))["attendance"]["minutes"]["total"] == 1.75
    buffer.leave(event.id, ana.person_key, "second-tab", at(120))
    assert live_counts(event, at(120)).present == 1
    buffer.leave(event.id, ana.person_key, visit.uid, at(125))
    assert live_counts(event, at(125)).present == 0


@pytest.mark.case("D68")
def test_pulses_out_of_order_only_move_forward(buffer):
    event = make_event()
    visit = joined(event)
    pulse(buffer, event, visit.person_key, visit.uid, 90, 30, 120, 60)
    buffer.flush(at(121))
    assert stays(event) == [(0, 120, None, None)]
    before = revision(event)
    pulse(buffer, event, visit.person_key, visit.uid, 105)
    buffer.flush(at(126))
    assert stays(event) == [(0, 120, None, None)]
    assert revision(event) == before


@pytest.mark.case("D68")
def test_a_pulse_that_was_on_its_way_when_they_left_changes_nothing(buffer, app):
    event = make_event()
    visit = joined(event)
    elsewhere = presence.Presence(app)
    pulse(elsewhere, event, visit.person_key, visit.uid, 30, 60)
    buffer.leave(event.id, visit.person_key, visit.uid, at(61))
    elsewhere.flush(at(65))
    assert stays(event) == [(0, 61, 61, "left")]


@pytest.mark.case("D68")
def test_who_joined_and_never_pulsed_counts_without_minutes(buffer):
    event = make_event()
    joined(event)
    assert presence.sweep(at(150)) == 0
    assert presence.sweep(at(151)) == 1
    assert stays(event) == [(0, 0, None, "unknown")]
    got = figures(event, at(151))["attendance"]
    assert (got["people"]["high"], got["minutes"]) == (1, None)


def test_a_single_pulse_of_a_second_tab_ends_where_it_was_heard(buffer):
    event = make_event()
    pulse(buffer, event, 7, "second-tab", 30)
    buffer.flush(at(31))
    presence.sweep(at(500))
    assert stays(event) == [(30, 30, 30, "timeout")]


@pytest.mark.case("D68")
def test_the_event_ends_and_everybody_still_there_stays_to_its_end(buffer):
    event = make_event(ended_at=at(3600))
    there = joined(event)
    gone = joined(event, 1)
    late = joined(event, 3590)
    silent = joined(event, 2)
    pulse(buffer, event, there.person_key, there.uid, *range(30, 3700, 100))
    pulse(buffer, event, gone.person_key, gone.uid, *range(30, 3449, 100), 3449)
    buffer.flush(at(3700))
    # 3630 was after the end, and somebody heard before and after it was there at the end.
    assert stays(event)[0] == (0, 3600, None, None)
    assert presence.sweep(at(3700)) == 4
    assert stays(event) == [
        (0, 3600, 3600, "closed"),
        (1, 3449, 3449, "timeout"),
        (2, 2, None, "unknown"),
        (3590, 3590, 3600, "closed"),
    ]
    assert late.end_reason == "closed"
    assert silent.end_reason == "unknown"
    pulse(buffer, event, there.person_key, there.uid, 3710, 3740)
    pulse(buffer, event, there.person_key, "new-tab", 3710)
    buffer.leave(event.id, there.person_key, there.uid, at(3750))
    buffer.flush(at(3751))
    assert stays(event)[0] == (0, 3600, 3600, "closed")
    assert len(stays(event)) == 4
    assert presence.sweep(at(3760)) == 0


def test_an_end_taken_back_lets_them_go_on(buffer):
    event = make_event(ended_at=at(600))
    visit = joined(event)
    pulse(buffer, event, visit.person_key, visit.uid, *range(30, 600, 30))
    buffer.flush(at(601))
    presence.sweep(at(602))
    assert stays(event) == [(0, 570, 600, "closed")]
    event.ended_at = None
    db.session.commit()
    pulse(buffer, event, visit.person_key, visit.uid, 630)
    buffer.flush(at(631))
    assert stays(event) == [(0, 630, None, None)]


def test_nobody_pressed_end_so_it_closes_an_hour_after_the_plan(buffer):
    event = make_event()
    end = (event.closes_by - START).total_seconds()
    visit = joined(event, end - 1000)
    pulse(buffer, event, visit.person_key, visit.uid, *(end - n for n in range(900, -100, -100)))
    buffer.flush(at(end - 1))
    assert presence.sweep(at(end - 1)) == 0
    assert presence.sweep(at(end)) == 1
    assert stays(event) == [(end - 1000, end, end, "closed")]


def test_an_end_pressed_before_somebody_came_gives_no_negative_stay():
    event = make_event(ended_at=at(100))
    joined(event, 120)
    assert presence.sweep(at(200)) == 1
    assert stays(event) == [(120, 120, 120, "closed")]


def test_the_door_alone_cannot_say_when_they_went():
    event = make_event(presence="door")
    make_visit(event, at(10), channel="link")
    make_visit(event, at(10), channel="import", last_seen_at=at(20))
    db.session.commit()
    assert presence.sweep(at(4000)) == 0
    event.ended_at = at(20)
    db.session.commit()
    assert presence.sweep(at(4000)) == 1
    assert stays(event) == [(10, 10, None, "unknown"), (10, 20, None, None)]


@pytest.mark.case("D68")
def test_a_write_that_fails_loses_no_pulse(buffer, monkeypatch):
    event, other = make_event(), make_event()
    visit = joined(event)
    pulse(buffer, event, visit.person_key, visit.uid, 30, 60)
    pulse(buffer, other, 9, "somebody-else", 60)
    whole = presence._write

    def fails(event_id, batch, leaving):
        whole(event_id, batch, leaving)
        if event_id == event.id:
            # A pulse comes in while the database is away.
            pulse(buffer, event, visit.person_key, visit.uid, 90)
            raise OperationalError("UPDATE", {}, Exception("gone"))

    event_id, uid, key = event.id, visit.uid, visit.person_key
    monkeypatch.setattr(presence, "_write", fails)
    with pytest.raises(OperationalError):
        buffer.flush(at(95))
    assert stays(event) == [(0, 0, None, None)]
    assert stays(other) == [(60, 60, None, None)], "one event's fault is not another's"
    assert len(buffer) == 1
    with pytest.raises(OperationalError):
        buffer.leave(event_id, key, uid, at(96))
    # The sweep comes first when the database is back: the silence was only ours.
    presence.sweep(at(400))
    assert stays(event) == [(0, 0, None, "unknown")]
    monkeypatch.undo()
    assert buffer.flush(at(401)) == 1
    assert stays(event) == [(0, 90, None, None)]
    assert len(buffer) == 0
    presence.sweep(at(402))
    assert stays(event) == [(0, 90, 90, "timeout")]


def test_leaving_is_written_at_once(buffer):
    event = make_event()
    visit = joined(event)
    pulse(buffer, event, visit.person_key, visit.uid, 30)
    pulse(buffer, event, 5, "another", 30)
    buffer.leave(event.id, visit.person_key, visit.uid, at(42))
    db.session.rollback()
    assert stays(event) == [(0, 42, 42, "left")]
    assert len(buffer) == 1, "the others wait for their batch"
    # Back by the browser's back button: a new visit.
    pulse(buffer, event, visit.person_key, visit.uid, 50, 80)
    buffer.flush(at(81))
    assert stays(event) == [(0, 42, 42, "left"), (30, 30, None, None), (50, 80, None, None)]


def test_a_goodbye_after_two_hours_of_sleep_proves_nothing(buffer):
    event = make_event(ends_at=START + dt.timedelta(hours=4))
    visit = joined(event)
    pulse(buffer, event, visit.person_key, visit.uid, 30)
    buffer.flush(at(31))
    buffer.leave(event.id, visit.person_key, visit.uid, at(7200))
    assert stays(event) == [(0, 30, 30, "timeout")]


def test_a_join_written_late_hands_over_to_the_visit_its_pulses_began(buffer):
    event = make_event()
    uid = tokens.public_id()
    pulse(buffer, event, 11, uid, 30, 60)
    buffer.flush(at(61))
    make_visit(event, at(0), uid=uid, connection=uid, person_key=11)
    db.session.commit()
    pulse(buffer, event, 11, uid, 90)
    buffer.flush(at(91))
    assert stays(event) == [(0, 0, 30, "timeout"), (30, 90, None, None)]


def test_what_a_browser_sends_as_connection_cannot_spoil_a_batch(buffer):
    event = make_event()
    db.session.commit()
    pulse(buffer, event, 1, "", 30)
    pulse(buffer, event, 1, "\x00'\n", 30)
    assert len(buffer) == 0
    pulse(buffer, event, 1, "a\x00b" + "c" * 100, 30)
    buffer.flush(at(31))
    assert db.session.scalar(sa.select(Visit.connection)) == "ab" + "c" * 62


def test_pulses_of_an_event_that_is_gone_are_dropped(buffer):
    buffer.pulse(999_999, 1, "tab", at(0), is_registered=False, identity="anonymous")
    assert buffer.flush(at(1)) == 1
    assert len(buffer) == 0


def test_one_batch_marks_each_event_once(buffer):
    event = make_event()
    visits = [joined(event, n) for n in range(3)]
    for round_ in (1, 2):
        for visit in visits:
            pulse(buffer, event, visit.person_key, visit.uid, 30 * round_, 30 * round_ + 5)
        buffer.flush(at(40 * round_))
        assert revision(event) == round_
    presence.sweep(at(1000))
    assert revision(event) == 3


def test_a_batch_costs_the_same_few_queries_for_any_crowd(buffer, count_queries):
    event = make_event()
    visits = [joined(event) for _ in range(50)]
    for visit in visits:
        pulse(buffer, event, visit.person_key, visit.uid, 30)
    with count_queries() as seen:
        buffer.flush(at(31))
    assert len(seen) <= 5
    assert {stay[1] for stay in stays(event)} == {30}


def test_the_sweep_is_a_job():
    assert {job.name: job.every for job in jobs.registered()}["visits"] == 15


def test_a_process_of_its_own_writes_by_itself(app):
    event = make_event()
    event_id = event.id
    db.session.commit()
    app.config.update(TESTING=False, PULSE_FLUSH_SECONDS=0.01)
    buffer = presence.Presence(app)
    written = buffer.flush
    done = []

    def watched(moment):
        result = written(moment)
        done.append(result)
        buffer._stop.set()
        arrived.set()
        return result

    arrived = threading.Event()
    buffer.flush = watched
    buffer.pulse(event_id, 3, "tab", at(30), is_registered=False, identity="anonymous")
    assert arrived.wait(20)
    assert done == [1]
    assert stays(event) == [(30, 30, None, None)]
