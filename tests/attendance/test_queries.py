"""The counts of the running evening, each against a crowd counted by hand."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from webapp.attendance.figures import figures
from webapp.attendance.queries import live_counts
from webapp.signup.people import name_key

pytestmark = pytest.mark.usefixtures("context")


def ago(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def numbers(event):
    got = live_counts(event, NOW)
    return got.doors, got.present, got.visited_signups, got.not_joined


def test_before_anybody_came():
    event = make_event()
    got = live_counts(event, NOW)
    assert (got.doors, got.present, got.visited_signups, got.not_joined) == (0, 0, 0, 0)
    assert got.as_of == NOW


@pytest.mark.case("D68")
def test_who_came_and_who_is_there():
    event, other = make_event(), make_event()
    ana, ben, cleo = (make_signup(event) for _ in range(3))
    pending = make_signup(event, status="pending")
    # Ana has two tabs open, and left with a third.
    make_visit(event, ago(600), signup=ana, last_seen_at=ago(10))
    make_visit(event, ago(300), signup=ana, last_seen_at=ago(150))
    make_visit(event, ago(900), ago(700), signup=ana)
    # Ben has been silent for longer than we bridge; nobody closed his visit yet.
    make_visit(event, ago(600), signup=ben, last_seen_at=ago(150.001))
    # A guest, and somebody whose sign-up is not confirmed, are there.
    make_visit(event, ago(60))
    make_visit(event, ago(60), signup=pending)
    # What a file says is no door of ours, but the sign-up came.
    make_visit(event, ago(600), ago(60), signup=cleo, channel="import", end_reason="stated")
    make_visit(other, ago(10))
    assert numbers(event) == (4, 3, 3, 0)


def test_guests_do_not_stand_in_for_sign_ups():
    event = make_event()
    for _ in range(2):
        make_signup(event)
    for _ in range(5):
        make_visit(event, ago(10))
    assert numbers(event) == (5, 5, 0, 2)


def test_an_erased_sign_up_is_never_taken_for_somebody_else():
    event = make_event()
    make_signup(event, person_key=None)
    make_visit(event, ago(10))
    assert numbers(event) == (1, 1, 0, 1)


def test_people_of_one_name_are_told_apart_as_in_the_figures():
    event = make_event()
    ana = make_signup(event, name="Ana Álvarez")
    make_visit(event, ago(60), signup=ana, last_seen_at=ago(10))
    # Ana's second device, twice the same Rosa, and a guest without a name.
    for name in ("ana álvarez", "Rosa", "Rosa"):
        make_visit(event, ago(60), name=name, name_key=name_key(name), identity="name_only", last_seen_at=ago(10))  # fmt: skip
    make_visit(event, ago(60), last_seen_at=ago(10))
    # Another Rosa who has gone is the same Rosa to anybody who only knows the name.
    make_visit(event, ago(900), ago(700), name="rosa", name_key="rosa", identity="name_only")
    assert numbers(event) == (3, 3, 1, 0)
    assert figures(event, NOW)["attendance"]["doors"] == 3


@pytest.mark.parametrize("presence", ["door", "platform"])
def test_present_is_unknown_where_our_room_does_not_measure(presence):
    event = make_event(presence=presence)
    make_visit(event, ago(10), channel="link")
    assert numbers(event) == (1, None, 0, 0)


def test_the_number_of_queries_does_not_grow(count_queries):
    event = make_event()
    for _ in range(30):
        make_visit(event, ago(5), signup=make_signup(event))
    with count_queries() as seen:
        live_counts(event, NOW)
    assert len(seen) <= 4
