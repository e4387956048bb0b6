"""Reads over many events."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.db import db
from webapp.events.models import OVERRUN, Event, Membership


def by_slug(slug: str) -> Event | None:
    """Any event, drafts included: only for those who may manage it."""
    return db.session.scalar(sa.select(Event).where(Event.slug == slug))


def public_by_slug(slug: str) -> Event | None:
    """An event the public may know of (published or cancelled), its co-hosts with it in one query."""
    return (
        db.session.scalars(
            sa.select(Event)
            .where(Event.slug == slug, Event.state != "draft")
            .options(joinedload(Event.cohosts))
        )
        .unique()
        .first()
    )


def for_user(user: User) -> list[Event]:
    """What ``user`` may manage, the latest start first: an admin all of it."""
    statement = sa.select(Event).order_by(Event.starts_at.desc(), Event.id.desc())
    if not user.is_admin:
        statement = statement.join(Membership).where(Membership.user_id == user.id)
    return list(db.session.scalars(statement))


def coming(at: dt.datetime, limit: int = 50) -> list[Event]:
    """Published events that are before or live at ``at``, the next one first."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(
                Event.state == "published",
                Event.ends_at > at - OVERRUN,
                sa.or_(Event.ended_at.is_(None), Event.ended_at > at),
            )
            .order_by(Event.starts_at, Event.id)
            .limit(limit)
        )
    )


def past(at: dt.datetime, limit: int = 50) -> list[Event]:
    """Published events that are over at ``at``, the latest first."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(
                Event.state == "published",
                sa.or_(Event.ends_at <= at - OVERRUN, Event.ended_at <= at),
            )
            .order_by(Event.starts_at.desc(), Event.id.desc())
            .limit(limit)
        )
    )


def members(event: Event) -> list[tuple[User, str]]:
    """Who may manage the event, with their role, in the order they came."""
    rows = db.session.execute(
        sa.select(User, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.event_id == event.id)
        .order_by(Membership.id)
    )
    return [(user, role) for user, role in rows]
