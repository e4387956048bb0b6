"""What organisers do with one sign-up: decide about it, tag it, write something down about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission
from webapp.signup import operations, queries
from webapp.signup.models import Signup

blueprint = Blueprint(
    "signup_person", __name__, url_prefix="/manage/events/<slug>/signups/<public_id>"
)


def _me() -> User:
    return cast(User, current_user)


def _back(slug: str, public_id: str) -> ResponseReturnValue:
    """To the list as it was filtered, if that is where the button stood; else to the person."""
    if "back" in request.form:
        came_from = urlsplit(request.form["back"])
        query = f"?{came_from.query}" if came_from.query else ""
        return redirect(url_for("signup_manage.index", slug=slug) + query, 303)
    return redirect(url_for("signup_story.show", slug=slug, public_id=public_id), 303)


def _act(slug: str, public_id: str, verb: Callable[[Signup], object], done: str) -> ResponseReturnValue:  # fmt: skip
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
    return _back(slug, public_id)


@blueprint.post("/approve")
@permission("event")
def approve(slug: str, public_id: str) -> ResponseReturnValue:
    at = clock.now()
    return _act(
        slug, public_id, lambda signup: operations.approve(signup, at, by=_me()),
        _("Approved. A mail says so, with the links or the place on the waiting list."),
    )  # fmt: skip


@blueprint.post("/decline")
@permission("event")
def decline(slug: str, public_id: str) -> ResponseReturnValue:
    at, reason = clock.now(), request.form.get("reason", "")
    return _act(
        slug, public_id, lambda signup: operations.decline(signup, at, by=_me(), reason=reason),
        _("Declined."),
    )  # fmt: skip


@blueprint.post("/cancel")
@permission("event")
def cancel(slug: str, public_id: str) -> ResponseReturnValue:
    at, reason = clock.now(), request.form.get("reason", "")
    return _act(
        slug, public_id, lambda signup: operations.cancel(signup, at, by=_me(), reason=reason),
        _("The place is free again, and the person is told."),
    )  # fmt: skip


@blueprint.post("/crew")
@permission("event")
def crew(slug: str, public_id: str) -> ResponseReturnValue:
    at, is_crew = clock.now(), request.form.get("crew") == "yes"
    return _act(
        slug, public_id, lambda signup: operations.mark_crew(signup, is_crew, at, by=_me()),
        _("Counted as crew from now on.") if is_crew else _("Counted as audience from now on."),
    )  # fmt: skip


@blueprint.post("/tags")
@permission("event")
def tag(slug: str, public_id: str) -> ResponseReturnValue:
    """Gives the tags that were typed, with commas between them."""
    at, event = clock.now(), access.current()

    def give(signup: Signup) -> None:
        for name in operations.tag_names(request.form.get("tag", "")):
            operations.tag(event, [signup.id], name, at, by=_me())

    return _act(slug, public_id, give, _("Tagged."))


@blueprint.post("/tags/remove")
@permission("event")
def untag(slug: str, public_id: str) -> ResponseReturnValue:
    at, event, name = clock.now(), access.current(), request.form.get("tag", "")
    return _act(
        slug, public_id, lambda signup: operations.untag(event, [signup.id], name, at, by=_me()),
        _("The tag is gone."),
    )  # fmt: skip


@blueprint.post("/notes")
@permission("event")
def add_note(slug: str, public_id: str) -> ResponseReturnValue:
    at, text = clock.now(), request.form.get("text", "")
    return _act(
        slug, public_id, lambda signup: operations.add_note(signup, text, at, by=_me()),
        _("The note is kept."),
    )  # fmt: skip


@blueprint.post("/notes/<int:memo_id>/delete")
@permission("event")
def delete_note(slug: str, public_id: str, memo_id: int) -> ResponseReturnValue:
    at = clock.now()
    signup = queries.by_public_id(access.current().id, public_id)
    if signup is None or memo_id not in [note.id for note in queries.notes_of(signup)]:
        abort(404)
    return _act(
        slug, public_id, lambda signup: operations.delete_note(signup, memo_id, at, by=_me()),
        _("The note is deleted."),
    )  # fmt: skip
