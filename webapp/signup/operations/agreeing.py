"""What a person takes back: the consent to be written to, and in the end all of their data."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from webapp import limits
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import mails
from webapp.signup.models import Consent, Signup
from webapp.signup.operations import history, seats
from webapp.signup.wording import Agreement


def withdraw_contact(signup: Signup, host_key: str, at: dt.datetime) -> None:
    """Takes back the consent to further contact by one host. What was agreed, and when, stays written."""
    result: Any = db.session.execute(
        sa.update(Consent)
        .where(
            Consent.signup_id == signup.id,
            Consent.kind == "contact",
            Consent.host_key == host_key,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=at)
    )
    if result.rowcount:
        history.note(signup, at, history.PERSON, "consent_withdrawn", host=host_key)


def agree_contact(signup: Signup, agreement: Agreement, at: dt.datetime) -> None:
    """Gives the consent to further contact by one host (again), in the words of ``agreement``. Where it
    stands already nothing happens."""
    seats.lock(signup)
    stands = sa.exists().where(
        Consent.signup_id == signup.id,
        Consent.kind == "contact",
        Consent.host_key == agreement.host_key,
        Consent.withdrawn_at.is_(None),
    )
    if db.session.scalar(sa.select(stands)):
        return
    db.session.add(
        Consent(
            signup_id=signup.id, kind=agreement.kind, host_key=agreement.host_key,
            wording=agreement.wording, version=agreement.version, agreed_at=at,
        )
    )  # fmt: skip
    history.note(signup, at, history.PERSON, "consent_given", host=agreement.host_key)


def ask_to_erase(signup: Signup, event: Event, at: dt.datetime) -> None:
    """Mails the link that erases. At most three times an hour."""
    if limits.allows("3 per hour", "erase-mail", signup.email_key or ""):
        mails.erase_link(event, signup, at)
