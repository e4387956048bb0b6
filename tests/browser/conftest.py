"""A real Chromium before a real server, for every test in this folder.

Each worker has one site over a database of its own, with the sample events and the cast. Tests share it, so
each makes its own event for whatever it changes. Times are real: events are made around the present moment.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.cast import Cast, make_cast
from tests.browser.site import Site, listener
from tests.browser.watch import Watch
from webapp import clock
from webapp.demo import operations as demo

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")  # fmt: skip
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 740}
# Long enough for a busy machine with two cores, short enough that a dead page is noticed.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


def until(true: Callable[[], bool], seconds: float = PATIENCE / 1000) -> None:
    """Waits for something outside the page: what a page sent must still be written."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker(pytest.mark.browser)
        if not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="needs Chromium, which is not installed here"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with listener() as listening:
        descriptor, port = listening.fileno(), listening.getsockname()[1]
        site = Site(
            tmp_path_factory.mktemp("site"),
            f"http://127.0.0.1:{port}",
            TURNOUT_RATELIMIT_ENABLED="0",
            TURNOUT_SIGNUP_MIN_SECONDS="0",
            # A quick pulse that is written at once, so that no test waits for the next one.
            TURNOUT_PULSE_SECONDS="1",
            TURNOUT_PULSE_FLUSH_SECONDS="0.2",
        )
        with site.rows():
            demo.load(clock.now())
        site.start("web", "web", str(descriptor), pass_fds=[descriptor])
        site.ready()
        yield site
        said = site.stop()
    assert "Traceback" not in said, said


@pytest.fixture(scope="session")
def cast(site: Site) -> Cast:
    with site.rows():
        return make_cast()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For each module, since Playwright's event loop must not run while other tests do."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def watch(site: Site) -> Watch:
    return Watch(site.url)


@pytest.fixture
def visitor(chromium: Browser, site: Site, watch: Watch) -> Iterator[Callable[..., BrowserContext]]:
    """``visitor()`` is a person with a browser of their own; keywords are Playwright's (``locale``,
    ``timezone_id``, ``viewport``, ``java_script_enabled`` …), ``user`` the id of somebody signed in."""
    made: list[BrowserContext] = []

    def make(user: int | None = None, **options: Any) -> BrowserContext:
        defaults = {"base_url": site.url, "viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/London"}  # fmt: skip
        context = chromium.new_context(**(defaults | options))
        context.set_default_timeout(PATIENCE)
        watch.follow(context)
        made.append(context)
        if user is not None:
            site.sign_in(context, user)
        return context

    yield make
    for context in made:
        context.close()
    watch.check()
