"""Erasing a person so that every figure stays what it was.

The sign-up keeps its status and loses the person; whether they had come is frozen first; their visits get
a fresh random key that leads to nobody. Mails to them stay as rows with a fate and without content.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from webapp import tokens
from webapp.accounts.models import User
from webapp.attendance.models import AttendanceMark, Companions, Visit
from webapp.audit import operations as audit
from webapp.db import db, to_ms
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.signup import operations as signup_operations
from webapp.signup.models import Answer, Signup

By = User | str
BATCH = 100


def erase_signup(signup: Signup, at: dt.datetime, *, by: By) -> None:
    """Erases one person from their sign-up at ``at``. Again it changes nothing. Cannot be undone."""
    event = signup_operations.lock_event(signup.event_id)
    if _erase(event.id, [signup.id], at):
        audit.record(
            "signup.erased",
            at=at,
            actor=by.email if isinstance(by, User) else by,
            actor_user_id=by.id if isinstance(by, User) else None,
            event_id=event.id,
            signup=signup.id,
        )


def erase_batch(event: Event, at: dt.datetime) -> int:
    """Erases the next people of an event whose time is up, and answers how many; 0 when all are gone.

    Every call leaves a whole state behind, so that the caller commits and may be stopped in between.
    """
    signup_operations.lock_event(event.id)
    ids = db.session.scalars(
        sa.select(Signup.id)
        .where(Signup.event_id == event.id, Signup.erased_at.is_(None))
        .order_by(Signup.id)
        .limit(BATCH)
    ).all()
    done = _erase(event.id, ids, at)
    if not done:
        done = _forget_guests(event.id)
    if done:
        audit.record(
            "event.people_erased", at=at, actor="retention", event_id=event.id, people=done
        )
    return done


def due(at: dt.datetime) -> list[Event]:
    """Events whose ``retention_days`` after the planned end are over at ``at`` and that still hold
    somebody's name. The invented people of sample events need no protection and stay."""
    number = sa.BigInteger()
    day = sa.literal(24 * 3600 * 1000, number)
    # Thirty days of milliseconds are more than PostgreSQL's plain integers hold.
    kept_for = sa.cast(Event.retention_days, number) * day
    until = sa.type_coerce(Event.ends_at, number) + kept_for
    holds = sa.or_(
        sa.exists().where(
            Signup.event_id == Event.id, Signup.erased_at.is_(None), Signup.is_sample.is_(False)
        ),
        sa.and_(
            Event.is_sample.is_(False),
            sa.exists().where(Visit.event_id == Event.id, Visit.name.is_not(None)),
        ),
    )
    return list(
        db.session.scalars(sa.select(Event).where(until <= sa.literal(to_ms(at), number), holds))
    )


def wipe_disk() -> None:
    """SQLite keeps what was deleted in its log until it is written back: do that now. Needs no open
    transaction; where a reader is in the way, the next turn does it."""
    if db.engine.dialect.name != "sqlite":
        return
    connection: Any = db.engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _erase(event_id: int, signup_ids: Sequence[int], at: dt.datetime) -> int:
    """Needs the event's lock. Answers how many people are gone now that were not before."""
    rows = list(
        db.session.scalars(
            sa.select(Signup)
            .where(Signup.id.in_(signup_ids), Signup.erased_at.is_(None))
            .execution_options(populate_existing=True)
        )
    )
    if not rows:
        return 0
    keys = [row.person_key for row in rows if row.person_key is not None]
    came = set(
        db.session.scalars(
            sa.select(Visit.person_key)
            .where(Visit.event_id == event_id, Visit.person_key.in_(keys))
            .distinct()
        )
    )
    _hide_names(event_id, {row.name_key for row in rows if row.name_key})
    _cut_ties(event_id, [row for row in rows if row.person_key in came])
    _empty_mails([row.public_id for row in rows])
    db.session.execute(sa.delete(Answer).where(Answer.signup_id.in_([row.id for row in rows])))
    addresses = {row.email_key for row in rows if row.email_key}
    for row in rows:
        row.attended = row.attended or row.person_key in came
        row.name = row.name_key = row.email = row.email_key = row.person_key = None
        # The links in their mails held the old one.
        row.public_id = tokens.public_id()
        row.erased_at = at
    db.session.flush()
    _forget_addresses(addresses)
    _mark(event_id)
    return len(rows)


def _cut_ties(event_id: int, rows: Sequence[Signup]) -> None:
    """Gives each person's visits a key of their own that nobody has."""
    connection = db.session.connection()
    for row in rows:
        here = Visit.event_id == event_id, Visit.person_key == row.person_key
        new = tokens.person_key()
        changed: dict[str, Any] = {"person_key": new, "name": None}
        # What the figures read from the sign-up so far must stand with the visits from now on.
        if row.is_crew:
            changed["is_crew"] = True
        if row.status != "confirmed":
            changed["is_registered"] = False
        connection.execute(sa.update(Visit).where(*here).values(**changed))
        connection.execute(
            sa.update(Companions)
            .where(Companions.event_id == event_id, Companions.person_key == row.person_key)
            .values(person_key=new)
        )


def _hide_names(event_id: int, names: Collection[str]) -> int:
    """Takes the names that guests gave out of the log of visits.

    Guests with one name count as one person, and a guest named like somebody who came by their own link
    as that person's second device. A random word in place of the name keeps both true.
    """
    carried = set(
        db.session.scalars(
            sa.select(Visit.name_key)
            .where(Visit.event_id == event_id, Visit.name_key.in_(names))
            .distinct()
        )
    )
    came = sa.exists().where(Visit.event_id == event_id, Visit.person_key == Signup.person_key)
    for name in carried:
        word = tokens.secret(12)
        bearers = Visit.event_id == event_id, Visit.name_key == name
        owner = db.session.scalar(
            sa.select(Signup.person_key)
            .where(Signup.event_id == event_id, Signup.name_key == name, came)
            .order_by(Signup.id)
            .limit(1)
        )
        if owner is not None:
            db.session.execute(
                sa.update(Visit)
                .where(*bearers, Visit.person_key != owner)
                .values(identity="ambiguous")
            )
            db.session.execute(
                sa.update(Visit)
                .where(Visit.event_id == event_id, Visit.person_key == owner)
                .values(name=None, name_key=word)
            )
        db.session.execute(sa.update(Visit).where(*bearers).values(name=None, name_key=word))
    return len(carried)


def _forget_guests(event_id: int) -> int:
    """The names of guests who never signed up: the next ones, and how many."""
    names = db.session.scalars(
        sa.select(Visit.name_key)
        .where(Visit.event_id == event_id, Visit.name.is_not(None), Visit.name_key.is_not(None))
        .distinct()
        .limit(BATCH)
    ).all()
    done = _hide_names(event_id, [name for name in names if name])
    if not done:
        result: Any = db.session.execute(
            sa.update(Visit)
            .where(Visit.event_id == event_id, Visit.name.is_not(None))
            .values(name=None)
        )
        done = int(result.rowcount)
    if done:
        _mark(event_id)
    return done


def _empty_mails(people: Sequence[str]) -> None:
    """Mails to them keep their fate and lose everything else; those still waiting never leave."""
    waiting = OutgoingMail.state.in_(("queued", "sending"))
    db.session.execute(
        sa.update(OutgoingMail)
        .where(OutgoingMail.person.in_(people))
        .values(
            person=None, to_address="", to_name="", subject="(deleted)", text="", html="",
            calendar=None, calendar_method=None, unsubscribe_url=None, secrets=[], last_reply=None,
            attempts=None, returned=None,
            state=sa.case((waiting, "expired"), else_=OutgoingMail.state),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _forget_addresses(keys: Collection[str]) -> None:
    """An address the world refused is forgotten with the last sign-up that had it."""
    still = sa.exists().where(Signup.email_key == SuppressedAddress.address_key)
    db.session.execute(
        sa.delete(SuppressedAddress)
        .where(SuppressedAddress.address_key.in_(keys), ~still)
        .execution_options(synchronize_session=False)
    )


def _mark(event_id: int) -> None:
    """Tells whoever keeps figures that rows of the log have changed."""
    result: Any = db.session.execute(
        sa.update(AttendanceMark)
        .where(AttendanceMark.event_id == event_id)
        .values(revision=AttendanceMark.revision + 1)
    )
    if not result.rowcount:
        db.session.add(AttendanceMark(event_id=event_id, revision=1))
