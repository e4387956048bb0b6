"""Reads over the outbox: one event's mails, and how delivery is doing over all of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import load_only

from webapp import addresses
from webapp.db import db
from webapp.mail import unsubscribing
from webapp.mail.models import (
    LANES,
    STATES,
    BounceMailbox,
    DeliveryPause,
    OutgoingMail,
    SuppressedAddress,
)

PAGE = 50
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)

# Written out, not bound: only then do both engines see that the partial index covers it.
WAITING = sa.text("outgoing_mails.state IN ('queued','sending')")


# What a list of mails shows: everything but their texts.
_LISTED = load_only(
    OutgoingMail.event_id, OutgoingMail.person, OutgoingMail.message, OutgoingMail.lane,
    OutgoingMail.to_address, OutgoingMail.to_name, OutgoingMail.subject, OutgoingMail.state,
    OutgoingMail.tries, OutgoingMail.created_at, OutgoingMail.next_try_at, OutgoingMail.expires_at,
    OutgoingMail.sent_at, OutgoingMail.last_reply, OutgoingMail.returned_at, OutgoingMail.returned, OutgoingMail.to_former,
)  # fmt: skip


def _by_state(*conditions: sa.ColumnElement[bool]) -> dict[str, int]:
    rows = db.session.execute(
        sa.select(OutgoingMail.state, sa.func.count())
        .where(*conditions)
        .group_by(OutgoingMail.state)
    )
    found = dict.fromkeys(STATES, 0)
    for state, count in rows:
        found[state] = count
    return found


def counts(event_id: int) -> dict[str, int]:
    """How many mails of the event are in each state, every state named."""
    return _by_state(OutgoingMail.event_id == event_id)


def of_event(
    event_id: int, *, state: str | None = None, before: int | None = None, limit: int = PAGE
) -> list[OutgoingMail]:
    """The event's mails, newest first, without their texts. ``before`` is the id the last page ended with."""
    query = sa.select(OutgoingMail).where(OutgoingMail.event_id == event_id)
    if state:
        query = query.where(OutgoingMail.state == state)
    if before:
        query = query.where(OutgoingMail.id < before)
    return list(
        db.session.scalars(query.options(_LISTED).order_by(OutgoingMail.id.desc()).limit(limit))
    )


def of_person(event_id: int, person: str, limit: int = PAGE) -> list[OutgoingMail]:
    """The mails to one person of the event (by the sign-up's public id), newest first, without texts."""
    return list(
        db.session.scalars(
            sa.select(OutgoingMail)
            .where(OutgoingMail.person == person, OutgoingMail.event_id == event_id)
            .options(_LISTED)
            .order_by(OutgoingMail.id.desc())
            .limit(limit)
        )
    )


def latest_of(
    people: Collection[str], messages: Collection[str], event_id: int
) -> dict[str, OutgoingMail]:
    """By public id: the last of these ``messages`` to each of these few people, to the address they have
    now, without texts. One query, none about nobody: with an empty list SQLite looks through them all."""
    if not people:
        return {}
    rows = db.session.scalars(
        sa.select(OutgoingMail)
        .where(
            OutgoingMail.person.in_(people),
            OutgoingMail.message.in_(messages),
            OutgoingMail.to_former.is_(False),
            OutgoingMail.event_id == event_id,
        )
        .options(_LISTED)
        .order_by(OutgoingMail.id)
    )
    return {mail.person: mail for mail in rows if mail.person is not None}


def one(event_id: int, mail_id: int) -> OutgoingMail | None:
    """The mail, if it is this event's."""
    return db.session.scalar(
        sa.select(OutgoingMail).where(OutgoingMail.event_id == event_id, OutgoingMail.id == mail_id)
    )


def pause() -> DeliveryPause | None:
    """The trouble that holds up delivery, or None. Its ``until`` may have passed: then the next mail
    decides whether it is over."""
    return db.session.scalar(
        sa.select(DeliveryPause)
        .where(DeliveryPause.ended_at.is_(None))
        .order_by(DeliveryPause.until.desc())
        .limit(1)
    )


def mailboxes() -> list[BounceMailbox]:
    """How far the mailboxes for reports have been read, the one read last first."""
    return list(
        db.session.scalars(sa.select(BounceMailbox).order_by(BounceMailbox.checked_at.desc()))
    )


def suppressed(limit: int = 200) -> list[SuppressedAddress]:
    """Addresses that nothing is sent to, newest first."""
    return list(
        db.session.scalars(
            sa.select(SuppressedAddress)
            .order_by(SuppressedAddress.at.desc(), SuppressedAddress.id.desc())
            .limit(limit)
        )
    )


def suppressed_among(texts: Iterable[str]) -> dict[str, str]:
    """Those of the given addresses that nothing is sent to, with what was said when they were refused."""
    keys = {text: addresses.key(text) for text in texts}
    rows = db.session.execute(
        sa.select(SuppressedAddress.address_key, SuppressedAddress.reason).where(
            SuppressedAddress.address_key.in_(set(keys.values()))
        )
    )
    reasons: dict[str, str] = {row.address_key: row.reason for row in rows}
    return {text: reasons[key] for text, key in keys.items() if key in reasons}


def unsubscribed_among(
    texts: Iterable[str], *, host_key: str, event_id: int | None = None
) -> set[str]:
    """Those of the given addresses that want no mail of the event besides what is about their own
    sign-up, or none of the host. Without ``event_id``: none of the host. One query for each thousand."""
    return unsubscribing.among(texts, unsubscribing.MailList(host_key, event_id))


def sent_since(moment: dt.datetime) -> int:
    """How many mails the server took after ``moment``."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(OutgoingMail)
            .where(OutgoingMail.sent_at.is_not(None), OutgoingMail.sent_at > moment)
        )
        or 0
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Health:
    """How mail is doing over all events: ``states`` counts everything, ``waiting`` what is still to go
    out, by lane; ``oldest_due`` is how long the longest has been due without leaving."""

    states: dict[str, int]
    waiting: dict[str, int]
    oldest_due: dt.datetime | None
    sent_last_hour: int
    sent_last_day: int


def health(at: dt.datetime) -> Health:
    lanes = db.session.execute(
        sa.select(OutgoingMail.lane_rank, sa.func.count(), sa.func.min(OutgoingMail.next_try_at))
        .where(WAITING)
        .group_by(OutgoingMail.lane_rank)
    ).all()
    due = [first for _, _, first in lanes if first <= at]
    return Health(
        states=_by_state(),
        waiting=dict.fromkeys(LANES, 0) | {LANES[rank]: count for rank, count, _ in lanes},
        oldest_due=min(due, default=None),
        sent_last_hour=sent_since(at - HOUR),
        sent_last_day=sent_since(at - DAY),
    )
