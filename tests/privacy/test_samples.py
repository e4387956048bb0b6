"""Retention takes real people and leaves invented ones."""

from __future__ import annotations

import datetime as dt

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from webapp.privacy import queries


def long_ago(**values):
    return make_event(starts_at=NOW - dt.timedelta(days=60), **values)


def test_a_sample_evening_keeps_its_invented_people(context):
    sample = long_ago(is_sample=True)
    make_signup(sample, is_sample=True)
    make_visit(sample, NOW - dt.timedelta(days=60), name="Guest Ana", name_key="guest ana")
    assert queries.due_to_erase(NOW) == []


def test_a_real_person_at_a_sample_event_is_taken(context):
    sample = long_ago(is_sample=True)
    make_signup(sample, is_sample=True)
    make_signup(sample)
    real = long_ago()
    make_signup(real)
    assert {event.id for event in queries.due_to_erase(NOW)} == {sample.id, real.id}
