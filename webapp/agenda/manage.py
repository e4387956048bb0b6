"""The organisers' agenda editor and the page of the people in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.agenda import drafting, editing, queries, releases, warnings
from webapp.agenda.forms import KIND_NAMES, ItemForm, SpeakerForm, roles
from webapp.agenda.queries import Item
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.permissions import permission

blueprint = Blueprint("agenda", __name__)
_BASE = "/manage/events/<slug>"


def _list_page(
    typed: Mapping[str, str] | None = None, said: str = "", status: int = 200
) -> ResponseReturnValue:
    """The agenda as a list that can be put into order. ``typed`` are minutes by key that are not saved,
    ``said`` is why."""
    event = access.current()
    items = queries.draft(event)
    page = render_template(
        "agenda/index.html",
        event=event,
        tab="agenda",
        items=items,
        order=editing.order(items),
        seen={item.key: queries.fingerprint([item]) for item in items},
        warnings=warnings.found(event, items, signed_in().id),
        waiting=releases.difference(event, items),
        version=releases.latest_version(event),
        draft_seen=queries.fingerprint(items),
        is_live=event.phase(clock.now()) == "live",
        step=drafting.last_step(event.id),
        quick=ItemForm.quick(items),
        people=dict.fromkeys(who.name for item in items for who in item.speakers),
        typed=typed or {},
        said=said,
        kinds=KIND_NAMES,
        roles=roles,
    )
    return page, status


@blueprint.get(f"{_BASE}/agenda")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    return _list_page()


@blueprint.post(f"{_BASE}/agenda/order")
@permission("event", csrf="session")
def arrange(slug: str) -> ResponseReturnValue:
    """The order of the list and the minutes typed into it; ``to`` is a button: "up:<key>" or "down:<key>"."""
    keys = request.form.getlist("order")
    typed = {key: request.form.get(f"minutes-{key}", "").strip() for key in keys}
    way, _colon, moved = request.form.get("to", "").partition(":")
    if moved in keys:
        place = keys.index(moved)
        keys.insert(max(place - 1, 0) if way == "up" else place + 1, keys.pop(place))
    wrong = [text for text in typed.values() if not text.isdecimal() or len(text) > 4]
    if wrong:
        return _list_page(typed, _("Minutes are a whole number, not “%(text)s”. Nothing was saved yet.", text=wrong[0][:20]), 400)  # fmt: skip
    minutes = {key: int(text) for key, text in typed.items()}
    seen = request.form.get("revision", "")
    try:
        changes = editing.arrange(
            access.current(), keys, minutes, seen, clock.now(), signed_in(),
            moved or request.form.get("moved", ""),
        )  # fmt: skip
    except Refused as refused:
        db.session.rollback()
        if refused.code == editing.CHANGED:
            return _list_page(typed, _("%(why)s Nothing of yours was saved. This is the agenda now; minutes that you typed still stand in their fields.", why=str(refused)), 409)  # fmt: skip
        return _list_page(typed, str(refused), 400)
    for change in changes:
        flash(change, "good")
    db.session.commit()
    return redirect(url_for("agenda.index", slug=slug, _anchor=f"item-{moved}" if moved else None))


@blueprint.post(f"{_BASE}/agenda/undo")
@permission("event", csrf="session")
def undo(slug: str) -> ResponseReturnValue:
    seen = request.form.get("seen", "")
    try:
        changes = editing.undo(
            access.current(), int(seen) if seen.isdecimal() else 0, clock.now(), signed_in()
        )
    except Refused as refused:
        db.session.rollback()
        flash(_("%(why)s Nothing was taken back; this is the agenda now.", why=str(refused)))
        return _to_agenda()
    flash(_("Taken back. %(changes)s", changes=" ".join(changes)), "good")
    db.session.commit()
    return _to_agenda()


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
        changes = editing.add_item(access.current(), form.as_item(), clock.now(), signed_in())
    except Refused as refused:
        db.session.rollback()
        return _item_page(form, 400, refused=str(refused))
    _said(changes)
    db.session.commit()
    if "quick" in request.form:
        return redirect(url_for("agenda.index", slug=slug, _anchor="add-title"))
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
            event, key, form.as_item(), form.revision.data or "", clock.now(), signed_in()
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
    return next((item for item in queries.draft(event) if item.key == key), None)


@blueprint.post(f"{_BASE}/agenda/items/<key>/remove")
@permission("event", csrf="session")
def remove(slug: str, key: str) -> ResponseReturnValue:
    seen = request.form.get("seen", "")
    _shown_once(access.current(), key, seen)
    try:
        changes = editing.remove_item(access.current(), key, seen, clock.now(), signed_in())
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
    items = queries.draft(event)
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
            editing.change_speaker(event, speaker_id, form.values(), seen, clock.now(), signed_in())
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
            if event.state == "draft":
                flash(_("Saved."), "good")
            else:
                flash(_("Saved in the draft. People see it once you publish the agenda."), "good")
            db.session.commit()
            return redirect(url_for("agenda.speakers", slug=slug))
    else:
        status = 400
    page = render_template(
        "agenda/speaker.html", event=event, tab="agenda", row=row, form=form, theirs=theirs
    )
    return page, status
