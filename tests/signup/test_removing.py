"""Addresses that somebody else gave, and addresses that nobody proves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup
from tests.rows import dump
from tests.signup.conftest import House, Visitor, later
from tests.signup.test_operations import applicant
from webapp import tokens
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.privacy import commands
from webapp.privacy import operations as privacy
from webapp.signup import links, operations, queries
from webapp.signup.models import BlockedAddress, Signup

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize("values", [{}, {"confirm_address": True}, {"approval": True}, {"capacity": 1}])  # fmt: skip
def test_one_button_removes_the_address_and_keeps_it_out(
    make: Callable[..., str], visitor: Visitor, visitors: Callable[[], Visitor], house: House, values: dict[str, Any]
) -> None:  # fmt: skip
    make(**values)
    visitor.send()
    link = house.link("remove")
    page = visitor.client.page(link).text
    assert "ana@example.org" in page
    assert "Remove my address" in page
    assert house.signup().erased_at is None
    assert "The address is removed" in visitor.client.post(link).text
    gone = house.signup()
    assert (gone.status, gone.cancelled_by, gone.email, gone.name) == ("cancelled", "person", None, None)  # fmt: skip
    assert visitor.client.get(link).status_code == 404
    assert visitor.client.post(link).status_code == 404

    # Whoever types it in again sees what everybody sees, and nothing comes of it.
    house.forget()
    other = visitors()
    answer = other.send(email=" ANA@Example.org")
    assert (answer.status_code, answer.location) == (303, "/events/evening/signup/thanks")
    assert len(house.signups()) == 1
    assert [mail.to_address for mail in house.mails() if mail.to_address] == []
    other.client.post("/events/evening/my-link", data={"csrf_token": other.form("evening"), "email": "ana@example.org"})  # fmt: skip
    assert len(house.mails()) == 1
    # Their neighbour signs up as ever.
    visitors().send(email="ana.b@example.org")
    assert house.mails()[-1].to_address == "ana.b@example.org"


@pytest.mark.case("D28")
def test_the_page_is_the_same_for_an_address_that_is_kept_out(
    make: Callable[..., str], visitors: Callable[[], Visitor], house: House
) -> None:
    make(capacity=1)
    first = visitors()
    first.send()
    first.client.post(house.link("remove"))
    house.forget()
    pages = []
    for email in ("ana@example.org", "ben@example.org"):
        browser = visitors()
        browser.send(email=email)
        page = browser.client.page("/events/evening/signup/thanks")
        pages.append(page.text.replace(email, "…"))
    assert pages[0] == pages[1]


def test_only_the_first_mail_has_the_button(context: Flask) -> None:
    event = make_event(confirm_address=True)
    operations.sign_up(event.id, applicant(), NOW)
    signup = db.session.scalars(sa.select(Signup)).one()
    operations.prove(signup, NOW)
    operations.cancel(signup, NOW)
    operations.come_back(signup, NOW)
    mails = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)).all()
    assert [mail.message for mail in mails] == ["confirm_address", "confirmed", "cancelled", "confirmed"]  # fmt: skip
    for mail in mails:
        for text in (mail.text, mail.html):
            assert ("/remove/" in text) == (mail is mails[0])
    assert any("/remove/" in secret for secret in mails[0].secrets)


def test_once_the_links_were_used_it_needs_a_fresh_mail(
    make: Callable[..., str], visitor: Visitor, house: House
) -> None:
    """The mail may have been passed on: whoever got it must not delete somebody's place for good."""
    make(confirm_address=True)
    visitor.send()
    remove = house.link("remove")
    visitor.client.post(house.link("confirm"))
    assert "one more link" in visitor.client.post(remove).text
    assert house.signup().status == "confirmed"
    assert house.messages()[-1] == "erase_link"


def test_the_mark_of_an_address_names_nobody_and_holds_when_the_secret_changes(
    app: Flask, context: Flask
) -> None:
    event, other = make_event(), make_event()
    for one in (event, other):
        privacy.remove_address(make_signup(one, "Ana", email="ana@example.org"), NOW)
    db.session.commit()
    marks = db.session.scalars(sa.select(BlockedAddress.address_mark)).all()
    assert len(set(marks)) == 2
    assert "ana@example.org" not in str(dump(app))
    assert [row.action for row in db.session.scalars(sa.select(AuditEntry))] == ["signup.address_removed"] * 2  # fmt: skip
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "another secret that only the test suite knows"
    assert operations.sign_up(event.id, applicant(), NOW).outcome == "blocked"
    assert operations.sign_up(make_event().id, applicant(), NOW).outcome == "confirmed"


def test_what_keeps_them_out_goes_with_the_event(context: Flask) -> None:
    event = make_event(retention_days=1)
    privacy.remove_address(make_signup(event), NOW)
    make_signup(event)
    db.session.commit()
    commands.run(later(days=3))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(BlockedAddress)) == 0


def test_what_nobody_proves_in_two_days_is_dropped_and_erased(context: Flask) -> None:
    event = make_event(confirm_address=True, starts_at=later(days=9))
    for name in ("Ana", "Ben", "Cleo"):
        operations.sign_up(event.id, applicant(name), NOW)
    ana, ben, cleo = db.session.scalars(sa.select(Signup).order_by(Signup.id))
    operations.prove(ben, later(hours=47))
    # Cleo asked for the mail again: her link is younger, and so is her time.
    operations.send_link_again(event.id, applicant("Cleo").address, later(hours=40))
    db.session.commit()
    assert commands.drop_unproved(later(hours=47)) == 0
    assert commands.drop_unproved(later(hours=48)) == 1
    db.session.expire_all()
    assert (ana.status, ana.cancelled_by, ana.cancelled_at, ana.email) == ("cancelled", "unproved", later(hours=48), None)  # fmt: skip
    assert ana.erased_at == later(hours=48)
    assert (ben.status, cleo.status) == ("confirmed", "pending")
    assert commands.drop_unproved(later(hours=87)) == 0
    assert commands.drop_unproved(later(hours=88)) == 1
    assert queries.counts(event.id)["cancelled"] == 2
    # The address is free: whoever it belongs to may sign up.
    assert operations.sign_up(event.id, applicant(), later(hours=90)).outcome == "confirm_address"


def test_dropping_is_repeatable_and_takes_no_sample_person(context: Flask) -> None:
    event = make_event(confirm_address=True, starts_at=later(days=9))
    waiting = {"status": "pending", "pending_reason": "address", "confirmed_at": None}
    for _number in range(privacy.BATCH + 3):
        make_signup(event, created_at=NOW, **waiting)
    make_signup(event, created_at=NOW, is_sample=True, **waiting)
    full = make_signup(event, created_at=NOW, proved_at=NOW, **waiting)
    db.session.commit()
    assert commands.drop_unproved(later(hours=48)) == privacy.BATCH + 3
    assert commands.drop_unproved(later(hours=49)) == 0
    db.session.expire_all()
    assert full.status == "pending"


def test_links_are_the_same_in_every_mail(context: Flask, clock: Any) -> None:
    """So that people can compare them, and find that "the link stays the same" is true."""
    ana = make_signup(make_event())
    before = links.of(ana)
    clock.move_to(later(hours=5))
    assert links.of(ana) == before
    assert links.of(make_signup(make_event())).my != before.my
    with pytest.raises(tokens.TokenInvalid):
        links.read_my(tokens.sign("my", [1, ana.public_id]))
