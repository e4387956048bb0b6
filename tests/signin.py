"""Signing in without HTTP: a session row in the database and its secret in the client's cookie."""

from __future__ import annotations

import contextlib
import datetime as dt

import sqlalchemy as sa
from flask import has_app_context
from flask.testing import FlaskClient

from webapp import clock, tokens
from webapp.accounts.models import User, UserSession
from webapp.db import db

LONG = dt.timedelta(days=3650)


def sign_in(client: FlaskClient, user: User | int) -> str:
    """Signs ``user`` (or the user with that id) in for ten years, whatever clock the test sets later;
    answers the secret in the cookie. Inside an app context it commits what that one has pending:
    requests have a connection of their own and must see the user."""
    identity = None if isinstance(user, int) else sa.inspect(user).identity
    user_id = user if isinstance(user, int) else (identity or (user.id,))[0]
    at = clock.now()
    secret = tokens.secret()
    with contextlib.nullcontext() if has_app_context() else client.application.app_context():
        db.session.add(
            UserSession(
                user_id=user_id,
                token_hash=tokens.digest(secret),
                browser="the test suite",
                created_at=at,
                last_seen_at=at + LONG,
                expires_at=at + LONG,
            )
        )
        db.session.commit()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = secret
        cookie["_fresh"] = True
    return secret
