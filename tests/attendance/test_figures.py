"""Every figure against values worked out by hand in the test."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.conftest import NOW
from tests.factories import (
    make_event,
    make_session,
    make_signup,
    make_speaker,
    make_visit,
)
from webapp import tokens
from webapp.attendance.figures import curve, figures
from webapp.attendance.models import Companions, HeadCount
from webapp.db import db

pytestmark = pytest.mark.usefixtures("context")
START = NOW + dt.timedelta(hours=1)  # 18:00 UTC


def at(minutes: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minutes)


def z(minutes: float) -> str:
    return at(minutes).strftime("%Y-%m-%dT%H:%M:%SZ")


def attendance(event, moment=None):
    return figures(event, moment or at(200))["attendance"]


def test_an_event_nobody_has_heard_of_yet():
    event = make_event()
    result = figures(event, NOW)
    assert result["signups"] == {
        "confirmed": 0, "pending": 0, "waitlisted": 0, "offered": 0, "declined": 0, "cancelled": 0,
    }  # fmt: skip
    nobody = {
        "low": 0, "high": 0, "identified": 0, "name_only": 0, "ambiguous": 0, "anonymous": 0,
    }  # fmt: skip
    assert result["attendance"] == {
        "people": nobody, "peak": None, "minutes": None, "doors": 0, "crew": 0,
        "registered_attended": 0, "guests": 0, "show_up_rate": None,
        "everybody": {"people": nobody, "peak": None, "minutes": None},
        "by_source": [], "watching_together": 0, "head_counts": [], "platform": [],
    }  # fmt: skip
    assert result["method"] == "turnout-figures/1"
    assert result["as_of"] == "2027-04-06T17:00:00Z"


def test_two_devices_are_one_person_and_minutes_are_unions():
    event = make_event()
    ana = make_signup(event)
    make_visit(event, at(0), at(60), signup=ana)
    make_visit(event, at(30), at(90), signup=ana)
    make_visit(event, at(40), at(50))
    got = attendance(event)
    assert got["people"]["low"] == 1
    assert got["people"]["high"] == 2
    assert got["peak"] == {"people": 2, "at": z(40), "connections": 3}
    assert got["minutes"] == {
        "total": 100.0, "within_event": 100.0, "average": 50.0, "median": 50.0,
        "measured_share": 1.0, "open_ended": 0,
    }  # fmt: skip
    assert got["registered_attended"] == 1
    assert got["guests"] == 1
    assert got["show_up_rate"] == 1.0
    assert got["doors"] == 2


@pytest.mark.case("D67")
def test_raw_and_within_the_event_stand_side_by_side():
    event = make_event(started_at=at(1), ended_at=at(100))
    make_visit(event, at(-4), at(10), signup=make_signup(event))
    make_visit(event, at(95), at(110), signup=make_signup(event))
    got = attendance(event)["minutes"]
    assert got["total"] == 29.0
    assert got["within_event"] == 14.0


def test_unknown_ends_count_people_and_not_minutes():
    event = make_event()
    make_visit(event, at(0), at(30), signup=make_signup(event))
    half = make_signup(event)
    make_visit(event, at(0), at(10), signup=half)
    make_visit(event, at(20), None, signup=half, end_reason="unknown")
    got = attendance(event)
    assert got["people"]["low"] == 2
    assert got["minutes"]["total"] == 40.0
    assert got["minutes"]["open_ended"] == 1
    assert got["minutes"]["average"] == 30.0, "only over people all of whose ends are known"


def test_door_only_knows_who_came_and_nothing_more():
    event = make_event(presence="door")
    for _ in range(3):
        make_visit(
            event, at(0), None, signup=make_signup(event), channel="door", end_reason="unknown"
        )
    make_session(event, "Opening", key="opening")
    got = figures(event, at(200))
    assert got["attendance"]["people"]["low"] == 3
    assert got["attendance"]["doors"] == 3
    assert got["attendance"]["peak"] is None
    assert got["attendance"]["minutes"] is None
    assert got["sessions"][0]["people"] is None
    assert curve(event) is None


def test_measured_share_is_by_minutes():
    event = make_event()
    make_visit(event, at(0), at(30), end_reason="left")
    make_visit(event, at(0), at(10), end_reason="timeout")
    make_visit(event, at(0), at(20), end_reason="closed")
    assert attendance(event)["minutes"]["measured_share"] == round(50 / 60, 4)


def test_crew_is_counted_apart_and_everybody_together():
    event = make_event()
    chair = make_signup(event, is_crew=True)
    make_visit(event, at(0), at(100), signup=chair)
    make_visit(event, at(10), at(20), signup=make_signup(event))
    make_visit(event, at(10), at(15), is_crew=True)
    got = attendance(event)
    assert got["crew"] == 2
    assert got["people"]["low"] == 1
    assert got["peak"]["people"] == 1
    assert got["minutes"]["total"] == 10.0
    assert got["everybody"]["people"]["low"] == 2
    assert got["everybody"]["people"]["high"] == 3
    assert got["everybody"]["peak"]["people"] == 3
    assert got["registered_attended"] == 2, "a crew member's sign-up is a sign-up that came"


def test_cancelled_people_who_came_are_guests():
    event = make_event()
    gone = make_signup(event, status="cancelled")
    make_visit(event, at(0), at(10), signup=gone)
    make_signup(event)
    got = attendance(event)
    assert got["guests"] == 1
    assert got["registered_attended"] == 0
    assert got["show_up_rate"] == 0.0


def test_erasing_somebody_changes_no_figure():
    event = make_event()
    ana, ben = make_signup(event), make_signup(event)
    make_visit(event, at(0), at(10), signup=ana)
    visit = make_visit(event, at(0), at(20), signup=ben)
    before = figures(event, at(200))
    ben.name = ben.name_key = ben.email = ben.email_key = ben.person_key = None
    ben.erased_at, ben.attended = at(150), True
    visit.person_key = tokens.person_key()
    event.touch()
    db.session.flush()
    assert figures(event, at(200)) == before


def test_guests_with_names():
    event = make_event()
    ana = make_signup(event, "Ana Ortiz")
    make_visit(event, at(0), at(60), signup=ana)

    def guest(name, start, end):
        make_visit(
            event, at(start), at(end), identity="name_only", name=name, name_key=name.casefold()
        )

    guest("Hana Sato", 0, 10)
    guest("Hana Sato", 20, 30)
    guest("ana ortiz", 30, 70)
    got = attendance(event)
    assert got["people"] == {
        "low": 2, "high": 3, "identified": 1, "name_only": 1, "ambiguous": 1, "anonymous": 0,
    }  # fmt: skip
    assert got["minutes"]["total"] == 90.0, "the second Ana counts as Ana: 0-70, and Hana 20"
    assert got["peak"]["people"] == 2


def test_two_sources_never_add_up():
    event = make_event(presence="platform")
    for _ in range(5):
        make_visit(event, at(0), None, signup=make_signup(event), channel="link", end_reason="unknown")  # fmt: skip
    both = make_signup(event)
    make_visit(event, at(0), None, signup=both, channel="link", end_reason="unknown")
    make_visit(event, at(0), at(90), signup=both, channel="import", end_reason="stated")
    for number in range(4):
        make_visit(
            event, at(0), at(60), channel="import", end_reason="stated", identity="name_only",
            name=f"P{number}", name_key=f"p{number}",
        )  # fmt: skip
    got = attendance(event)
    assert got["people"]["low"] == 1 + 5, "the one in both, and the larger rest"
    assert got["people"]["high"] == 1 + 5 + 4
    assert [row["source"] for row in got["by_source"]] == ["turnout", "import"]
    assert got["by_source"][0]["people"]["low"] == 6
    assert got["by_source"][0]["minutes"] is None
    assert got["by_source"][1]["people"]["low"] == 5
    assert got["minutes"]["total"] == 90 + 240
    assert got["minutes"]["open_ended"] == 0, "the named source has none"
    assert got["doors"] == 6


def test_sessions_use_actual_times_and_planned_ones_where_nothing_was_recorded():
    event = make_event(started_at=at(2))
    kate = make_speaker(event, "Kate")
    make_session(event, "Opening", 5, key="opening", speakers=[(kate, "chair")], started_at=at(2), ended_at=at(12))  # fmt: skip
    make_session(event, "Talk", 20, key="talk")
    make_visit(event, at(0), at(8), signup=make_signup(event))
    make_visit(event, at(2), at(30), signup=make_signup(event))
    make_visit(event, at(10), at(11), signup=make_signup(event))
    opening, talk = figures(event, at(200))["sessions"]
    assert opening == {
        "key": "opening", "title": "Opening", "speakers": ["Kate"],
        "planned_start": z(0), "planned_end": z(5), "started_at": z(2), "ended_at": z(12),
        "people": 3, "stayed": 2, "at_start": 2, "peak": 2,
        "minutes": 17.0, "average": 5.67,
    }  # fmt: skip
    assert talk["started_at"] is None
    assert talk["planned_start"] == z(5)
    assert (talk["people"], talk["minutes"]) == (3, 3 + 20 + 1)


def test_minimum_stay_of_the_event():
    event = make_event(min_stay_minutes=9)
    make_session(event, "Talk", 20, started_at=at(0), ended_at=at(20))
    make_visit(event, at(0), at(8))
    make_visit(event, at(0), at(4), signup=(ana := make_signup(event)))
    make_visit(event, at(10), at(15), signup=ana)
    assert figures(event, at(200))["sessions"][0]["stayed"] == 1


def test_a_running_session_is_clipped_to_now():
    event = make_event(started_at=at(0))
    make_session(event, "Talk", 20, started_at=at(0))
    make_visit(event, at(0), None, last_seen_at=at(9))
    assert figures(event, at(4))["sessions"][0]["minutes"] == 4.0
    assert figures(event, at(10))["sessions"][0]["minutes"] == 9.0


def test_head_counts_and_company_stay_apart():
    event = make_event()
    db.session.add(HeadCount(event_id=event.id, count=40, at=at(5), author="Ben", source="Hall"))
    db.session.add(Companions(event_id=event.id, person_key=7, count=3, at=at(5)))
    db.session.flush()
    got = attendance(event)
    assert got["head_counts"] == [{"count": 40, "at": z(5), "source": "Hall"}]
    assert got["watching_together"] == 3
    assert got["people"]["high"] == 0


def test_nothing_is_kept_that_has_changed():
    event = make_event()
    make_visit(event, at(0), at(10))
    assert attendance(event)["people"]["high"] == 1
    make_visit(event, at(0), at(10))
    assert attendance(event)["people"]["high"] == 2
    make_signup(event)
    assert figures(event, at(200))["signups"]["confirmed"] == 1


def test_unchanged_figures_are_not_computed_again(app, count_queries):
    event = make_event()
    make_visit(event, at(0), at(10))
    figures(event, at(200))
    with count_queries() as queries:
        figures(event, at(201))
    assert not [s for s in queries.statements if "visits.started_at" in s], "the log is not read"


def test_the_curve_is_by_clock_minute():
    event = make_event()
    make_visit(event, at(0.5), at(2.5))
    make_visit(event, at(1), at(2))
    assert curve(event) == [(at(0), 0), (at(1), 2), (at(2), 1)]
