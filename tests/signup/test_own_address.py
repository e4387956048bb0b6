"""A wrong address, noticed on the page after the form: corrected there, by the browser that sent it and nobody else."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from webapp.db import db
from webapp.signup import operations
from webapp.signup.models import Signup

PAGE = "/events/evening/signup/address"
THANKS = "/events/evening/signup/thanks"


def _correct(visitor: Any, email: str = "ana@right.example.org", **data: str) -> Any:
    return visitor.client.send(PAGE, {"email": email, **data})


def test_the_right_address_gets_the_mail_and_the_wrong_ones_links_die(
    make: Any, visitor: Any, house: Any
) -> None:
    make()
    visitor.send(email="ana@wrong.example.org")
    old = [house.link(kind) for kind in ("my", "join", "remove")]
    assert PAGE in visitor.client.page(THANKS).text
    assert _correct(visitor).location == THANKS
    assert "ana@right.example.org" in visitor.client.page(THANKS).text
    assert (house.signup().email, house.signup().status) == ("ana@right.example.org", "confirmed")
    assert [(m.to_address, m.state) for m in house.mails()] == [
        ("ana@wrong.example.org", "suppressed"),
        ("ana@right.example.org", "queued"),
    ]
    for path in old:
        assert visitor.client.get(path).status_code == 404
    assert visitor.client.get(house.link("my")).status_code == 200
    # And once more, since the next try may be wrong too.
    _correct(visitor, "ana@third.example.org")
    assert house.signup().email == "ana@third.example.org"


@pytest.mark.case("D28")
def test_nobody_takes_over_a_sign_up_by_typing_its_address(
    make: Any, visitors: Any, house: Any
) -> None:
    make()
    owner, thief = visitors(), visitors()
    owner.send(email="ana@example.org")
    token = thief.form("evening")
    known = thief.send(email="ana@example.org", token=token)
    assert known.location == THANKS
    answer = _correct(thief, "thief@example.org")
    assert answer.location == THANKS
    assert house.signup().email == "ana@example.org"
    assert "thief@example.org" not in [mail.to_address for mail in house.mails()]
    # What the thief sees is what anybody sees.
    fresh = visitors()
    fresh.send(email="new@example.org")
    assert _correct(fresh, "thief@example.org").location == answer.location
    pages = [
        re.sub(r'value="[^"]*"|\d', "", visitor.client.page(path).text)
        for path in (PAGE, THANKS)
        for visitor in (thief, fresh)
    ]
    assert pages[0] == pages[1]
    assert pages[2] == pages[3]


@pytest.mark.case("D28")
def test_an_address_that_has_signed_up_keeps_its_own(make: Any, visitors: Any, house: Any) -> None:
    make(capacity=2)
    first, second = visitors(), visitors()
    first.send(email="ana@example.org", name="The first")
    second.send(email="typo@example.org", name="The second")
    assert _correct(second, "ana@example.org").location == THANKS
    ana, typo = house.signups()
    assert (ana.name, ana.status, typo.status) == ("The first", "confirmed", "cancelled")
    assert [(m.to_address, m.message) for m in house.mails()][-1] == ("ana@example.org", "link_again")  # fmt: skip


def test_once_a_link_was_used_the_address_stands(app: Flask, make: Any, visitor: Any, house: Any) -> None:  # fmt: skip
    make()
    visitor.send()
    with app.app_context():
        operations.prove(db.session.scalars(sa.select(Signup)).one(), NOW)
        db.session.commit()
    _correct(visitor)
    assert house.signup().email == "ana@example.org"


def test_after_two_hours_the_address_stands(
    make: Any, visitor: Any, house: Any, clock: Any
) -> None:
    make(starts_at=dt.datetime(2027, 4, 9, 17, 0, tzinfo=dt.UTC))
    visitor.send()
    clock.shift(dt.timedelta(hours=2, seconds=1))
    _correct(visitor)
    assert house.signup().email == "ana@example.org"


def test_a_slip_is_asked_about(make: Any, visitor: Any, house: Any) -> None:
    make()
    visitor.send()
    page = _correct(visitor, "ana@gmial.com").parsed
    assert "ana@gmail.com" in page.text
    data = {"csrf_token": page.field("csrf_token"), "asked": page.field("asked")}
    visitor.client.post(PAGE, data={**data, "email": "ana@gmail.com"})
    assert house.signup().email == "ana@gmail.com"


def test_without_a_form_sent_before_it_leads_to_the_form(make: Any, visitor: Any) -> None:
    make()
    assert visitor.client.get(PAGE).location == "/events/evening/signup"


def test_an_address_whose_owner_wants_nothing_stays_untouched(
    app: Flask, make: Any, visitor: Any, house: Any
) -> None:
    make()
    with app.app_context():
        operations.block(operations.lock_event(1), "zoe@example.org", NOW)
        db.session.commit()
    visitor.send()
    assert _correct(visitor, "zoe@example.org").location == THANKS
    assert house.signup().email == "ana@example.org"
    assert len(house.mails()) == 1
