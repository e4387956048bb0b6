"""axe, the browser's own complaints and a phone's width, on every page that there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.addresses import NO_PAGES, PAGES
from tests.browser.cast import Cast
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.site import Site
from webapp.permissions import declared

# Off unless asked for, since it is new in WCAG 2.2: a finger must hit one thing and not two.
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
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
    results = axe.run(page, options=AXE)
    assert results.violations_count == 0, f"{face}\n{results.generate_report()}"


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
    endpoint: str, address: str, site: Site, cast: Cast, visitor: Callable[..., BrowserContext]
) -> None:
    """On a wide light screen and on a narrow dark one: axe finds nothing, nothing is cut off, and the
    browser has nothing to say."""
    path = address.format_map(cast.words)
    assert site.app.url_map.bind("").match(path.partition("?")[0])[0] == endpoint
    user = cast.dora if needs_sign_in(site, endpoint) else None
    context = visitor(user=user, viewport=DESKTOP, color_scheme="light")
    page = context.new_page()
    response = page.goto(path)
    assert response is not None
    assert response.status == 200
    assert response.headers["content-type"].startswith("text/html")
    if "sandbox" in response.headers["content-security-policy"]:
        # The page of a mail runs no script, not even axe; its own bytes are looked at without the sandbox.
        page = context.new_page()
        page.set_content(response.text())
    check(page, f"{path}, light, 1280 px")
    assert page.evaluate(RUN_TOGETHER) == []
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    too_wide = page.evaluate(WIDER_THAN_THE_SCREEN)
    assert not too_wide, f"{path} at 375 px: " + "; ".join(too_wide)
    check(page, f"{path}, dark, 375 px")
    expect(page.locator("h1")).to_have_count(1)
