"""A week after an event nobody knows any more which visits were whose, and every count is what it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from tests.privacy.evening import evening, figures_of, minute
from webapp.attendance.figures import curve, figures
from webapp.attendance.models import Companions, Visit
from webapp.attendance.queries import live_counts
from webapp.audit.models import AuditEntry
from webapp.db import db, from_ms
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.privacy import commands, operations, ties
from webapp.privacy.models import FrozenFigures, Tally
from webapp.privacy.queries import TIED_FOR, due_to_cut
from webapp.signup import links
from webapp.signup import operations as signups
from webapp.signup.models import Signup

MOMENT = dt.timedelta(milliseconds=1)


def rows(model: Any) -> list[Any]:
    return list(
        db.session.scalars(
            sa.select(model)
            .order_by(*sa.inspect(model).primary_key)
            .execution_options(populate_existing=True)
        )
    )


def a_week_after(event: Event) -> dt.datetime:
    return event.ends_at + TIED_FOR


def test_a_week_after_the_event_and_not_before(context: Flask) -> None:
    event = evening()
    before, keys = figures_of(event), {row.person_key for row in rows(Visit)}
    counts = live_counts(event, minute(120))
    commands.run(a_week_after(event) - MOMENT)
    assert {row.person_key for row in rows(Visit)} == keys
    assert rows(FrozenFigures) == []

    at = a_week_after(event)
    assert commands.run(at) == 0
    assert figures_of(event) == before
    assert live_counts(event, minute(120)) == counts
    people = rows(Signup)
    assert [person.name for person in people][:2] == ["Person 0", "Person 1"]
    assert {(person.person_key, person.untied_at) for person in people} == {(None, at)}
    assert [person.attended for person in people] == [True] * 6 + [False, True, True]
    assert [row.name for row in rows(Visit) if row.name] == []
    assert due_to_cut(at) == []
    assert [(e.action, e.event_id) for e in rows(AuditEntry)] == [("event.ties_cut", event.id)]


def test_nothing_else_leads_back_to_the_person(context: Flask) -> None:
    event = evening()
    tied = {row.person_key for row in rows(Signup)}
    names = {row.name_key for row in rows(Visit) if row.name_key}
    started = {row.started_at for row in rows(Visit)}
    # Pressing Join proves an address, in the very millisecond of the visit.
    for row in rows(Signup):
        row.proved_at = min(started)
    db.session.commit()
    commands.run(a_week_after(event))
    assert tied.isdisjoint(row.person_key for row in rows(Visit))
    assert tied.isdisjoint(row.person_key for row in rows(Companions))
    assert names.isdisjoint(row.name_key for row in rows(Visit))
    moments = {
        getattr(row, name) for row in rows(Signup) for name in ("proved_at", "confirmed_at", "created_at")
    }  # fmt: skip
    assert started.isdisjoint(moments)


def test_what_was_known_is_frozen_first(context: Flask) -> None:
    event = evening()
    at = a_week_after(event)
    whole, people = figures(event, at), curve(event, at)
    assert people is not None
    commands.run(at)
    (frozen,) = rows(FrozenFigures)
    assert (frozen.at, frozen.cut_at, frozen.figures) == (at, at, whole)
    assert [(from_ms(ms), count) for ms, count in frozen.curve] == people
    kept = {(row.dimension, row.value): (row.signed_up, row.attended, row.stayed) for row in rows(Tally)}  # fmt: skip
    assert kept == {
        # Eight confirmed sign-ups, seven of whom came. Person 0 was there for 25 of the 30 minutes;
        # Person 1 for 29, and longer on a second device.
        ("source", "letter"): (4, 4, 3),
        ("source", "poster"): (1, 1, 1),
        ("source", ""): (3, 2, 2),
        ("language", "en"): (6, 5, 4),
        ("language", "es"): (2, 2, 2),
        ("question:again", "yes"): (1, 1, 0),
        ("question:again", "no"): (1, 1, 1),
        ("question:again", ""): (6, 5, 5),
        ("question:topics", "Peace"): (1, 1, 0),
        ("question:topics", "Bread"): (2, 2, 1),
        ("question:topics", ""): (6, 5, 5),
    }


@pytest.mark.case("D80")
@pytest.mark.parametrize("turn", [1, 2, 3, 4])
def test_interrupted_and_run_again(
    context: Flask, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    monkeypatch.setattr(operations, "BATCH", 2)
    event = evening()
    before, at = figures_of(event), a_week_after(event)
    whole, calls = ties.cut, []

    def dies(*args: Any) -> None:
        calls.append(args)
        whole(*args)
        if len(calls) == turn:
            raise KeyboardInterrupt

    monkeypatch.setattr(ties, "cut", dies)
    with pytest.raises(KeyboardInterrupt):
        commands.run(at)
    db.session.rollback()
    assert len([row for row in rows(Signup) if row.untied_at]) == 2 * (turn - 1)
    assert figures_of(event) == before
    monkeypatch.setattr(ties, "cut", whole)
    later = at + dt.timedelta(hours=1)
    commands.run(later)
    assert figures_of(event) == before
    assert [row.id for row in rows(Signup) if row.untied_at is None or row.person_key] == []
    (frozen,) = rows(FrozenFigures)
    # Killed in its first batch it had not begun.
    assert (frozen.at, frozen.cut_at) == (at if turn > 1 else later, later)
    assert len(rows(AuditEntry)) == 1


@pytest.mark.case("D77")
def test_erasing_after_the_cut_changes_no_count(context: Flask) -> None:
    event = evening()
    before = figures_of(event)
    # One goes before, the others after.
    operations.erase_signup(rows(Signup)[0], minute(200), by="Ada")
    db.session.commit()
    commands.run(a_week_after(event))
    assert figures_of(event) == before
    operations.erase_signup(rows(Signup)[4], a_week_after(event), by="Ada")
    db.session.commit()
    assert figures_of(event) == before
    assert commands.run(event.ends_at + dt.timedelta(days=30)) == 7
    assert figures_of(event) == before


def test_the_shortest_retention_freezes_too(context: Flask) -> None:
    event = evening()
    event.retention_days = 0
    db.session.commit()
    before = figures_of(event)
    # Nine people, and the names of two guests that none of them had.
    assert commands.run(event.ends_at) == 9 + 2
    assert figures_of(event) == before
    assert [row.cut_at for row in rows(FrozenFigures)] == [None]
    commands.run(a_week_after(event))
    (frozen,) = rows(FrozenFigures)
    assert (frozen.at, frozen.cut_at) == (event.ends_at, a_week_after(event))
    assert figures_of(event) == before


def test_names_in_a_file_imported_later_go_with_the_next_turn(context: Flask) -> None:
    event = evening()
    at = a_week_after(event)
    commands.run(at)
    make_visit(event, minute(5), minute(50), channel="import", identity="name_only", name="Rosa", name_key="rosa")  # fmt: skip
    db.session.commit()
    commands.run(at + dt.timedelta(hours=1))
    assert [row.name_key for row in rows(Visit) if row.name or row.name_key == "rosa"] == []
    (frozen,) = rows(FrozenFigures)
    assert (frozen.at, frozen.cut_at) == (at, at)


def test_an_event_that_was_moved_is_cut_once_more(context: Flask) -> None:
    event = evening()
    commands.run(a_week_after(event))
    event.starts_at, event.ends_at = NOW + dt.timedelta(days=20), NOW + dt.timedelta(days=20, hours=1)  # fmt: skip
    late = make_signup(event, "Late")
    make_visit(event, event.starts_at, event.ends_at, signup=late)
    db.session.commit()
    again = a_week_after(event)
    commands.run(again - MOMENT)
    assert late.untied_at is None
    commands.run(again)
    assert late.untied_at == again
    (frozen,) = rows(FrozenFigures)
    assert (frozen.at, frozen.cut_at) == (again, again)


def test_a_sample_evening_keeps_its_ties(context: Flask) -> None:
    event = make_event(is_sample=True, starts_at=NOW, ends_at=minute(60))
    invented, real = make_signup(event, is_sample=True), make_signup(event)
    make_visit(event, minute(5), minute(50), name="Guest Ana", name_key="guest ana")
    db.session.commit()
    commands.run(a_week_after(event))
    assert (invented.untied_at, real.untied_at) == (None, a_week_after(event))
    assert invented.person_key is not None
    assert [row.name for row in rows(Visit)] == ["Guest Ana"]
    commands.run(event.ends_at + dt.timedelta(days=30))
    assert (invented.erased_at, real.erased_at) == (None, event.ends_at + dt.timedelta(days=30))


def test_who_was_crew_is_settled_by_then(context: Flask) -> None:
    event = evening()
    commands.run(a_week_after(event))
    person = rows(Signup)[0]
    with pytest.raises(Refused, match="no longer known which visits"):
        signups.mark_crew(person, True, a_week_after(event), by="Ada")
    assert not person.is_crew


def test_the_links_of_the_person_still_work(context: Flask) -> None:
    """They open the page of an event that is over; the key in a new link leads to nobody."""
    event = evening()
    commands.run(a_week_after(event))
    person = rows(Signup)[0]
    link = links.read_join(links.join_token(person))
    assert link.public_id == person.public_id
    assert link.person_key not in {row.person_key for row in rows(Visit)}
