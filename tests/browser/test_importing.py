"""A list comes in and goes back in a real browser: by keyboard alone and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from playwright.sync_api import BrowserContext, expect

from tests.browser.cast import Cast, make_evening
from tests.browser.site import Site
from tests.browser.test_signing_up import tab_to
from webapp.accounts.models import User
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.signup.models import Signup


def test_a_list_by_keyboard_alone(site: Site, cast: Cast, visitor: Callable[..., BrowserContext]) -> None:  # fmt: skip
    with site.rows():
        evening = make_evening(db.session.get_one(User, cast.ada), starts_in=3000)

    def addresses() -> set[str | None]:
        with site.rows():
            return set(
                db.session.scalars(sa.select(Signup.email).where(Signup.event_id == evening.id))
            )

    before = addresses()
    page = visitor(cast.ada, java_script_enabled=False).new_page()
    page.goto(f"{evening.manage}/signups")
    tab_to(page, "Bring in a list", limit=60)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Bring people in from a list")).to_be_visible()
    tab_to(page, "Or paste rows", limit=60)
    page.keyboard.insert_text("Who,Where,State\nAna,ana1@example.net,Paid\nBea,bea1@example.net,Refunded\nCid,wrong,Paid\n")  # fmt: skip
    tab_to(page, "Look at this list")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What would come of it")).to_be_visible()
    expect(page.locator(".problems")).to_contain_text("not an e-mail address: wrong")
    # The first column has a heading that nobody knows.
    tab_to(page, "Who", limit=60)
    page.keyboard.type("Whole name")
    tab_to(page, "Look again")
    page.keyboard.press("Enter")
    expect(page.locator("#column_0")).to_have_value("name")
    tab_to(page, "Already registered", limit=60)
    page.keyboard.press("Space")
    tab_to(page, "Where did they agree")
    page.keyboard.insert_text("On the sheet at the door, to taking part")
    tab_to(page, "Bring in 1 person")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Take it back")).to_be_visible()
    assert addresses() - before == {"ana1@example.net"}
    with site.rows():
        names = db.session.scalars(sa.select(Signup.name).where(Signup.email == "ana1@example.net"))
        assert list(names) == ["Ana"]
        mailed = sa.select(OutgoingMail).where(OutgoingMail.to_address == "ana1@example.net")
        assert db.session.scalars(mailed).all() == []
    tab_to(page, "Take this list back", limit=60)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Taken back: 1 person.")).to_be_visible()
    assert addresses() == before
