"""Reads over accounts, sessions and tokens."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp import addresses, tokens
from webapp.accounts.models import ApiToken, User, UserSession
from webapp.db import db


def by_email(email: str) -> User | None:
    """The account with this address, whatever its letter case and spaces."""
    return db.session.scalar(sa.select(User).where(User.email_key == addresses.key(email)))


def session_by_secret(secret: str) -> UserSession | None:
    """The session whose secret the cookie holds, its user with it in one query; ended ones as well."""
    return db.session.scalar(
        sa.select(UserSession)
        .where(UserSession.token_hash == tokens.digest(secret))
        .options(joinedload(UserSession.user, innerjoin=True))
    )


def token_by_text(text: str) -> ApiToken | None:
    """The token, its user with it in one query; None if it is revoked or its user disabled."""
    return db.session.scalar(
        sa.select(ApiToken)
        .join(ApiToken.user)
        .where(
            ApiToken.token_hash == tokens.digest(text),
            ApiToken.revoked_at.is_(None),
            User.disabled_at.is_(None),
        )
        .options(sa.orm.contains_eager(ApiToken.user))
    )


def everybody() -> list[tuple[User, dt.datetime | None]]:
    """Every account with its last sign-in, admins first, then by name."""
    last = (
        sa.select(UserSession.user_id, sa.func.max(UserSession.created_at).label("at"))
        .group_by(UserSession.user_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(User, last.c.at)
        .outerjoin(last, last.c.user_id == User.id)
        .order_by(User.disabled_at.isnot(None), User.role, User.name, User.email_key)
    )
    return [(user, at) for user, at in rows]


def live_sessions(user: User, at: dt.datetime) -> list[UserSession]:
    """The browsers in which ``user`` is signed in at ``at``, the newest first."""
    return list(
        db.session.scalars(
            sa.select(UserSession)
            .where(
                UserSession.user_id == user.id,
                UserSession.ended_at.is_(None),
                UserSession.expires_at > at,
            )
            .order_by(UserSession.created_at.desc(), UserSession.id.desc())
        )
    )
