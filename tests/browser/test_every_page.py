"""axe, the browser's own complaints and a phone's width, on every page that there is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.addresses import NO_PAGES, PAGES
from tests.browser.cast import Cast
from tests.browser.conftest import DESKTOP, PATIENCE, PHONE
from tests.browser.site import Site
from tests.browser.watch import Watch
from webapp.permissions import declared

# Off unless asked for, since it is new in WCAG 2.2: a finger must hit one thing and not two.
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
# Only what is wrong is carried out of the browser.
RUN = f"axe.run({json.dumps(AXE)}).then((found) => ({{violations: found.violations}}))"
axe = Axe()

FACES = [(endpoint, address) for endpoint, addresses in PAGES.items() for address in addresses]

WIDER_THAN_THE_SCREEN = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const names = [...document.body.querySelectorAll("*")]
    .filter((e) => e.getBoundingClientRect().right > room + 1)
    .map((e) => `${e.tagName.toLowerCase()}.${e.className} to ${Math.round(e.getBoundingClientRect().right)}`);
  return [`the page is ${document.documentElement.scrollWidth} px wide`, ...names];
}"""


# Sentences that run into each other, because a template lost the space between them. "example.org" is none.
RUN_TOGETHER = r"() => document.body.innerText.match(/[\p{Ll})”][.!?:;,]\p{Lu}\p{Ll}+/gu) || []"


def needs_sign_in(site: Site, endpoint: str) -> bool:
    found = declared(site.app, endpoint)
    assert found is not None
    return found[0] in ("user", "event", "admin")


def check(page: Page, face: str) -> None:
    results = AxeResults(page.evaluate(RUN))
    assert results.violations_count == 0, f"{face}\n{results.generate_report()}"


@pytest.fixture(scope="module")
def browsers(
    chromium: Browser, site: Site, cast: Cast
) -> Iterator[dict[int | None, BrowserContext]]:
    """Dora's browser and one that nobody is signed in with. To start one takes longer than to look at a
    page in it."""
    made: dict[int | None, BrowserContext] = {}
    for user in (cast.dora, None):
        made[user] = chromium.new_context(
            base_url=site.url, viewport=DESKTOP, locale="en-GB", timezone_id="Europe/London", color_scheme="light",
        )  # fmt: skip
        made[user].set_default_timeout(PATIENCE)
        if user is not None:
            site.sign_in(made[user], user)
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def tab(
    browsers: dict[int | None, BrowserContext], site: Site, watch: Watch
) -> Iterator[Callable[[int | None], Page]]:
    """``tab(user)`` is a new tab. What its pages keep in the browser is gone afterwards: the next test finds
    it as it was, but for the files that any visitor may keep."""
    used: list[tuple[Page, list[Any]]] = []

    def make(user: int | None) -> Page:
        context = browsers[user]
        watch.follow(context)
        page = context.new_page()
        used.append((page, context.cookies()))
        return page

    yield make
    for page, cookies in used:
        context = page.context
        # Its scripts end before what they rely on is taken away.
        page.goto("about:blank")
        watch.leave(context)
        context.new_cdp_session(page).send(
            "Storage.clearDataForOrigin", {"origin": site.url, "storageTypes": "all"}
        )
        context.clear_cookies()
        context.add_cookies(cookies)
        for one in context.pages:
            one.close()
    watch.check()


def test_every_page_has_an_address(site: Site, cast: Cast) -> None:
    """A new route is visited like all the others, or proves that it is no page."""
    routes = {
        rule.endpoint for rule in site.app.url_map.iter_rules() if "GET" in (rule.methods or ())
    }
    assert routes - PAGES.keys() - NO_PAGES.keys() == set(), "give each an address in addresses.py"
    assert PAGES.keys() | NO_PAGES.keys() == routes, "no such route any more"
    assert PAGES.keys() & NO_PAGES.keys() == set()


@pytest.mark.parametrize(("endpoint", "address"), sorted(NO_PAGES.items()))
def test_what_is_no_page_answers_no_html(
    endpoint: str, address: str, site: Site, cast: Cast, visitor: Callable[..., BrowserContext]
) -> None:
    path = address.format_map(cast.words)
    assert site.app.url_map.bind("").match(path)[0] == endpoint
    headers = {}
    if declared(site.app, endpoint) == ("bearer", "bearer"):
        headers["Authorization"] = f"Bearer {cast.token}"
    response = visitor(user=cast.dora).request.get(path, headers=headers)
    assert response.status == 200
    assert not response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(("endpoint", "address"), FACES, ids=[f"{e}-{a}" for e, a in FACES])
def test_page(
    endpoint: str, address: str, site: Site, cast: Cast, tab: Callable[[int | None], Page]
) -> None:
    """On a wide light screen and on a narrow dark one: axe finds nothing, nothing is cut off, and the
    browser has nothing to say."""
    path = address.format_map(cast.words)
    assert site.app.url_map.bind("").match(path.partition("?")[0])[0] == endpoint
    user = cast.dora if needs_sign_in(site, endpoint) else None
    page = tab(user)
    response = page.goto(path)
    assert response is not None
    assert response.status == 200
    assert response.headers["content-type"].startswith("text/html")
    if "sandbox" in response.headers["content-security-policy"]:
        # The page of a mail runs no script, not even axe; its own bytes are looked at without the sandbox.
        page = page.context.new_page()
        page.set_content(response.text())
    page.evaluate(axe.axe_script)
    check(page, f"{path}, light, 1280 px")
    assert page.evaluate(RUN_TOGETHER) == []
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    too_wide = page.evaluate(WIDER_THAN_THE_SCREEN)
    assert not too_wide, f"{path} at 375 px: " + "; ".join(too_wide)
    check(page, f"{path}, dark, 375 px")
    expect(page.locator("h1")).to_have_count(1)
