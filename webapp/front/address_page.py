"""Setting a person's address right, and sending them their links once more."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp import addresses, clock
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events.models import Event
from webapp.front.mail_pages import state_words
from webapp.mail import queries as mail
from webapp.permissions import permission
from webapp.signup import forms, operations, queries, slips
from webapp.signup.models import Signup

blueprint = Blueprint("address_page", __name__)


def _me() -> User:
    return cast(User, current_user)


def _signup(event: Event, public_id: str) -> Signup:
    signup = queries.by_public_id(event.id, public_id)
    if signup is None or signup.erased_at is not None:
        abort(404)
    return signup


def _back(slug: str, public_id: str) -> ResponseReturnValue:
    """To the page of those who have not joined, if they came from there, or to the person."""
    if request.form.get("from") == "today":
        return redirect(url_for("mail_today.show", slug=slug), 303)
    return redirect(url_for("signup_story.show", slug=slug, public_id=public_id), 303)


def _page(
    event: Event, signup: Signup, *, typed: str = "", error: str = "", code: str = "", meant: str | None = None
) -> ResponseReturnValue:  # fmt: skip
    mails = mail.of_person(event.id, signup.public_id, limit=5)
    page = render_template(
        "front/address.html",
        event=event, tab="signups", signup=signup, typed=typed or signup.email, error=error, code=code, meant=meant,
        came_from=request.values.get("from"), mails=mails, refused=mail.suppressed_among([signup.email or ""]), words=state_words(),
    )  # fmt: skip
    return page, 422 if error or meant else 200


@blueprint.route("/manage/events/<slug>/signups/<public_id>/address", methods=["GET", "POST"])
@permission("event")
def correct(slug: str, public_id: str) -> ResponseReturnValue:
    at, event = clock.now(), access.current()
    signup = _signup(event, public_id)
    if request.method != "POST":
        return _page(event, signup)
    typed = forms.shown(request.form.get("email", ""))
    try:
        address = addresses.parse(typed)
    except ValueError as error:
        return _page(event, signup, typed=typed, error=str(error))
    # Asked once: sent again as it stands, it is meant so.
    meant = slips.suggestion(address.text)
    if meant is not None and request.form.get("asked") != address.text:
        return _page(event, signup, typed=address.text, meant=meant)
    try:
        operations.correct_address(signup, address, at, by=_me())
    except Refused as refusal:
        db.session.rollback()
        return _page(event, _signup(event, public_id), typed=typed, error=str(refusal), code=refusal.code)  # fmt: skip
    flash(_("A mail with the links is on its way to %(address)s.", address=address.text), "good")
    now = signup.public_id
    db.session.commit()
    return _back(slug, now)


@blueprint.post("/manage/events/<slug>/signups/<public_id>/links")
@permission("event")
def links(slug: str, public_id: str) -> ResponseReturnValue:
    at, event = clock.now(), access.current()
    signup = _signup(event, public_id)
    try:
        operations.send_links(signup, at, by=_me())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        flash(
            _("A mail with the links is on its way to %(address)s.", address=signup.email), "good"
        )
        db.session.commit()
    return _back(slug, public_id)
