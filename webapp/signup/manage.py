"""The organiser's list of sign-ups: finding people, and taking the list away."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db
from webapp.events import access
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.signup import export, queries

blueprint = Blueprint("signup_manage", __name__, url_prefix="/manage/events/<slug>/signups")


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
    audit.record(
        "signups.exported", at=clock.now(), actor=cast(User, current_user), event_id=event.id
    )
    db.session.commit()
    response = Response(table.stream(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-signups.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
