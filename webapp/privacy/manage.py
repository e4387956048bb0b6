"""The organiser's page that removes a person from an event, and the admins' privacy desk: which events
still name people, when that ends, and the proof of what is left."""

from __future__ import annotations

from typing import cast, get_args

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp import clock, jobs
from webapp.accounts.models import User
from webapp.attendance import spool
from webapp.db import db
from webapp.events import access
from webapp.events import queries as events
from webapp.permissions import permission
from webapp.privacy import desk, holdings, operations, queries
from webapp.signup import queries as signups

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/manage/events/<slug>/signups/<public_id>/erase")
@permission("event")
def ask(slug: str, public_id: str) -> ResponseReturnValue:
    event = access.current()
    signup = signups.by_public_id(event.id, public_id)
    if signup is None or signup.erased_at is not None:
        abort(404)
    return render_template("signup/manage_erase.html", event=event, signup=signup, tab="signups")


@blueprint.post("/manage/events/<slug>/signups/<public_id>/erase")
@permission("event")
def erase(slug: str, public_id: str) -> ResponseReturnValue:
    at = clock.now()
    event = access.current()
    signup = signups.by_public_id(event.id, public_id)
    if signup is None:
        abort(404)
    operations.erase_signup(signup, at, by=cast(User, current_user))
    db.session.commit()
    operations.wipe_disk()
    flash(_("The person's data is deleted. The counts are what they were."), "good")
    return redirect(f"/manage/events/{slug}/signups", 303)


@blueprint.get("/admin/privacy")
@permission("admin")
def overview() -> str:
    at = clock.now()
    found = desk.overview(at)
    kind: desk.Kind = "overdue" if found["overdue"] else "holding"
    for word in get_args(desk.Kind):
        if request.args.get("show") == word:
            kind = word
    page = max(1, min(request.args.get("page", 1, type=int), 100_000))
    first, last = (page - 1) * desk.PAGE, page * desk.PAGE
    return render_template(
        "privacy/desk.html",
        at=at,
        counts={word: len(ids) for word, ids in found.items()},
        kind=kind,
        lines=desk.lines(found[kind][first:last]),
        page=page,
        has_more=len(found[kind]) > last,
        erased=desk.erased(),
        run=jobs.runs().get("privacy"),
    )


@blueprint.get("/admin/privacy/<slug>")
@permission("admin")
def proof(slug: str) -> str:
    event = events.by_slug(slug) or abort(404)
    at = clock.now()
    return render_template(
        "privacy/proof.html",
        at=at,
        about=event,
        left=desk.proof(event),
        due_at=queries.due_at(event),
        last=desk.last_erasure(event),
        ties_cut=desk.ties_cut(event),
        spooled=spool.waiting(),
        others=sorted({str(words) for words in holdings.OTHERS.values()}),
    )
