"""The organiser's pages of imports: choose a file, look at what it is, bring its people in, take them back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.signup import forms, queries
from webapp.signup.imports import looking, operations, sources, storing
from webapp.signup.imports.models import ImportedSignup, ImportFile, SignupImport
from webapp.signup.imports.people import CONTACT, QUESTION
from webapp.signup.models import Signup
from webapp.templating import number

blueprint = Blueprint("imports", __name__, url_prefix="/manage/events/<slug>/signups/import")
# So many of those who stayed are named after an import was taken back.
_NAMED = 200

MEANINGS = {
    sources.EMAIL: _l("E-mail address"),
    sources.EMAIL_ELSE: _l("E-mail address, where the other is empty"),
    sources.NAME: _l("Whole name"),
    sources.FIRST: _l("First name"),
    sources.LAST: _l("Last name"),
    sources.TIME: _l("When they registered"),
    sources.CLOCK: _l("Clock time, beside the date"),
    sources.STATUS: _l("Status: registered, to be approved, on a waiting list, cancelled"),
    sources.NO_MAIL: _l("Whether they still want mail there"),
    sources.SOURCE: _l("Where they found the event"),
    sources.LANGUAGE: _l("Language"),
    sources.TAGS: _l("Tags"),
    sources.COMPANIONS: _l("How many they bring along"),
    sources.ACCESS: _l("What would help them"),
    sources.CREW: _l("Whether they are crew"),
}
STATES = {
    sources.LIVE: _l("registered"),
    sources.WAITING: _l("to be approved by you"),
    sources.WAITLIST: _l("on the waiting list"),
    sources.GONE: _l("leave out"),
}


def _find(import_id: int) -> SignupImport:
    found: SignupImport | None = db.session.scalar(
        sa.select(SignupImport).where(
            SignupImport.id == import_id, SignupImport.event_id == access.current().id
        )
    )
    if found is None:
        abort(404)
    return found


def _list(status: int = 200, problem: str = "") -> ResponseReturnValue:
    event = access.current()
    rows = db.session.scalars(
        sa.select(SignupImport)
        .where(SignupImport.event_id == event.id)
        .order_by(SignupImport.id.desc())
    ).all()
    page = render_template(
        "signup/import.html", event=event, tab="signups", rows=rows, problem=problem,
        system_name=sources.system_name, pasted=forms.shown(request.form.get("pasted", "")), kept_hours=operations.KEPT_FOR // dt.timedelta(hours=1),
    )  # fmt: skip
    return page, status


@blueprint.get("")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    return _list()


@blueprint.post("")
@permission("event")
def send(slug: str) -> ResponseReturnValue:
    """A file is sent. It is looked at; nobody comes in yet."""
    file = request.files.get("file")
    data = file.read() if file is not None else b""
    filename = file.filename or "" if file is not None and data else _("pasted")
    data = data or request.form.get("pasted", "").strip().encode()
    if not data and file is not None and file.filename:
        return _list(422, _("“%(file)s” is empty.", file=forms.shown(file.filename)[:120]))
    if not data:
        return _list(422, _("Please choose a file."))
    try:
        row = operations.start(access.current(), filename, data, clock.now(), by=signed_in())
        import_id = row.id
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        return _list(422, str(refusal))
    return _to(slug, import_id)


def _to(slug: str, import_id: int) -> ResponseReturnValue:
    return redirect(url_for("imports.show", slug=slug, import_id=import_id), 303)


def _choices(event: Event) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column can mean, in groups: (heading, [(meaning, words)])."""
    asked = looking.asked_of(event)
    groups = [(_("About the person"), [(key, str(words)) for key, words in MEANINGS.items()])]
    if asked.asks:
        groups.append((_("Your questions"), [(QUESTION + ask.key, ask.label) for ask in asked.asks]))  # fmt: skip
    if asked.hosts:
        contacts = [(CONTACT + key, _("May be contacted by %(host)s", host=name)) for key, name in asked.hosts.items()]  # fmt: skip
        groups.append((_("Agreed to hear from"), contacts))
    return groups


def _ready(row: SignupImport, status: int = 200, problem: str = "", sent: Any = None) -> ResponseReturnValue:  # fmt: skip
    event = access.current()
    file = db.session.get(ImportFile, row.id)
    shown = file.shown if file is not None else {}
    places_left = None
    if event.capacity is not None:
        places_left = max(event.capacity - queries.seats_claimed(event.id), 0)
    first = shown.get("first")
    page = render_template(
        "signup/import_ready.html",
        event=event, tab="signups", row=row, shown=shown, choices=_choices(event), states=STATES,
        system=sources.system_name(row.system), places_left=places_left, problem=problem, sent=sent or {},
        first=(first[0], dt.datetime.fromisoformat(first[1])) if first else None,
        ignored=sources.IGNORED, kept_hours=operations.KEPT_FOR // dt.timedelta(hours=1),
    )  # fmt: skip
    return page, status


@blueprint.get("/<int:import_id>")
@permission("event")
def show(slug: str, import_id: int) -> ResponseReturnValue:
    """Whatever there is to see: the preview, the progress, or what came of it."""
    row = _find(import_id)
    if row.state == "ready":
        return _ready(row)
    if row.state in ("looking", "storing", "undoing"):
        return render_template("signup/import_progress.html", event=access.current(), tab="signups", row=row)  # fmt: skip
    stayed = _stayed(row) if row.state == "undone" else []
    return render_template(
        "signup/import_done.html",
        event=access.current(), tab="signups", row=row, stayed=stayed,
        system=sources.system_name(row.system),
        here=_here(row) if row.state == "stored" else None,
    )  # fmt: skip


def _here(row: SignupImport) -> dict[str, int]:
    """How many of an import's people are there, and how many of them would go if it were taken back."""
    of_it = ImportedSignup.import_id == row.id
    all_, goes = db.session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(storing.is_untouched()))
        .select_from(ImportedSignup)
        .join(Signup, Signup.id == ImportedSignup.signup_id)
        .where(of_it)
    ).one()
    return {"all": all_, "goes": goes, "stays": all_ - goes}


def _stayed(row: SignupImport) -> list[Signup]:
    return list(
        db.session.scalars(
            sa.select(Signup)
            .join(ImportedSignup, ImportedSignup.signup_id == Signup.id)
            .where(ImportedSignup.import_id == row.id, Signup.erased_at.is_(None))
            .order_by(Signup.id)
            .limit(_NAMED)
        )
    )


def _sent(row: SignupImport) -> dict[str, Any]:
    """What the form of the preview says, as ``operations.change`` takes it."""
    form = request.form
    words = form.getlist("word")[: looking.MOST_STATUSES]
    return {
        "mapping": [form.get(f"column_{place}", "") for place in range(len(row.settings["mapping"]))],
        "statuses": {word: form.get(f"status_{place}", "") for place, word in enumerate(words)},
        "order": form.get("order", row.settings["order"]),
        "zone": form.get("zone", row.settings["zone"]),
        "name": form.get("name", row.name),
    }  # fmt: skip


@blueprint.post("/<int:import_id>")
@permission("event")
def act(slug: str, import_id: int) -> ResponseReturnValue:
    """The one form of the preview: look again with other columns, or bring the people in. What differs from
    the figures that were shown is shown first."""
    row, at, event = _find(import_id), clock.now(), access.current()
    if row.state not in ("ready", "looking"):
        return _to(slug, import_id)
    sent = request.form.to_dict()
    try:
        is_last = request.form.get("act") == "store"
        is_new = operations.change(row, event, _sent(row), at, is_last=is_last)
        if not is_last:
            db.session.commit()
            return _to(slug, import_id)
        if is_new:
            db.session.commit()
            if row.state != "ready":
                return _to(slug, import_id)
            return _ready(row, 409, _("You changed what a column means. Here is what comes of it now; please look once more, then bring them in."), sent)  # fmt: skip
        kind, consent = request.form.get("kind", ""), request.form.get("consent", "")
        operations.store(row, event, kind, consent, at, by=signed_in())
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        row = _find(import_id)
        if row.state != "ready":
            return _to(slug, import_id)
        return _ready(row, 422, str(refusal), sent)
    return _to(slug, import_id)


@blueprint.post("/<int:import_id>/discard")
@permission("event")
def discard(slug: str, import_id: int) -> ResponseReturnValue:
    row = _find(import_id)
    try:
        operations.discard(row)
        flash(_("The file is deleted. Nobody came in by it."), "good")
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "bad")
        return _to(slug, import_id)
    return redirect(url_for("imports.index", slug=slug), 303)


@blueprint.post("/<int:import_id>/undo")
@permission("event")
def undo(slug: str, import_id: int) -> ResponseReturnValue:
    row = _find(import_id)
    try:
        operations.undo(row, clock.now(), by=signed_in())
        gone = row.figures.get("undone", 0)
        if row.state == "undone":
            flash(ngettext("Taken back: %(n)s person.", "Taken back: %(n)s people.", gone, n=number(gone)), "good")  # fmt: skip
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "bad")
    return _to(slug, import_id)
