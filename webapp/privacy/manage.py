"""Removing a person from an event, from the organiser's list."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.db import db
from webapp.events import access
from webapp.permissions import permission
from webapp.privacy import operations
from webapp.signup import queries

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/manage/events/<slug>/signups/<public_id>/erase")
@permission("event")
def ask(slug: str, public_id: str) -> ResponseReturnValue:
    event = access.current()
    signup = queries.by_public_id(event.id, public_id)
    if signup is None or signup.erased_at is not None:
        abort(404)
    return render_template("signup/manage_erase.html", event=event, signup=signup, tab="signups")


@blueprint.post("/manage/events/<slug>/signups/<public_id>/erase")
@permission("event")
def erase(slug: str, public_id: str) -> ResponseReturnValue:
    at = clock.now()
    event = access.current()
    signup = queries.by_public_id(event.id, public_id)
    if signup is None:
        abort(404)
    operations.erase_signup(signup, at, by=cast(User, current_user))
    db.session.commit()
    operations.wipe_disk()
    flash(_("The person's data is deleted. The counts are what they were."), "good")
    return redirect(f"/manage/events/{slug}/signups", 303)
