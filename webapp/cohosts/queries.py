"""Reads about the hosts of an event."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import sqlalchemy as sa

from webapp.cohosts.models import HostLogo
from webapp.db import db
from webapp.events.models import CoHost, Event
from webapp.signup.models import Consent, Signup


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


def agreed() -> sa.Select[tuple[int]]:
    """SQL: the ids of sign-ups with a consent to further contact that stands, of people who are still there
    and have proved their address. To be narrowed to an event and a host."""
    return (
        sa.select(Signup.id)
        .join(Consent, Consent.signup_id == Signup.id)
        .where(
            Signup.erased_at.is_(None),
            Signup.proved_at.is_not(None),
            Consent.kind == "contact",
            Consent.withdrawn_at.is_(None),
        )
    )


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
