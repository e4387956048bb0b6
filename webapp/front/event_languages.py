"""The event's own texts in other languages: what was written stands beside what readers of another one get."""

from __future__ import annotations

import dataclasses
from itertools import groupby

from babel import Locale
from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock, i18n
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access, operations, texts
from webapp.events.models import Event
from webapp.front.event_file import text_sources
from webapp.permissions import permission

blueprint = Blueprint("event_languages", __name__, url_prefix="/manage/events/<slug>/languages")
# A choice and an entry of a list are one line of a few words.
_ROWS = {"description": 12, "summary": 3, "help": 2}


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A text with its translation. ``state`` is "", "empty" or "older" (its source has changed since)."""

    source: texts.Source
    label: str
    value: str
    state: str
    error: str
    rows: int

    @property
    def id(self) -> str:
        return f"text-{texts.mark(self.source.place)}"


@dataclasses.dataclass(frozen=True, slots=True)
class Language:
    code: str
    name: str
    missing: int


def _offered(event: Event) -> list[str]:
    """The languages that readers of the site may choose, and any that a file brought along."""
    known = [code for code in current_app.config["LANGUAGES"] if code != event.language]
    return known + [
        code for code in texts.languages(event) if code not in known and code != event.language
    ]


def _name(code: str) -> str:
    """What the tool calls a language: "Spanish"."""
    return str(Locale.parse(code, sep="-").get_display_name(i18n.dates()) or code)


def _label(place: str) -> str:
    kind, _slash, rest = place.partition("/")
    last = rest.partition("/")[2].partition("/")[0]
    return {
        "title": _("Title"),
        "summary": _("Summary"),
        "description": _("Description"),
        "bio": _("About the person"),
        "languages": _("Language of the event"),
        "access_needs": _("Access need"),
        "label": _("Question"),
        "help": _("Help below it"),
        "choices": _("Choice"),
    }[last if kind in ("agenda", "questions", "speakers") else kind]


def _heading(place: str) -> str:
    return {
        "agenda": _("Agenda"),
        "speakers": _("Speakers"),
        "questions": _("Sign-up form"),
    }.get(place.partition("/")[0], _("The event"))


def _page(
    event: Event, code: str, typed: dict[str, str] | None = None, refusal: Refused | None = None
) -> ResponseReturnValue:
    sources = text_sources(event)
    kept = texts.of(event, code)
    missing = texts.missing(event, code, sources)
    fields = []
    for source in sources:
        last = source.place.rpartition("/")[2] if "/choices/" not in source.place else ""
        state = "empty" if source.place in missing.empty else "older" if source.place in missing.older else ""  # fmt: skip
        fields.append(
            Field(
                source, _label(source.place),
                kept.get(source.place, "") if typed is None else typed.get(source.place, ""),
                state,
                str(refusal) if refusal and refusal.code == source.place else "",
                _ROWS.get(last, 4) if source.lines else _ROWS.get(last, 1),
            )
        )  # fmt: skip
    page = render_template(
        "front/event_languages.html",
        event=event, tab="settings", code=code, name=_name(code),
        own=_name(event.language), is_read=code in current_app.config["LANGUAGES"],
        languages=[
            Language(other, _name(other), len(texts.missing(event, other, sources).empty))
            for other in _offered(event)
        ],
        groups=[(heading, list(found)) for heading, found in groupby(fields, lambda f: _heading(f.source.place))],
        empty=[field for field in fields if field.state == "empty"],
        older=[field for field in fields if field.state == "older"],
        problem=str(refusal) if refusal else "",
    )  # fmt: skip
    return page, 422 if refusal else 200


@blueprint.route("", methods=["GET", "POST"])
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    event = access.current()
    offered = _offered(event)
    if not offered:
        return render_template("front/event_languages.html", event=event, tab="settings", code=None)
    code = request.args.get("to") or offered[0]
    if code not in offered:
        abort(404)
    if request.method != "POST":
        return _page(event, code)
    sources = text_sources(event)
    typed = {source.place: request.form.get(source.place, "") for source in sources}
    try:
        changed = operations.translate(event, code, typed, sources, at=clock.now(), by=signed_in())
    except Refused as refusal:
        db.session.rollback()
        return _page(event, code, typed, refusal)
    flash(_("Saved.") if changed else _("Saved. Nothing was different."), "good")
    db.session.commit()
    return redirect(url_for(".index", slug=slug, to=code))
