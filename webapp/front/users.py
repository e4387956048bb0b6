"""Accounts on screen, for admins: who may sign in, as what, and since when.

These pages stand on this floor and not with the accounts, because they show the events that somebody
belongs to, which the accounts know nothing of.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts import operations, queries
from webapp.accounts.access import signed_in
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import queries as events
from webapp.front import finding
from webapp.front.user_forms import AccountForm
from webapp.permissions import permission
from webapp.templating import absolute_url

blueprint = Blueprint("users", __name__)


def role_words() -> dict[str, str]:
    return {"organiser": _("Organiser"), "admin": _("Admin")}


def _user(user_id: int) -> User:
    return queries.by_id(user_id) or abort(404)


@blueprint.get("/admin/users")
@permission("admin")
def index() -> str:
    search, page = finding.words(), finding.page()
    shown = request.args.get("show", "")
    if shown not in queries.SHOWN:
        shown = ""
    rows, has_more = queries.find(search=search, shown=shown, page=page)
    return render_template(
        "front/users.html",
        rows=rows,
        events=events.counts_of_members([row.user.id for row in rows]),
        counts=queries.counts(),
        search=search,
        shown=shown,
        page=page,
        has_more=has_more,
        roles=role_words(),
    )


@blueprint.route("/admin/users/new", methods=["GET", "POST"])
@permission("admin", csrf="form")
def new() -> ResponseReturnValue:
    form = AccountForm()
    status = 200
    if form.validate_on_submit():
        try:
            user, password = operations.create(
                form.email.data,
                role=form.role.data,
                name=form.name.data,
                at=clock.now(),
                by=signed_in(),
            )
        except Refused as refusal:
            db.session.rollback()
            field = form.role if refusal.code == "role" else form.email
            field.errors = (str(refusal),)
            status = 400
        else:
            page = _shown_once(user, password, fresh=True)
            db.session.commit()
            return page
    elif form.is_submitted():
        status = 400
    return render_template("front/user_new.html", form=form), status


def _shown_once(user: User, password: str, *, fresh: bool) -> str:
    """The page with the password. An answer to the POST itself and no redirect: it is kept nowhere, also
    not in a cookie, so that it can be shown only here."""
    db.session.flush()
    return render_template(
        "front/user_password.html",
        user=user,
        password=password,
        fresh=fresh,
        address=absolute_url("accounts.sign_in"),
    )


@blueprint.get(f"/admin/users/<{finding.ROW}:user_id>")
@permission("admin")
def show(user_id: int) -> str:
    user, at = _user(user_id), clock.now()
    tokens = queries.live_tokens(user)
    return render_template(
        "front/user.html",
        user=user,
        is_self=user.id == signed_in().id,
        sessions=queries.live_sessions(user, at),
        tokens=tokens,
        token_events=events.by_ids({token.event_id for token in tokens if token.event_id}),
        memberships=events.memberships(user),
        roles=role_words(),
    )


def _act(user_id: int, verb: Callable[[User], str]) -> ResponseReturnValue:
    """Runs ``verb``, which answers the sentence to show, and goes back to the account's page."""
    user = _user(user_id)
    address = url_for(".show", user_id=user.id)
    try:
        done = verb(user)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(address)
    flash(done, "good")
    # Whoever gave up their own rights has no business here any longer.
    is_out = user.id == signed_in().id and not (user.is_admin and user.is_active)
    db.session.commit()
    return redirect("/manage/" if is_out else address)


@blueprint.post(f"/admin/users/<{finding.ROW}:user_id>/role")
@permission("admin")
def change_role(user_id: int) -> ResponseReturnValue:
    def verb(user: User) -> str:
        role = request.form.get("role", "")
        operations.set_role(user, role, at=clock.now(), by=signed_in())
        return _("%(name)s: %(role)s", name=user.label, role=role_words()[role])

    return _act(user_id, verb)


@blueprint.post(f"/admin/users/<{finding.ROW}:user_id>/disable")
@permission("admin")
def disable(user_id: int) -> ResponseReturnValue:
    def verb(user: User) -> str:
        operations.disable(user, at=clock.now(), by=signed_in())
        return _("%(name)s is signed out everywhere and can no longer sign in.", name=user.label)

    return _act(user_id, verb)


@blueprint.post(f"/admin/users/<{finding.ROW}:user_id>/enable")
@permission("admin")
def enable(user_id: int) -> ResponseReturnValue:
    def verb(user: User) -> str:
        operations.enable(user, at=clock.now(), by=signed_in())
        return _("%(name)s can sign in again.", name=user.label)

    return _act(user_id, verb)


@blueprint.post(f"/admin/users/<{finding.ROW}:user_id>/password")
@permission("admin")
def new_password(user_id: int) -> ResponseReturnValue:
    user = _user(user_id)
    password = operations.set_password(user, None, at=clock.now(), by=signed_in())
    page = _shown_once(user, password, fresh=False)
    db.session.commit()
    return page


@blueprint.post(f"/admin/users/<{finding.ROW}:user_id>/tokens/<{finding.ROW}:token_id>/revoke")
@permission("admin")
def revoke_token(user_id: int, token_id: int) -> ResponseReturnValue:
    def verb(user: User) -> str:
        token = next((row for row in queries.live_tokens(user) if row.id == token_id), None)
        if token is None:
            abort(404)
        operations.revoke_token(token, at=clock.now(), by=signed_in())
        return _("The token opens nothing any longer.")

    return _act(user_id, verb)
