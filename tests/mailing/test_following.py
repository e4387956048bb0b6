"""Thanks, "we missed you" and the report: after the real end, with a person's OK, to the right ones."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.factories import make_event, make_signup, make_visit
from tests.mailing.conftest import DAY, HOUR, MINUTE, NOW, at, mailings, mails, run
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mailing import operations, queries
from webapp.mailing.operations import offers
from webapp.reports import operations as reports
from webapp.signup.models import Signup

pytestmark = pytest.mark.usefixtures("context")
ADA = "ada@example.org"


def evening(**values: Any) -> tuple[Event, dict[str, Signup]]:
    """Over since half past; three came, one of them only for ten minutes, two did not."""
    start = NOW - 2 * HOUR
    event = make_event(**({"slug": "evening", "starts_at": start, "started_at": start, "ended_at": NOW - 30 * MINUTE} | values))  # fmt: skip
    people = {name: make_signup(event, name) for name in ("Ana", "Bea", "Cid", "Dan", "Eli")}
    crew = make_signup(event, "Chair", is_crew=True)
    make_signup(event, "Left", status="cancelled", cancelled_by="person")
    channel = "link" if event.presence == "door" else "room"
    known = {"end_reason": "unknown"} if event.presence == "door" else {}
    for name, minutes in (("Ana", 80), ("Bea", 60), ("Cid", 10)):
        end = None if event.presence == "door" else start + minutes * MINUTE
        make_visit(event, start, end, signup=people[name], channel=channel, **known)
    make_visit(event, start, NOW - 30 * MINUTE, signup=crew, channel=channel)
    db.session.commit()
    run(NOW)
    return event, people


def test_each_group_gets_its_own_after_an_ok() -> None:
    event, _people = evening()
    operations.set_recording(event, "https://video.example.org/evening", NOW, ADA)
    operations.approve(event, "thank_you", NOW, ADA)
    operations.approve(event, "missed_you", NOW, ADA)
    db.session.commit()
    run(NOW + 9 * MINUTE)
    assert mails() == []
    run(NOW + 10 * MINUTE)
    assert sorted((m.message, m.to_name) for m in mails()) == [
        ("missed_you", "Dan"), ("missed_you", "Eli"),
        ("thank_you", "Ana"), ("thank_you", "Bea"), ("thank_you", "Cid"),
    ]  # fmt: skip
    for mail in mails():
        assert mail.lane == "blast"
        assert mail.unsubscribe_url in mail.text
        assert mail.unsubscribe_url in mail.html
        assert "https://video.example.org/evening" in mail.text
        assert "https://video.example.org/evening" in mail.html
    assert "we are sorry that we missed you" in " ".join(mails("missed_you")[0].text.split())


def test_nothing_goes_out_by_the_clock_alone() -> None:
    event, _people = evening(ended_at=None, ends_at=NOW - 30 * MINUTE)
    with pytest.raises(Refused) as refusal:
        operations.approve(event, "thank_you", NOW, ADA)
    assert refusal.value.code == "soon"
    assert operations.approve(event, "thank_you", NOW + 31 * MINUTE, ADA)
    db.session.rollback()
    run(NOW + DAY)
    assert mails() == []


def test_an_end_that_is_taken_back_holds_the_thanks_until_the_real_one() -> None:
    event, _people = evening(ended_at=NOW, ends_at=NOW + MINUTE)
    operations.approve(event, "thank_you", NOW, ADA)
    events.undo_end(event, NOW + 2 * MINUTE, ADA)
    db.session.commit()
    run(NOW + 10 * MINUTE)
    assert mails() == []
    events.end(event, NOW + 20 * MINUTE, ADA)
    db.session.commit()
    run(NOW + 20 * MINUTE)
    assert len(mails()) == 3


def test_only_who_stayed_so_long() -> None:
    event, _people = evening()
    operations.approve(event, "stayed", NOW, ADA, number=60)
    db.session.commit()
    run(NOW + 10 * MINUTE)
    assert [m.to_name for m in mails()] == ["Ana", "Bea"]
    # The others are thanked too, and nobody twice.
    operations.approve(event, "thank_you", NOW + HOUR, ADA)
    db.session.commit()
    run(NOW + 2 * HOUR)
    assert [m.to_name for m in mails()] == ["Ana", "Bea", "Cid"]


def test_with_the_door_alone_nobody_is_said_to_have_been_absent_or_to_have_stayed() -> None:
    event, _people = evening(presence="door")
    known = queries.known(event)
    assert (known.came, known.absent, known.by_door) == (3, 2, True)
    operations.approve(event, "missed_you", NOW, ADA)
    with pytest.raises(Refused) as refusal:
        operations.approve(event, "stayed", NOW, ADA, number=5)
    assert refusal.value.code == "nobody"
    db.session.commit()
    run(NOW + 10 * MINUTE)
    (first, _second) = mails("missed_you")
    said = " ".join(first.text.split())
    assert "nobody came through our door by your link. If you were there all the same: thank you!" in said  # fmt: skip
    assert "sorry that we missed you" not in said


def test_an_imported_file_says_who_was_there() -> None:
    event, people = evening(presence="door")
    make_visit(event, event.starts_at, NOW, signup=people["Dan"], channel="import", end_reason="stated")  # fmt: skip
    db.session.commit()
    assert queries.known(event) == queries.Known(came=4, absent=1, is_known=True, by_door=False)


def test_where_nobody_was_seen_nothing_is_offered() -> None:
    event = make_event(starts_at=NOW - 3 * HOUR, ended_at=NOW - HOUR, presence="platform")
    make_signup(event)
    db.session.commit()
    assert "Nobody is known to have come" in offers.why_not(event, "missed_you", NOW)
    with pytest.raises(Refused):
        operations.approve(event, "missed_you", NOW, ADA)


def test_who_came_to_light_later_is_thanked_and_nobody_twice() -> None:
    event, people = evening()
    operations.approve(event, "thank_you", NOW, ADA)
    db.session.commit()
    run(NOW + 10 * MINUTE)
    make_visit(event, event.starts_at, NOW, signup=people["Dan"], channel="import")
    operations.approve(event, "thank_you", NOW + HOUR, ADA)
    db.session.commit()
    run(NOW + 2 * HOUR)
    assert sorted(m.to_name for m in mails()) == ["Ana", "Bea", "Cid", "Dan"]
    (mailing,) = mailings("thank_you")
    assert (mailing.state, mailing.total, mailing.queued) == ("done", 4, 4)
    with pytest.raises(Refused) as refusal:
        operations.approve(event, "thank_you", NOW + 3 * HOUR, ADA)
    assert refusal.value.code == "nobody"


def test_pressed_twice_it_is_held_once() -> None:
    event, _people = evening()
    operations.approve(event, "thank_you", NOW, ADA)
    with pytest.raises(Refused) as refusal:
        operations.approve(event, "thank_you", NOW, ADA)
    assert refusal.value.code == "underway"


def test_stopped_it_goes_to_nobody_and_can_be_sent_later() -> None:
    event, _people = evening()
    operations.stop(operations.approve(event, "thank_you", NOW, ADA), NOW, ADA)
    db.session.commit()
    run(NOW + HOUR)
    assert mails() == []
    operations.approve(event, "thank_you", NOW + HOUR, ADA)
    db.session.commit()
    run(NOW + 2 * HOUR)
    assert len(mails()) == 3


def test_who_wants_no_such_mails_gets_none() -> None:
    event, people = evening()
    address = unsubscribing.url(unsubscribing.MailList(event.host_key, event.id), people["Ana"].email or "")  # fmt: skip
    unsubscribing.end(unsubscribing.read(address.rsplit("/", 1)[1]), NOW)
    operations.approve(event, "thank_you", NOW, ADA)
    db.session.commit()
    run(NOW + HOUR)
    assert [m.to_name for m in mails()] == ["Bea", "Cid"]
    (mailing,) = mailings("thank_you")
    assert (mailing.queued, mailing.passed_over) == (2, 1)


def test_the_published_report_is_offered_to_everybody_who_had_a_place() -> None:
    event, _people = evening()
    with pytest.raises(Refused) as refusal:
        operations.approve(event, "report_published", NOW, ADA)
    assert refusal.value.code == "soon"
    reports.draft(event, at=NOW, by="Ada")
    version = reports.publish(event, at=NOW, by="Ada")
    operations.approve(event, "report_published", NOW, ADA)
    db.session.commit()
    run(NOW + HOUR)
    assert sorted(m.to_name for m in mails()) == ["Ana", "Bea", "Chair", "Cid", "Dan", "Eli"]
    mail = mails()[0]
    assert mail.message == "report_published"
    assert "http://turnout.test/events/evening/report" in mail.text
    assert mail.unsubscribe_url in mail.text
    (mailing,) = mailings("report_published")
    assert mailing.number == version.version == 1


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org", "https://"])
def test_a_recording_is_a_web_address(url: str) -> None:
    event, _people = evening()
    with pytest.raises(Refused) as refusal:
        operations.set_recording(event, url, NOW, ADA)
    assert refusal.value.code == "recording"


def test_a_called_off_event_thanks_nobody() -> None:
    event = make_event(starts_at=NOW + HOUR, state="cancelled")
    make_signup(event)
    db.session.commit()
    with pytest.raises(Refused):
        operations.approve(event, "thank_you", at(hours=9), ADA)
    assert dt.timedelta(0) < DAY
