"""Reads about the hosts of an event."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping

import sqlalchemy as sa

from webapp.cohosts.models import Handover, HandoverRow, HandoverWarning, HostLogo
from webapp.db import db
from webapp.events.models import CoHost, Event
from webapp.signup.models import LIVE, Consent, Signup

# So long before people's data is deleted organisers are told who was not handed over.
WARN_BEFORE = dt.timedelta(days=7)


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """The host of an event, or one of those who host it with them (``cohost``)."""

    key: str
    name: str
    url: str | None
    logo: HostLogo | None
    cohost: CoHost | None = None


def logos(event_id: int) -> dict[str, HostLogo]:
    """By host key, without the pictures themselves. One query."""
    rows = db.session.scalars(sa.select(HostLogo).where(HostLogo.event_id == event_id))
    return {logo.host_key: logo for logo in rows}


def picture(digest: str) -> bytes | None:
    return db.session.scalar(sa.select(HostLogo.data).where(HostLogo.digest == digest).limit(1))


def hosts(event: Event) -> list[Host]:
    """The host first (also one without a name), then the co-hosts in their order."""
    return hosts_of(event, logos(event.id))


def hosts_of(event: Event, found: Mapping[str, HostLogo]) -> list[Host]:
    """The same with the pictures at hand. Asks nothing where the co-hosts came with the event."""
    return [
        Host(event.host_key, event.host_name, event.host_url, found.get(event.host_key)),
        *(Host(c.key, c.name, c.url, found.get(c.key), c) for c in event.cohosts),
    ]


def host(event: Event, key: str) -> Host | None:
    return next((one for one in hosts(event) if one.key == key), None)


# SQL: a consent to further contact that stands, of somebody who is still there.
_AGREED = (
    Signup.erased_at.is_(None),
    Consent.kind == "contact",
    Consent.withdrawn_at.is_(None),
)
# The same of somebody who has proved their address.
MAY_HAND_OVER = (*_AGREED, Signup.proved_at.is_not(None))


def waiting(event_id: int) -> dict[str, int]:
    """By host key: how many people agreed, proved their address, and were not handed over yet. One query."""
    had = (
        sa.exists()
        .where(
            HandoverRow.signup_id == Signup.id,
            HandoverRow.handover_id == Handover.id,
            Handover.host_key == Consent.host_key,
            HandoverRow.removed_at.is_(None),
        )
        .correlate(Signup, Consent)
    )
    rows = db.session.execute(
        sa.select(Consent.host_key, sa.func.count(sa.distinct(Signup.id)))
        .join(Signup, Signup.id == Consent.signup_id)
        .where(Signup.event_id == event_id, *MAY_HAND_OVER, ~had)
        .group_by(Consent.host_key)
    )
    return {key: int(number) for key, number in rows if key}


def agreed(event_id: int) -> dict[str, int]:
    """By host key: how many people may be handed over in all. One query."""
    rows = db.session.execute(
        sa.select(Consent.host_key, sa.func.count(sa.distinct(Signup.id)))
        .join(Signup, Signup.id == Consent.signup_id)
        .where(Signup.event_id == event_id, *MAY_HAND_OVER)
        .group_by(Consent.host_key)
    )
    return {key: int(number) for key, number in rows if key}


def unproved(event_id: int, key: str) -> int:
    """How many ticked the box of this host, but have not confirmed their address, so that nobody knows
    whether it is theirs."""
    found = (
        sa.select(sa.func.count(sa.distinct(Signup.id)))
        .join(Consent, Consent.signup_id == Signup.id)
        .where(
            Signup.event_id == event_id,
            Consent.host_key == key,
            *_AGREED,
            Signup.status.in_(LIVE),
            Signup.proved_at.is_(None),
        )
    )
    return int(db.session.scalar(found) or 0)


def handovers(event_id: int, key: str) -> list[Handover]:
    """What the host was given, the latest first."""
    return list(
        db.session.scalars(
            sa.select(Handover)
            .where(Handover.event_id == event_id, Handover.host_key == key)
            .order_by(Handover.id.desc())
        )
    )


def handover(event_id: int, handover_id: int) -> Handover | None:
    return db.session.scalar(
        sa.select(Handover).where(Handover.event_id == event_id, Handover.id == handover_id)
    )


def to_remove(event_id: int, key: str) -> list[HandoverRow]:
    """Who the host still has to remove."""
    return list(
        db.session.scalars(
            sa.select(HandoverRow)
            .join(Handover, Handover.id == HandoverRow.handover_id)
            .where(
                Handover.event_id == event_id,
                Handover.host_key == key,
                HandoverRow.removed_at.is_not(None),
                HandoverRow.acknowledged_at.is_(None),
            )
            .order_by(HandoverRow.removed_at, HandoverRow.id)
        )
    )


def untold() -> list[tuple[int, str]]:
    """(event, host key) of those who were not told yet that somebody is to be removed."""
    rows = db.session.execute(
        sa.select(Handover.event_id, Handover.host_key)
        .join(HandoverRow, HandoverRow.handover_id == Handover.id)
        .where(HandoverRow.removed_at.is_not(None), HandoverRow.told_at.is_(None), HandoverRow.acknowledged_at.is_(None))
        .distinct()
    )  # fmt: skip
    return [(event_id, key) for event_id, key in rows]


def forgets_at(event: Event) -> dt.datetime:
    """When the event's data is deleted, and what was not handed over is lost."""
    return event.ends_at + dt.timedelta(days=event.retention_days)


def about_to_forget(event: Event, at: dt.datetime) -> dict[str, int]:
    """``waiting`` in the last week before data is deleted, once the event is over; else nothing."""
    if event.is_sample or event.phase(at) in ("draft", "before", "live"):
        return {}
    if not forgets_at(event) - WARN_BEFORE <= at < forgets_at(event):
        return {}
    return waiting(event.id)


def unwarned(at: dt.datetime) -> list[Event]:
    """Events whose organisers may have to be told, the warned ones left out."""
    found = db.session.scalars(
        sa.select(Event).where(
            Event.ends_at <= at,
            Event.is_sample.is_(False),
            ~sa.exists().where(HandoverWarning.event_id == Event.id),
            sa.exists().where(
                Signup.event_id == Event.id, Consent.signup_id == Signup.id, *MAY_HAND_OVER
            ),
        )
    )
    return [event for event in found if about_to_forget(event, at)]


def consents(event_id: int, key: str) -> int:
    """How many people ever agreed to hear from this host and are still there, withdrawn or not."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(sa.distinct(Signup.id)))
            .join(Consent, Consent.signup_id == Signup.id)
            .where(
                Signup.event_id == event_id,
                Signup.erased_at.is_(None),
                Consent.kind == "contact",
                Consent.host_key == key,
            )
        )
        or 0
    )
