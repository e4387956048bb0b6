"""One person's browser: it opens links, fills in the form it sees, presses a button, keeps its cookies.

A test that goes through it sends exactly what the page would send: hidden fields, the forgery token and
what was filled in already, so that a page without its form or its token cannot pass.
"""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

from tests.conftest import Page

SITE = "http://turnout.test"
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})  # fmt: skip
_UNREAD = frozenset({"script", "style", "title", "option"})


@dataclasses.dataclass
class Form:
    """A form as it stands on the page: what it would send if nobody touched it, and its buttons."""

    action: str
    fields: dict[str, str] = dataclasses.field(default_factory=dict)
    # Every field that can be filled in, ticked ones or not, and what a button would add.
    known: set[str] = dataclasses.field(default_factory=set)
    buttons: list[tuple[str, dict[str, str]]] = dataclasses.field(default_factory=list)


class _Reader(HTMLParser):
    """Collects a page's forms, links and visible text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.data: dict[str, str] = {}
        self._open: list[tuple[str, bool]] = []
        self._catch: list[str] | None = None
        self._textarea = self._select = ""
        self._link: tuple[str, list[str]] | None = None
        self._button: tuple[dict[str, str], list[str]] | None = None

    @property
    def _form(self) -> Form | None:
        return self.forms[-1] if any(tag == "form" for tag, _ in self._open) else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append((tag, "hidden" in given))
        self.data |= {name: value for name, value in given.items() if name.startswith("data-")}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "a":
            self._link = (given.get("href", ""), [])
        elif tag == "button" and given.get("type", "submit") == "submit":
            self._button = ({given["name"]: given.get("value", "")} if "name" in given else {}, [])
        elif tag in ("input", "textarea", "select", "option"):
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form = self._form
        if form is None or "disabled" in given:
            return
        name = given.get("name", "")
        form.known.add(name)
        kind = given.get("type", "text")
        if tag == "textarea":
            self._textarea, self._catch = name, []
        elif tag == "select":
            self._select = name
        elif tag == "option":
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = given.get("value", "")
        elif kind in ("checkbox", "radio"):
            if "checked" in given:
                form.fields[name] = given.get("value", "on")
        elif kind not in ("submit", "button", "image"):
            form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self.links.append((" ".join("".join(self._link[1]).split()), self._link[0]))
            self._link = None
        elif tag == "button" and self._button and self._form is not None:
            label = " ".join("".join(self._button[1]).split())
            self._form.buttons.append((label, self._button[0]))
            self._button = None
        elif tag == "textarea" and self._catch is not None and self._form is not None:
            # Browsers drop the one line break after the start tag.
            self._form.fields[self._textarea] = "".join(self._catch).removeprefix("\n")
            self._catch = None
        while self._open:
            name, _hidden = self._open.pop()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._catch is not None:
            self._catch.append(data)
            return
        if self._link:
            self._link[1].append(data)
        if self._button:
            self._button[1].append(data)
        if not any(hidden or tag in _UNREAD for tag, hidden in self._open):
            self.words.append(data)


class Sheet:
    """A page in a browser: ``status``, ``path``, the source as ``html`` and what can be read of it."""

    def __init__(self, path: str, response: Any) -> None:
        self.path = path
        self.status: int = response.status_code
        self.html: str = response.get_data(as_text=True)
        reader = _Reader()
        reader.feed(self.html)
        self.forms, self.links, self.data = reader.forms, reader.links, reader.data
        self.text = " ".join(" ".join(reader.words).split())

    def says(self, *sentences: str) -> None:
        for sentence in sentences:
            assert sentence in self.text, f"“{sentence}” is not on {self.path}: {self.text}"

    def never_says(self, *sentences: str) -> None:
        for sentence in sentences:
            assert sentence not in self.text, f"“{sentence}” stands on {self.path}: {self.text}"

    def link(self, label: str) -> str:
        """Where the one link with that label leads; the site's own address is cut off."""
        found = {href for words, href in self.links if label in words}
        assert len(found) == 1, f"links “{label}” on {self.path}: {sorted(found)} of {self.links}"
        return found.pop().removeprefix(SITE)

    def button(self, label: str) -> tuple[Form, dict[str, str]]:
        """The one form with such a button, and what the button itself sends."""
        found = [(f, sent) for f in self.forms for words, sent in f.buttons if label in words]
        assert len(found) == 1, f"{len(found)} buttons “{label}” on {self.path}: {[f.buttons for f in self.forms]}"  # fmt: skip
        return found[0]

    def filled(self, label: str, **given: str | None) -> tuple[str, dict[str, str]]:
        """Where the form with that button goes, and what it sends once ``given`` is filled in."""
        form, sent = self.button(label)
        unknown = set(given) - form.known
        assert not unknown, f"no field {sorted(unknown)} in the form “{label}” of {self.path}"
        data = {**form.fields, **sent, **given}
        return form.action or self.path, {k: v for k, v in data.items() if v is not None}


class Browser:
    """``strict``: every page is checked as a whole (see tests.conftest.Page); slower, so one or two do."""

    def __init__(self, app: Flask, *, strict: bool = True) -> None:
        self.client = FlaskClient(app, app.response_class, use_cookies=True)
        self.strict = strict
        self.sheet: Sheet | None = None

    def _shown(self, path: str, response: Any) -> Sheet:
        hops = 0
        while response.status_code in (302, 303):
            hops += 1
            assert hops < 5, f"{path} leads round in circles"
            path = response.location.removeprefix(SITE)
            assert path.startswith("/"), f"{path} leads away from the site"
            response = self.client.get(path)
        if self.strict and response.mimetype == "text/html":
            Page(response)
        self.sheet = Sheet(path, response)
        return self.sheet

    def open(self, address: str, status: int = 200) -> Sheet:
        """Follows a link, wherever it was found."""
        path = address.removeprefix(SITE)
        sheet = self._shown(path, self.client.get(path))
        assert sheet.status == status, f"{path}: {sheet.status} {sheet.text}"
        return sheet

    def press(self, label: str, status: int = 200, **given: str | None) -> Sheet:
        """Presses the button on the page that is open, after filling in ``given``; None empties a field."""
        assert self.sheet is not None, "no page is open"
        path, data = self.sheet.filled(label, **given)
        sheet = self._shown(urlsplit(path).path, self.client.post(path, data=data))
        assert sheet.status == status, f"“{label}” at {path}: {sheet.status} {sheet.text}"
        return sheet

    def post(self, path: str, **data: str) -> Any:
        """What a script on the page sends without leaving it."""
        return self.client.post(path, data=data)

    def json(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.json
