"""What people agreed to."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from webapp.db import db
from webapp.events import operations as events
from webapp.signup.models import Consent, Signup


def contact_keys(signup_ids: Iterable[int]) -> dict[int, set[str]]:
    """By sign-up: the keys of the hosts who may write to them about other things. One query."""
    found: dict[int, set[str]] = {}
    ids = list(signup_ids)
    if not ids:
        return found
    rows = db.session.execute(
        sa.select(Consent.signup_id, Consent.host_key).where(
            Consent.signup_id.in_(ids), Consent.kind == "contact", Consent.withdrawn_at.is_(None)
        )
    )
    for signup_id, host_key in rows:
        found.setdefault(signup_id, set()).add(host_key or "")
    return found


@events.needs_keys
def keys_agreed_to(event_id: int) -> list[str]:
    """The keys of hosts that somebody who is still there agreed to hear from, withdrawn or not."""
    rows = db.session.scalars(
        sa.select(Consent.host_key)
        .join(Signup, Signup.id == Consent.signup_id)
        .where(Signup.event_id == event_id, Signup.erased_at.is_(None), Consent.kind == "contact")
        .distinct()
    )
    return [key for key in rows if key]


def agreed_counts(event_id: int) -> dict[str, int]:
    """By host key: how many people of the event agreed to hear from them."""
    rows = db.session.execute(
        sa.select(Consent.host_key, sa.func.count())
        .join(Signup, Signup.id == Consent.signup_id)
        .where(
            Signup.event_id == event_id,
            Signup.erased_at.is_(None),
            Consent.kind == "contact",
            Consent.withdrawn_at.is_(None),
        )
        .group_by(Consent.host_key)
    )
    return {key or "": number for key, number in rows}


def consents_of(signup: Signup) -> list[Consent]:
    """What the person agreed to, the consent for the event first."""
    return list(
        db.session.scalars(
            sa.select(Consent).where(Consent.signup_id == signup.id).order_by(Consent.id)
        )
    )
