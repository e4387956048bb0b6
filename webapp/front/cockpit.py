"""The organiser's cockpit: who speaks, who comes next, how many are there, and what is being said."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any, cast

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from webapp import clock, tokens
from webapp.accounts.models import User
from webapp.agenda import operations, queries
from webapp.agenda.models import Note
from webapp.agenda.operations import MAX_ANNOUNCEMENT, MAX_NOTE
from webapp.agenda.queries import Item
from webapp.attendance.figures import figures as evening_figures
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.front import chair, running
from webapp.permissions import permission
from webapp.templating import number

blueprint = Blueprint("cockpit", __name__)
_BASE = "/manage/events/<slug>/cockpit"


class NoteForm(FlaskForm):
    about = SelectField(_l("About"), [InputRequired()])
    text = TextAreaField(
        _l("A point, or their exact words"),
        [InputRequired(_l("There is nothing written yet.")), Length(max=MAX_NOTE)],
    )

    def offer(self, items: list[Item]) -> NoteForm:
        """Everybody one can note something about; whoever speaks now comes first."""
        self.about.choices = [
            SelectChoice(value=f"{item.key}:{who.speaker_id if who else ''}",
                         label=who.name if who and len(item.speakers) == 1 and item.heading == who.name
                         else f"{item.title}{': ' + who.name if who else ''}")
            for item in items
            for who in (item.speakers or (None,))
        ]  # fmt: skip
        now = queries.current(items)
        if self.about.data is None and now:
            lead = now.lead.speaker_id if now.lead else ""
            self.about.data = f"{now.key}:{lead}"
        return self


class AnnouncementForm(FlaskForm):
    announcement = StringField(_l("Say to everybody in the room"), [Length(max=MAX_ANNOUNCEMENT)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.announcement.flags.hide_optional = True  # type: ignore[attr-defined]  # flags take any name


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """A note as the page shows it: about whom, and whether it may be taken back here."""

    row: Note
    who: str
    mine: bool


def _by() -> User:
    return cast(User, current_user._get_current_object())


def shown(event: Event, note_id: int) -> str:
    """What the page says along with a note that it showed. Nothing is kept of a note that was taken back, so
    this alone tells one that is gone from one that never was, or is another event's."""
    return tokens.mark("note", f"{event.id}:{note_id}")


def _present(event: Event, items: list[Item], at: dt.datetime) -> dict[str, str]:
    """By item: how many were there when it started. Only of what has started; words where unknown."""
    if not any(item.started_at for item in items):
        return {}
    found = {s["key"]: s["at_start"] for s in evening_figures(event, at)["sessions"]}
    return {item.key: number(found.get(item.key)) for item in items if item.started_at}


def _page(note: NoteForm, said: AnnouncementForm, status: int = 200) -> ResponseReturnValue:
    event, at = access.current(), clock.now()
    items = queries.running_order(event)
    people = {row.id: row.name for row in queries.everybody(event.id).values()}
    titles = {item.id: item.title for item in items}
    now, me = queries.current(items), _by().email
    written = [
        Written(
            row, people.get(row.speaker_id or 0) or titles.get(row.session_id, ""), row.author == me
        )
        for row in reversed(queries.notes(event.id))
    ]
    page = render_template(
        "front/cockpit.html",
        event=event,
        tab="cockpit",
        at=at,
        items=items,
        now=now,
        next=queries.upcoming(items),
        startable=[item for item in items if item.is_to_come],
        present=_present(event, items, at),
        figures=running.figures(event, at),
        state=running.state(event, items, at),
        running=running,
        shown=shown,
        note=note.offer(items),
        said=said,
        notes=[n for n in written if now and n.row.session_id == now.id],
        older=[n for n in written if not now or n.row.session_id != now.id],
        chair_url=chair.chair_url(event),
        press_url=url_for("cockpit.press", slug=event.slug),
        live_url=url_for("cockpit.live", slug=event.slug),
        press_id=tokens.public_id,
    )
    return page, status


def _announcement() -> AnnouncementForm:
    return AnnouncementForm(announcement=access.current().announcement)


@blueprint.get(_BASE)
@permission("event")
def show(slug: str) -> ResponseReturnValue:
    return _page(NoteForm(), _announcement())


@blueprint.get(f"{_BASE}/live")
@permission("event")
def live(slug: str) -> ResponseReturnValue:
    """What changes by itself. ``known`` is the item the page shows as on: the counts at the starts are
    worked out again only when that is no longer so."""
    event, at = access.current(), clock.now()
    items = queries.running_order(event)
    now = queries.current(items)
    answer: dict[str, Any] = {
        "state": running.state(event, items, at),
        "figures": running.figures(event, at),
    }
    if request.args.get("known", "") != (now.key if now else ""):
        answer["present"] = _present(event, items, at)
    return jsonify(answer)


@blueprint.post(f"{_BASE}/press")
@permission("event", csrf="session")
def press(slug: str) -> ResponseReturnValue:
    return running.take_press(access.current(), _by(), url_for("cockpit.show", slug=slug))


@blueprint.post(f"{_BASE}/announce")
@permission("event", csrf="form")
def announce(slug: str) -> ResponseReturnValue:
    form = AnnouncementForm()
    if not form.validate():
        return _page(NoteForm(formdata=None), form, 400)
    text = "" if "withdraw" in request.form else form.announcement.data or ""
    try:
        changed = operations.announce(access.current(), text, clock.now(), _by())
    except Refused as refused:
        db.session.rollback()
        form.announcement.errors = (str(refused),)
        return _page(NoteForm(formdata=None), form, 400)
    if changed:
        flash(_("Everybody in the room reads it now.") if text.strip() else _("The announcement is gone."), "good")  # fmt: skip
    db.session.commit()
    return redirect(url_for("cockpit.show", slug=slug))


@blueprint.post(f"{_BASE}/notes")
@permission("event", csrf="form")
def add_note(slug: str) -> ResponseReturnValue:
    event = access.current()
    form = NoteForm().offer(queries.running_order(event))
    if not form.validate():
        return _page(form, _blank_announcement(), 400)
    key, _colon, who = (form.about.data or "").rpartition(":")
    try:
        operations.add_note(
            event,
            kind="quote" if request.form.get("kind") == "quote" else "point",
            session_key=key,
            speaker_id=int(who) if who else None,
            text=form.text.data or "",
            author=_by().email,
            at=clock.now(),
        )
    except Refused as refused:
        db.session.rollback()
        form.text.errors = (str(refused),)
        return _page(form, _blank_announcement(), 400)
    db.session.commit()
    return redirect(url_for("cockpit.show", slug=slug, _anchor="notes"))


def _blank_announcement() -> AnnouncementForm:
    return AnnouncementForm(formdata=None, announcement=access.current().announcement)


@blueprint.post(f"{_BASE}/notes/<int:note_id>/remove")
@permission("event", csrf="session")
def remove_note(slug: str, note_id: int) -> ResponseReturnValue:
    try:
        operations.delete_note(access.current(), note_id, _by().email)
    except Refused as refused:
        db.session.rollback()
        given = request.form.get("shown", "")
        if refused.code == "gone" and not tokens.same(given, shown(access.current(), note_id)):
            abort(404)
        flash(str(refused))
        return redirect(url_for("cockpit.show", slug=slug, _anchor="notes"))
    db.session.commit()
    return redirect(url_for("cockpit.show", slug=slug, _anchor="notes"))
