"""Reminders: one for each person, when it helps them, whoever carries it out and however often."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.factories import make_event, make_signup
from tests.mailing.conftest import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    at,
    coming_event,
    mailings,
    mails,
    put_off,
    run,
)
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mailing import operations
from webapp.mailing.models import Mailing
from webapp.mailing.reminders import Rule
from webapp.signup import links
from webapp.signup import operations as signup_operations

pytestmark = pytest.mark.usefixtures("context")
ADA = "ada@example.org"


def states(event: Event) -> dict[int, str]:
    db.session.expire_all()
    return {m.number: m.state for m in mailings("reminder") if m.event_id == event.id}


def test_a_day_and_an_hour_before_the_start_unless_said_otherwise() -> None:
    event = coming_event()
    ana = make_signup(event, "Ana", timezone="America/La_Paz")
    db.session.commit()
    day, hour = event.starts_at - DAY, event.starts_at - HOUR
    run(day - MINUTE)
    assert mails() == []
    run(day)
    (first,) = mails()
    assert (first.message, first.lane) == ("reminder", "reminder")
    assert first.subject == f"Still coming? {event.title}"
    assert first.expires_at == event.starts_at
    for link in (links.of(ana).cancel, links.of(ana).join):
        assert link in first.text
        assert link in first.html
        assert link in first.secrets
    assert "13:00 to 14:45 (La Paz time)" in " ".join(first.text.split())
    # About the own sign-up: there is no list to leave.
    assert first.unsubscribe_url is None
    run(hour)
    second = mails()[1]
    assert (second.message, second.expires_at) == ("join_now", event.closes_by)
    assert links.of(ana).join in second.html
    run(event.starts_at)
    assert len(mails()) == 2


@pytest.mark.case("D24")
def test_however_often_the_job_runs_each_gets_one() -> None:
    event = coming_event()
    for _ in range(7):
        make_signup(event)
    db.session.commit()
    for second in range(5):
        run(event.starts_at - DAY + dt.timedelta(seconds=second))
    assert len(mails()) == len({m.person for m in mails()}) == 7


@pytest.mark.case("D24")
def test_two_workers_at_once_send_each_person_one(app: Flask) -> None:
    event = coming_event()
    for _ in range(120):
        make_signup(event)
    db.session.commit()
    day = event.starts_at - DAY
    db.session.commit()
    workers = 4
    gate = threading.Barrier(workers)

    def work(_number: int) -> None:
        with app.app_context():
            gate.wait(timeout=30)
            run(day)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    assert set(Counter(m.person for m in mails()).values()) == {1}
    assert len(mails()) == 120
    (reminder,) = [m for m in mailings("reminder") if m.number == 24 * 60]
    assert (reminder.state, reminder.total, reminder.queued) == ("done", 120, 120)


@pytest.mark.case("D24")
def test_a_worker_that_dies_between_two_batches_is_gone_on_for() -> None:
    event = coming_event()
    for _ in range(10):
        make_signup(event)
    db.session.commit()
    (day,) = [m for m in mailings("reminder") if m.number == 24 * 60]
    assert operations.remind(day.id, event.starts_at - DAY)
    db.session.commit()
    assert operations.batch(day.id, event.starts_at - DAY, size=4) == 4
    db.session.commit()
    # The next batch is written and never committed.
    assert operations.batch(day.id, event.starts_at - DAY, size=4) == 4
    db.session.rollback()
    run(event.starts_at - DAY + MINUTE)
    assert Counter(Counter(m.person for m in mails()).values()) == {1: 10}


def test_nobody_who_left_waits_or_was_declined() -> None:
    event = coming_event()
    make_signup(event, "Ana")
    for status in ("cancelled", "declined", "waitlisted", "offered", "pending"):
        reason = "address" if status == "pending" else None
        make_signup(event, status, status=status, pending_reason=reason)
    db.session.commit()
    run(event.starts_at - DAY)
    run(event.starts_at - HOUR)
    assert [m.to_name for m in mails()] == ["Ana", "Ana"]


def test_who_leaves_between_letting_go_and_the_batch_gets_none() -> None:
    event = coming_event()
    ana, _bea = make_signup(event, "Ana"), make_signup(event, "Bea")
    db.session.commit()
    (day,) = [m for m in mailings("reminder") if m.number == 24 * 60]
    operations.remind(day.id, event.starts_at - DAY)
    db.session.commit()
    signup_operations.cancel(ana, event.starts_at - DAY)
    db.session.commit()
    run(event.starts_at - DAY)
    assert [(m.to_name, m.message) for m in mails()] == [("Ana", "cancelled"), ("Bea", "reminder")]
    (day,) = [m for m in mailings("reminder") if m.number == 24 * 60]
    assert (day.total, day.queued, day.passed_over) == (2, 1, 1)


def test_late_sign_ups_get_the_next_one_only() -> None:
    event = coming_event()
    early, late, latest = (
        event.starts_at - 2 * DAY, event.starts_at - 3 * HOUR, event.starts_at - 30 * MINUTE,
    )  # fmt: skip
    for name, moment in (("early", early), ("late", late), ("latest", latest)):
        make_signup(event, name, created_at=moment, confirmed_at=moment)
    db.session.commit()
    run(event.starts_at - DAY)
    run(event.starts_at - HOUR)
    run(event.starts_at - MINUTE)
    assert [(m.to_name, m.message) for m in mails()] == [
        ("early", "reminder"), ("early", "join_now"), ("late", "join_now"),
    ]  # fmt: skip


def test_reminders_move_with_the_event() -> None:
    event = coming_event()
    make_signup(event)
    db.session.commit()
    put_off(event, at(minutes=1), DAY)
    run(at(minutes=1))
    run(at(hours=1))
    assert [m.message for m in mails()] == ["changed"]
    run(event.starts_at - DAY - MINUTE)
    assert len(mails()) == 1
    run(event.starts_at - DAY)
    assert [m.message for m in mails()] == ["changed", "reminder"]


def test_an_event_moved_so_near_that_a_reminders_time_is_past_skips_it() -> None:
    event = coming_event()
    make_signup(event)
    put_off(event, at(minutes=1), -5 * DAY + 12 * HOUR)
    run(at(minutes=1))
    run(at(hours=1))
    assert [m.message for m in mails()] == ["changed"]
    assert states(event) == {24 * 60: "skipped", 60: "planned"}
    # Moved on again by days: then it makes sense again.
    put_off(event, at(hours=2), 3 * DAY)
    run(at(hours=2))
    assert states(event) == {24 * 60: "planned", 60: "planned"}


def test_one_that_went_out_goes_out_again_only_if_the_event_moved_far() -> None:
    event = coming_event()
    make_signup(event)
    db.session.commit()
    day = event.starts_at - DAY
    run(day)
    put_off(event, day + HOUR, 3 * HOUR)
    run(day + HOUR)
    assert states(event)[24 * 60] == "done"
    run(event.starts_at - DAY)
    assert [m.message for m in mails()] == ["reminder", "changed"]
    put_off(event, event.starts_at - DAY, 7 * DAY)
    run(event.starts_at - 8 * DAY)
    run(event.starts_at - 7 * DAY)
    run(event.starts_at - DAY)
    assert [m.message for m in mails()] == ["reminder", "changed", "changed", "reminder"]


def test_after_a_long_standstill_only_the_later_of_two_goes_out() -> None:
    event = coming_event()
    make_signup(event)
    db.session.commit()
    run(event.starts_at - 30 * MINUTE)
    assert [m.message for m in mails()] == ["join_now"]
    assert states(event) == {24 * 60: "skipped", 60: "done"}


def test_none_goes_out_once_the_evening_has_begun_or_for_a_draft() -> None:
    event = coming_event()
    make_signup(event)
    draft = coming_event(slug="draft", state="draft")
    make_signup(draft)
    db.session.commit()
    run(draft.starts_at - DAY)
    assert [m.event_id for m in mails()] == [event.id]
    run(event.starts_at)
    assert [m.message for m in mails()] == ["reminder"]


def test_a_new_event_that_is_near_passes_over_what_is_past() -> None:
    event = make_event(slug="near", starts_at=NOW + 3 * HOUR)
    make_signup(event)
    db.session.commit()
    run(NOW)
    assert states(event) == {24 * 60: "skipped", 60: "planned"}
    assert mails() == []


def test_added_changed_switched_off_and_on() -> None:
    event = coming_event()
    make_signup(event)
    week, days = Rule(3 * 24 * 60), Rule(2 * 24 * 60)
    operations.add_reminder(event, week, NOW, ADA)
    operations.change_reminder(event, week, days, NOW, ADA)
    operations.switch_reminder(event, Rule(60), NOW, ADA, on=False)
    db.session.commit()
    assert states(event) == {24 * 60: "planned", 60: "off", 48 * 60: "planned"}
    for before in (3 * DAY, 2 * DAY, DAY, HOUR):
        run(event.starts_at - before)
    assert [m.message for m in mails()] == ["reminder", "reminder"]
    with pytest.raises(Refused, match="passed"):
        operations.switch_reminder(event, Rule(60), event.starts_at - HOUR, ADA, on=True)


def test_before_the_end_it_leads_to_the_room_that_is_on() -> None:
    event = coming_event()
    make_signup(event)
    operations.add_reminder(event, Rule(30, "end"), NOW, ADA)
    db.session.commit()
    run(event.ends_at - 30 * MINUTE)
    (mail,) = mails()
    assert mail.subject == f"It is on: {event.title}"


@pytest.mark.parametrize(
    ("rule", "code"),
    [(Rule(1), "amount"), (Rule(10**6), "amount"), (Rule(6 * 24 * 60), "past"), (Rule(60), "twice")],
)  # fmt: skip
def test_reminders_that_make_no_sense_are_refused(rule: Rule, code: str) -> None:
    event = coming_event()
    with pytest.raises(Refused) as refusal:
        operations.add_reminder(event, rule, NOW, ADA)
    assert refusal.value.code == code


def test_more_than_six_are_refused() -> None:
    event = coming_event()
    for number in range(4):
        operations.add_reminder(event, Rule(120 + number), NOW, ADA)
    with pytest.raises(Refused) as refusal:
        operations.add_reminder(event, Rule(200), NOW, ADA)
    assert refusal.value.code == "many"


def test_one_that_is_out_cannot_be_changed() -> None:
    event = coming_event()
    make_signup(event)
    db.session.commit()
    run(event.starts_at - DAY)
    for act in (
        lambda: operations.change_reminder(event, Rule(24 * 60), Rule(120), event.starts_at - DAY, ADA),
        lambda: operations.switch_reminder(event, Rule(24 * 60), event.starts_at - DAY, ADA, on=False),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "done"


def test_sample_people_have_theirs_held() -> None:
    event = coming_event()
    make_signup(event, is_sample=True)
    db.session.commit()
    run(event.starts_at - DAY)
    assert [m.state for m in mails()] == ["held"]


def test_the_job_only_reads_while_nothing_is_due(app: Flask, count_queries: object) -> None:
    coming_event()
    assert db.session.query(Mailing).count() == 2
    with count_queries() as queries:  # type: ignore[operator]  # a fixture's function
        assert run(at(minutes=1)) == 0
    assert len(queries) <= 6
    assert not [s for s in queries.statements if not s.lstrip().startswith("SELECT")]
