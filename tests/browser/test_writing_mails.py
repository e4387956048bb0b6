"""Writing the words of a mail: placeholders come from buttons, by keyboard, to where the cursor is."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.cast import Cast

Visitor = Callable[..., BrowserContext]


def test_placeholders_by_keyboard_and_none_without_a_script(cast: Cast, visitor: Visitor) -> None:
    address = f"{cast.words['live'].manage}/mail/texts/reminder/en"
    page = visitor(user=cast.dora).new_page()
    page.goto(address)
    subject, body = page.locator("#subject"), page.locator("#body")
    subject.fill("See you,  then")
    subject.press("Home")
    for _step in "See you, ":
        subject.press("ArrowRight")
    # One Tab reaches the buttons of a field, arrows go along them, and the cursor comes back.
    subject.press("Tab")
    page.keyboard.press("Enter")
    expect(subject).to_have_value("See you, {name} then")
    expect(subject).to_be_focused()
    page.keyboard.type("!")
    expect(subject).to_have_value("See you, {name}! then")
    body.fill("Dear friends,")
    body.press("Tab")
    page.keyboard.press("End")
    expect(page.locator(":focus")).to_have_attribute("data-put", "{when_box}")
    page.keyboard.press("Enter")
    expect(body).to_have_value("Dear friends,\n\n{when_box}")
    bare = visitor(user=cast.dora, java_script_enabled=False).new_page()
    bare.goto(address)
    expect(bare.get_by_role("toolbar")).to_have_count(0)
    expect(bare.locator("dl.placeholders")).to_contain_text("{when_box}")
