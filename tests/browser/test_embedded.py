"""The form inside a page of another site, in a browser that keeps no cookies of others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from tests.browser.cast import Cast, Evening, make_evening
from tests.browser.conftest import PHONE
from tests.browser.site import Site
from webapp.accounts.models import User
from webapp.db import db
from webapp.signup.models import Signup


@pytest.fixture
def evening(site: Site, cast: Cast) -> Evening:
    with site.rows():
        return make_evening(db.session.get_one(User, cast.ada), starts_in=3000)


@pytest.fixture
def partner(site: Site, evening: Evening) -> Iterator[str]:
    """Another site with the form in its page: another port is another origin, and "localhost" another site
    than the numbers are. Answers its address."""
    form = f"{site.url}/embed/events/{evening.slug}/signup?from=Partner"
    page = (
        '<!doctype html><html lang="en"><title>A partner</title><h1>A partner</h1>'
        f'<iframe src="{form}" title="Sign-up" width="100%" height="1200"></iframe></html>'
    ).encode()

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
def test_people_sign_up_inside_another_sites_page(
    site: Site, evening: Evening, partner: str, chromium: Browser, script: bool
) -> None:
    context = chromium.new_context(java_script_enabled=script, viewport=PHONE, locale="en-GB")
    page = context.new_page()
    page.goto(partner)
    frame = page.frame_locator("iframe")
    frame.get_by_label("Your name").fill("Ana")
    frame.get_by_label("Your e-mail address").fill(f"ana-{script}@example.org".lower())
    frame.get_by_label("I agree that").check()
    assert not context.cookies()
    frame.get_by_role("button", name="Save my place").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Please look into your mail")
    # All of it stayed in the frame, and nothing of ours in the browser.
    assert page.url == partner
    assert not context.cookies()
    with site.rows():
        made = db.session.scalars(
            sa.select(Signup).where(Signup.event_id == evening.id, Signup.source == "partner")
        ).all()
        assert [(signup.name, signup.status) for signup in made] == [("Ana", "confirmed")]
    context.close()


def test_no_other_page_of_ours_opens_in_a_frame(
    site: Site, evening: Evening, partner: str, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.goto(partner)
    page.evaluate(f"document.querySelector('iframe').src = '{site.url}{evening.page}/signup'")
    page.wait_for_timeout(500)
    expect(page.frame_locator("iframe").get_by_label("Your name")).to_have_count(0)
    context.close()
