"""The work that a form costs while robots attack, done by a real browser; and the wait without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.cast import Cast, Evening, make_evening
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from tests.browser.test_signing_up import Visitor, signups
from tests.browser.watch import Watch
from webapp.accounts.models import User
from webapp.db import db


@pytest.fixture
def evening(site: Site, cast: Cast) -> Evening:
    with site.rows():
        return make_evening(db.session.get_one(User, cast.ada), starts_in=3000, challenge=True)


def fill(page: Page, evening: Evening, email: str) -> None:
    page.goto(f"{evening.page}/signup")
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Your e-mail address").fill(email)
    page.locator("#consent").check()


def test_a_worker_does_it_while_somebody_types(
    site: Site, evening: Evening, visitor: Visitor
) -> None:
    page = visitor(viewport=PHONE).new_page()
    fill(page, evening, "ana@example.org")
    expect(page.locator("[name=solution]")).to_have_value(re.compile(r"^\d+(,\d+){15}$"))
    page.get_by_role("button", name="Save my place").click()
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    assert len(signups(site, evening, "ana@example.org")) == 1


def test_whoever_is_quicker_waits_and_it_is_sent_by_itself(
    site: Site, evening: Evening, visitor: Visitor
) -> None:
    page = visitor().new_page()
    # A worker that is held up until the button has been pressed.
    held: list[Route] = []
    page.route("**/puzzle-worker.js*", lambda route: held.append(route))
    fill(page, evening, "ben@example.org")
    page.get_by_role("button", name="Save my place").click()
    expect(page.get_by_text("your browser is showing that it is no robot")).to_be_visible()
    for route in held:
        route.continue_()
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    assert len(signups(site, evening, "ben@example.org")) == 1


@pytest.mark.case("D55")
def test_without_javascript_one_waits(
    site: Site, evening: Evening, visitor: Visitor, watch: Watch
) -> None:
    watch.expected.add(403)
    page = visitor(java_script_enabled=False, viewport=PHONE).new_page()
    fill(page, evening, "cem@example.org")
    page.get_by_role("button", name="Save my place").click()
    expect(page.get_by_role("heading", name="A short wait")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Please wait (19|20) seconds"))).to_be_visible()
    page.wait_for_timeout(21_000)
    page.get_by_role("button", name="Send my form").click()
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    assert len(signups(site, evening, "cem@example.org")) == 1
