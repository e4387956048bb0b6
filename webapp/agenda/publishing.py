"""The pages of publishing: what people do not see yet, the button, and every version with its difference."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.agenda import queries, releases
from webapp.agenda.forms import KIND_NAMES, roles
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission

blueprint = Blueprint("agenda_releases", __name__, url_prefix="/manage/events/<slug>/agenda")


@blueprint.post("/publish")
@permission("event", csrf="session")
def publish(slug: str) -> ResponseReturnValue:
    try:
        release = releases.publish(
            access.current(), clock.now(), signed_in(), request.form.get("seen", "")
        )
    except Refused as refused:
        db.session.rollback()
        flash(_("%(why)s Nothing was published; this is the draft now.", why=str(refused)))
        return redirect(url_for("agenda.index", slug=slug))
    if release is None:
        flash(_("People see this agenda already."), "good")
    else:
        flash(_("Published as version %(n)d: everybody sees it now.", n=release.version), "good")
    db.session.commit()
    return redirect(url_for("agenda.index", slug=slug))


@blueprint.get("/versions")
@permission("event")
def index(slug: str) -> ResponseReturnValue:
    event = access.current()
    return render_template(
        "agenda/versions.html", event=event, tab="agenda", versions=releases.of_event(event.id)
    )


@blueprint.get("/versions/<int:release>")
@permission("event")
def show(slug: str, release: int) -> ResponseReturnValue:
    event = access.current()
    found = releases.one(event.id, release) or abort(404)
    return render_template(
        "agenda/version.html",
        event=event,
        tab="agenda",
        release=found,
        items=releases.items_of(found),
        kinds=KIND_NAMES,
        roles=roles,
        is_latest=releases.latest_version(event) == release,
        draft_differs=bool(releases.difference(event, queries.draft(event))),
    )
