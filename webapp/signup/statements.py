"""The statements of a sign-up, made once. In the rush before the start each form sent is a handful of
them, and building a statement anew costs more than the database needs to carry it out."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import current_app

from webapp import tokens
from webapp.db import lock_row, to_ms
from webapp.events.models import Event
from webapp.prepared import Prepared, PreparedInsert, Row
from webapp.signup import flooding
from webapp.signup.models import Answer, BlockedAddress, Consent, Signup
from webapp.signup.people import Applicant

_events: Any = Event.__table__
_signups: Any = Signup.__table__

# What decides about a sign-up, and the revision, which grows with everything else that people are shown.
_DECIDES = (
    "state", "capacity", "waitlist", "offer_hours", "approval", "confirm_address", "starts_at", "ends_at",
    "started_at", "ended_at", "opens_at", "closes_at", "is_sample", "ics_sequence", "revision",
)  # fmt: skip
_CAPACITY = _DECIDES.index("capacity")
_TURNS: sa.ColumnElement[int] = sa.literal_column("20431")
# Asked along with it, since everything a sign-up asks is one question more to the server.
_READ = sa.select(*(_events.c[name] for name in _DECIDES), sa.text(flooding.HAS_MAIL)).where(
    _events.c.id == sa.bindparam("event_id")
)
# Many may hold this one at once, but nobody who changes the event's state: whoever takes it back to a draft
# has counted every sign-up.
_EVENT = Prepared(_READ.with_for_update(read=True))
_LOCK = Prepared(lock_row(_READ))
# Held until the commit; the first number only keeps clear of other uses of such locks.
_TURN = Prepared(sa.select(sa.func.pg_advisory_xact_lock(_TURNS, sa.bindparam("event_id"))))
_WHOLE = sa.select(_events).where(_events.c.id == sa.bindparam("event_id"))
_BLOCKED = sa.select(BlockedAddress.address_mark).where(
    BlockedAddress.event_id == sa.bindparam("event_id"), BlockedAddress.is_erased.is_(False)
)


# Statuses are written out instead of bound: only then do both engines see which index answers.
def _counting(statuses: str) -> Prepared:
    return Prepared(
        sa.select(sa.func.count()).where(
            _signups.c.event_id == sa.bindparam("event_id"),
            sa.text(f"status IN ({statuses})"),
            _signups.c.erased_at.is_(None),
        )
    )


_TAKEN = _counting("'confirmed','offered'")
_CLAIMED = _counting("'confirmed','offered','waitlisted'")
_LIVE = Prepared(
    sa.select(_signups.c.id, _signups.c.public_id, _signups.c.pending_reason).where(
        _signups.c.event_id == sa.bindparam("event_id"),
        _signups.c.email_key == sa.bindparam("email_key"),
        sa.text("status IN ('pending','confirmed','waitlisted','offered')"),
    )
)
# "ON CONFLICT" does what a savepoint around the insert would do, in one statement: if a unique index
# says no, no row comes back and the transaction goes on.
_SIGNUP = PreparedInsert(Signup.__tablename__, "ON CONFLICT DO NOTHING RETURNING id")
_CONSENTS = PreparedInsert(Consent.__tablename__)
_ANSWERS = PreparedInsert(Answer.__tablename__)


class _Copy(NamedTuple):
    """An event as this process saw it last: what was compared, the event, and who is kept out of it."""

    row: Row
    event: Event
    blocked: frozenset[str]


def _copies() -> dict[int, _Copy]:
    found: dict[int, _Copy] = current_app.extensions.setdefault("event_copies", {})
    return found


class Locked(NamedTuple):
    """A copy of the event as it stands, its row locked until the commit: read it, never change it. And
    whether the address has had a mail, of the last day or still to come, that forms have caused."""

    event: Event
    has_mail: bool


def lock_event(
    connection: sa.Connection, event_id: int, email_key: str, at: dt.datetime
) -> Locked | None:
    """The event, locked for the sign-up of an address at ``at``; None if it is no longer there.

    If places are limited, they are counted behind that lock, one sign-up after another. If they are not,
    there is nothing to count: the lock is shared, and nobody waits for another's commit. The copy is made
    anew only when the event has changed since this process saw it last.

    Where a limit has come between, several may share the lock already, and each who then asked for it alone
    would wait for the others for ever. So they count one after another by a lock beside it; whoever comes
    later asks for the row alone and waits until they are through.
    """
    copies = _copies()
    kept = copies.get(event_id)
    values = {"event_id": event_id, **flooding.about(email_key, at)}
    is_shared = kept is not None and kept.event.capacity is None
    row = (_EVENT if is_shared else _LOCK).first(connection, values)
    if row is None:
        return None
    # SQLite has one writer at a time anyway.
    if is_shared and row[_CAPACITY] is not None and connection.dialect.name == "postgresql":
        _TURN.first(connection, {"event_id": event_id})
    *state, has_mail = row
    row = tuple(state)
    if kept is None or kept.row != row:
        if len(copies) > 500:
            copies.clear()
        whole = connection.execute(_WHOLE, {"event_id": event_id}).one()
        blocked = connection.scalars(_BLOCKED, {"event_id": event_id})
        kept = copies[event_id] = _Copy(row, Event(**whole._mapping), frozenset(blocked))
    return Locked(kept.event, bool(has_mail))


def marks_of(event_id: int, email_key: str) -> list[str]:
    """What stands for an address among those that an event keeps out: today's mark first, then those of
    secrets we had before."""
    return tokens.marks("blocked", f"{event_id}\0{email_key}")


def is_blocked(event_id: int, email_key: str) -> bool:
    """Whether nothing more may go to this address. Asks nothing: who is kept out came with the event when
    ``lock_event`` read it."""
    kept = _copies().get(event_id)
    if kept is None or not kept.blocked:
        return False
    return not kept.blocked.isdisjoint(marks_of(event_id, email_key))


def seats_taken(connection: sa.Connection, event_id: int) -> int:
    """Seats that people have or are offered."""
    return _number(_TAKEN, connection, event_id)


def seats_claimed(connection: sa.Connection, event_id: int) -> int:
    """Seats taken, and one for each who waits: nobody new gets one before them."""
    return _number(_CLAIMED, connection, event_id)


def _number(statement: Prepared, connection: sa.Connection, event_id: int) -> int:
    row = statement.first(connection, {"event_id": event_id})
    return int(row[0]) if row else 0


class Live(NamedTuple):
    """The live sign-up of an address."""

    id: int
    public_id: str
    pending_reason: str | None


def find_live(connection: sa.Connection, event_id: int, email_key: str) -> Live | None:
    row = _LIVE.first(connection, {"event_id": event_id, "email_key": email_key})
    return Live(*row) if row else None


def insert_signup(connection: sa.Connection, values: dict[str, Any]) -> int | None:
    """Writes a row, moments in milliseconds; its id, or None if a unique index says no."""
    row = _SIGNUP.first(connection, values)
    return int(row[0]) if row else None


def insert_details(
    connection: sa.Connection, signup_id: int, applicant: Applicant, at: dt.datetime
) -> None:
    """What the person agreed to and answered."""
    _CONSENTS.few(
        connection,
        [
            {
                "signup_id": signup_id,
                "kind": agreement.kind,
                "host_key": agreement.host_key,
                "wording": agreement.wording,
                "version": agreement.version,
                "agreed_at": to_ms(at),
            }
            for agreement in applicant.agreements
        ],
    )
    if applicant.answers:
        _ANSWERS.few(
            connection,
            [
                {"signup_id": signup_id, "question_id": question_id, "value": json.dumps(value)}
                for question_id, value in applicant.answers.items()
            ],
        )
