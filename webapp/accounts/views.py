"""Signing in and out, and one's own account."""

from __future__ import annotations

import ipaddress
import math
import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, session
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_limiter import RateLimitExceeded
from flask_login import login_user, logout_user

from webapp import addresses, clock, limits
from webapp.accounts import access, operations, passwords, queries
from webapp.accounts.forms import PasswordForm, SignInForm
from webapp.accounts.models import User
from webapp.db import db, reading
from webapp.errors import Refused
from webapp.limits import limiter
from webapp.permissions import permission

bp = Blueprint("accounts", __name__)

HOME = "/manage/"

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"), ("Linux", "Linux"))  # fmt: skip


@bp.app_template_filter("browser")
def browser(user_agent: str) -> str:
    """ "Firefox on Windows", as far as the browser says; empty for what is unknown."""
    names = [next((name for mark, name in known if mark in user_agent), "") for known in (_BROWSERS, _SYSTEMS)]  # fmt: skip
    if all(names):
        return _("%(browser)s on %(system)s", browser=names[0], system=names[1])
    return "".join(names)


def own_path(address: str | None) -> str:
    """``address`` if it is a path of this site, otherwise the organiser's home. Browsers read a second
    slash, a backslash or a control character as another site, so none of them passes."""
    if not address or not address.startswith("/") or address.startswith("//"):
        return HOME
    if "\\" in address or any(ord(letter) < 33 for letter in address):
        return HOME
    parts = urlsplit(address)
    return HOME if parts.scheme or parts.netloc else address


def network() -> str:
    """Whom a limit by address counts together: one IPv4 address, one IPv6 network of a household."""
    client = limits.client()
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if address.version == 4:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False))


def tried_account() -> str:
    return addresses.key(request.form.get("email", ""))


@limiter.limit("20/hour", key_func=network)
@limiter.limit("10/hour", key_func=tried_account)
def count_try() -> None:
    """One more try to sign in. Raises RateLimitExceeded beyond 20 an hour from one network, or 10 an
    hour for one e-mail address, whether it has an account or not."""


def minutes_to_wait() -> int:
    limit = limiter.current_limit
    seconds = limit.reset_at - time.time() if limit else 60
    return max(1, math.ceil(seconds / 60))


def who(email: str, password: str) -> User | None:
    """The account that e-mail and password belong to. Nobody, no password and a disabled account take
    the same work as a wrong password and get the same answer."""
    # Read only, and let go before the hashing: no writer of the database waits for Argon2.
    with reading():
        found = queries.by_email(email)
        known = (found.id, found.password_hash) if found and found.is_active else (None, None)
        db.session.rollback()
    user_id, password_hash = known
    if not passwords.fits(password_hash, password):
        return None
    user = db.session.get(User, user_id)
    return user if user and user.is_active else None


@bp.route("/sign-in", methods=["GET", "POST"])
@permission("public", csrf="form")
def sign_in() -> Any:
    form = SignInForm()
    going_to = own_path(request.values.get("next"))
    problem, status = None, 200
    if form.validate_on_submit():
        at = clock.now()
        try:
            count_try()
        except RateLimitExceeded:
            minutes, status = minutes_to_wait(), 429
            problem = ngettext(
                "Those were too many tries. Please try again in one minute.",
                "Those were too many tries. Please try again in %(num)s minutes.",
                minutes,
            )
        else:
            user = who(form.email.data, form.password.data)
            if user:
                begin(user, form.password.data, at)
                db.session.commit()
                return redirect(going_to)
            problem, status = _("E-mail and password do not belong together."), 400
    elif form.is_submitted():
        status = 400
    page = render_template("accounts/sign_in.html", form=form, problem=problem, going_to=going_to)
    return page, status


def begin(user: User, password: str, at: Any) -> None:
    """A new session in place of whatever this browser had: no cookie from before is worth anything."""
    if old := session.get("_user_id"):
        operations.end_session(old, at=at)
    session.clear()
    if user.password_hash and passwords.is_outdated(user.password_hash):
        user.password_hash = passwords.make_hash(password)
    user.session_secret = operations.start_session(
        user,
        at=at,
        hours=current_app.config["SESSION_HOURS"],
        browser=request.user_agent.string,
    )
    login_user(user)


@bp.post("/sign-out")
@permission("public")
def sign_out() -> Any:
    """Ends the session on the server: a copy of the cookie opens nothing afterwards."""
    if secret := session.get("_user_id"):
        operations.end_session(secret, at=clock.now())
    logout_user()
    session.clear()
    db.session.commit()
    return redirect("/sign-in")


@bp.route("/account", methods=["GET", "POST"])
@permission("user", csrf="form")
def account() -> Any:
    """One's own account: the password, and where one is signed in."""
    form = PasswordForm()
    at = clock.now()
    status = 200
    if form.validate_on_submit():
        if change_password(form, at):
            db.session.commit()
            flash(_("Your password is changed, and every other browser is signed out."), "good")
            return redirect("/account")
        status = 400
    elif form.is_submitted():
        status = 400
    page = render_template(
        "accounts/account.html",
        form=form,
        sessions=queries.live_sessions(access.signed_in(), at),
        this_one=access.current_session(),
    )
    return page, status


def change_password(form: PasswordForm, at: Any) -> bool:
    """Says what is wrong on the form itself. Somebody at an open browser may guess the password here no
    more often than at the sign-in."""
    user = access.signed_in()
    if not limits.allows("10 per hour", "own-password", user.email_key):
        form.current.errors = (_("Those were too many tries. Please try again in an hour."),)
        return False
    if not passwords.fits(user.password_hash, form.current.data):
        form.current.errors = (_("That is not your password."),)
        return False
    try:
        operations.set_password(user, form.new.data, at=at, by=user, keep=access.current_session())
    except Refused as refusal:
        form.new.errors = (str(refusal),)
        return False
    return True


@bp.post("/account/sign-out-elsewhere")
@permission("user")
def sign_out_elsewhere() -> Any:
    operations.end_sessions(access.signed_in(), at=clock.now(), keep=access.current_session())
    flash(_("Every other browser is signed out."), "good")
    db.session.commit()
    return redirect("/account")
