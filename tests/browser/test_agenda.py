"""Building an evening's agenda, putting it into order and publishing it, as an organiser does."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.cast import Cast, make_evening
from tests.browser.conftest import PHONE, until
from tests.browser.site import Site
from webapp.accounts.models import User
from webapp.agenda import queries
from webapp.db import db
from webapp.events.models import Event

TALKS = [f"Talk {n}" for n in range(1, 9)]


def add(page: Page, title: str, kind: str, minutes: int, name: str, role: str) -> None:
    """With the keyboard alone, from the field of the title, where the page puts one."""
    expect(page.locator("#add-title")).to_be_focused()
    expect(page.locator("#add-title")).to_have_value("")
    page.keyboard.type(title)
    page.keyboard.press("Tab")
    page.keyboard.type(kind)
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(str(minutes))
    page.keyboard.press("Tab")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(role)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".agenda > li h2").last).to_have_text(title)


def titles(page: Page) -> list[str]:
    return page.locator(".agenda > li h2").all_inner_texts()


def lineup(page: Page) -> list[str]:
    """What the public page calls the items, without the mark of the one that comes next."""
    return [text.removesuffix(" Next") for text in page.locator(".lineup b").all_inner_texts()]


def drag(page: Page, key: str, onto: str) -> None:
    """By its grip, past the middle of another item."""
    grip = page.locator(f"#grip-{key}")
    grip.scroll_into_view_if_needed()
    page.locator(f"#item-{onto}").scroll_into_view_if_needed()
    start, end = grip.bounding_box(), page.locator(f"#item-{onto}").bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 5, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, end["y"] + end["height"] * (0.3 if end["y"] < start["y"] else 0.8), steps=12)  # fmt: skip
    page.mouse.up()


def test_built_by_keyboard_ordered_by_drag_published_twice(
    site: Site, cast: Cast, visitor: Callable[..., BrowserContext]
) -> None:
    with site.rows():
        evening = make_evening(db.session.get_one(User, cast.ada), starts_in=3 * 24 * 60, items=[])
    page = visitor(cast.ada).new_page()
    public = visitor(viewport=PHONE).new_page()

    def seen() -> list[str]:
        with site.rows():
            event = db.session.get_one(Event, evening.id)
            return [item.title for item in queries.running_order(event)]

    def kept() -> list[str]:
        with site.rows():
            return [i.title for i in queries.draft(db.session.get_one(Event, evening.id))]

    page.goto(f"{evening.manage}/agenda#add-title")
    add(page, "Welcome", "Opening", 5, "Kate Hudson", "Chair")
    for n, title in enumerate(TALKS):
        add(page, title, "Talk", 10 + n, f"Person {n}", "Speaker")
    add(page, "Thanks", "Closing", 5, "Kate Hudson", "Chair")
    built = ["Welcome", *TALKS, "Thanks"]
    assert titles(page) == kept() == built
    assert seen() == []
    page.get_by_role("button", name="Publish agenda").press("Enter")
    expect(page.get_by_text("Published as version 1")).to_be_visible()
    public.goto(f"{evening.page}/agenda")
    expect(public.locator(".lineup b").nth(1)).to_contain_text("Talk 1")

    # Two items by drag; the times below follow while nobody has saved by hand.
    began = page.locator("#item-thanks .agenda-time b").inner_text()
    second = page.locator("#item-talk-2 .agenda-time b").inner_text()
    drag(page, "talk-1", "talk-3")
    until(lambda: kept()[1:4] == ["Talk 2", "Talk 3", "Talk 1"])
    assert page.locator("#item-talk-2 .agenda-time b").inner_text() < second
    expect(page.locator("[data-said]")).to_contain_text("Moved")
    drag(page, "talk-8", "talk-7")
    until(lambda: kept()[7:9] == ["Talk 8", "Talk 7"])
    expect(page.locator("[data-said]")).to_contain_text("“Talk 8” is now number 8")
    # The same with the arrow keys; the grip keeps the focus.
    page.locator("#grip-talk-5").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    until(lambda: kept().index("Talk 5") == 3)
    expect(page.locator("#grip-talk-5")).to_be_focused()
    expect(page.locator("[data-said]")).to_contain_text("“Talk 5” is now number 4")
    # More minutes show at once in every time below, before they are saved.
    page.locator("#minutes-welcome").fill("25")
    assert page.locator("#item-thanks .agenda-time b").inner_text() != began
    page.keyboard.press("Tab")
    expect(page.locator("[data-said]")).to_contain_text("minutes 25 instead of 5")

    public.reload()
    assert lineup(public) == built == seen()
    expect(page.get_by_role("heading", name="The draft differs from what people see")).to_be_visible()  # fmt: skip
    page.reload()
    page.get_by_role("button", name="Undo the last change").press("Enter")
    expect(page.locator("#minutes-welcome")).to_have_value("5")
    page.get_by_role("button", name="Publish agenda").press("Enter")
    expect(page.get_by_text("Published as version 2")).to_be_visible()
    assert seen() == kept() == titles(page)
    assert seen() != built
    public.wait_for_timeout(2500)
    public.reload()
    assert lineup(public) == seen()
