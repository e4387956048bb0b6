"""Signing up in a real browser: by keyboard alone, without JavaScript, with mistakes, on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.cast import Cast, Evening, make_evening
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from tests.browser.watch import Watch
from webapp.accounts.models import User
from webapp.db import db
from webapp.events.models import CoHost
from webapp.mail.models import OutgoingMail
from webapp.signup.models import Question, Signup

Visitor = Callable[..., BrowserContext]

# What has the focus, in the words of a reader, whether one can see that it has, and what lies over it.
FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const label = e.labels && e.labels.length ? e.labels[0].textContent : e.textContent;
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height, innerHeight) / 2);
  const free = over && (e.contains(over) || over.contains(e));
  return [
    // Inside a frame its own page shows it.
    label.trim().replace(/\\s+/g, " "), e.tagName === "IFRAME" || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    free ? "" : over ? over.outerHTML.slice(0, 80) : "the edge of the screen",
  ];
}"""


@pytest.fixture
def evening(site: Site, cast: Cast) -> Evening:
    """With two questions and a co-host who would like to write later."""
    with site.rows():
        found = make_evening(db.session.get_one(User, cast.ada), starts_in=3000)
        ask = {"event_id": found.id, "required": False}
        db.session.add_all(
            [
                Question(key="city", label="Where do you live?", type="text", position=0, **ask),
                Question(key="age", label="How old are you?", type="number", position=1, **ask),
                CoHost(event_id=found.id, key="wiphalas", name="Wiphalas", position=0),
            ]
        )
    return found


def signups(site: Site, evening: Evening, email: str) -> list[Signup]:
    with site.rows():
        found = sa.select(Signup).where(Signup.event_id == evening.id, Signup.email == email)
        rows = list(db.session.scalars(found))
        db.session.expunge_all()
        return rows


def tab_to(
    page: Page, label: str, key: str = "Tab", limit: int = 30, *, ours: bool = True
) -> list[str]:
    """Presses Tab until ``label`` has the focus; answers what had it on the way, itself included. In a page
    that is not of ``ours`` (a mail) how the focus looks is the program's business."""
    passed: list[str] = []
    for _number in range(limit):
        page.keyboard.press(key)
        name, visible, covered_by = page.evaluate(FOCUSED)
        passed.append(name)
        assert visible or not ours, f"nobody sees that “{name}” has the focus"
        assert not covered_by, f"“{name}” has the focus and lies under {covered_by}"
        if name.startswith(label):
            return passed
    raise AssertionError(f"Tab never came to “{label}”: {passed}")


def test_by_keyboard_alone(site: Site, evening: Evening, visitor: Visitor) -> None:
    page = visitor().new_page()
    page.goto(evening.page)
    assert tab_to(page, "Save my place")[0] == "Skip to the content"
    page.keyboard.press("Enter")
    expect(page).to_have_title(f"Save your place: {evening.title} · Turnout")

    assert tab_to(page, "Your name") == [
        "Skip to the content", "English", "Español", evening.title, "Your name",
    ]  # fmt: skip
    page.keyboard.type("Łucja Ñandú")
    order = tab_to(page, "Save my place")
    assert [name.split(" (")[0][:24] for name in order] == [
        "Your e-mail address", "Where do you live?", "How old are you?", "Let me in without record",
        "I agree that Friends of ", "Friends of Something may", "Wiphalas may write to me", "Save my place",
    ]  # fmt: skip
    # Back to what was passed over, and on again: boxes are ticked with the space bar.
    tab_to(page, "Your e-mail address", "Shift+Tab")
    page.keyboard.type("lucja@example.org")
    tab_to(page, "I agree that")
    page.keyboard.press("Space")
    expect(page.locator("#consent")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    expect(page.get_by_text("A mail is on its way to lucja@example.org.")).to_be_visible()
    (signup,) = signups(site, evening, "lucja@example.org")
    assert (signup.name, signup.status) == ("Łucja Ñandú", "confirmed")


@pytest.mark.case("D55")
def test_without_javascript(site: Site, evening: Evening, visitor: Visitor) -> None:
    page = visitor(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(evening.page)
    page.get_by_role("link", name="Save my place").first.click()
    page.get_by_label("Your name").fill("Ben")
    page.get_by_label("Your e-mail address").fill("ben@example.org")
    page.locator("#consent").check()
    page.get_by_role("button", name="Save my place").click()
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    assert len(signups(site, evening, "ben@example.org")) == 1


def test_step_4_mistakes_are_said_beside_the_field_and_nothing_is_lost(
    site: Site, evening: Evening, visitor: Visitor, watch: Watch
) -> None:
    """By keyboard and without JavaScript. The browser's own checks let these pass; the server's words then
    stand beside each field. Whoever is known already reads the same as everybody."""
    watch.expected.add(422)
    page = visitor(java_script_enabled=False, viewport=PHONE).new_page()

    def fill(email: str, age: str) -> None:
        page.goto(f"{evening.page}/signup")
        for label, text in (("Your name", "Ana"), ("Your e-mail", email), ("How old are you?", age)):  # fmt: skip
            tab_to(page, label)
            page.keyboard.type(text)
        tab_to(page, "I agree that")
        page.keyboard.press("Space")
        tab_to(page, "Save my place")

    def enter(text: str = "") -> None:
        if text:
            page.keyboard.press("Control+A")
            page.keyboard.type(text)
        with page.expect_navigation():
            page.keyboard.press("Enter")

    fill("ana@nowhere", "old enough")
    enter()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is lost.")
    expect(page.locator("#email")).to_be_focused()
    expect(page.locator("#email")).to_have_accessible_description(
        "Your own link comes to it. The address ends after “nowhere”. It should look like name@example.org."
    )
    expect(page.locator("#name")).to_have_value("Ana")
    expect(page.locator("#consent")).to_be_checked()
    enter("ana@example.org")

    # Only the question is left, and now it has the focus.
    expect(page.locator("#q_age")).to_be_focused()
    expect(page.locator("#q_age")).to_have_value("old enough")
    expect(page.locator("#q_age")).to_have_attribute("aria-invalid", "true")
    enter("61")
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    first = page.locator("main").inner_text()
    assert "ana@example.org" in first

    fill("ana@example.org", "61")
    enter()
    assert page.locator("main").inner_text() == first
    assert len(signups(site, evening, "ana@example.org")) == 1
    with site.rows():
        found = sa.select(OutgoingMail.message).where(
            OutgoingMail.event_id == evening.id, OutgoingMail.to_address == "ana@example.org"
        )
        assert list(db.session.scalars(found.order_by(OutgoingMail.id))) == ["confirmed", "link_again"]  # fmt: skip


def test_the_browser_itself_leads_to_what_is_missing(evening: Evening, visitor: Visitor) -> None:
    page = visitor().new_page()
    page.goto(f"{evening.page}/signup")
    page.get_by_role("button", name="Save my place").click()
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type("ana@example.org")
    page.keyboard.press("Enter")
    expect(page.locator("#consent")).to_be_focused()


@pytest.mark.case("D06")
def test_back_and_send_once_more_is_one_person(
    site: Site, evening: Evening, visitor: Visitor
) -> None:
    page = visitor().new_page()
    page.goto(f"{evening.page}/signup")
    page.get_by_label("Your name").fill("Carla")
    page.get_by_label("Your e-mail address").fill("carla@example.org")
    page.locator("#consent").check()
    page.get_by_role("button", name="Save my place").click()
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    page.go_back()
    button = page.get_by_role("button", name="Save my place")
    expect(button).to_be_enabled()
    page.get_by_label("Your name").fill("Carla")
    page.get_by_label("Your e-mail address").fill("carla@example.org")
    page.locator("#consent").check()
    button.click()
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    assert len(signups(site, evening, "carla@example.org")) == 1


def test_a_question_that_does_not_apply_is_out_of_the_way(
    site: Site, cast: Cast, visitor: Visitor
) -> None:
    page = visitor().new_page()
    page.goto(f"/events/{cast.words['open']}/signup")
    found = page.get_by_label("What did you find?")
    expect(found).to_be_hidden()
    page.get_by_label("Yes").check()
    expect(found).to_be_visible()
    page.get_by_label("No", exact=True).check()
    expect(found).to_be_hidden()


@pytest.mark.case("D55")
@pytest.mark.parametrize("scripts", [True, False])
def test_a_question_comes_up_with_the_answer_it_hangs_on(
    site: Site, evening: Evening, visitor: Visitor, watch: Watch, scripts: bool
) -> None:
    """At once with JavaScript, and then it is not asked twice; without it the server asks again, once."""
    if not scripts:
        watch.expected.add(422)
    with site.rows():
        for position, (key, kind) in enumerate((("union", "yes_no"), ("which", "text")), 2):
            show_if = {"key": "union", "equals": True} if key == "which" else None
            db.session.add(
                Question(event_id=evening.id, key=key, label=f"Tell us: {key}", type=kind,
                         position=position, required=False, show_if=show_if)
            )  # fmt: skip
    page = visitor(java_script_enabled=scripts, viewport=PHONE).new_page()
    page.goto(f"{evening.page}/signup")
    email = f"union-{scripts}@example.org".lower()
    which = page.get_by_label("Tell us: which")
    expect(which).to_be_hidden()
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("group", name="Tell us: union").get_by_label("Yes").check()
    page.locator("#consent").check()
    if scripts:
        expect(which).to_be_visible()
        page.get_by_role("button", name="Save my place").click()
    else:
        page.get_by_role("button", name="Save my place").click()
        expect(page.get_by_role("alert")).to_contain_text(
            "After your answers there is more to ask."
        )
        expect(which).to_be_visible()
        expect(page.get_by_label("Your name")).to_have_value("Ana")
        page.get_by_role("button", name="Save my place").click()
    page.wait_for_url("**/thanks")
    assert len(signups(site, evening, email)) == 1
