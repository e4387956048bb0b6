"""Who may do what, asked of every route of the app. See ``tests/walk.py`` for how to add to it."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

import webapp
from tests import rows, walk
from tests.cast import Cast
from tests.conftest import PageClient
from tests.walk import Form, Watch, ask, press
from webapp import permissions

# What is declared


@pytest.mark.case("D30")
def test_every_route_declares_a_permission_and_how_it_is_protected(app: Flask) -> None:
    assert permissions.undeclared(app) == []
    fitting = {
        "public": {"session", "form", "signature"},
        "link": {"token"},
        "user": {"session", "form"},
        "event": {"session", "form"},
        "admin": {"session", "form"},
        "bearer": {"bearer"},
        "service": set(),
    }
    for route in walk.routes(app):
        if route.unsafe:
            assert route.csrf in fitting[route.permission], route.path


@pytest.mark.case("D30")
def test_the_address_says_what_the_permission_must_be(app: Flask) -> None:
    """A new page below an address of organisers, admins or programs cannot be opened by mistake."""
    for route in walk.routes(app):
        below = [
            permission
            for start, permission in {
                "/manage/events/<slug>": "event",
                "/admin": "admin",
                "/account": "user",
                "/api/": "bearer",
            }.items()
            if route.path.startswith(start)
        ]
        if "<token>" in route.path:
            below.append("link")
        if route.path.startswith("/manage"):
            assert route.permission in ("user", "event"), route.path
        if below and route.path not in ("/api/v1/openapi.json",):
            assert [route.permission] == below, route.path


def test_every_permission_that_refuses_somebody_has_its_rule(app: Flask) -> None:
    """Public pages and links have none: everybody may ask, and a link's view reads its own token."""
    for name in ("user", "event", "admin", "bearer", "service"):
        assert name in permissions._enforcers


@pytest.mark.case("D30")
def test_a_route_without_a_declaration_stops_the_app(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    package = types.ModuleType("webapp.careless")

    def init_app(app: Flask) -> None:
        app.add_url_rule("/manage/events/<slug>/open-to-all", "careless", lambda slug: slug)

    package.init_app = init_app  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "webapp.careless", package)
    monkeypatch.setattr(webapp, "PACKAGES", (*webapp.PACKAGES, "careless"))
    with pytest.raises(RuntimeError, match="careless"):
        webapp.create_app("testing", environ={}, instance=tmp_path)


@pytest.mark.case("D30")
def test_a_route_added_later_without_a_declaration_answers_nobody(another_app: Any) -> None:
    """Were one added after the check, it would still be closed."""
    late = another_app()
    late.add_url_rule("/late", "late", lambda: "open")
    assert late.test_client().get("/late").status_code == 404
    with pytest.raises(AssertionError, match="/late declares no permission"):
        walk.routes(late)


# Those who may


def test_the_walk_has_real_values_for_every_route(cast: Cast, watch: Watch) -> None:
    """Everything below means nothing if the addresses lead nowhere: here each of them opens for the
    person it is for. Its HTML is checked too."""
    for route in walk.routes(cast.app):
        if not route.reads:
            continue
        address = route.address(route.values(cast, cast.evening))
        who = walk.who_may(route)
        for name in {"event": ("Ada", "Ben", "Dora"), "admin": ("Dora",)}.get(route.permission, (who,)):  # fmt: skip
            headers = {}
            if route.permission == "bearer":
                headers["Authorization"] = f"Bearer {cast.bearers['Ada']}"
            answer = ask(cast.browser(name, PageClient), "GET", address, headers=headers)
            watch.expect(answer.status_code in (200, 302, 303), f"{address} for {name}", answer)
            watch.expect("/sign-in" not in answer.headers.get("Location", ""), address, answer)
            head = ask(cast.browser(name), "HEAD", address, headers=headers)
            watch.expect(head.status_code == answer.status_code, f"HEAD {address}", head)
            watch.nothing_changed(f"GET {address} by {name}")
    watch.done()


def test_every_form_works_when_everything_is_right(cast: Cast, watch: Watch) -> None:
    """So that what is refused below is refused for the reason it should be."""
    for route in walk.routes(cast.app):
        if not route.unsafe or route.permission in ("bearer", "service"):
            continue
        for form in walk.forms(cast).of(route):
            with time_machine.travel(form.moment, tick=False):
                browser = cast.browser(form.who)
                # A link is its own proof: its forms need no token, and no cookie.
                proof = {} if route.csrf == "token" else {"csrf_token": walk.csrf_token(browser)}
                answer = press(browser, form, **proof)
            watch.expect(answer.status_code < 400, form, answer)
            cast.restore()
    watch.done()


# Those who may not


def test_nobody_signed_in_is_led_to_sign_in(cast: Cast, watch: Watch) -> None:
    browser = cast.browser()
    token = walk.csrf_token(browser)
    for route in walk.routes(cast.app, "user", "event", "admin", "bearer"):
        address = route.address(route.values(cast, cast.evening))
        for method in ("GET", "HEAD") if route.reads else ():
            answer = ask(browser, method, address)
            if route.permission == "bearer":
                watch.expect(answer.status_code == 401, address, answer)
            else:
                led = answer.status_code == 302 and answer.location.startswith("/sign-in?next=")
                watch.expect(led, f"{method} {address}", answer)
        for method in route.unsafe:
            answer = ask(browser, method, address, data={"csrf_token": token})
            watch.expect(answer.status_code == 401, f"{method} {address}", answer)
        watch.nothing_changed(address)
    watch.done()


def test_organisers_find_nothing_at_an_admins_addresses(cast: Cast, watch: Watch) -> None:
    for name in ("Ada", "Cleo"):
        browser = cast.browser(name)
        token = walk.csrf_token(browser)
        for route in walk.routes(cast.app, "admin"):
            address = route.address(route.values(cast, cast.evening))
            for method in walk.methods(route):
                answer = ask(browser, method, address, data={"csrf_token": token})
                watch.expect(answer.status_code == 404, f"{method} {address} by {name}", answer)
            watch.nothing_changed(f"{address} by {name}")
    watch.done()


@pytest.mark.case("D31")
def test_a_stranger_finds_nothing_at_the_addresses_of_a_foreign_event(
    cast: Cast, watch: Watch
) -> None:
    browser = cast.browser("Cleo")
    token = walk.csrf_token(browser)
    for route in walk.routes(cast.app, "event"):
        for evening in (cast.evening, cast.draft):
            address = route.address(route.values(cast, evening))
            for method in walk.methods(route):
                answer = ask(browser, method, address, data={"csrf_token": token})
                watch.expect(answer.status_code == 404, f"{method} {address}", answer)
            watch.nothing_changed(address)
    watch.done()


# What is not there may have been taken out by a colleague a moment ago: these say so and keep what was
# typed, instead of a 404. For a foreign event's row they answer as for one that never was.
# (Items and notes say so only to a page that has shown them, and are a 404 to everybody else.)
SAYS_TAKEN_OUT = {
    "builder.edit", "sources.remove", "team.change_role", "team.remove",
}  # fmt: skip


def what_was_said(browser: FlaskClient, answer: Any, about: str) -> list[object]:
    """Status, page or where it leads, and the message kept for the next page, without the id."""
    with browser.session_transaction() as cookie:
        flashed = cookie.pop("_flashes", [])
    told = answer.location.partition("#")[0] if answer.location else answer.text
    return [answer.status_code, told.replace(f"/{about}", "/…"), flashed]


@pytest.mark.case("D31")
def test_a_stranger_finds_nothing_of_a_foreign_event_below_their_own(
    cast: Cast, watch: Watch
) -> None:
    """Cleo asks for each page of her own event with one foreign id at a time in the address."""
    browser = cast.browser("Cleo")
    data = {"csrf_token": walk.csrf_token(browser)}
    for route in walk.routes(cast.app, "event"):
        own = route.values(cast, cast.foreign)
        # What stands among the values of the site is a word and nobody's id.
        for name in own.keys() - {"slug"} - cast.site.keys():
            theirs = route.values(cast, cast.evening)[name]
            assert theirs != own[name], f"<{name}> is the same in both events: {theirs}"
            address = route.address(own | {name: theirs})
            for method in walk.methods(route):
                answer = ask(browser, method, address, data=data)
                if method in route.unsafe and route.endpoint in SAYS_TAKEN_OUT:
                    said = what_was_said(browser, answer, theirs)
                    answer = ask(browser, method, route.address(own | {name: "7654321"}), data=data)
                    same = said == what_was_said(browser, answer, "7654321")
                    watch.expect(same and answer.status_code < 500, f"{method} {address}", answer)
                else:
                    watch.expect(answer.status_code == 404, f"{method} {address}", answer)
            watch.nothing_changed(address)
    watch.done()


@pytest.mark.case("D31")
def test_a_foreign_events_form_sent_to_ones_own_event_touches_only_that(
    cast: Cast, watch: Watch
) -> None:
    """Cleo sends every form of Ada's pages, with all its ids, to the same address below her own event,
    and once more with everything in the query as well."""
    for form in walk.forms(cast).of_routes("event"):
        own = form.route.address(form.route.values(cast, cast.foreign))
        for query in ("", "?" + "&".join(f"{name}={value}" for name, value in ids(cast).items())):
            with time_machine.travel(form.moment, tick=False):
                browser = cast.browser("Cleo")
                more = ids(cast) if query else {}
                more = {name: value for name, value in more.items() if name not in form.names}
                answer = press(browser, form, own + query, csrf_token=walk.csrf_token(browser), **more)  # fmt: skip
                watch.expect(answer.status_code < 500, form, answer)
                after = rows.dump(cast.app)
            for evening in (cast.evening, cast.draft):
                theirs = rows.changes(
                    rows.of_event(cast.snapshot, evening.event_id),
                    rows.of_event(after, evening.event_id),
                )
                watch.wrong += [f"{form} by Cleo: {line}" for line in theirs]
            watch.wrong += [f"{form} by Cleo: {line}" for line in rows.ties(after)]
            cast.restore()
    watch.done()


def ids(cast: Cast) -> dict[str, str]:
    """Names under which somebody might try to slip a foreign event's ids in."""
    evening = cast.evening
    values = {name: found[0] for name, found in evening.values.items()}
    return values | {
        "event": evening.slug,
        "event_id": str(evening.event_id),
        "signup": values["public_id"],
        "session": values["key"],
        "session_key": values["key"],
        "speaker": values["speaker_id"],
        "user_id": str(cast.users["Ada"]),
    }


@pytest.mark.case("D31")
def test_ones_own_pages_show_nothing_of_a_foreign_event(cast: Cast, watch: Watch) -> None:
    for name, evening, others in (("Cleo", cast.foreign, "quetzal"), ("Ada", cast.evening, "heron")):  # fmt: skip
        browser = cast.browser(name)
        for route in walk.routes(cast.app, "user", "event"):
            if route.reads:
                address = route.address(route.values(cast, evening))
                answer = ask(browser, "GET", address)
                shown = others.encode() in answer.get_data().lower()
                watch.expect(not shown, f"{address} shows {others} to {name}", answer)
    watch.done()


# Forgery


def shown_again(form: Form, html: str) -> set[tuple[str, str]]:
    """What the same form holds on the page that came back."""
    found: set[tuple[str, str]] = set()
    for action, data, _pressed in walk.forms_on(html, form.address):
        if action.partition("?")[0] == form.address.partition("?")[0]:
            found |= set(data)
    return found


@pytest.mark.case("D25")
def test_a_form_without_its_own_token_changes_nothing(cast: Cast, watch: Watch) -> None:
    """Without a token, with a made-up one, with one of somebody else's session, sign-in and sign-out
    included. A form whose view checks the token comes back filled in."""
    stranger = walk.csrf_token(cast.browser("Cleo"))
    for route in walk.routes(cast.app):
        if not route.unsafe or route.csrf not in ("session", "form"):
            continue
        for form in walk.forms(cast).of(route):
            with time_machine.travel(form.moment, tick=False):
                for token in (None, "made-up", stranger):
                    browser = cast.browser(form.who, PageClient)
                    answer = press(browser, form, **({"csrf_token": token} if token else {}))
                    watch.expect(
                        answer.status_code == 400, f"{form} with the token {token}", answer
                    )
                    watch.nothing_changed(form)
                if route.csrf == "form":
                    kept = shown_again(form, answer.text)
                    lost = {pair for pair in form.typed if pair not in kept}
                    watch.expect(not lost, f"{form} comes back without {lost}", answer)
    watch.done()


@pytest.mark.case("D25")
def test_programs_get_nothing_from_a_browsers_cookie(cast: Cast, watch: Watch) -> None:
    """What needs no form token must not take a cookie either."""
    browser = cast.browser("Ada")
    token = walk.csrf_token(browser)
    for route in walk.routes(cast.app, "bearer"):
        address = route.address(route.values(cast, cast.evening))
        for method in walk.methods(route):
            answer = ask(browser, method, address, data={"csrf_token": token})
            watch.expect(answer.status_code == 401, f"{method} {address}", answer)
        watch.nothing_changed(address)
    watch.done()


# Fields that no form has


EXTRA = {
    "id": "1", "is_admin": "1", "admin": "1", "role": "admin", "status": "confirmed", "state": "published",
    "attended": "true", "is_crew": "1", "is_sample": "1", "is_registered": "1", "identity": "identified",
    "proved_at": "2027-01-01T00:00", "confirmed_at": "2027-01-01T00:00", "erased_at": "2027-01-01T00:00",
    "disabled_at": "2027-01-01T00:00", "version": "7", "source": "elsewhere", "author": "ada@example.org",
    "by": "Ada", "password_hash": "x", "email_key": "ada@example.org", "person_key": "1",
}  # fmt: skip
# The columns such fields would be about: rights, states, whose it is, who did it.
GUARDED = {
    "role", "status", "state", "attended", "is_crew", "is_sample", "is_registered", "identity", "event_id",
    "user_id", "signup_id", "session_id", "speaker_id", "proved_at", "confirmed_at", "erased_at",
    "cancelled_by", "disabled_at", "version", "source", "author", "by", "actor", "actor_user_id",
    "email_key", "pending_reason",
}  # fmt: skip


def guarded(taken: rows.Dump) -> dict[str, list[str]]:
    return {
        name: sorted(
            str([(column, value) for column, value in row.items() if column in GUARDED])
            for row in found
        )
        for name, found in taken.items()
    }


@pytest.mark.case("D36")
def test_fields_that_the_form_does_not_have_are_ignored(cast: Cast, watch: Watch) -> None:
    for form in walk.forms(cast).of_routes("public", "link", "user", "event", "admin"):
        extra = {**EXTRA, **ids(cast), "event_id": str(cast.foreign.event_id)}
        more = {name: value for name, value in extra.items() if name not in form.names}
        outcomes = []
        for fields in ({}, more):
            with time_machine.travel(form.moment, tick=False):
                browser = cast.browser(form.who)
                answer = press(browser, form, csrf_token=walk.csrf_token(browser), **fields)
                outcomes.append((answer.status_code, guarded(rows.dump(cast.app))))
            cast.restore()
        plain, slipped = outcomes
        for table in plain[1]:
            same = plain[0] == slipped[0] and plain[1][table] == slipped[1][table]
            watch.expect(same, f"{form}: {table} differs", answer)
    watch.done()


def test_a_declared_route_is_what_the_walk_thinks_it_is(app: Flask) -> None:
    """The walk judges by what routes declare; this is one of each, by name."""
    declared = {(route.endpoint, route.permission, route.csrf) for route in walk.routes(app)}
    assert {
        ("accounts.sign_in", "public", "form"),
        ("accounts.sign_out", "public", "session"),
        ("accounts.account", "user", "form"),
        ("board.show", "event", "session"),
        ("mail_pages.health", "admin", "session"),
        ("personal.cancel", "link", "token"),
    } <= declared
