"""An event's own words in other languages than the one it was written in.

They stand in ``Event.translations``, by language and by place: "title", "summary", "description",
"languages/<entry>", "access_needs/<entry>", "questions/<key>/label", "questions/<key>/help",
"questions/<key>/choices/<choice>", "agenda/<key>/title", "agenda/<key>/summary", "speakers/<name>/title", "speakers/<name>/bio". Beside each text stands a
mark of what it was translated from, so that an older translation is told from a good one. What is missing
is said as it was written. Whoever has the event has them, so nobody asks the database for a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from flask import Flask, before_render_template, g, has_request_context, request
from markupsafe import Markup

from webapp import i18n
from webapp.events import rules
from webapp.events.models import Event

Texts = Mapping[str, str]
NO_TEXTS: Texts = {}
_WORDS = ("title", "summary", "description")
_LISTS = ("languages", "access_needs")


class Source(NamedTuple):
    """A text of the event as it was written. ``lines``: it may have more than one."""

    place: str
    text: str
    longest: int
    lines: bool = False


def sources(event: Event) -> list[Source]:
    """The event's own texts; questions and agenda have theirs."""
    found = [
        Source("title", event.title, 200),
        Source("summary", event.summary, 500),
        Source("description", event.description, 20_000, lines=True),
    ]
    for name in _LISTS:
        found += [Source(f"{name}/{entry}", entry, 200) for entry in getattr(event, name) or ()]
    return [source for source in found if source.text]


def mark(source: str) -> str:
    """Stands for the text that was translated; another text has another one."""
    return hashlib.sha256(source.encode()).hexdigest()[:8]


def languages(event: Event) -> list[str]:
    """Those that somebody has translated the event into."""
    return sorted(event.translations or ())


def of(event: Event, language: str) -> Texts:
    """The texts in a language, by place; none in the language the event was written in."""
    if isinstance(event, Shown):
        event = event._event
    kept: dict[str, Any] = event.translations or {}
    if language == event.language or language not in kept:
        return NO_TEXTS
    texts: Texts = kept[language]["texts"]
    return texts


def here(event: Event) -> Texts:
    """The texts in the language of this page."""
    return of(event, i18n.language())


class Missing(NamedTuple):
    """Places without a text, and those whose source has changed since."""

    empty: list[str]
    older: list[str]


def missing(event: Event, language: str, of_event: Sequence[Source]) -> Missing:
    kept: dict[str, Any] = (event.translations or {}).get(language) or {"texts": {}, "of": {}}
    empty = [source.place for source in of_event if source.place not in kept["texts"]]
    older = [
        source.place
        for source in of_event
        if source.place in kept["texts"] and kept["of"].get(source.place) != mark(source.text)
    ]
    return Missing(empty, older)


def checked(given: Mapping[str, str], of_event: Sequence[Source]) -> dict[str, Any]:
    """What is kept of the texts in one language: cleaned, the empty ones left out, with their marks.
    Raises Refused whose code is the place. Places that the event does not have are left out."""
    kept: dict[str, Any] = {"texts": {}, "of": {}}
    for source in of_event:
        raw = given.get(source.place) or ""
        clean = (
            rules.text(raw, source.place, _short(source.text), source.longest)
            if source.lines
            else rules.line(raw, source.place, _short(source.text), source.longest)
        )
        if clean:
            kept["texts"][source.place] = clean
            kept["of"][source.place] = mark(source.text)
    return kept if kept["texts"] else {}


def _short(text: str) -> str:
    first = text.strip().split("\n")[0]
    return f"“{first[:40]}…”" if len(first) > 40 else f"“{first}”"


class Shown:
    """An event with its words in one language. Everything else is the event's own; to be read only."""

    __slots__ = ("_event", "_texts")

    def __init__(self, event: Event, texts: Texts) -> None:
        self._event = event
        self._texts = texts

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._event, name)
        if name in _WORDS:
            return self._texts.get(name) or own
        if name == "languages":
            return [self._texts.get(f"languages/{entry}") or entry for entry in own]
        return own


def shown(event: Event, language: str) -> Event:
    """The event as it reads in a language; itself if there is nothing to translate. To be read only."""
    if isinstance(event, Shown):
        event = event._event
    texts = of(event, language)
    return cast(Event, Shown(event, texts)) if texts else event


def lang_of(event: Event, place: str) -> Markup:
    """The attribute of a tag whose text is not in the language of the page: it says which it is in, so
    that a screen reader says it rightly."""
    own = event._event if isinstance(event, Shown) else event
    page = i18n.language()
    if own.language.partition("-")[0] == page or place in of(own, page):
        return Markup()
    return Markup(' lang="{}"').format(own.language)


def need_name(event: Event, need: str) -> str:
    """What a page calls one of the event's access needs; what is sent and kept is the need as written."""
    return here(event).get(f"access_needs/{need}") or need


def _in_the_readers_language(_app: Flask, context: dict[str, Any], **_more: Any) -> None:
    """Every page about an event shows it in the page's language, but for the organisers' tool: there it
    is as they wrote it."""
    event = context.get("event")
    if isinstance(event, Event) and has_request_context() and ("language" in g or not i18n.is_tool(request.path)):  # fmt: skip
        context["event"] = shown(event, i18n.language())


def init_app(app: Flask) -> None:
    before_render_template.connect(_in_the_readers_language, app)
    app.jinja_env.globals.update(need_name=need_name, lang_of=lang_of)
