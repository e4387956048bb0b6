"""The organiser's list by keyboard: finding people, ticking them, and doing one thing with all of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.cast import Cast, make_evening, sign_up
from tests.browser.conftest import PHONE, until
from tests.browser.site import Site
from webapp.accounts.models import User
from webapp.db import db
from webapp.signup import queries
from webapp.signup.models import Signup

Visitor = Callable[..., BrowserContext]


def tab_to(page: Page, what: str) -> None:
    """Presses Tab until the element that ``what`` selects has the focus."""
    for _turn in range(120):
        page.keyboard.press("Tab")
        if page.evaluate("what => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"the keyboard does not reach {what}")


@pytest.mark.parametrize("scripts", [True, False])
def test_find_tick_and_tag_by_keyboard(
    site: Site, cast: Cast, visitor: Visitor, scripts: bool
) -> None:
    with site.rows():
        evening = make_evening(db.session.get_one(User, cast.ada), starts_in=500)
        for name in ("Ana Villcanqui", "Ben Villcanqui", "Cleo Smith"):
            sign_up(evening, name)
    page = visitor(cast.ada, viewport=PHONE, java_script_enabled=scripts).new_page()
    page.goto(f"{evening.manage}/signups")
    if not scripts:
        # Without scripts nothing can ask the page where the focus is: the same steps by their names.
        page.get_by_label("Name or address").fill("villcanqui")
        page.keyboard.press("Enter")
        page.get_by_role("checkbox", name="Ana Villcanqui").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="With those ticked").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="What to do with 1 person")).to_be_visible()
        return
    tab_to(page, "#q")
    page.keyboard.type("villcanqui")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Cleo Smith")).to_have_count(0)
    tab_to(page, "[data-tick-all] input")
    page.keyboard.press("Space")
    expect(page.locator("[data-ticked]")).to_have_text("2")
    # One of them after all not.
    tab_to(page, "input[name=pick]")
    page.keyboard.press("Space")
    expect(page.locator("[data-ticked]")).to_have_text("1")
    page.keyboard.press("Space")
    page.get_by_role("button", name="With those ticked").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What to do with 2 people")).to_be_visible()
    tab_to(page, "#tag")
    page.keyboard.type("Press")
    tab_to(page, "button[value=tag]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 2")).to_be_visible()

    def tagged() -> set[str]:
        with site.rows():
            rows = db.session.execute(
                sa.select(Signup.id, Signup.name).where(Signup.event_id == evening.id)
            ).all()
            tags = queries.tags_of(id_ for id_, _name in rows)
            return {name or "" for id_, name in rows if tags.get(id_) == ["Press"]}

    until(lambda: tagged() == {"Ana Villcanqui", "Ben Villcanqui"})
