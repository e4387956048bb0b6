"""Reads over many events."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.clock import UTC
from webapp.db import db
from webapp.events.models import OVERRUN, STATES, Event, Membership

Group = Literal["now", "coming", "drafts", "past"]


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


def latest_of(user: User) -> Event | None:
    """The event that ``user`` became a member of last."""
    return db.session.scalar(
        sa.select(Event)
        .join(Membership)
        .where(Membership.user_id == user.id)
        .order_by(Membership.created_at.desc(), Membership.id.desc())
        .limit(1)
    )


def _is_over(at: dt.datetime) -> sa.ColumnElement[bool]:
    """``phase`` "over" as the database asks it; of a cancelled event too, whose day then has passed."""
    ended = sa.and_(Event.ended_at.is_not(None), Event.ended_at <= at)
    return sa.or_(Event.ends_at <= at - OVERRUN, ended)


def _in_group(group: Group, at: dt.datetime) -> sa.ColumnElement[bool]:
    begun = sa.or_(
        Event.starts_at <= at, sa.and_(Event.started_at.is_not(None), Event.started_at <= at)
    )
    is_live = sa.and_(Event.state == "published", begun)
    return {
        "drafts": Event.state == "draft",
        "now": sa.and_(is_live, sa.not_(_is_over(at))),
        "coming": sa.and_(Event.state != "draft", sa.not_(is_live), sa.not_(_is_over(at))),
        "past": sa.and_(Event.state != "draft", _is_over(at)),
    }[group]


def in_group(
    user: User, group: Group, at: dt.datetime, *, limit: int, offset: int = 0
) -> list[Event]:
    """What ``user`` may manage (an admin: everything) of one group at ``at``: the past from the latest
    back, the rest from the next one on. An event that was called off keeps its place in time."""
    order = (
        (Event.starts_at.desc(), Event.id.desc())
        if group == "past"
        else (Event.starts_at, Event.id)
    )
    statement = sa.select(Event).where(_in_group(group, at)).order_by(*order)
    if not user.is_admin:
        statement = statement.join(Membership).where(Membership.user_id == user.id)
    return list(db.session.scalars(statement.limit(limit).offset(offset)))


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """Which of all events: a part of title, address or host, the year (UTC) of the start, and a group.
    What is left empty asks for nothing."""

    words: str = ""
    year: int | None = None
    group: Group | None = None

    def conditions(self, at: dt.datetime) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = []
        if self.words:
            columns = (Event.title, Event.slug, Event.host_name)
            found.append(sa.or_(*(c.icontains(self.words, autoescape=True) for c in columns)))
        if self.year is not None:
            first = dt.datetime(self.year, 1, 1, tzinfo=UTC)
            found += [Event.starts_at >= first, Event.starts_at < first.replace(year=self.year + 1)]
        if self.group is not None:
            found.append(_in_group(self.group, at))
        return found


def found(search: Search, at: dt.datetime, *, limit: int | None = None, offset: int = 0) -> list[Event]:  # fmt: skip
    """All events that fit at ``at``, the latest start first."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(*search.conditions(at))
            .order_by(Event.starts_at.desc(), Event.id.desc())
            .limit(limit)
            .offset(offset)
        )
    )


def years() -> list[int]:
    """The years (UTC) from the first event's start to the last one's, the latest first."""
    first, last = db.session.execute(
        sa.select(sa.func.min(Event.starts_at), sa.func.max(Event.starts_at))
    ).one()
    return list(range(last.year, first.year - 1, -1)) if first and last else []


def coming(at: dt.datetime, limit: int = 50) -> list[Event]:
    """Published and listed events that are before or live at ``at``, the next one first."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(Event.state == "published", Event.listed, sa.not_(_is_over(at)))
            .order_by(Event.starts_at, Event.id)
            .limit(limit)
        )
    )


def past(at: dt.datetime, limit: int = 50) -> list[Event]:
    """Published and listed events that are over at ``at``, the latest first."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(Event.state == "published", Event.listed, _is_over(at))
            .order_by(Event.starts_at.desc(), Event.id.desc())
            .limit(limit)
        )
    )


def members(event: Event) -> list[Membership]:
    """Who may manage the event, owners first, then in the order they came; the accounts with them in one
    query."""
    return list(
        db.session.scalars(
            sa.select(Membership)
            .where(Membership.event_id == event.id)
            .order_by(Membership.role.desc(), Membership.id)
            .options(joinedload(Membership.user, innerjoin=True))
            .execution_options(populate_existing=True)
        )
    )


def memberships(user: User) -> list[tuple[Event, str]]:
    """The events ``user`` is a member of, with the role in each, the latest start first."""
    rows = db.session.execute(
        sa.select(Event, Membership.role)
        .join(Membership, Membership.event_id == Event.id)
        .where(Membership.user_id == user.id)
        .order_by(Event.starts_at.desc(), Event.id.desc())
    )
    return [(event, role) for event, role in rows]


def counts_of_members(user_ids: Collection[int]) -> dict[int, int]:
    """How many events each of these accounts is a member of, in one query; 0 for those with none."""
    rows = db.session.execute(
        sa.select(Membership.user_id, sa.func.count())
        .where(Membership.user_id.in_(user_ids))
        .group_by(Membership.user_id)
    )
    return dict.fromkeys(user_ids, 0) | dict(rows.tuples().all())


def ids_named(text: str) -> sa.Select[tuple[int]]:
    """Selects the ids of the events whose title or address contains ``text``, for a larger query."""
    return sa.select(Event.id).where(
        sa.or_(
            Event.title.icontains(text, autoescape=True),
            Event.slug.icontains(text, autoescape=True),
        )
    )


def by_ids(event_ids: Collection[int]) -> dict[int, Event]:
    """These events by their id, in one query."""
    rows = db.session.scalars(sa.select(Event).where(Event.id.in_(event_ids)))
    return {event.id: event for event in rows}


def counts_by_state() -> dict[str, int]:
    """How many events there are in each state, every state named."""
    rows = db.session.execute(sa.select(Event.state, sa.func.count()).group_by(Event.state))
    return dict.fromkeys(STATES, 0) | dict(rows.tuples().all())
