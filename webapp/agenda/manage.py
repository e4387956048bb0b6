"""The organiser's agenda editor and the page of the people in it."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.agenda import editing, queries
from webapp.agenda.forms import KIND_NAMES, ItemForm, SpeakerForm, roles
from webapp.agenda.queries import Item
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.permissions import permission

blueprint = Blueprint("agenda", __name__)
_BASE = "/manage/events/<slug>"


def _by() -> User:
    return cast(User, current_user._get_current_object())


def warnings(event: Event, items: list[Item]) -> list[str]:
    """What a colleague would point at, each in one sentence. Nothing here forbids anything."""
    found: list[str] = []
    if not items:
        return found
    over = items[-1].planned_end - event.ends_at
    if over.total_seconds() > 0:
        found.append(
            _("The last item ends %(n)d minutes after the planned end of the event.",
              n=-(-int(over.total_seconds()) // 60))
        )  # fmt: skip
    if not any(who.role in ("chair", "moderator") for item in items for who in item.speakers):
        found.append(_("Nobody is in the chair yet: give somebody the part “Chair” in an item."))
    silent = [i.title for i in items if not i.speakers and i.kind in ("talk", "panel", "opening")]
    if silent:
        found.append(_("Nobody speaks yet in: %(titles)s.", titles=", ".join(silent)))
    return found


@blueprint.get(f"{_BASE}/agenda")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    event = access.current()
    items = queries.running_order(event)
    return render_template(
        "agenda/index.html",
        event=event,
        tab="agenda",
        items=items,
        order=editing.order(items),
        seen={item.key: queries.fingerprint([item]) for item in items},
        warnings=warnings(event, items),
        kinds=KIND_NAMES,
        roles=roles,
    )


def _item_page(form: ItemForm, status: int = 200, **values: Any) -> ResponseReturnValue:
    event = access.current()
    page = render_template(
        "agenda/item.html",
        event=event,
        tab="agenda",
        form=form.with_blank_rows(),
        people=queries.speakers(event.id),
        kinds=KIND_NAMES,
        roles=roles,
        **values,
    )
    return page, status


def _to_agenda() -> ResponseReturnValue:
    return redirect(url_for("agenda.index", slug=access.current().slug))


def _said(changes: list[str]) -> None:
    for change in changes:
        flash(change, "good")
    if not changes:
        flash(_("Nothing was different, so nothing changed."), "good")


@blueprint.route(f"{_BASE}/agenda/new", methods=["GET", "POST"])
@permission("event", csrf="form")
def add(slug: str) -> ResponseReturnValue:
    form = ItemForm()
    if request.method != "POST":
        return _item_page(form)
    if not form.validate():
        return _item_page(form, 400)
    if "more" in request.form:
        return _item_page(form)
    try:
        changes = editing.add_item(access.current(), form.as_item(), clock.now(), _by())
    except Refused as refused:
        db.session.rollback()
        return _item_page(form, 400, refused=str(refused))
    _said(changes)
    db.session.commit()
    return _to_agenda()


@blueprint.route(f"{_BASE}/agenda/items/<key>", methods=["GET", "POST"])
@permission("event", csrf="form")
def edit(slug: str, key: str) -> ResponseReturnValue:
    event = access.current()
    form = ItemForm()
    if request.method != "POST":
        shown = _item(event, key) or abort(404)
        form.show(shown, queries.fingerprint([shown]))
        return _item_page(form, item=shown)
    _shown_once(event, key, form.revision.data or "")
    if not form.validate():
        return _item_page(form, 400, item=_item(event, key))
    if "more" in request.form:
        return _item_page(form, item=_item(event, key))
    try:
        changes = editing.change_item(
            event, key, form.as_item(), form.revision.data or "", clock.now(), _by()
        )
    except Refused as refused:
        db.session.rollback()
        item = _item(event, key)
        if refused.code != editing.CHANGED or item is None:
            # Taken out meanwhile: the same form then offers to put it in again.
            return _item_page(form, 409 if item is None else 400, item=item, refused=str(refused))
        # Saving once more from this page means: I have seen theirs, and want mine.
        form.revision.data = queries.fingerprint([item])
        return _item_page(form, 409, item=item, theirs=item)
    _said(changes)
    db.session.commit()
    return _to_agenda()


def _shown_once(event: Event, key: str, seen: str) -> None:
    """404 for an item that is not there and that no page can have shown: whatever is sent from one says what
    it saw. Of an item that was taken out nothing is kept, so the word of the page has to do."""
    if not queries.is_fingerprint(seen) and _item(event, key) is None:
        abort(404)


def _item(event: Event, key: str) -> Item | None:
    return next((item for item in queries.running_order(event) if item.key == key), None)


@blueprint.post(f"{_BASE}/agenda/items/<key>/move")
@permission("event", csrf="session")
def move(slug: str, key: str) -> ResponseReturnValue:
    step = -1 if request.form.get("to") == "up" else 1
    event, seen = access.current(), request.form.get("revision", "")
    _shown_once(event, key, seen)
    try:
        editing.move_item(event, key, step, seen, clock.now(), _by())
    except Refused as refused:
        db.session.rollback()
        if refused.code == "gone":
            # The order is the one that the page showed, and this item was not in it.
            abort(404)
        flash(_("%(why)s Nothing was moved; this is the order now.", why=str(refused)))
        return _to_agenda()
    db.session.commit()
    return redirect(url_for("agenda.index", slug=slug, _anchor=f"item-{key}"))


@blueprint.post(f"{_BASE}/agenda/items/<key>/remove")
@permission("event", csrf="session")
def remove(slug: str, key: str) -> ResponseReturnValue:
    seen = request.form.get("revision", "")
    _shown_once(access.current(), key, seen)
    try:
        changes = editing.remove_item(access.current(), key, seen, clock.now(), _by())
    except Refused as refused:
        db.session.rollback()
        flash(_("%(why)s Nothing was taken out; this is the agenda now.", why=str(refused)))
        return _to_agenda()
    _said(changes)
    db.session.commit()
    return _to_agenda()


@blueprint.get(f"{_BASE}/speakers")
@permission("event")
def speakers(slug: str) -> ResponseReturnValue:
    event = access.current()
    items = queries.running_order(event)
    return render_template(
        "agenda/speakers.html",
        event=event,
        tab="agenda",
        people=[
            (row, [i for i in items if any(who.speaker_id == row.id for who in i.speakers)])
            for row in queries.speakers(event.id)
        ],
    )


@blueprint.route(f"{_BASE}/speakers/<int:speaker_id>", methods=["GET", "POST"])
@permission("event", csrf="form")
def speaker(slug: str, speaker_id: int) -> ResponseReturnValue:
    event = access.current()
    row = queries.speaker(event.id, speaker_id) or abort(404)
    form = SpeakerForm(obj=row if request.method != "POST" else None)
    theirs, status = None, 200
    if request.method != "POST":
        form.revision.data = editing.person_seen(row)
    elif form.validate():
        try:
            seen = form.revision.data or ""
            editing.change_speaker(event, speaker_id, form.values(), seen, clock.now(), _by())
        except Refused as refused:
            db.session.rollback()
            row = queries.speaker(event.id, speaker_id) or abort(404)
            if refused.code == editing.CHANGED:
                theirs, status = row, 409
                form.revision.data = editing.person_seen(row)
            else:
                status = 400
                field = getattr(form, refused.code, form.name)
                field.errors = [*field.errors, str(refused)]
        else:
            flash(_("Saved."), "good")
            db.session.commit()
            return redirect(url_for("agenda.speakers", slug=slug))
    else:
        status = 400
    page = render_template(
        "agenda/speaker.html", event=event, tab="agenda", row=row, form=form, theirs=theirs
    )
    return page, status
