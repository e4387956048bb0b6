"""Making an event and changing its settings in the browser."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access, local_times, operations, queries, rules
from webapp.events.forms import EventForm, differing, fingerprint
from webapp.events.models import Event
from webapp.permissions import permission

blueprint = Blueprint("events", __name__, url_prefix="/manage/events")
# What a second event usually shares with the one before.
_ALIKE = ("timezone", "language", "host_name", "host_url", "host_key", "mode", "presence", "retention_days", "accent")  # fmt: skip


def _page(form: EventForm, event: Event | None, status: int = 200, **more: Any) -> ResponseReturnValue:  # fmt: skip
    at = clock.now()
    page = render_template(
        "events/settings.html",
        form=form.shown(event),
        event=event,
        phase=event.phase(at) if event else None,
        tab="settings",
        zones=local_times.zone_names(),
        faults=operations.faults_before_publishing(event, at) if event else [],
        missing=operations.missing_before_publishing(event) if event else [],
        **more,
    )
    return page, status


def _blank() -> EventForm:
    """A new form, with what the person's latest event has in common with most of theirs."""
    latest = queries.latest_of(signed_in())
    alike = {name: getattr(latest, name) for name in _ALIKE} if latest else {}
    name, key = alike.get("host_name", ""), alike.get("host_key", "")
    if not name or key == rules.key_from(name, "")[:60].rstrip("-_"):
        # Nobody chose it: it is made from the name, whatever that will be.
        alike.pop("host_key", None)
    else:
        alike["key_of"] = f"{key}|{name}"
    usual = {name: rules.DEFAULTS[name] for name in ("language", "retention_days")}
    return EventForm(data=usual | alike)


@blueprint.route("/new", methods=["GET", "POST"])
@permission("user", csrf="form")
def new() -> ResponseReturnValue:
    if request.method != "POST":
        return _page(_blank(), None)
    form = EventForm()
    form.validate()
    if form.is_stale:
        return _page(form, None, 400)
    if form.edit_rows(request.form.get("act", "")):
        return _page(form, None)
    values = form.values()
    for refusal in operations.against(values, None):
        form.say(refusal)
    form.check_key()
    if form.errors:
        return _page(form, None, 400)
    try:
        made = operations.create(values, at=clock.now(), by=signed_in())
    except Refused as refusal:
        db.session.rollback()
        return _page(form, None, 400, refused=form.say(refusal))
    flash(_("Saved as a draft that only you see. Next: the agenda."), "good")
    db.session.commit()
    return redirect(url_for("events.settings", slug=made.slug))


@blueprint.route("/<slug>/settings", methods=["GET", "POST"])
@permission("event", csrf="form")
def settings(slug: str) -> ResponseReturnValue:
    event = access.current()
    if request.method != "POST":
        return _page(EventForm.of(event), event)
    form = EventForm()
    form.validate()
    if form.is_stale:
        return _page(form, event, 400)
    if form.edit_rows(request.form.get("act", "")):
        return _page(form, event)
    # Locked before it is compared: of two people who save at once, one comes second and is told.
    event = operations.locked(event)
    values = form.values(event)
    for refusal in operations.against(values, event):
        form.say(refusal)
    if form.errors:
        return _page(form, event, 400)
    if form.seen.data != fingerprint(event):
        # Saving once more from this page means: I have seen theirs, and want mine.
        form.seen.data = fingerprint(event)
        return _page(form, event, 409, theirs=differing(form, event))
    try:
        changed = operations.update(event, values, at=clock.now(), by=signed_in())
    except Refused as refusal:
        db.session.rollback()
        return _page(form, event, 400, refused=form.say(refusal))
    flash(
        ngettext("Saved: %(num)s change.", "Saved: %(num)s changes.", len(changed))
        if changed
        else _("Saved. Nothing was different."),
        "good",
    )
    if event.state == "published" and {"starts_at", "ends_at", "mode", "targets"} & set(changed):
        flash(_("Whoever was told otherwise gets one mail in five minutes. Until then you can read and stop it under Mail, Schedule."), "good")  # fmt: skip
    address = url_for("events.settings", slug=event.slug)
    db.session.commit()
    return redirect(address)
