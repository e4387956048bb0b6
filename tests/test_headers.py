"""What every answer says to the browser about itself, and what it keeps from others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

import webapp
from tests import rows, walk
from tests.cast import Cast
from tests.conftest import PageClient
from tests.walk import Route, Watch, ask, press

EVIL = "evil.example"
POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "frame-src": "'none'",
}
CONSTANT = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Answers with rules of their own, and why.

# A mail styles itself, as mails must, in a frame of our own page where it can do nothing else.
_MAIL = {
    "default-src": "'none'", "style-src": "'unsafe-inline'", "sandbox": "", "base-uri": "'none'",
    "form-action": "'none'", "frame-ancestors": "'self'",
}  # fmt: skip
# Holds that frame.
_FRAME = POLICY | {"frame-src": "'self'"}
_MAILS = (
    "mail_pages.html", "mailing.html", "offers.html", "mail_texts.mail", "mail_texts.example",
    "mail_texts.test",
)  # fmt: skip
OWN_RULES: dict[str, dict[str, str]] = {
    **dict.fromkeys(_MAILS, _MAIL),
    **dict.fromkeys(("mail_pages.show", "mailing.show", "offers.show", "mail_texts.edit"), _FRAME),
}
# The form inside other sites' pages, which knows nobody.
EMBEDDED = ("signup.embedded", "signup.send_embedded", "thanks.framed")
_EMBEDDED = POLICY | {"frame-ancestors": "*"}
FRAMED_BY_US = dict.fromkeys(_MAILS, "SAMEORIGIN")


def policy(text: str) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in text.split(";") if part.strip()]
    return {name: value.strip() for name, _space, value in parts}


def is_drawing(found: dict[str, str]) -> bool:
    """A drawing of ours: nothing may load or run, and a style in it is named by its hash."""
    style = found.get("style-src")
    is_named = style is None or bool(re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", style))
    return (
        found.get("default-src") == "'none'"
        and is_named
        and found.keys() <= {"default-src", "style-src"}
    )


def check(watch: Watch, what: object, endpoint: str, answer: Any) -> None:
    headers = answer.headers
    found = policy(headers.get("Content-Security-Policy", ""))
    if answer.mimetype == "image/svg+xml":
        watch.expect(is_drawing(found), f"{what}: policy {found}", answer)
    elif endpoint != "static":
        wanted = OWN_RULES.get(endpoint, POLICY) if answer.status_code < 300 else POLICY
        if endpoint in EMBEDDED:
            wanted = _EMBEDDED
        watch.expect(found == wanted, f"{what}: policy {found}", answer)
    for name, value in CONSTANT.items():
        if name == "X-Frame-Options" and endpoint in EMBEDDED:
            watch.expect(name not in headers, f"{what}: {name}", answer)
            continue
        if name == "X-Frame-Options" and answer.status_code < 300:
            value = FRAMED_BY_US.get(endpoint, value)
        watch.expect(headers.get(name) == value, f"{what}: {name} {headers.get(name)}", answer)
    watch.expect("geolocation=()" in headers.get("Permissions-Policy", ""), what, answer)
    watch.expect("Access-Control-Allow-Origin" not in headers, what, answer)
    watch.expect(bool(headers.get("Cache-Control")), f"{what}: no Cache-Control", answer)


def visits(cast: Cast, evening: Any = None) -> Iterator[tuple[Route, str, FlaskClient, dict[str, str]]]:  # fmt: skip
    """Every page for whom it is made: route, address, browser, headers."""
    for route in walk.routes(cast.app):
        if not route.reads:
            continue
        address = route.address(route.values(cast, evening or cast.evening))
        headers = {}
        if route.permission == "bearer":
            headers["Authorization"] = f"Bearer {cast.bearers['Ada']}"
        yield route, address, cast.browser(walk.who_may(route)), headers


def test_every_answer_has_its_headers(cast: Cast, watch: Watch) -> None:
    stranger = cast.browser()
    for route, address, browser, headers in visits(cast):
        for method in ("GET", "HEAD"):
            answer = ask(browser, method, address, headers=headers)
            check(watch, f"{method} {address}", route.endpoint, answer)
        check(watch, f"{address} for nobody", route.endpoint, ask(stranger, "GET", address))
    watch.done()


def test_every_answer_to_a_press_has_its_headers(cast: Cast, watch: Watch) -> None:
    """Redirects, pages that answer a form themselves, files, and refusals."""
    for form in walk.forms(cast).of_routes("public", "link", "user", "event", "admin"):
        with time_machine.travel(form.moment, tick=False):
            browser = cast.browser(form.who)
            endpoint = form.route.endpoint if form.route.endpoint in EMBEDDED else ""
            check(watch, f"{form} without token", endpoint, press(browser, form))
            answer = press(browser, form, csrf_token=walk.csrf_token(browser))
        endpoint = form.route.endpoint
        own = endpoint in FRAMED_BY_US or endpoint in EMBEDDED
        check(watch, form, endpoint if own else "", answer)
        watch.expect("no-store" in answer.headers["Cache-Control"], f"{form} may be kept", answer)
        cast.restore()
    watch.done()


def test_faults_have_their_headers_too(cast: Cast, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def away(*_: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    browser = cast.browser("Ada")
    answers = [
        ask(browser, "GET", "/nothing-was-ever-here"),
        ask(browser, "GET", "/api/v1/nothing"),
        ask(browser, "DELETE", "/sign-in"),
        ask(browser, "GET", "/static/no-such-file.css"),
        ask(browser, "GET", "/%ff"),
        ask(browser, "POST", "/sign-out"),
    ]
    # As in production: a fault becomes a page.
    monkeypatch.setitem(cast.app.config, "PROPAGATE_EXCEPTIONS", False)
    for fault in (away, broken):
        monkeypatch.setitem(cast.app.view_functions, "public.privacy", fault)
        webapp.permissions.permission("public")(fault)
        answers.append(ask(browser, "GET", "/privacy"))
    assert [answer.status_code for answer in answers] == [404, 404, 405, 404, 404, 400, 503, 500]
    for answer in answers:
        check(watch, answer.status_code, "", answer)
        watch.expect(answer.headers["Cache-Control"] == "no-store", "may be kept", answer)
    watch.done()


def test_browsers_are_told_to_come_back_encrypted(another_app: Any) -> None:
    for base, wanted in (("https://turnout.test", "max-age=31536000"), ("http://turnout.test", None)):  # fmt: skip
        app = another_app(BASE_URL=base)  # fmt: skip
        answer = app.test_client().get("/sign-in")
        assert answer.headers.get("Strict-Transport-Security") == wanted


# What may be kept, and by whom


@pytest.mark.case("D38")
def test_what_is_not_for_everybody_is_not_kept(cast: Cast, watch: Watch) -> None:
    for route, address, browser, headers in visits(cast):
        answer = ask(browser, "GET", address, headers=headers)
        said = answer.headers["Cache-Control"]
        if route.permission != "public":
            # A program may keep what was published, for itself, if it asks each time.
            may_keep = route.permission == "bearer" and said == "private, no-cache"
            watch.expect("no-store" in said or may_keep, f"{address}: {said}", answer)
        if "Set-Cookie" in answer.headers:
            watch.expect("no-store" in said, f"{address} sets a cookie and says {said}", answer)
            watch.expect("Cookie" in answer.headers.get("Vary", ""), f"{address} sets a cookie", answer)  # fmt: skip
        if route.permission in ("user", "event", "admin"):
            watch.expect("Cookie" in answer.headers.get("Vary", ""), f"{address} for all", answer)
        if route.permission == "bearer":
            watch.expect("Authorization" in answer.headers.get("Vary", ""), address, answer)
    watch.done()


class Proxy:
    """A cache between many people and us, as standards allow it to keep things: what says that it may be
    kept, for the address and the request headers that the answer names in Vary."""

    def __init__(self) -> None:
        self.kept: dict[str, list[tuple[dict[str, str], Any]]] = {}
        self.hits = 0

    def get(self, browser: FlaskClient, address: str, **headers: str) -> Any:
        cookie = browser.get_cookie("turnout")
        sent = {**headers, **({"Cookie": cookie.value} if cookie else {})}
        for named, answer in self.kept.get(address, []):
            if all(sent.get(name, "") == value for name, value in named.items()):
                self.hits += 1
                return answer
        answer = ask(browser, "GET", address, headers=headers)
        said = answer.headers.get("Cache-Control", "")
        if answer.status_code == 200 and "no-store" not in said and "private" not in said:
            names = [name.strip() for name in answer.headers.get("Vary", "").split(",") if name]
            named = {name: sent.get(name, "") for name in names}
            self.kept.setdefault(address, []).append((named, answer))
        return answer


def known_as(browser: FlaskClient, host: str) -> FlaskClient:
    """Gives the browser the same cookie for another name of ours."""
    if cookie := browser.get_cookie("turnout"):
        browser.set_cookie("turnout", cookie.value, domain=host)
    return browser


def without_tokens(answer: Any) -> tuple[int, str]:
    """Status and body; form tokens and fresh ids differ each time."""
    body = answer.get_data(as_text=False)
    for pattern in (rb'name="(?:csrf_token|form_token)"[^>]*value="[^"]*"', rb'name="(visit|press_id)"[^>]*value="[^"]*"'):  # fmt: skip
        body = re.sub(pattern, b"", body)
    return answer.status_code, hashlib.sha256(body).hexdigest()


@pytest.mark.case("D38")
def test_nobody_sees_anothers_page_through_a_shared_cache(cast: Cast, watch: Watch) -> None:
    """Ada, Dora, a program and a guest have been everywhere; whoever comes after them through the same
    cache gets what they would have got without it."""
    proxy = Proxy()
    for _route, address, browser, headers in visits(cast):
        proxy.get(browser, address, **headers)
    for name in ("Cleo", "Ben", None):
        browser = cast.browser(name)
        for route, address, _browser, _headers in visits(cast):
            if route.permission == "service":
                # Counts go up from one question to the next; that they are not kept is asked above.
                continue
            direct = ask(browser, "GET", address)
            shared = proxy.get(browser, address)
            same = without_tokens(direct) == without_tokens(shared)
            watch.expect(same, f"{address} for {name}", shared)
    # Or nothing would have been tried.
    assert proxy.hits > 20
    watch.done()


@pytest.mark.case("D38")
def test_the_cache_of_this_test_would_give_pages_away(cast: Cast) -> None:
    """Its control: a page that says it may be kept does reach the next person."""

    class Careless:
        status_code = 200
        headers = {"Cache-Control": "public, max-age=60"}

    proxy = Proxy()
    proxy.kept["/account"] = [({}, Careless)]
    assert proxy.get(cast.browser("Cleo"), "/account") is Careless


# The name we are called by


@pytest.mark.case("D29")
@pytest.mark.parametrize("header", ["HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_X_HOST", "HTTP_X_ORIGINAL_HOST"])  # fmt: skip
def test_a_made_up_host_appears_on_no_page(cast: Cast, watch: Watch, header: str) -> None:
    value = f"host={EVIL}" if header == "HTTP_FORWARDED" else EVIL
    for _route, address, browser, headers in visits(cast):
        known_as(browser, EVIL)
        answer = ask(browser, "GET", address, headers=headers, environ_overrides={header: value})
        led_to_sign_in = "/sign-in" in answer.headers.get("Location", "")
        watch.expect(not led_to_sign_in, f"{address} has no cookie", answer)
        said = answer.get_data() + str(answer.headers).encode()
        watch.expect(EVIL.encode() not in said, f"{address} names {EVIL}", answer)
    watch.done()


@pytest.mark.case("D29")
def test_made_up_hosts_do_not_push_pages_out_of_memory(cast: Cast) -> None:
    browser = cast.browser()
    for number in range(5):
        ask(browser, "GET", "/", environ_overrides={"HTTP_HOST": f"{number}.{EVIL}"})
    assert len(cast.app.extensions["page_cache"]) == 1


@pytest.mark.case("D29")
def test_a_made_up_host_gets_into_no_mail_and_no_row(cast: Cast, watch: Watch) -> None:
    for form in walk.forms(cast).of_routes("public", "link", "user", "event", "admin"):
        with time_machine.travel(form.moment, tick=False):
            browser = cast.browser(form.who)
            data = form.fields(csrf_token=walk.csrf_token(browser))
            known_as(browser, EVIL)
            answer = browser.post(
                form.address,
                data=data,
                buffered=True,
                environ_overrides={"HTTP_HOST": EVIL, "HTTP_X_FORWARDED_HOST": EVIL},
            )
            watch.expect(answer.status_code < 400, form, answer)
            watch.expect(EVIL.encode() not in answer.get_data(), f"{form} names {EVIL}", answer)
            watch.expect(EVIL not in answer.headers.get("Location", ""), form, answer)
            watch.expect(EVIL not in str(rows.dump(cast.app)), f"{form} keeps {EVIL}", answer)
        cast.restore()
    watch.done()


@pytest.mark.case("D29")
def test_a_host_that_is_not_ours_is_refused_where_ours_are_named(cast: Cast, watch: Watch) -> None:
    cast.app.config["TRUSTED_HOSTS"] = ["turnout.test", "localhost"]
    for _route, address, browser, headers in visits(cast):
        for host, status in ((EVIL, 400), ("turnout.test.evil.example", 400), ("turnout.test@evil", 400)):  # fmt: skip
            answer = ask(browser, "GET", address, headers=headers, environ_overrides={"HTTP_HOST": host})  # fmt: skip
            watch.expect(answer.status_code == status, f"{address} at {host}", answer)
    ours = cast.browser(None, PageClient).get("/", environ_overrides={"HTTP_HOST": "turnout.test"})
    assert ours.status_code == 200
    watch.done()


@pytest.mark.case("D50")
def test_only_a_configured_proxy_says_who_asks_and_by_what_name(another_app: Any) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Host": "turnout.test", "X-Forwarded-Proto": "https"}  # fmt: skip
    for count, wanted in ((0, ("127.0.0.1", "localhost", "http")), (1, ("203.0.113.7", "turnout.test", "https"))):  # fmt: skip
        app = another_app(PROXY_COUNT=count)  # fmt: skip
        seen = []

        def note(seen: list[Any] = seen) -> None:
            from flask import request

            seen.append((request.remote_addr, request.host, request.scheme))

        app.before_request(note)
        app.test_client().get("/sign-in", headers=forwarded)
        assert seen == [wanted]
