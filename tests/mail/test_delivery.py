"""What becomes of each mail, against a server that answers as each test says. The clock stands still."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.mail.conftest import deliver, minutes_after_now, put
from tests.receiver import Receiver
from webapp.db import db
from webapp.mail import operations, queries
from webapp.mail.delivery import Tally
from webapp.mail.models import DeliveryPause, OutgoingMail, SuppressedAddress

pytestmark = pytest.mark.usefixtures("context")

BAD, LATER, SPAM = "550 5.1.1 No such user", "450 4.2.0 Later", "550 5.7.1 Listed"


def all_states() -> dict[str, str]:
    return {
        mail.to_address.split("@")[0]: mail.state for mail in db.session.query(OutgoingMail).all()
    }


def test_what_is_queued_arrives_once_over_one_connection(receiver: Receiver) -> None:
    mails = [put(f"p{number}@example.org") for number in range(5)]
    assert deliver() == Tally(sent=5)
    assert deliver() == Tally()
    assert [m.to for m in receiver.messages] == [mail.to_address for mail in mails]
    assert [m.message_id for m in receiver.messages] == [mail.message_id for mail in mails]
    assert receiver.connections == 1
    for mail in mails:
        assert (mail.state, mail.sent_at, mail.tries) == ("sent", NOW, 1)
        assert (mail.leased_by, mail.leased_until) == (None, None)
        assert mail.last_reply == "250 2.0.0 Ok"


def test_without_a_server_mail_is_kept(app: Flask) -> None:
    mail = put()
    assert deliver() == Tally()
    assert (mail.state, mail.tries) == ("queued", 0)


def test_mail_of_the_future_waits(receiver: Receiver) -> None:
    put(at=NOW + dt.timedelta(minutes=1))
    assert deliver() == Tally()
    assert deliver(minutes=1) == Tally(sent=1)


def test_own_mail_goes_before_reminders_and_those_before_blasts(
    app: Flask, receiver: Receiver
) -> None:
    app.config["MAIL_BATCH"] = 3
    for lane, minute in [("blast", -9), ("own", -1), ("reminder", -5), ("own", -2), ("blast", -8)]:
        put(f"{lane}{-minute}@example.org", lane=lane, at=NOW + dt.timedelta(minutes=minute))
    assert deliver() == Tally(sent=3)
    assert deliver() == Tally(sent=2)
    order = [m.to.split("@")[0] for m in receiver.messages]
    assert order == ["own2", "own1", "reminder5", "blast9", "blast8"]


@pytest.mark.case("D12")
def test_an_outage_of_two_hours_costs_nobody_a_mail_or_a_try(receiver: Receiver) -> None:
    receiver.close()
    mails = [put(f"p{number}@example.org") for number in range(3)]
    for minute in range(0, 120, 2):
        assert deliver(minutes=minute).settled == 0
    assert [(mail.state, mail.tries, mail.next_try_at) for mail in mails] == [
        ("queued", 0, NOW)
    ] * 3
    trouble = queries.pause()
    assert trouble is not None
    assert (trouble.kind, trouble.reason) == (
        "unreachable",
        "The mail server refuses the connection.",
    )
    db.session.commit()
    receiver.open()
    assert deliver(minutes=120) == Tally(sent=3)
    assert [m.to for m in receiver.messages] == [mail.to_address for mail in mails]
    assert queries.pause() is None


def test_pauses_for_a_silent_server_grow_to_a_minute(receiver: Receiver) -> None:
    receiver.close()
    put()
    lengths = []
    minutes = 0.0
    for _ in range(5):
        deliver(minutes=minutes)
        trouble = queries.pause()
        assert trouble is not None
        lengths.append((minutes_after_now(trouble.until) - minutes) * 60)
        minutes = minutes_after_now(trouble.until)
    assert [round(length) for length in lengths] == [5, 15, 30, 60, 60]
    assert db.session.query(DeliveryPause).count() == 1


@pytest.mark.case("D13")
def test_a_server_that_says_later_is_asked_later(receiver: Receiver) -> None:
    receiver.script("ana@example.org", LATER, LATER, LATER, "ok")
    mail = put()
    waits = []
    minute = 0.0
    for number in range(3):
        assert deliver(minutes=minute) == Tally(retried=1)
        assert deliver(minutes=minute) == Tally()
        assert (mail.state, mail.tries, mail.last_reply) == ("queued", number + 1, LATER)
        waits.append(minutes_after_now(mail.next_try_at) - minute)
        minute += waits[-1]
    assert waits == [1, 5, 15]
    assert deliver(minutes=minute) == Tally(sent=1)
    assert (mail.state, mail.tries) == ("sent", 4)
    assert len(receiver.messages) == 1


def test_after_24_hours_of_later_a_mail_has_failed(receiver: Receiver) -> None:
    receiver.script("ana@example.org", LATER)
    mail = put()
    tries = []
    minute = 0.0
    while mail.state == "queued":
        deliver(minutes=minute)
        tries.append(minute)
        minute = minutes_after_now(mail.next_try_at)
    assert tries == [0, 1, 6, 21, 51, *(51 + 60 * hour for hour in range(1, 24))]
    assert (mail.state, mail.tries, mail.last_reply) == ("failed", 28, LATER)
    assert receiver.messages == []


def test_failed_mail_gets_another_24_hours_when_asked(receiver: Receiver) -> None:
    from tests.factories import make_event

    event = make_event()
    receiver.script("ana@example.org", LATER)
    mail = put(event_id=event.id)
    mail.state, mail.tries, mail.give_up_at = "failed", 28, NOW
    later = NOW + dt.timedelta(hours=30)
    assert operations.retry_failed(event.id, later) == 1
    db.session.commit()
    deliver(minutes=30 * 60)
    assert (mail.state, mail.tries) == ("queued", 1)
    assert mail.give_up_at == later + dt.timedelta(hours=24)


@pytest.mark.case("D14")
@pytest.mark.parametrize(
    "reply", [BAD, "553 5.1.3 Bad syntax", "550 Unknown user", "551 Not here", "553 No"]
)
def test_a_refused_address_is_not_tried_again_by_anybody(receiver: Receiver, reply: str) -> None:
    receiver.script("ana@example.org", reply)
    mail, other = put("Ana@Example.org"), put("ben@example.org")
    assert deliver() == Tally(refused=1, sent=1)
    assert (mail.state, mail.tries, mail.last_reply) == ("refused", 1, reply)
    assert other.state == "sent"
    assert queries.suppressed_among(["ana@example.org"]) == {"ana@example.org": reply}

    again = put("ana@EXAMPLE.org")
    assert deliver(minutes=1) == Tally(suppressed=1)
    assert (again.state, again.tries, again.last_reply) == ("suppressed", 0, reply)
    assert receiver.tries["ana@example.org"] == 1
    assert queries.pause() is None


@pytest.mark.parametrize("reply", ["552 5.2.2 Full", "550 5.2.1 Disabled", "DATA 554 5.6.0 No"])
def test_a_refused_mail_does_not_condemn_its_address(receiver: Receiver, reply: str) -> None:
    receiver.script("ana@example.org", reply, "ok")
    mail = put()
    assert deliver() == Tally(refused=1)
    assert (mail.state, mail.last_reply) == ("refused", reply.removeprefix("DATA "))
    assert db.session.query(SuppressedAddress).count() == 0
    put()
    assert deliver(minutes=1) == Tally(sent=1)


def test_an_allowed_address_gets_mail_again(receiver: Receiver) -> None:
    receiver.script("ana@example.org", BAD, "ok")
    put()
    deliver()
    listed = queries.suppressed()
    assert [row.address_key for row in listed] == ["ana@example.org"]
    assert operations.allow_again(listed[0].id) == "ana@example.org"
    put()
    assert deliver(minutes=1) == Tally(sent=1)


@pytest.mark.parametrize("reply", [SPAM, f"DATA {SPAM}"])
def test_a_refusal_that_is_about_us_pauses_everything_and_condemns_nobody(
    receiver: Receiver, reply: str
) -> None:
    receiver.script("ana@example.org", reply, "ok")
    ana, ben = put("ana@example.org"), put("ben@example.org")
    assert deliver() == Tally(retried=1, put_back=1)
    assert (ana.state, ana.tries, ben.state, ben.tries) == ("queued", 1, "queued", 0)
    assert db.session.query(SuppressedAddress).count() == 0
    trouble = queries.pause()
    assert trouble is not None
    assert (trouble.kind, trouble.reason, trouble.since) == ("refused", SPAM, NOW)
    assert trouble.until == NOW + dt.timedelta(minutes=1)
    db.session.commit()
    assert deliver(minutes=0.5) == Tally()
    # Those who were not tried go first, so one person's server cannot hold up everybody again.
    assert deliver(minutes=1) == Tally(sent=2)
    assert [m.to for m in receiver.messages] == ["ben@example.org", "ana@example.org"]
    assert queries.pause() is None
    assert trouble.ended_at == NOW + dt.timedelta(minutes=1)


def test_a_refused_sender_pauses_without_costing_a_try(receiver: Receiver) -> None:
    receiver.sender_reply = "550 5.1.8 Sender rejected"
    mails = [put("ana@example.org"), put("ben@example.org")]
    assert deliver() == Tally(put_back=2)
    assert [(m.state, m.tries, m.next_try_at) for m in mails] == [("queued", 0, NOW)] * 2
    trouble = queries.pause()
    assert trouble is not None
    assert trouble.reason == "550 5.1.8 Sender rejected"
    assert db.session.query(SuppressedAddress).count() == 0


def test_a_refused_login_pauses_longer_each_time(app: Flask, receiver: Receiver) -> None:
    receiver.login = ("turnout", "right")
    app.config.update(MAIL_USERNAME="turnout", MAIL_PASSWORD="wrong")
    mail = put()
    lengths = []
    minute = 0.0
    for _ in range(6):
        assert deliver(minutes=minute) == Tally(put_back=1)
        trouble = queries.pause()
        assert trouble is not None
        lengths.append(minutes_after_now(trouble.until) - minute)
        minute += lengths[-1]
        db.session.commit()
    assert lengths == [1, 5, 15, 30, 60, 60]
    assert trouble.reason.startswith("535 5.7.8")
    assert (mail.state, mail.tries) == ("queued", 0)
    app.config["MAIL_PASSWORD"] = "right"
    assert deliver(minutes=minute) == Tally(sent=1)


def test_somebody_can_end_the_pause(receiver: Receiver) -> None:
    receiver.sender_reply = SPAM
    put()
    deliver()
    receiver.sender_reply = None
    assert deliver(minutes=0.1) == Tally()
    assert operations.try_now(NOW) == 1
    db.session.commit()
    assert deliver(minutes=0.1) == Tally(sent=1)


def test_a_mail_that_comes_too_late_is_not_sent(receiver: Receiver) -> None:
    end = NOW + dt.timedelta(minutes=30)
    receiver.script("ben@example.org", LATER)
    ana, ben = put("ana@example.org", expires_at=NOW), put("ben@example.org", expires_at=end)
    assert deliver() == Tally(expired=1, retried=1)
    for minute in (1, 6, 21):
        deliver(minutes=minute)
    assert deliver(minutes=30) == Tally(expired=1)
    assert (ana.state, ben.state) == ("expired", "expired")
    assert receiver.messages == []


def test_sample_people_get_no_mail_from_any_server(receiver: Receiver) -> None:
    mail = put(is_sample=True)
    assert deliver() == Tally()
    assert (mail.state, receiver.connections) == ("held", 0)


@pytest.mark.parametrize(
    ("settings", "first", "then"),
    [
        ({"MAIL_HOURLY_QUOTA": 3}, 3, 61),
        ({"MAIL_DAILY_QUOTA": 3}, 3, 24 * 60 + 1),
        ({"MAIL_HOURLY_QUOTA": 4, "MAIL_DAILY_QUOTA": 3}, 3, 24 * 60 + 1),
    ],
)
def test_quotas_hold_back_the_rest(
    app: Flask, receiver: Receiver, settings: dict[str, Any], first: int, then: int
) -> None:
    app.config.update(settings)
    for number in range(5):
        put(f"p{number}@example.org")
    assert deliver() == Tally(sent=first)
    assert deliver(minutes=then - 2) == Tally()
    assert deliver(minutes=then) == Tally(sent=5 - first)
    assert list(all_states().values()) == ["sent"] * 5


def test_an_address_that_no_mail_can_carry_is_refused_and_stops_nobody(receiver: Receiver) -> None:
    bad, good = put("żó@example.org"), put("ben@müller.example")
    assert deliver() == Tally(refused=1, sent=1)
    assert (bad.state, bad.last_reply) == (
        "refused",
        "The address has characters that a mail cannot carry.",
    )
    assert good.state == "sent"
    assert receiver.messages[0].to == "ben@xn--mller-kva.example"


def test_the_index_finds_what_is_due_among_ten_thousand_that_wait(app: Flask) -> None:
    """Looked at every second: it must read what is due, not what waits."""
    mail = put("due@example.org", lane="blast")
    columns = {
        c.name: getattr(mail, c.name) for c in OutgoingMail.__table__.columns if c.name != "id"
    }
    later = NOW + dt.timedelta(hours=1)
    db.session.execute(
        sa.insert(OutgoingMail),
        [
            columns | {"message_id": f"<{n}@x>", "lane_rank": n % 3, "next_try_at": later}
            for n in range(10_000)
        ],
    )
    db.session.commit()
    db.session.execute(sa.text("ANALYZE outgoing_mails"))
    statement = (
        "SELECT id, next_try_at FROM outgoing_mails WHERE outgoing_mails.state IN ('queued','sending') "
        "AND lane_rank = 0 AND next_try_at <= 1 ORDER BY next_try_at, id LIMIT 50"
    )
    sqlite = db.engine.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    plan = "\n".join(str(tuple(row)) for row in db.session.execute(sa.text(explain + statement)))
    db.session.commit()
    assert "ix_outgoing_mails_due" in plan
    assert "lane_rank=? AND next_try_at<?" in plan if sqlite else "Index Cond" in plan
