"""The statements of a sign-up, made once. In the rush before the start each form sent is a handful of
them, and building a statement anew costs more than the database needs to carry it out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import current_app

from webapp.db import lock_row
from webapp.events.models import Event
from webapp.signup.models import Answer, Consent, Signup
from webapp.signup.people import Applicant

_events: Any = Event.__table__
_signups: Any = Signup.__table__

NEW_COLUMNS = frozenset(
    {
        "event_id", "public_id", "person_key", "name", "name_key", "email", "email_key", "status",
        "pending_reason", "source", "language", "is_crew", "is_sample", "created_at", "confirmed_at",
        "ics_changes",
    }
)  # fmt: skip

_LOCK = lock_row(sa.select(_events).where(_events.c.id == sa.bindparam("event_id")))
# Statuses are written out instead of bound: only then do both engines see which index answers.
_SEATS = sa.select(sa.func.count()).where(
    _signups.c.event_id == sa.bindparam("event_id"),
    sa.text("status IN ('confirmed','offered')"),
    _signups.c.erased_at.is_(None),
)
_LIVE = sa.select(_signups.c.id, _signups.c.public_id, _signups.c.pending_reason).where(
    _signups.c.event_id == sa.bindparam("event_id"),
    _signups.c.email_key == sa.bindparam("email_key"),
    sa.text("status IN ('pending','confirmed','waitlisted','offered')"),
)
_WRITTEN = [column for column in _signups.c if column.name in NEW_COLUMNS]
# "ON CONFLICT" does what a savepoint around the insert would do, in one statement: if a unique index
# says no, no row comes back and the transaction goes on.
_SIGNUP = sa.text(
    f"INSERT INTO signups ({', '.join(column.name for column in _WRITTEN)}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join(':' + column.name for column in _WRITTEN)}) "
    "ON CONFLICT DO NOTHING RETURNING id"
).bindparams(*(sa.bindparam(column.name, type_=column.type) for column in _WRITTEN))
_CONSENTS = sa.insert(Consent.__table__)  # type: ignore[arg-type]
_ANSWERS = sa.insert(Answer.__table__)  # type: ignore[arg-type]


def lock_event(connection: sa.Connection, event_id: int) -> Event | None:
    """A copy of the event as it stands, its row locked until the commit. Read it, never change it.

    The copy is made anew only when a column has changed since this process saw it last.
    """
    row = connection.execute(_LOCK, {"event_id": event_id}).first()
    if row is None:
        return None
    copies: dict[int, tuple[Any, Event]] = current_app.extensions.setdefault("event_copies", {})
    kept = copies.get(event_id)
    if kept is None or kept[0] != row:
        if len(copies) > 500:
            copies.clear()
        kept = copies[event_id] = (row, Event(**row._mapping))
    return kept[1]


def seats_taken(connection: sa.Connection, event_id: int) -> int:
    return int(connection.execute(_SEATS, {"event_id": event_id}).scalar_one())


def find_live(connection: sa.Connection, event_id: int, email_key: str) -> Any:
    """(id, public_id, pending_reason) of the live sign-up of an address, or None."""
    return connection.execute(_LIVE, {"event_id": event_id, "email_key": email_key}).first()


def insert_signup(connection: sa.Connection, values: dict[str, Any]) -> int | None:
    """Writes a row with all of ``NEW_COLUMNS``; its id, or None if a unique index says no."""
    found: int | None = connection.execute(_SIGNUP, values).scalar()
    return found


def insert_details(
    connection: sa.Connection, signup_id: int, applicant: Applicant, at: dt.datetime
) -> None:
    """What the person agreed to and answered."""
    connection.execute(
        _CONSENTS,
        [
            {
                "signup_id": signup_id,
                "kind": agreement.kind,
                "host_key": agreement.host_key,
                "wording": agreement.wording,
                "version": agreement.version,
                "agreed_at": at,
            }
            for agreement in applicant.agreements
        ],
    )
    if applicant.answers:
        connection.execute(
            _ANSWERS,
            [
                {"signup_id": signup_id, "question_id": question_id, "value": value}
                for question_id, value in applicant.answers.items()
            ],
        )
