"""Who is signed in, from the cookie to ``flask_login.current_user``, and the rules "user" and "admin".

The session cookie holds a random secret; its hash names a row of ``user_sessions``. GETs never write, so
that somebody is at work is noted in the signed cookie itself, and in the row with the next unsafe request.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast
from urllib.parse import urlencode

from flask import Flask, abort, current_app, g, redirect, request, session
from flask_login import LoginManager, current_user

from webapp import clock
from webapp.accounts import queries
from webapp.accounts.models import User, UserSession
from webapp.db import from_ms, to_ms
from webapp.permissions import SAFE, enforces

# How often activity is noted: in the cookie, and in the row by unsafe requests.
SEEN_EVERY = dt.timedelta(minutes=1)

login_manager = LoginManager()
# Phones change their network address in the middle of an evening.
login_manager.session_protection = None  # type: ignore[assignment]  # None switches it off


@login_manager.user_loader  # type: ignore[untyped-decorator]  # untyped in the library
def load(secret: str) -> User | None:
    """The user behind the cookie's secret, or None if that session is over, idle, or its user disabled."""
    at = clock.now()
    row = queries.session_by_secret(secret)
    if row is None or not row.is_live(at) or not row.user.is_active:
        return None
    seen = row.last_seen_at
    if isinstance(stamp := session.get("seen"), int):
        seen = max(seen, from_ms(stamp))
    idle = dt.timedelta(minutes=current_app.config["ADMIN_IDLE_MINUTES"])
    if row.user.is_admin and at - seen > idle:
        return None
    if at - seen > SEEN_EVERY:
        session["seen"] = to_ms(at)
    if request.method not in SAFE and at - row.last_seen_at > SEEN_EVERY:
        # Saved with whatever this request saves.
        row.last_seen_at = at
    row.user.session_secret = secret
    g.user_session = row
    return row.user


def signed_in() -> User:
    """The person of this request, as a plain object. Only behind "user", "event" or "admin"."""
    return cast(User, current_user._get_current_object())


def current_session() -> UserSession:
    """The session of this request. Only where somebody is signed in."""
    signed_in()
    return cast(UserSession, g.user_session)


def ask_to_sign_in() -> Any:
    """Leads a reader to the sign-in and back; an unsafe request has nowhere to come back to: 401."""
    if request.method not in SAFE:
        abort(401)
    address = request.full_path.rstrip("?")
    return redirect(f"/sign-in?{urlencode({'next': address})}")


def _visitor() -> Any:
    """Flask-Login's visitor: a User, or somebody anonymous. The library's own types do not say so."""
    return current_user


@enforces("user")
def enforce_user(values: dict[str, Any]) -> Any:
    return None if _visitor().is_authenticated else ask_to_sign_in()


@enforces("admin")
def enforce_admin(values: dict[str, Any]) -> Any:
    """Organisers see 404: what admins have is none of their business."""
    if not _visitor().is_authenticated:
        return ask_to_sign_in()
    if not _visitor().is_admin:
        abort(404)
    return None


def init_app(app: Flask) -> None:
    # Not init_app: its remember-me hook reads the session on every response, which would mark every
    # public page as "Vary: Cookie", and its context processor loads the user for every template.
    app.login_manager = login_manager  # type: ignore[attr-defined]  # where the library looks for it
    app.jinja_env.globals["current_user"] = current_user
