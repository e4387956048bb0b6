"""Somebody types a victim's address into many forms: the mailbox is not flooded, and no sign-up is lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Page
from tests.factories import make_user
from tests.signin import sign_in
from tests.signup.conftest import later
from tests.signup.test_robots import _fields
from webapp.accounts.models import User
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.signup import operations
from webapp.signup.links import CONFIRM_AGE
from webapp.signup.models import Signup

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
FAR = {"starts_at": later(days=60), "ends_at": later(days=60, hours=2)}


@pytest.fixture(autouse=True)
def limited(app: Flask) -> Iterator[None]:
    """Limits as in production, counted from nothing."""
    app.config["RATELIMIT_ENABLED"] = True
    app.extensions.pop("rate_counter", None)
    yield
    app.extensions.pop("rate_counter", None)


def insists(person: Any, slug: str, **values: Any) -> Any:
    """Sends the form, and presses "I am a person" where that is asked."""
    answer = person.send(slug, **values)
    if answer.status_code == 200:
        answer = person.client.post(f"/events/{slug}/signup", data=_fields(Page(answer)))
    assert answer.status_code == 303
    return answer


def check_caps(moments: list[dt.datetime]) -> None:
    """In no stretch of an hour more than three, in none of a day more than ten."""
    for most, length in ((3, HOUR), (10, DAY)):
        for first, last in zip(moments, moments[most:], strict=False):
            assert last - first >= length, (first, last)


@pytest.mark.case("D51")
def test_a_hundred_events_and_one_victim(make: Any, visitors: Any, house: Any, clock: Any) -> None:
    slugs = [make(slug=f"event-{number}", **FAR) for number in range(100)]
    for number, slug in enumerate(slugs):
        # Some at once, some an hour and some a day later; as the address is written makes no difference.
        clock.move_to(later(minutes=number // 40 * 61 + number // 80 * 1500))
        insists(visitors(), slug, email="Ana@Example.org" if number % 2 else "ana@example.org")
    assert {signup.status for signup in house.signups()} == {"confirmed"}
    assert len(house.signups()) == len(house.mails()) == 100
    assert {mail.state for mail in house.mails()} == {"queued"}
    moments = sorted(mail.next_try_at for mail in house.mails())
    check_caps(moments)
    # And none waits longer than it must: nine days are full, the tenth is begun.
    assert moments[-1] - moments[0] < 11 * DAY


@pytest.mark.case("D51")
def test_a_flood_that_goes_on_while_mails_leave(
    app: Flask, make: Any, visitors: Any, house: Any, clock: Any
) -> None:
    number = 0
    for minutes in range(0, 36 * 60, 20):
        clock.move_to(later(minutes=minutes))
        with app.app_context():
            # The worker, with a server that takes everything.
            db.session.execute(
                sa.update(OutgoingMail)
                .where(OutgoingMail.state == "queued", OutgoingMail.next_try_at <= later(minutes=minutes))
                .values(state="sent", sent_at=later(minutes=minutes))
            )  # fmt: skip
            db.session.commit()
        if minutes % 60 == 0:
            insists(visitors(), make(slug=f"event-{number}", **FAR))
            number += 1
    sent = sorted(mail.sent_at for mail in house.mails() if mail.sent_at)
    check_caps(sent)
    # The first ten hours as they come, then as the tenth of a day allows.
    assert 15 <= len(sent) < number == len(house.mails())


@pytest.mark.case("D51")
def test_links_once_more_count_as_well_and_are_dropped(
    make: Any, visitors: Any, house: Any, clock: Any
) -> None:
    slug = make(**FAR)
    insists(visitors(), slug)
    for _ in range(5):
        insists(visitors(), slug)
        person = visitors()
        answer = person.client.send(f"/events/{slug}/my-link", {"email": "ana@example.org"})
        assert answer.status_code == 303
    assert house.messages() == ["confirmed", "link_again", "link_again"]
    for hour in range(1, 25):
        clock.move_to(later(minutes=61 * hour))
        for _ in range(4):
            visitors().client.send(f"/events/{slug}/my-link", {"email": "ana@example.org"})
    moments = [mail.created_at for mail in house.mails()]
    check_caps(moments)
    assert len(moments) >= 10


@pytest.mark.case("D51")
def test_what_an_organiser_does_goes_out_at_once(
    app: Flask, make: Any, visitors: Any, house: Any
) -> None:
    for number in range(6):
        insists(visitors(), make(slug=f"event-{number}", approval=True, **FAR))
    assert len([mail for mail in house.mails() if mail.last_reply == "postponed"]) == 3
    with app.app_context():
        ada = make_user("Ada")
        for signup in db.session.scalars(sa.select(Signup)):
            operations.approve(signup, later(minutes=1), by=ada)
        db.session.commit()
    approved = [mail for mail in house.mails() if mail.message == "approved"]
    assert [mail.next_try_at for mail in approved] == [later(minutes=1)] * 6


@pytest.mark.case("D51")
def test_organisers_see_that_a_mail_waits_and_why(
    app: Flask, make: Any, visitors: Any, house: Any
) -> None:
    for number in range(3):
        insists(visitors(), make(slug=f"event-{number}", **FAR))
    slug = make(slug="the-fourth", ada=True, **FAR)
    insists(visitors(), slug)
    with app.app_context():
        ada = db.session.scalars(sa.select(User)).one()
    client = visitors().client
    sign_in(client, ada.id)
    page = client.page(f"/manage/events/{slug}/mail")
    assert "waits until" in page.text
    assert "at most 3 such mails an hour" in page.text
    assert "postponed" not in page.text


def test_other_addresses_are_not_touched(make: Any, visitors: Any, house: Any) -> None:
    for number in range(5):
        insists(
            visitors(), make(slug=f"event-{number}", **FAR), email=f"person{number}@example.org"
        )
    assert {mail.last_reply for mail in house.mails()} == {None}


def test_nobody_is_kept_out_by_what_somebody_else_typed(
    make: Any, visitors: Any, house: Any
) -> None:
    for number in range(15):
        insists(visitors(), make(slug=f"event-{number}", **FAR))
    slug = make(slug="the-one", **FAR)
    insists(visitors(), slug, name="The owner")
    assert house.signups()[-1].name == "The owner"


def test_an_address_that_waits_for_its_mail_is_not_dropped_before_it_came(
    app: Flask, make: Any, visitors: Any, house: Any, clock: Any
) -> None:
    for number in range(12):
        insists(visitors(), make(slug=f"event-{number}", confirm_address=True, **FAR))
    last = house.mails()[-1]
    assert later(hours=24) <= last.next_try_at < later(hours=48)
    # The link in it was made now, and is worth nothing later.
    assert last.expires_at == later() + CONFIRM_AGE
