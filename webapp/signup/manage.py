"""The organiser's list of sign-ups and what can be done with one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.signup import export, operations, queries
from webapp.signup.models import Signup

blueprint = Blueprint("signup_manage", __name__, url_prefix="/manage/events/<slug>/signups")


def _me() -> User:
    return cast(User, current_user)


def _hosts(event: Event) -> dict[str, str]:
    """Who people may have agreed to hear from: key and name, the host first."""
    found = {event.host_key: event.host_name} | {host.key: host.name for host in event.cohosts}
    return {key: name for key, name in found.items() if name}


def _addresses(slug: str, choice: queries.Choice) -> Callable[..., str]:
    """Makes the list's address for ``choice`` with some of it changed."""

    def address(**changes: object) -> str:
        now = {**choice.as_args(), **changes}
        if now.get("page") == 1:
            del now["page"]
        kept = {name: value for name, value in now.items() if value}
        query = f"?{urlencode(kept)}" if kept else ""
        return url_for("signup_manage.index", slug=slug) + query

    return address


@blueprint.get("")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    event = access.current()
    hosts = _hosts(event)
    choice = queries.Choice.from_args(request.args)
    page = max(1, min(request.args.get("page", 1, type=int), 1_000_000))
    rows, has_more = queries.page(event.id, choice, page)
    return render_template(
        "signup/manage_list.html",
        event=event, tab="signups", at=clock.now(), hosts=hosts, choice=choice, rows=rows, page=page,
        has_more=has_more, address=_addresses(slug, choice), counts=queries.counts(event.id), agreed=queries.agreed_counts(event.id),
    )  # fmt: skip


@blueprint.post("/export")
@permission("event")
def export_csv(slug: str) -> ResponseReturnValue:
    """All sign-ups as one CSV file. A POST, since who took the list away is written down first."""
    event = access.current()
    table = export.Table(event, _hosts(event))
    audit.record("signups.exported", at=clock.now(), actor=_me(), event_id=event.id)
    db.session.commit()
    response = Response(table.stream(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-signups.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _back(slug: str) -> ResponseReturnValue:
    """To the list as it was filtered, or to its start."""
    came_from = urlsplit(request.form.get("back", ""))
    query = f"?{came_from.query}" if came_from.query else ""
    return redirect(url_for("signup_manage.index", slug=slug) + query, 303)


def _act(slug: str, public_id: str, verb: Callable[[Signup], None], done: str) -> ResponseReturnValue:  # fmt: skip
    signup = queries.by_public_id(access.current().id, public_id)
    if signup is None or signup.erased_at is not None:
        abort(404)
    try:
        verb(signup)
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal), "bad")
    else:
        flash(done, "good")
    return _back(slug)


@blueprint.get("/<public_id>")
@permission("event")
def show(slug: str, public_id: str) -> ResponseReturnValue:
    """One person: answers, consents, and the verbs."""
    event = access.current()
    signup = queries.by_public_id(event.id, public_id)
    if signup is None:
        abort(404)
    return render_template(
        "signup/manage_show.html",
        event=event, tab="signups", signup=signup, hosts=_hosts(event),
        consents=queries.consents_of(signup), answers=queries.answers_of(signup),
    )  # fmt: skip


@blueprint.post("/<public_id>/approve")
@permission("event")
def approve(slug: str, public_id: str) -> ResponseReturnValue:
    at = clock.now()
    return _act(
        slug, public_id, lambda signup: operations.approve(signup, at, by=_me()),
        _("Approved. A mail says so, with the links or the place on the waiting list."),
    )  # fmt: skip


@blueprint.post("/<public_id>/decline")
@permission("event")
def decline(slug: str, public_id: str) -> ResponseReturnValue:
    at, reason = clock.now(), request.form.get("reason", "")
    return _act(
        slug, public_id, lambda signup: operations.decline(signup, at, by=_me(), reason=reason),
        _("Declined."),
    )  # fmt: skip


@blueprint.post("/<public_id>/cancel")
@permission("event")
def cancel(slug: str, public_id: str) -> ResponseReturnValue:
    at, reason = clock.now(), request.form.get("reason", "")
    return _act(
        slug, public_id, lambda signup: operations.cancel(signup, at, by=_me(), reason=reason),
        _("The place is free again, and the person is told."),
    )  # fmt: skip


@blueprint.post("/<public_id>/crew")
@permission("event")
def crew(slug: str, public_id: str) -> ResponseReturnValue:
    at, is_crew = clock.now(), request.form.get("crew") == "yes"
    return _act(
        slug, public_id, lambda signup: operations.mark_crew(signup, is_crew, at, by=_me()),
        _("Counted as crew from now on.") if is_crew else _("Counted as audience from now on."),
    )  # fmt: skip
