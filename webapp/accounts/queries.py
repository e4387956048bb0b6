"""Reads over accounts, sessions and tokens."""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp import addresses, tokens
from webapp.accounts.models import ApiToken, User, UserSession
from webapp.db import db

PAGE = 50


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


def by_id(user_id: int) -> User | None:
    return db.session.get(User, user_id)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """An account in the list. ``seen_at`` (aware UTC) is the last sign-in or, later, the last change
    made: reading alone is not noted."""

    user: User
    seen_at: dt.datetime | None


_SHOWN: dict[str, sa.ColumnElement[bool]] = {
    "admins": sa.and_(User.role == "admin", User.disabled_at.is_(None)),
    "organisers": sa.and_(User.role == "organiser", User.disabled_at.is_(None)),
    "disabled": User.disabled_at.isnot(None),
}
SHOWN = tuple(_SHOWN)


def _named(text: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        User.name.icontains(text, autoescape=True), User.email.icontains(text, autoescape=True)
    )


def find(*, search: str = "", shown: str = "", page: int = 1, limit: int = PAGE) -> tuple[list[Row], bool]:  # fmt: skip
    """One page of the accounts whose name or address contains ``search``, those who can sign in first,
    admins before organisers; and whether there are more. ``shown`` is one of SHOWN."""
    seen = (
        sa.select(sa.func.max(UserSession.last_seen_at))
        .where(UserSession.user_id == User.id)
        .correlate(User)
        .scalar_subquery()
    )
    statement = sa.select(User, seen).order_by(
        User.disabled_at.isnot(None), User.role, sa.func.lower(User.name), User.email_key, User.id
    )
    if search:
        statement = statement.where(_named(search))
    if shown in _SHOWN:
        statement = statement.where(_SHOWN[shown])
    found = db.session.execute(statement.offset((page - 1) * limit).limit(limit + 1)).all()
    return [Row(user, at) for user, at in found[:limit]], len(found) > limit


def counts() -> dict[str, int]:
    """How many accounts there are of each kind in SHOWN."""
    columns = [sa.func.sum(sa.case((where, 1), else_=0)) for where in _SHOWN.values()]
    found = db.session.execute(sa.select(*columns)).one()
    return {word: int(count or 0) for word, count in zip(_SHOWN, found, strict=True)}


def ids_named(text: str) -> list[int]:
    """The accounts whose name or address contains ``text``."""
    return list(db.session.scalars(sa.select(User.id).where(_named(text))))


def live_tokens(user: User) -> list[ApiToken]:
    """The API tokens of ``user`` that still open something, the newest first."""
    return list(
        db.session.scalars(
            sa.select(ApiToken)
            .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
        )
    )


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
