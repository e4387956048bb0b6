"""Slips in well-known domains: a suggestion before sending, never a refusal."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conftest import Page
from webapp.signup import slips


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("GMAL.com", "gmail.com"),
        ("hotmial.es", "hotmail.es"),
        ("yaho.co.uk", "yahoo.co.uk"),
        ("outlok.com", "outlook.com"),
        ("iclould.com", "icloud.com"),
        ("t-onlin.de", "t-online.de"),
        ("protonmial.com", "protonmail.com"),
        ("ornage.fr", "orange.fr"),
    ],
)
def test_one_slip_is_found(typed: str, meant: str) -> None:
    assert slips.suggestion(f"Ana.Álvarez+x@{typed}") == f"Ana.Álvarez+x@{meant}"


@pytest.mark.parametrize(
    "domain",
    [
        *slips.KNOWN,
        *sorted(slips.REAL),
        "example.org",
        "mail.example.org",
        "gmail.com.example.org",
        "gxm.de",
        "gmail",
        "c.d",
        "",
    ],
)
def test_what_may_be_right_is_left_alone(domain: str) -> None:
    assert slips.suggestion(f"ana@{domain}") is None


def _fields(page: Page) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


def _asked(visitor: Any, **values: str) -> Page:
    answer = visitor.send("evening", email="Ana@gmial.com", consent_friends="yes", **values)
    assert answer.status_code == 200
    page = Page(answer)
    assert "Is this your address?" in page.text
    assert 'name="email" value="Ana@gmail.com">Yes, correct it' in page.text
    assert 'name="email" value="Ana@gmial.com">No, it is right' in page.text
    return page


@pytest.mark.parametrize("chosen", ["Ana@gmail.com", "Ana@gmial.com"])
def test_either_button_signs_up_with_all_that_was_filled_in(
    make: Any, visitor: Any, house: Any, chosen: str
) -> None:
    make()
    visitor.form("evening", "?from=letter")
    page = _asked(visitor, **{"from": "letter"})
    assert house.signups() == []
    sent = visitor.client.post("/events/evening/signup", data=_fields(page) | {"email": chosen})
    assert sent.status_code == 303
    signup = house.signup()
    assert (signup.email, signup.name, signup.source) == (chosen, "Ana Álvarez", "letter")
    assert house.messages() == ["confirmed"]


@pytest.mark.case("D49")
def test_the_question_is_no_way_around_the_trap(make: Any, visitor: Any, house: Any) -> None:
    make()
    page = _asked(visitor, homepage="https://spam.example")
    data = _fields(page) | {"email": "Ana@gmail.com"}
    answer = visitor.client.post("/events/evening/signup", data=data)
    assert "I am a person" in answer.text
    assert house.signup().pending_reason == "click"
    # And the click after it asks nothing twice.
    answer = visitor.client.post("/events/evening/signup", data=_fields(Page(answer)))
    assert answer.status_code == 303
    assert house.signup().email == "Ana@gmail.com"


def test_a_full_event_says_so_first(make: Any, visitor: Any, house: Any) -> None:
    make(capacity=1, waitlist=False)
    token = visitor.form("evening")
    visitor.send("evening", email="ben@example.org", token=token)
    house.forget()
    answer = visitor.send("evening", email="ana@gmial.com", token=token)
    assert answer.status_code == 409
    assert "All places are taken" in answer.text
