"""First mails to those whom a list brought in, and invitations: held, each once, to nobody who wants none."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from tests.factories import make_event, make_signup
from tests.mailing.conftest import DAY, MINUTE, NOW, coming_event, mailings, mails, run
from tests.signup.test_imports import bring_in, people
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mail.unsubscribing import MailList
from webapp.mailing import operations, timeline
from webapp.mailing.models import Mailing
from webapp.mailing.operations import offers
from webapp.privacy import operations as privacy
from webapp.signup import operations as verbs
from webapp.signup.invitations import operations as invitations
from webapp.signup.models import Signup

pytestmark = pytest.mark.usefixtures("context")
ADA = "ada@example.org"
HOLD = 10 * MINUTE
LATER = NOW + HOLD


def approve(event: Event, kind: str, at: dt.datetime = NOW, number: int = 0) -> Mailing:
    held = operations.approve(event, kind, at, ADA, number=number)
    db.session.commit()
    return held


def reach(event: Event, kind: str, number: int = 0) -> tuple[int, int]:
    found = offers.reached(kind, event, offers.selection(event, kind, number))
    return found.people, found.out


def no_more(event: Event, address: str) -> None:
    link = unsubscribing.url(MailList(event.host_key, event.id), address)
    unsubscribing.end(unsubscribing.read(link.rpartition("/")[2]), NOW)


def arrive() -> None:
    for mail in mails():
        mail.state = "sent"
    db.session.flush()


def test_their_confirmation_waits_ten_minutes_and_leaves_once() -> None:
    event = make_event(capacity=4)
    row = bring_in(event, people(5))
    held = approve(event, "confirm", number=row.id)
    with pytest.raises(Refused) as caught:
        operations.approve(event, "confirm", NOW, ADA, number=row.id)
    assert caught.value.code == "underway"
    assert held.total == 5
    run(LATER - dt.timedelta(milliseconds=1))
    assert mails() == []
    run(LATER)
    run(LATER + MINUTE)
    assert sorted((m.message, m.to_address) for m in mails()) == [
        *(("confirmed", f"p{n}@example.org") for n in range(4)), ("waitlisted", "p4@example.org"),
    ]  # fmt: skip
    first = mails()[0]
    assert (first.lane, first.calendar_method) == ("blast", "REQUEST")
    for link in ("/my/", "/join/", "/remove/"):
        assert link in first.text
    (done,) = mailings("confirm")
    assert (done.state, done.queued, done.total, done.passed_over) == ("done", 5, 5, 0)
    with pytest.raises(Refused) as caught:
        operations.approve(event, "confirm", LATER, ADA, number=row.id)
    assert caught.value.code == "nobody"


def test_a_mail_that_was_confirmed_does_not_grow_and_the_others_wait_for_their_own_ok() -> None:
    event = make_event()
    invitations.add_typed(event, people(3).decode(), NOW, by=ADA)
    held = approve(event, "invite")
    invitations.add_typed(event, people(5).decode(), NOW + MINUTE, by=ADA)
    db.session.commit()
    assert operations.reach(held, event).people == 3
    run(LATER)
    assert [m.to_address for m in mails()] == [f"p{n}@example.org" for n in range(3)]
    (line,) = timeline.waiting(event, mailings("invite"), None, LATER)
    assert (line.offer, line.count) == ("invite", 2)
    # Stopped, its people can be confirmed anew; stopped is nobody's mail.
    again = approve(event, "invite", LATER)
    operations.stop(again, LATER, ADA)
    approve(event, "invite", LATER)
    run(LATER + HOLD)
    assert len(mails()) == 5


def test_more_places_offer_none_to_those_whose_first_mail_is_held() -> None:
    event = coming_event(capacity=1)
    row = bring_in(event, people(3))
    waiting = make_signup(event, "Zoe", status="waitlisted", waitlisted_at=NOW + MINUTE)
    event.capacity = 50
    db.session.commit()
    assert verbs.move_seats(event.id, NOW + MINUTE) == 1
    assert [m.to_address for m in mails()] == [waiting.email]
    approve(event, "confirm", number=row.id)
    run(LATER)
    assert verbs.move_seats(event.id, LATER) == 2


def test_who_wants_none_has_had_one_or_went_meanwhile_is_left_out() -> None:
    event = make_event()
    row = bring_in(event, b"Email,subscription status\na@example.org,unsubscribed\nb@example.org,subscribed\nc@example.org,\nd@example.org,\ne@example.org,\nf@example.org,\n")  # fmt: skip
    by_mail = {s.email: s for s in db.session.scalars(sa.select(Signup))}
    privacy.erase_signup(by_mail["d@example.org"], NOW, by=ADA)
    verbs.cancel(by_mail["c@example.org"], NOW, by="person")
    db.session.execute(sa.delete(OutgoingMail))
    assert reach(event, "confirm", row.id) == (3, 1)
    approve(event, "confirm", number=row.id)
    # Between letting go and the batch one cancels, which is a mail of ours.
    operations.end_hold(mailings("confirm")[0].id, LATER)
    verbs.cancel(by_mail["e@example.org"], LATER, by="person")
    db.session.commit()
    run(LATER)
    assert sorted(m.to_address for m in mails() if m.message == "confirmed") == ["b@example.org", "f@example.org"]  # fmt: skip
    (done,) = mailings("confirm")
    assert (done.queued, done.passed_over) == (2, 2)


def test_nothing_leaves_for_a_draft_or_after_the_event() -> None:
    event = make_event(state="draft")
    row = bring_in(event, people(1))
    with pytest.raises(Refused) as caught:
        operations.approve(event, "confirm", NOW, ADA, number=row.id)
    assert caught.value.code == "soon"
    event.state = "published"
    approve(event, "confirm", event.ends_at, row.id)
    run(event.ends_at + 3 * 60 * MINUTE)
    assert (mails(), mailings("confirm")[0].state) == ([], "stopped")


def test_each_is_invited_once_and_reminded_once() -> None:
    event = make_event()
    make_signup(event, email="p0@example.org")
    verbs.block(event, "p1@example.org", NOW)
    db.session.flush()
    found = invitations.add_typed(event, people(6).decode() + "\nno address\n", NOW, by=ADA)
    assert found == {"made": 4, "known": 1, "blocked": 1, "unusable": 1}
    assert invitations.add_typed(event, people(6).decode(), NOW, by=ADA)["known"] == 5
    run(NOW + DAY / 24)
    assert mails() == []
    no_more(event, "p2@example.org")
    assert reach(event, "invite") == (3, 1)
    approve(event, "invite")
    run(LATER)
    run(LATER + MINUTE)
    assert [m.to_address for m in mails()] == ["p3@example.org", "p4@example.org", "p5@example.org"]
    mail = mails()[0]
    assert (mail.subject, mail.lane) == ("You are invited: An evening about something", "blast")
    assert mail.unsubscribe_url is not None
    assert mail.unsubscribe_url in mail.text
    assert mail.unsubscribe_url in mail.html
    with pytest.raises(Refused):
        operations.approve(event, "invite_again", LATER, ADA)
    arrive()
    # One has signed up by the ordinary form: they have answered, too.
    make_signup(event, email="p4@example.org")
    assert reach(event, "invite_again") == (2, 0)
    approve(event, "invite_again", LATER)
    run(LATER + HOLD)
    run(LATER + HOLD + MINUTE)
    assert [m.to_address for m in mails()][3:] == ["p3@example.org", "p5@example.org"]
    assert mails()[3].subject.startswith("Will you come?")
    arrive()
    assert reach(event, "invite_again") == (0, 0)


def test_what_was_thrown_away_waits_no_more_until_somebody_new_comes() -> None:
    event = coming_event()
    row = bring_in(event, people(2))
    invitations.add_typed(event, "kim@example.org", NOW, by=ADA)

    def waiting(at: dt.datetime) -> list[tuple[str, int | None]]:
        return [(line.offer, line.count) for line in timeline.schedule(event, at).waiting]

    assert waiting(NOW) == [("confirm", 2), ("invite", 1)]
    operations.dismiss(event, "confirm", NOW, ADA, number=row.id)
    held = approve(event, "invite")
    assert waiting(NOW) == []
    operations.stop(held, NOW, ADA)
    assert waiting(NOW) == []
    invitations.add_typed(event, "lou@example.org", NOW + MINUTE, by=ADA)
    assert waiting(NOW + MINUTE) == [("invite", 2)]
    # And what was thrown away can still be sent.
    approve(event, "confirm", NOW + MINUTE, row.id)
    run(LATER + MINUTE)
    assert [m.message for m in mails()] == ["confirmed"] * 2


@pytest.mark.case("D24")
def test_a_list_sends_no_reminder_before_its_first_mail() -> None:
    event = coming_event()
    make_signup(event, "Ana", email="ana@example.org")
    first, second = bring_in(event, people(3)), bring_in(event, b"Email\nkim@example.org\n")
    db.session.commit()
    schedule = timeline.schedule(event, NOW)
    assert [line.count for line in schedule.lines if line.rule] == [1, 1]
    assert schedule.unheard == 4
    assert [(one.import_id, one.number) for one in schedule.lists] == [(first.id, 3), (second.id, 1)]  # fmt: skip
    # One list's first mail is thrown away, the other's goes out.
    operations.dismiss(event, "confirm", NOW, ADA, number=first.id)
    approve(event, "confirm", number=second.id)
    run(LATER)
    schedule = timeline.schedule(event, LATER)
    assert [line.count for line in schedule.lines if line.rule] == [2, 2]
    assert schedule.unheard == 3
    run(event.starts_at - DAY)
    reminded = [m.to_address for m in mails() if m.message == "reminder"]
    assert reminded == ["ana@example.org", "kim@example.org"]
