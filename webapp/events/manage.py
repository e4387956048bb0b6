"""Making an event and changing its settings in the browser."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access, local_times, operations, queries
from webapp.events.forms import EventForm, differing, fingerprint
from webapp.events.models import Event
from webapp.permissions import permission

blueprint = Blueprint("events", __name__, url_prefix="/manage/events")
# What a second event usually shares with the one before.
_ALIKE = ("timezone", "language", "host_name", "host_url", "host_key", "mode", "presence", "retention_days", "accent")  # fmt: skip


def _me() -> User:
    return cast(User, current_user._get_current_object())


def _page(form: EventForm, event: Event | None, status: int = 200, **more: Any) -> ResponseReturnValue:  # fmt: skip
    page = render_template(
        "events/settings.html",
        form=form.ask_which(),
        event=event,
        tab="settings",
        zones=local_times.zone_names(),
        missing=operations.missing_before_publishing(event) if event else [],
        **more,
    )
    return page, status


def _is_about_rows(form: EventForm) -> bool:
    """Whether a button of the lists was pressed: then nothing is saved, the page comes back changed."""
    act = request.form.get("act", "")
    if not act or act == "save":
        return False
    form.edit_rows(act)
    for field in form:
        field.errors = []
    return True


def _blank() -> EventForm:
    """A new form, with what the person's latest event has in common with most of theirs."""
    mine = queries.for_user(_me())
    data = {name: getattr(mine[0], name) for name in _ALIKE} if mine else {}
    return EventForm(data={"language": "en", "retention_days": 30} | data)


@blueprint.route("/new", methods=["GET", "POST"])
@permission("user", csrf="form")
def new() -> ResponseReturnValue:
    if request.method != "POST":
        return _page(_blank(), None)
    form = EventForm()
    valid = form.validate()
    if form["csrf_token"].errors:
        return _page(form, None, 400)
    if _is_about_rows(form):
        return _page(form, None)
    refused = None
    if valid:
        try:
            made = operations.create(form.values(), at=clock.now(), by=_me())
        except Refused as refusal:
            db.session.rollback()
            refused = form.say(refusal)
        else:
            flash(_("Saved as a draft that only you see. Next: the agenda."), "good")
            db.session.commit()
            return redirect(url_for("events.settings", slug=made.slug))
    return _page(form, None, 400, refused=refused)


@blueprint.route("/<slug>/settings", methods=["GET", "POST"])
@permission("event", csrf="form")
def settings(slug: str) -> ResponseReturnValue:
    event = access.current()
    if request.method != "POST":
        return _page(EventForm.of(event), event)
    form = EventForm()
    valid = form.validate()
    if form["csrf_token"].errors:
        return _page(form, event, 400)
    if _is_about_rows(form):
        return _page(form, event)
    refused = None
    if valid:
        if form.seen.data != fingerprint(event):
            form.seen.data = fingerprint(event)
            return _page(form, event, 409, theirs=differing(form, event))
        try:
            changed = operations.update(event, form.values(event), at=clock.now(), by=_me())
        except Refused as refusal:
            db.session.rollback()
            refused = form.say(refusal)
        else:
            flash(
                ngettext("Saved: %(num)s change.", "Saved: %(num)s changes.", len(changed))
                if changed
                else _("Saved. Nothing was different."),
                "good",
            )
            address = url_for("events.settings", slug=event.slug)
            db.session.commit()
            return redirect(address)
    return _page(form, access.current(), 400, refused=refused)
