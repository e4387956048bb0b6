"""Moved, elsewhere, called off: everybody concerned hears of it once, and what they read is true."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import make_signup
from tests.flows import strict_calendar
from tests.mailing.conftest import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    at,
    coming_event,
    mailings,
    mails,
    move,
    put_off,
    run,
)
from webapp.db import db
from webapp.events import operations as events
from webapp.mailing import operations, queries
from webapp.mailing.operations import holding
from webapp.signup import calendar, links
from webapp.signup import operations as signup_operations
from webapp.signup.models import Signup

pytestmark = pytest.mark.usefixtures("context")
HOLD = operations.HOLD


@pytest.mark.case("D22")
def test_a_moved_event_is_told_with_the_same_uid_and_a_higher_sequence() -> None:
    event = coming_event()
    ana = make_signup(event, "Ana", timezone="America/La_Paz")
    first = strict_calendar.read(calendar.entry(event, ana, NOW))
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=2))
    assert mails() == []
    run(at(minutes=2) + HOLD)
    (mail,) = mails()
    assert (mail.message, mail.lane, mail.calendar_method) == ("changed", "reminder", "REQUEST")
    entry = strict_calendar.read(mail.calendar)
    assert (entry.uid, entry.method) == (first.uid, "REQUEST")
    assert entry.sequence > first.sequence
    assert entry.starts_at == event.starts_at == NOW + 5 * DAY + HOUR
    # Both times in the event's zone and on Ana's own clock.
    assert mail.subject == f"New time: {event.title}"
    for text in (mail.text, mail.html):
        flat = " ".join(text.split())
        for words in (
            "Sunday, 11 April 2027, 19:00 to 20:45", "Sunday, 11 April 2027, 18:00 to 19:45",
            "14:00 to 15:45 (La Paz time)", "13:00 to 14:45", "London time",
        ):  # fmt: skip
            assert words in flat, words
        assert links.join_url(ana) in text
    assert mail.expires_at == event.closes_by
    assert run(at(minutes=10)) == 0


def test_several_changes_while_it_is_held_become_one_mail() -> None:
    event = coming_event()
    make_signup(event)
    for minute in (1, 3, 5):
        put_off(event, at(minutes=minute), HOUR)
        run(at(minutes=minute))
    run(at(minutes=5) + HOLD - dt.timedelta(seconds=1))
    assert mails() == []
    run(at(minutes=5) + HOLD)
    (mail,) = mails()
    assert "18:00 to 19:45" in mail.text
    assert "21:00 to 22:45" in mail.text
    assert "19:00" not in mail.text


def test_moved_back_to_what_people_know_nothing_is_sent() -> None:
    event = coming_event()
    make_signup(event)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    assert len(mailings("changed")) == 1
    put_off(event, at(minutes=3), -HOUR)
    run(at(minutes=3))
    run(at(hours=1))
    assert mails() == []
    assert mailings("changed") == []


def test_only_who_signed_up_in_between_hears_that_it_was_moved_back() -> None:
    event = coming_event()
    make_signup(event, "Ana")
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    make_signup(event, "Bea", created_at=at(minutes=2), confirmed_at=at(minutes=2))
    put_off(event, at(minutes=3), -HOUR)
    run(at(minutes=3))
    run(at(hours=1))
    (mail,) = mails()
    assert mail.to_name == "Bea"
    assert "18:00 to 19:45" in mail.text
    # What she was told before is not what everybody was: nothing is said about it.
    assert "Before" not in mail.text


def test_who_signs_up_after_the_change_was_told_by_their_own_mail() -> None:
    event = coming_event()
    make_signup(event, "Ana")
    put_off(event, at(minutes=1), HOUR)
    make_signup(event, "Bea", created_at=at(minutes=2), confirmed_at=at(minutes=2))
    run(at(minutes=3))
    run(at(minutes=3) + HOLD)
    assert [mail.to_name for mail in mails()] == ["Ana"]


def test_later_changes_say_what_people_were_told_last() -> None:
    event = coming_event()
    make_signup(event)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    run(at(hours=1))
    put_off(event, at(hours=2), HOUR)
    run(at(hours=2))
    run(at(hours=3))
    second = mails()[1]
    assert "19:00 to 20:45" in second.text
    assert "20:00 to 21:45" in second.text
    assert "18:00" not in second.text


def test_a_stopped_mail_leaves_people_with_what_they_know() -> None:
    event = coming_event()
    make_signup(event)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    holding.stop(mailings("changed")[0], at(minutes=2), "ada@example.org")
    db.session.commit()
    run(at(hours=1))
    assert mails() == []
    put_off(event, at(hours=2), HOUR)
    run(at(hours=2))
    run(at(hours=3))
    (mail,) = mails()
    assert "18:00 to 19:45" in mail.text
    assert "20:00 to 21:45" in mail.text


def test_sent_at_once_it_does_not_wait() -> None:
    event = coming_event()
    make_signup(event)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    holding.send_now(mailings("changed")[0], at(minutes=2), "ada@example.org")
    db.session.commit()
    run(at(minutes=2))
    assert len(mails()) == 1


def test_another_meeting_is_told_without_its_address() -> None:
    event = coming_event()
    ana = make_signup(event)
    move(event, at(minutes=1), targets=[{"label": "", "url": "https://meet.example.org/new", "language": None}])  # fmt: skip
    run(at(minutes=1))
    run(at(hours=1))
    (mail,) = mails("changed")
    assert mail.subject == f"New place: {event.title}"
    assert "Your join link leads there by itself." in " ".join(mail.text.split())
    assert links.join_url(ana) in mail.text
    assert "meet.example.org" not in mail.text + mail.html


def test_a_second_place_to_go_and_another_title_are_told_nobody() -> None:
    event = coming_event()
    make_signup(event)
    known = {"label": "Meeting", "url": event.targets[0].url, "language": None}
    stream = {"label": "Stream", "url": "https://stream.example.org/", "language": None}
    move(event, at(minutes=1), targets=[known, stream], title="Another title")
    run(at(minutes=1))
    run(at(hours=1))
    assert mails() == []


def test_who_hears_of_it_and_who_does_not() -> None:
    event = coming_event()
    names = {
        "has a place": {},
        "waits": {"status": "waitlisted", "confirmed_at": None},
        "was offered one": {"status": "offered", "confirmed_at": None},
        "waits for a yes": {
            "status": "pending",
            "confirmed_at": None,
            "pending_reason": "approval",
        },
        "unproved": {"status": "pending", "confirmed_at": None, "pending_reason": "address"},
        "robot": {"status": "pending", "confirmed_at": None, "pending_reason": "click"},
        "left": {"status": "cancelled", "cancelled_by": "person"},
        "declined": {"status": "declined", "confirmed_at": None},
    }
    for name, values in names.items():
        make_signup(event, name, **values)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    run(at(hours=1))
    sent = {mail.to_name: mail.calendar_method for mail in mails()}
    assert sent == {
        "has a place": "REQUEST", "waits": None, "was offered one": None, "waits for a yes": None,
    }  # fmt: skip


def test_who_leaves_while_it_is_held_gets_only_the_mail_of_that() -> None:
    event = coming_event()
    ana = make_signup(event)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    signup_operations.cancel(ana, at(minutes=2))
    db.session.commit()
    run(at(hours=1))
    assert [mail.message for mail in mails()] == ["cancelled"]


def test_nobody_hears_of_a_draft_or_of_an_evening_that_is_over() -> None:
    draft = coming_event(state="draft")
    make_signup(draft)
    put_off(draft, at(minutes=1), HOUR)
    run(at(minutes=1))
    over = make_over()
    move(over, at(minutes=1), ends_at=over.ends_at + MINUTE)
    run(at(minutes=1))
    run(at(hours=2))
    assert mails() == []


def make_over():
    event = coming_event(slug="over", starts_at=NOW + MINUTE)
    make_signup(event)
    event.ended_at = NOW + dt.timedelta(seconds=30)
    db.session.commit()
    return event


@pytest.mark.case("D22")
def test_called_off_is_told_with_a_cancel_and_stops_everything_else() -> None:
    event = coming_event(starts_at=NOW + DAY + HOUR)
    ana = make_signup(event, "Ana")
    make_signup(event, "Waits", status="waitlisted", confirmed_at=None)
    put_off(event, at(minutes=1), MINUTE)
    run(at(minutes=1))
    before = strict_calendar.read(calendar.entry(event, ana, NOW))
    events.cancel(event, at=at(minutes=2), by="ada@example.org")
    db.session.commit()
    run(at(minutes=2))
    assert {m.state for m in mailings("changed") + mailings("reminder")} == {"stopped"}
    run(at(minutes=2) + HOLD)
    run(at(days=2))
    assert [(m.to_name, m.message, m.calendar_method) for m in mails()] == [
        ("Ana", "event_cancelled", "CANCEL"), ("Waits", "event_cancelled", None),
    ]  # fmt: skip
    entry = strict_calendar.read(mails()[0].calendar)
    assert (entry.uid, entry.method, entry.status) == (before.uid, "CANCEL", "CANCELLED")
    assert entry.sequence > before.sequence
    assert mails()[0].subject == f"Called off: {event.title}"


def test_calling_off_takes_back_what_still_waits_in_the_outbox() -> None:
    event = coming_event(starts_at=NOW + DAY + HOUR)
    make_signup(event)
    run(at(hours=1))
    assert [m.message for m in mails()] == ["reminder"]
    events.cancel(event, at=at(hours=2), by="ada@example.org")
    db.session.commit()
    run(at(hours=2))
    assert [(m.message, m.state) for m in mails()] == [("reminder", "expired")]


def test_what_a_mail_says_stays_true_while_the_event_changes_again() -> None:
    """It goes out in batches; what was fixed when it was let go is what all of them say."""
    event = coming_event()
    for _ in range(3):
        make_signup(event)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    (mailing,) = mailings("changed")
    assert operations.end_hold(mailing.id, at(minutes=1) + HOLD)
    db.session.commit()
    assert operations.batch(mailing.id, at(minutes=7), size=1) == 1
    db.session.commit()
    put_off(event, at(minutes=7), HOUR)
    run(at(minutes=7))
    run(at(minutes=8))
    first = mails()
    assert len(first) == 3
    assert len({m.text.split("When:")[1].split("\n")[0] for m in first}) == 1
    assert {strict_calendar.read(m.calendar).starts_at for m in first} == {NOW + 5 * DAY + HOUR}
    run(at(hours=1))
    assert len(mails()) == 6
    assert strict_calendar.read(mails()[5].calendar).sequence > strict_calendar.read(first[0].calendar).sequence  # fmt: skip


def test_people_without_a_clock_of_their_own_read_the_events() -> None:
    event = coming_event()
    for zone in (None, "Europe/London", "Not/AZone"):
        make_signup(event, timezone=zone)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    run(at(hours=1))
    assert len(mails()) == 3
    assert not [m for m in mails() if "your own clock" in m.text.lower()]


def test_the_count_that_is_shown_is_the_number_that_goes_out(context: object) -> None:
    event = coming_event()
    for _ in range(4):
        make_signup(event)
    put_off(event, at(minutes=1), HOUR)
    run(at(minutes=1))
    (mailing,) = mailings("changed")
    assert queries.count(operations.audience(mailing, event)) == 4
    run(at(hours=1))
    (mailing,) = mailings("changed")
    assert (mailing.state, mailing.total, mailing.queued, mailing.passed_over) == ("done", 4, 4, 0)
    assert db.session.query(Signup).count() == 4
