"""Every route of the app with real values in its address, and every form its pages show.

A route with a name in its address that has no real value stops the walk: the name goes into
``tests/cast.py``. So does an unsafe route whose form stands on no page: a row that shows it goes there
as well, or, if only our scripts send it, what they send goes into ``SENT_BY_SCRIPTS``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import html5lib
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from tests import rows
from tests.cast import AFTER, BEFORE, LIVE, PASSWORD, Cast, Evening
from webapp import permissions
from webapp.permissions import SAFE

# Which kinds of token open what stands below an address; the longest beginning counts. The first kind is
# the usual one, the others are let in as well.
DOORS: dict[str, tuple[str, ...]] = {
    "/my/<token>": ("my",),
    "/my/<token>/erase": ("erase",),
    "/confirm/<token>": ("confirm",),
    "/remove/<token>": ("remove",),
    "/join/<token>": ("join", "ticket"),
    "/room/<token>": ("join", "ticket"),
    "/guest/<token>": ("guest",),
    "/chair/<token>": ("chair",),
    "/cohost/<token>": ("cohost",),
    "/unsubscribe/<token>": ("unsubscribe",),
    "/invitation/<token>": ("invitation",),
}

# What our scripts send where no form stands on a page.
SENT_BY_SCRIPTS: dict[str, dict[str, str]] = {
    # Its page stands behind a form that this browser has sent.
    "own_address.correct": {"email": "eva@example.org"},
    "attendance.pulse": {"connection": "a-tab-of-the-room"},
}

# What a person types into the empty fields of a form, so that it is complete.
TYPED: dict[str, dict[str, str]] = {
    "accounts.sign_in": {"email": "ada@example.org", "password": PASSWORD},
    "accounts.account": {"current": PASSWORD, "new": "a wall of prickly pears"},
    "agenda.add": {"title": "One more talk", "minutes": "10"},
    "builder.add": {"label": "What brings you here?"},
    "builder.delete": {"answers": "1"},
    "cockpit.announce": {"announcement": "We begin in a minute"},
    "cockpit.add_note": {"text": "A point that was made"},
    "tokens.make": {"label": "The yearly overview"},
    "team.index": {"email": "emil@example.org", "role": "organiser"},
    "users.new": {"email": "gus@example.org", "name": "Gus", "role": "organiser"},
    "clone.make": {"day": "2027-05-01"},
    "events.new": {"title": "Another evening", "starts_at": "2027-05-01T19:00", "ends_at": "2027-05-01T20:00"},
    "blasts.new": {"subject_en": "Bring a friend", "body_en": "Hello {name}"},
    "mailing.reminders": {"amount": "90", "unit": "minutes", "anchor": "start"},
    "mailing.recording": {"recording": "https://video.example.org/evening"},
    "manage_attendance.add_head_count": {"count": "31", "source": "Door list"},
    "manage_report.publish": {"correction": "The name of the second speaker"},
    "signup.send_embedded": {"name": "Eva", "email": "eva@example.org", "consent": "yes", "q_city": "Sucre"},
    "signup.send": {"name": "Eva", "email": "eva@example.org", "consent": "yes", "q_city": "Sucre"},
    "signup_add.add": {"name": "Eva", "email": "eva@example.org", "agreed": "Rang us"},
    "signup_many.begin": {"new_tag": "Press"},
    "signup_person.tag": {"tag": "Press"},
    "signup_person.add_note": {"text": "Asked for a front seat"},
    "invitations.add": {"people": "Kim <kim@example.org>"},
    "imports.send": {"pasted": "Name,E-mail\nGia,gia@example.org"},
    "imports.act": {"consent": "On our own form, to taking part", "kind": "registered"},
    "personal_edit.edit": {"q_city": "Sucre"},
    "cohosts.index": {"name": "Kawsachun News"},
    "cohosts.remove": {"consents": "1"},
    "sources.index": {"label": "The newsletter in March"},
    "signup.my_link": {"email": "ana@quetzal.example.org"},
}  # fmt: skip


PASSWORDS = ("password", "current", "new")

# Forms that are good for something at one moment only.
AT: dict[str, dt.datetime] = {"manage_report.publish": AFTER}

# Names of buttons whose value says what is to be done: each value is a press of its own.
BUTTONS = ("act", "kind", "to")


class Missing(Exception):
    """The walk does not know what to try; says what to add where."""


@dataclasses.dataclass(frozen=True)
class Route:
    """One rule of the URL map with what it declares. ``unsafe`` are its methods that may write."""

    rule: Rule
    endpoint: str
    permission: str
    csrf: str
    unsafe: tuple[str, ...]

    @property
    def path(self) -> str:
        return self.rule.rule

    @property
    def names(self) -> list[str]:
        return sorted(self.rule.arguments)

    @property
    def reads(self) -> bool:
        return "GET" in (self.rule.methods or ())

    def address(self, values: dict[str, str]) -> str:
        converted = {name: self.rule._converters[name].to_python(text) for name, text in values.items()}  # fmt: skip
        built = self.rule.build(converted, append_unknown=False)
        assert built is not None, f"{self.path} with {values}"
        return built[1]

    @property
    def door(self) -> str:
        """The beginning of the address in ``DOORS`` that this route stands behind."""
        fitting = [d for d in DOORS if self.path == d or self.path.startswith(d + "/")]
        if not fitting:
            raise Missing(f"{self.path}: say in DOORS (tests/walk.py) which tokens open it")
        return max(fitting, key=len)

    def choices(self, cast: Cast, evening: Evening, name: str) -> list[str]:
        """The real values of one name of the address, the usual one first."""
        if name == "token":
            return evening.links[DOORS[self.door][0]]
        for values, key in (
            (cast.site, f"{self.endpoint} {name}"),
            (evening.values, name),
            (cast.site, name),
        ):
            if values.get(key):
                return values[key]
        raise Missing(f"{self.path}: no real value for <{name}>; add one in tests/cast.py")

    def values(self, cast: Cast, evening: Evening, **instead: str) -> dict[str, str]:
        usual = {name: self.choices(cast, evening, name)[0] for name in self.names}
        return usual | instead


def routes(app: Flask, *permission: str) -> list[Route]:
    """Every route, or those with one of the named permissions, in order of their addresses."""
    found = []
    for rule in app.url_map.iter_rules():
        declared = permissions.declared(app, rule.endpoint)
        assert declared is not None, f"{rule.rule} declares no permission"
        unsafe = tuple(sorted((rule.methods or set()) - SAFE))
        found.append(Route(rule, rule.endpoint, *declared, unsafe))
    chosen = [route for route in found if not permission or route.permission in permission]
    return sorted(chosen, key=lambda route: (route.path, route.unsafe))


def who_may(route: Route) -> str | None:
    """Whose browser opens the route."""
    return {"user": "Ada", "event": "Ada", "admin": "Dora"}.get(route.permission)


@dataclasses.dataclass(frozen=True)
class Form:
    """A form as a page shows it to ``who``, filled in. ``data`` is without the CSRF token, ``pressed`` the
    name and value of the button, if it has any."""

    route: Route
    address: str
    data: tuple[tuple[str, str], ...]
    pressed: tuple[tuple[str, str], ...]
    moment: dt.datetime
    evening: Evening
    page: str
    who: str | None

    @property
    def names(self) -> set[str]:
        return {name for name, _value in self.data + self.pressed}

    @property
    def typed(self) -> set[tuple[str, str]]:
        """What must not get lost when the form is refused; a password is typed anew."""
        return {(name, value) for name, value in self.data if value and name not in PASSWORDS}

    def fields(self, **more: str) -> dict[str, list[str]]:
        result: dict[str, list[str]] = {}
        for name, value in self.data + self.pressed:
            result.setdefault(name, []).append(value)
        return result | {name: [value] for name, value in more.items()}

    def __str__(self) -> str:
        return f"{self.route.unsafe} {self.address} (shown on {self.page} at {self.moment:%d %b %H:%M})"


def _value_of(element: Any) -> Iterator[tuple[str, str]]:
    name, kind = element.get("name"), (element.get("type") or "text").lower()
    if not name or element.get("disabled") is not None:
        return
    if element.tag == "textarea":
        yield name, element.text or ""
    elif element.tag == "select":
        options = list(element.iter("option"))
        chosen = [o for o in options if o.get("selected") is not None]
        if element.get("multiple") is None:
            chosen = (chosen or options)[:1]
        for option in chosen:
            yield name, option.get("value", (option.text or "").strip())
    elif kind in ("checkbox", "radio"):
        if element.get("checked") is not None:
            yield name, element.get("value") or "on"
    elif kind not in ("submit", "button", "image", "reset", "file"):
        yield name, element.get("value") or ""


def _buttons(form: Any) -> list[Any]:
    found = [e for e in form.iter("button") if (e.get("type") or "submit") == "submit"]
    return found + [e for e in form.iter("input") if e.get("type") == "submit"]


Pairs = list[tuple[str, str]]


def forms_on(html: str, page: str) -> Iterator[tuple[str, Pairs, Pairs]]:
    """(address, data, button) of each button of each form that is posted."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    for form in tree.iter("form"):
        data = [
            pair
            for element in form.iter()
            if element.tag in ("input", "select", "textarea")
            for pair in _value_of(element)
            if pair[0] != "csrf_token"
        ]
        for button in _buttons(form) or [form]:
            method = (button.get("formmethod") or form.get("method") or "get").lower()
            if method != "post":
                continue
            pressed = button is not form and button.get("name")
            more = [(button.get("name"), button.get("value") or "")] if pressed else []
            action = button.get("formaction") or form.get("action") or page
            yield urljoin(page, action), data, more


class Forms:
    """All forms that the pages show to those who may see them, each kind of press once."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.routes = {(route.endpoint, route.path): route for route in routes(cast.app)}
        self.found: dict[Any, Form] = {}
        # In the middle of the evening every row is looked at, otherwise one of each.
        self._look(LIVE, cast.evening, every=True)
        self._look(LIVE, cast.draft)
        self._look(BEFORE, cast.evening)
        self._look(AFTER, cast.evening)
        self._add_scripts()

    def _look(self, moment: dt.datetime, evening: Evening, *, every: bool = False) -> None:
        with time_machine.travel(moment, tick=False):
            browsers = {name: self.cast.browser(name) for name in (None, "Ada", "Dora")}
            for route in self.routes.values():
                if not route.reads or route.permission in ("bearer", "service"):
                    continue
                for values in self._combinations(route, evening, every):
                    who = who_may(route)
                    answer = browsers[who].get(route.address(values), buffered=True)
                    if answer.mimetype == "text/html" and answer.status_code == 200:
                        self._read(answer, route.address(values), moment, evening, who)

    def _combinations(self, route: Route, evening: Evening, every: bool) -> Iterator[dict[str, str]]:  # fmt: skip
        choices = [route.choices(self.cast, evening, name) for name in route.names]
        for values in itertools.product(*(c if every else c[:1] for c in choices)):
            yield dict(zip(route.names, values, strict=True))

    def _read(self, answer: Any, page: str, moment: dt.datetime, evening: Evening, who: str | None) -> None:  # fmt: skip
        for action, data, pressed in forms_on(answer.get_data(as_text=True), page):
            route = self.route_of(action)
            if AT.get(route.endpoint, moment) != moment:
                continue
            filled = _complete(route, data)
            form = Form(route, action, filled, tuple(pressed), moment, evening, page, who)
            # One of each kind is enough: the same form for the next person adds nothing.
            names = frozenset(name for name, _value in data + pressed)
            self.found.setdefault((route.path, names, _kind(pressed)), form)

    def route_of(self, address: str) -> Route:
        adapter = self.cast.app.url_map.bind("turnout.test")
        try:
            rule, _values = adapter.match(urlsplit(address).path, method="POST", return_rule=True)
        except HTTPException as error:
            raise AssertionError(f"a form leads to {address}, which takes no POST") from error
        return self.routes[rule.endpoint, rule.rule]

    def _add_scripts(self) -> None:
        for route in self.routes.values():
            if route.endpoint in SENT_BY_SCRIPTS:
                address = route.address(route.values(self.cast, self.cast.evening))
                data = tuple(SENT_BY_SCRIPTS[route.endpoint].items())
                evening, who = self.cast.evening, who_may(route)
                form = Form(route, address, data, (), LIVE, evening, "our scripts", who)
                self.found[route.path, "script"] = form

    def of(self, route: Route) -> list[Form]:
        """The forms of one route. Raises Missing if no page shows any."""
        forms = [form for form in self.found.values() if form.route.path == route.path]
        if not forms:
            raise Missing(
                f"{route.path}: no page of the cast shows its form; add a row in tests/cast.py that does, "
                "or say in SENT_BY_SCRIPTS (tests/walk.py) what our scripts send"
            )
        return forms

    def of_routes(self, *permission: str) -> list[Form]:
        return [form for form in self.found.values() if form.route.permission in permission]


def _complete(route: Route, data: Pairs) -> tuple[tuple[str, str], ...]:
    """The form with its empty fields filled in, and the boxes ticked that must be."""
    typed = TYPED.get(route.endpoint, {})
    filled = [(name, value or typed.get(name, "")) for name, value in data]
    given = {name for name, _value in data}
    return tuple(filled + [pair for pair in typed.items() if pair[0] not in given])


def _kind(pressed: Pairs) -> str:
    """What the button says is to be done, without the number of the row it stands in."""
    return pressed[0][1].partition(":")[0][:20] if pressed and pressed[0][0] in BUTTONS else ""


_kept: dict[int, Forms] = {}


def forms(cast: Cast) -> Forms:
    """All forms of the cast, looked up once in each process."""
    if id(cast) not in _kept:
        _kept[id(cast)] = Forms(cast)
        cast.restore()
    return _kept[id(cast)]


def csrf_token(browser: FlaskClient) -> str:
    """A good form token of this browser's own session, made as our pages make theirs."""
    with browser.session_transaction() as cookie:
        own = cookie.setdefault("csrf_token", secrets.token_hex(20))
    return str(URLSafeTimedSerializer(browser.application.secret_key, "wtf-csrf-token").dumps(own))


def ask(browser: FlaskClient, method: str, address: str, **more: Any) -> Any:
    return browser.open(address, method=method, buffered=True, **more)


def press(browser: FlaskClient, form: Form, address: str | None = None, **more: str) -> Any:
    """Sends the form as it stands; ``more`` are further fields."""
    return browser.post(address or form.address, data=form.fields(**more), buffered=True)


def methods(route: Route) -> tuple[str, ...]:
    return (*(("GET", "HEAD") if route.reads else ()), *route.unsafe)


class Watch:
    """Collects what went wrong over the whole walk, so that one run shows all of it."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.wrong: list[str] = []

    def expect(self, ok: bool, what: object, answer: Any) -> None:
        if not ok:
            self.wrong.append(f"{what}: answered {answer.status_code}")

    def nothing_changed(self, what: object) -> None:
        after = rows.dump(self.cast.app)
        if found := rows.changes(self.cast.snapshot, after):
            self.wrong += [f"{what}: changed {line}" for line in found]
            self.cast.restore()

    def done(self) -> None:
        assert not self.wrong, "\n".join(["", *self.wrong])
