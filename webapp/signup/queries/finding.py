"""Finding sign-ups by what is known of them: a link's id, an address, a key, what they have not done yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup.models import LIVE, Signup

# The mails that hold the link by which a person with a place comes in.
JOIN_MESSAGES = ("approved", "changed", "confirmed", "join_now", "link_again", "reminder")
# Written out instead of bound: only then do both engines see that the partial unique index answers it.
_LIVE = sa.text("signups.status IN ('pending','confirmed','waitlisted','offered')")


def by_public_id(event_id: int, public_id: str) -> Signup | None:
    return db.session.scalar(
        sa.select(Signup).where(Signup.event_id == event_id, Signup.public_id == public_id)
    )


def live_by_key(event_id: int, email_key: str | None) -> Signup | None:
    """The one live sign-up of an address (in its form for comparing)."""
    if email_key is None:
        return None
    return db.session.scalar(
        sa.select(Signup)
        .where(Signup.event_id == event_id, Signup.email_key == email_key, _LIVE)
        .execution_options(populate_existing=True)
    )


def keys_that_are_on(event_id: int, person_keys: Collection[int]) -> frozenset[int]:
    """Those of the keys that belong to a live sign-up of the event. No query for none."""
    if not person_keys:
        return frozenset()
    found = db.session.scalars(
        sa.select(Signup.person_key).where(
            Signup.event_id == event_id, Signup.person_key.in_(person_keys), _LIVE
        )
    )
    return frozenset(key for key in found if key is not None)


def without_stay(event_id: int) -> frozenset[int]:
    """The person keys of those whose stay must not be recorded."""
    # Written out: only then do both engines see that the partial index answers it.
    return frozenset(
        key
        for key in db.session.scalars(
            sa.select(Signup.person_key).where(
                Signup.event_id == event_id, sa.text("signups.no_stay")
            )
        )
        if key is not None
    )


def _unproved(before: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: it has waited since ``before`` for the click that proves its address."""
    return (
        # Written out: only then do both engines look into the index on event and status.
        sa.text("signups.status = 'pending'"),  # type: ignore[return-value]  # a text is a condition too
        Signup.pending_reason == "address",
        Signup.proved_at.is_(None),
        Signup.created_at <= before,
        Signup.erased_at.is_(None),
        Signup.is_sample.is_(False),
    )


def unproved(event_id: int, before: dt.datetime) -> list[int]:
    """The ids of sign-ups that have waited since ``before`` for the click that proves their address. One
    that was sent the mail again has waited since then."""
    asked_again = set(
        db.session.scalars(
            sa.select(OutgoingMail.person).where(
                OutgoingMail.event_id == event_id,
                OutgoingMail.message == "confirm_address",
                OutgoingMail.created_at > before,
            )
        )
    )
    rows = db.session.execute(
        sa.select(Signup.id, Signup.public_id)
        .where(Signup.event_id == event_id, *_unproved(before))
        .order_by(Signup.id)
    )
    return [id for id, public_id in rows if public_id not in asked_again]


def with_unproved(before: dt.datetime) -> list[int]:
    """The events that may have such sign-ups: one look into the index for each event."""
    waits = sa.exists().where(Signup.event_id == Event.id, *_unproved(before))
    return list(db.session.scalars(sa.select(Event.id).where(waits).order_by(Event.id)))


def latest(event_id: int, limit: int) -> list[Signup]:
    """The latest sign-ups of people who still take part, for choosing one of them."""
    return list(
        db.session.scalars(
            sa.select(Signup)
            .where(Signup.event_id == event_id, Signup.status.in_(LIVE), Signup.erased_at.is_(None))
            .order_by(Signup.id.desc())
            .limit(limit)
        )
    )
