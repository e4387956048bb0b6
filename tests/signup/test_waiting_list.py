"""The waiting list: who gets a free place, when, and what they are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signup.conftest import House, Visitor, later
from tests.signup.test_operations import applicant
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.privacy import operations as privacy
from webapp.signup import commands, operations, queries
from webapp.signup.models import Signup

# Far enough away that a free place is offered, not given.
NEXT_WEEK = later(days=7)


def full_event(**values: Any) -> Event:
    """One place, and somebody has it."""
    event = make_event(**({"capacity": 1, "starts_at": NEXT_WEEK} | values))
    make_signup(event, "Holder")
    return event


def wait(event: Event, *names: str, at: dt.datetime = NOW) -> list[Signup]:
    for name in names:
        assert operations.sign_up(event.id, applicant(name), at).outcome == "waitlisted"
    rows = {row.name: row for row in db.session.scalars(sa.select(Signup))}
    return [rows[name] for name in names]


def holder(event: Event) -> Signup:
    return db.session.scalars(sa.select(Signup).where(Signup.name == "Holder")).one()


def told(signup: Signup) -> list[str]:
    rows = sa.select(OutgoingMail.message).where(OutgoingMail.person == signup.public_id)
    return list(db.session.scalars(rows.order_by(OutgoingMail.id)))


def states(*signups: Signup) -> list[str]:
    db.session.flush()
    return [signup.status for signup in signups]


@pytest.mark.case("D09")
def test_a_place_that_is_given_up_goes_to_whoever_waited_longest(context: Flask) -> None:
    event = full_event()
    ana, ben = wait(event, "Ana", "Ben")
    assert (told(ana), queries.position(ana), queries.position(ben)) == (["waitlisted"], 1, 2)
    operations.cancel(holder(event), later(hours=1))
    assert states(ana, ben) == ["offered", "waitlisted"]
    assert ana.offer_expires_at == later(hours=25)
    assert told(ana) == ["waitlisted", "offer"]
    assert queries.position(ben) == 1
    # The offer holds the seat: nobody new gets in between.
    assert operations.sign_up(event.id, applicant("Cleo"), later(hours=2)).outcome == "waitlisted"
    operations.accept(ana, later(hours=3))
    operations.accept(ana, later(hours=4))
    assert (ana.status, ana.confirmed_at, ana.offer_expires_at) == (
        "confirmed",
        later(hours=3),
        None,
    )
    assert ana.proved_at == later(hours=3)
    assert told(ana) == ["waitlisted", "offer", "confirmed"]
    assert queries.seats_taken(event.id) == 1


def test_no_thanks_hands_it_on(context: Flask) -> None:
    event = full_event()
    ana, ben = wait(event, "Ana", "Ben")
    operations.cancel(holder(event), NOW)
    operations.cancel(ana, later(hours=1))
    assert states(ana, ben) == ["cancelled", "offered"]
    assert (ana.cancelled_by, ana.offer_expires_at) == ("person", None)
    mail = db.session.scalars(sa.select(OutgoingMail).where(OutgoingMail.person == ana.public_id).order_by(OutgoingMail.id.desc())).first()  # fmt: skip
    assert mail is not None
    # She never had a place, so there is no entry in her calendar to be called off.
    assert (mail.message, mail.calendar_method) == ("cancelled", None)
    assert "you took your sign-up back" in mail.text


def test_what_nobody_takes_goes_on_and_they_may_wait_again(context: Flask) -> None:
    event = full_event()
    ana, ben = wait(event, "Ana", "Ben")
    operations.cancel(holder(event), NOW)
    db.session.commit()
    assert commands.move_seats(later(hours=24, seconds=-1)) == 0
    assert commands.move_seats(later(hours=24)) == 2
    db.session.expire_all()
    assert states(ana, ben) == ["cancelled", "offered"]
    assert (ana.cancelled_by, ben.offer_expires_at) == ("lapsed", later(hours=48))
    assert told(ana)[-1] == "offer_lapsed"
    with pytest.raises(Refused):
        operations.accept(ana, later(hours=25))
    operations.come_back(ana, later(hours=26))
    assert (ana.status, ana.waitlisted_at, ana.cancelled_by) == (
        "waitlisted",
        later(hours=26),
        None,
    )
    (cleo,) = wait(event, "Cleo", at=later(hours=27))
    assert [queries.position(one) for one in (ana, cleo)] == [1, 2]


def test_a_press_after_the_time_is_too_late_even_before_the_job(context: Flask) -> None:
    event = full_event()
    ana, ben = wait(event, "Ana", "Ben")
    operations.cancel(holder(event), NOW)
    with pytest.raises(Refused) as refusal:
        operations.accept(ana, later(hours=24))
    assert refusal.value.code == "lapsed"
    assert states(ana, ben) == ["cancelled", "offered"]


@pytest.mark.parametrize(
    ("values", "expires_at"),
    [
        ({"starts_at": later(hours=10)}, later(hours=9)),
        ({"starts_at": later(hours=3)}, later(hours=2)),
        ({"starts_at": later(hours=2, minutes=59)}, None),
        ({"starts_at": later(minutes=-5)}, None),
        ({"starts_at": later(days=3), "offer_hours": 0}, None),
        ({"starts_at": later(days=3), "offer_hours": 2}, later(hours=2)),
    ],
)
def test_how_long_a_place_is_kept(context: Flask, values: dict[str, Any], expires_at: dt.datetime | None) -> None:  # fmt: skip
    event = full_event(**values)
    (ana,) = wait(event, "Ana")
    operations.cancel(holder(event), NOW)
    assert ana.offer_expires_at == expires_at
    assert ana.status == ("confirmed" if expires_at is None else "offered")
    assert told(ana)[-1] == ("confirmed" if expires_at is None else "offer")


def test_a_person_who_is_erased_frees_their_place_too(context: Flask) -> None:
    event = full_event()
    ana, ben = wait(event, "Ana", "Ben")
    privacy.erase_signup(holder(event), NOW, by="the person")
    assert states(ana, ben) == ["offered", "waitlisted"]
    privacy.remove_address(ana, NOW)
    assert states(ben) == ["offered"]
    privacy.erase_signup(ben, NOW, by="the person")
    assert queries.seats_taken(event.id) == 0
    assert commands.move_seats(later(days=3)) == 0


@pytest.mark.case("D10")
def test_the_number_of_places_goes_up_and_down(context: Flask) -> None:
    event = full_event(capacity=2)
    make_signup(event)
    ana, ben, cleo = wait(event, "Ana", "Ben", "Cleo")
    event.capacity = 1
    db.session.commit()
    assert queries.over_by(event) == 1
    operations.cancel(holder(event), NOW)
    assert commands.move_seats(NOW) == 0
    assert states(ana, ben, cleo) == ["waitlisted"] * 3
    event.capacity = 3
    db.session.commit()
    # A newcomer does not overtake those who wait, not even before the job has been there.
    assert operations.sign_up(event.id, applicant("Dora"), NOW).outcome == "waitlisted"
    assert commands.move_seats(NOW) == 2
    db.session.expire_all()
    assert states(ana, ben, cleo) == ["offered", "offered", "waitlisted"]
    event.capacity = None
    db.session.commit()
    assert commands.move_seats(NOW) == 2
    db.session.expire_all()
    assert states(cleo) == ["offered"]


def test_many_at_once(context: Flask, count_queries: Any) -> None:
    event = full_event(offer_hours=0)
    for number in range(120):
        make_signup(
            event, status="waitlisted", waitlisted_at=later(minutes=-number), confirmed_at=None
        )
    event.capacity = 101
    db.session.commit()
    assert commands.move_seats(NOW) == 100
    assert queries.counts(event.id)["waitlisted"] == 20
    left = db.session.scalars(queries.waiting_in_order(event.id)).all()
    assert max(row.waitlisted_at for row in left) == NOW
    with count_queries() as made:
        assert commands.move_seats(NOW) == 0
    assert len(made) <= 2


@pytest.mark.parametrize("values", [{"state": "cancelled"}, {"ended_at": NOW}])
def test_nobody_is_promoted_to_what_does_not_take_place(context: Flask, values: dict[str, Any]) -> None:  # fmt: skip
    event = make_event(capacity=5, starts_at=NEXT_WEEK, **values)
    ana = make_signup(event, status="waitlisted", waitlisted_at=NOW, confirmed_at=None)
    db.session.commit()
    assert commands.move_seats(NOW) == 0
    assert operations.move_seats(event.id, NOW) == 0
    assert ana.status == "waitlisted"


def test_an_address_is_proved_first_and_then_waits(context: Flask) -> None:
    event = full_event(confirm_address=True)
    for name in ("Ana", "Ben"):
        assert operations.sign_up(event.id, applicant(name), NOW).outcome == "confirm_address"
    ana, ben = db.session.scalars(sa.select(Signup).where(Signup.status == "pending").order_by(Signup.id))  # fmt: skip
    operations.prove(ben, later(minutes=1))
    operations.prove(ana, later(minutes=2))
    assert states(ana, ben) == ["waitlisted", "waitlisted"]
    assert (queries.position(ben), queries.position(ana)) == (1, 2)
    assert told(ana) == ["confirm_address", "waitlisted"]


def test_approved_when_full_waits_in_the_order_of_approval(context: Flask) -> None:
    ada = make_user()
    event = full_event(approval=True)
    for name in ("Ana", "Ben"):
        assert operations.sign_up(event.id, applicant(name), NOW).outcome == "waiting_for_approval"
    ana, ben = db.session.scalars(sa.select(Signup).where(Signup.status == "pending").order_by(Signup.id))  # fmt: skip
    operations.approve(ben, later(minutes=1), by=ada)
    operations.approve(ana, later(minutes=2), by=ada)
    operations.approve(ana, later(minutes=3), by=ada)
    assert told(ben) == ["waiting_for_approval", "waitlisted"]
    mail = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
    assert mail is not None
    assert mail.subject.startswith("Approved, and on the waiting list")
    operations.cancel(holder(event), later(minutes=4))
    assert states(ana, ben) == ["waitlisted", "offered"]
    # Whoever was approved once is not looked at again.
    operations.cancel(ben, later(minutes=5))
    operations.come_back(ben, later(minutes=6))
    assert states(ana, ben) == ["offered", "waitlisted"]


def test_calendars_follow_somebody_who_comes_back_by_the_list(context: Flask) -> None:
    event = full_event()
    (ana,) = wait(event, "Ana")
    was_there = holder(event)
    operations.cancel(was_there, NOW)
    operations.come_back(was_there, later(hours=1))
    operations.cancel(ana, later(hours=2))
    operations.accept(was_there, later(hours=3))
    entries = db.session.scalars(
        sa.select(OutgoingMail.calendar)
        .where(OutgoingMail.person == was_there.public_id, OutgoingMail.calendar.is_not(None))
        .order_by(OutgoingMail.id)
    ).all()
    numbers = [int(str(entry).split("SEQUENCE:")[1].split()[0]) for entry in entries]
    assert len(numbers) == 2
    assert numbers[0] < numbers[1]


@pytest.mark.case("D28")
def test_through_the_pages(
    make: Callable[..., str], visitors: Callable[[], Visitor], house: House
) -> None:
    slug = make(capacity=1, starts_at=NEXT_WEEK)
    first, second, third = visitors(), visitors(), visitors()
    first.send(slug)
    house.forget()
    page = second.client.page(f"/events/{slug}/signup").text
    assert "All places are taken." in page
    assert "Put me on the waiting list" in page
    assert "Join the waiting list" in second.client.page(f"/events/{slug}").text
    # The one who has a place and the one who has none see the same.
    pages = []
    for browser, email in ((second, "ben@example.org"), (third, "ana@example.org")):
        answer = browser.send(slug, name="Ben", email=email)
        assert (answer.status_code, answer.location) == (303, f"/events/{slug}/signup/thanks")
        pages.append(browser.client.page(answer.location).text.replace(email, "…"))
    assert pages[0] == pages[1]
    assert house.messages() == ["confirmed", "waitlisted", "link_again"]
    assert [one.status for one in house.signups()] == ["confirmed", "waitlisted"]

    waiting, having = house.link("my", 1), house.link("my", 0)
    assert "You are next" in second.client.page(waiting).text
    first.client.post(f"{having}/cancel")
    offer = house.mails()[-1]
    assert offer.message == "offer"
    for text in (offer.text, offer.html):
        assert "7 Apr 2027, 18:00" in text
        assert "British Summer Time" in text or "London" in text or "United Kingdom" in text
    assert offer.expires_at == later(hours=24)
    page = second.client.page(waiting).text
    assert "Yes, I take it" in page
    assert "Give the place to the next person?" in second.client.page(f"{waiting}/cancel").text
    answer = second.client.post(f"{waiting}/accept")
    assert answer.status_code == 303
    assert "The place is yours." in second.client.page(answer.location).text
    assert "No place is waiting" in first.client.post(f"{having}/accept").text
    page = first.client.page(having).text
    assert "Put me on the waiting list" in page
    answer = first.client.post(f"{having}/come-back")
    assert "You are on the waiting list" in first.client.page(answer.location).text


def test_too_late_by_the_page(
    make: Callable[..., str], visitors: Callable[[], Visitor], house: House, clock: Any
) -> None:
    slug = make(capacity=1, starts_at=NEXT_WEEK)
    first, second = visitors(), visitors()
    first.send(slug)
    house.forget()
    second.send(slug, name="Ben", email="ben@example.org")
    first.client.post(f"{house.link('my', 0)}/cancel")
    clock.move_to(later(hours=25))
    answer = second.client.post(f"{house.link('my', 1)}/accept")
    assert answer.status_code == 409
    assert "The time for this place is over" in answer.text
    assert "The place went to the next person" in answer.text
    assert house.signups()[1].cancelled_by == "lapsed"


def test_without_a_waiting_list_nothing_is_kept(
    make: Callable[..., str], visitors: Callable[[], Visitor], house: House
) -> None:
    slug = make(capacity=1, waitlist=False)
    visitors().send(slug)
    token = visitors().client.page(f"/events/{slug}/my-link").field("csrf_token")
    browser = visitors()
    token = browser.client.page(f"/events/{slug}/my-link").field("csrf_token")
    answer = browser.send(slug, token=token, name="Ben", email="ben@example.org")
    assert answer.status_code == 409
    assert len(house.signups()) == 1


@pytest.mark.case("D10")
def test_organisers_see_by_how_many_it_is_over(client: Any, app: Flask, make: Callable[..., str]) -> None:  # fmt: skip
    from tests.signin import sign_in

    slug = make(ada=True, capacity=1, starts_at=NEXT_WEEK)
    with app.app_context():
        event = db.session.scalars(sa.select(Event)).one()
        for _number in range(3):
            make_signup(event)
        db.session.commit()
    sign_in(client, 1)
    for path in ("", "/signups"):
        assert "over by 2" in client.page(f"/manage/events/{slug}{path}").text
    assert "2 people more than there are places" in client.page(f"/manage/events/{slug}/settings").text  # fmt: skip


def test_nobody_is_on_the_list_without_a_moment(context: Flask) -> None:
    """That moment is their turn; without it their own page would not know how many are before them."""
    with pytest.raises(IntegrityError, match="waitlisted"):
        make_signup(make_event(), status="waitlisted", waitlisted_at=None)
