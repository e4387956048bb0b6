"""What a person takes back: the consent to be written to, and in the end all of their data."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp import limits
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import mails
from webapp.signup.models import Consent, Signup


def withdraw_contact(signup: Signup, host_key: str, at: dt.datetime) -> None:
    """Takes back the consent to further contact by one host. What was agreed, and when, stays written."""
    db.session.execute(
        sa.update(Consent)
        .where(
            Consent.signup_id == signup.id,
            Consent.kind == "contact",
            Consent.host_key == host_key,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=at)
    )


def ask_to_erase(signup: Signup, event: Event, at: dt.datetime) -> None:
    """Mails the link that erases. At most three times an hour."""
    if limits.allows("3 per hour", "erase-mail", signup.email_key or ""):
        mails.erase_link(event, signup, at)
