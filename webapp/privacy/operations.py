"""Erasing people so that every figure stays what it was.

A sign-up keeps its status and loses the person; whether they had come is frozen first, and their visits
become nobody's. Mails to them stay as rows with a fate and without content.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from webapp import tokens
from webapp.accounts.models import User
from webapp.attendance import figures
from webapp.audit import operations as audit
from webapp.cohosts import handing
from webapp.db import db, to_ms
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.mailing import operations as mailing_operations
from webapp.privacy import queries, ties
from webapp.privacy.models import FrozenFigures
from webapp.signup import operations as signup_operations
from webapp.signup import queries as signup_queries
from webapp.signup.imports import operations as imports
from webapp.signup.invitations import operations as invitations
from webapp.signup.models import (
    Answer,
    BatchPerson,
    LinkSending,
    Signup,
    SignupChange,
    SignupNote,
    SignupTag,
)

By = User | str
BATCH = 100


def erase_signup(signup: Signup, at: dt.datetime, *, by: By) -> None:
    """Erases one person from their sign-up at ``at``: no list that names them brings them back. Again it
    changes nothing. Cannot be undone."""
    event = signup_operations.lock_event(signup.event_id)
    if signup.email_key and not signup.is_sample:
        signup_operations.remember_erased(event, signup.email_key, at)
    handing.people_gone([signup.id], at, "erased")
    if _erase(event.id, [signup.id], who_stayed(event), at):
        audit.record(
            "signup.erased",
            at=at,
            actor=by,
            event_id=event.id,
            signup=signup.id,
        )
        signup_operations.fill_seats(event, at)


def remove_address(signup: Signup, at: dt.datetime) -> None:
    """Somebody else had given this address: the sign-up goes, the person is erased, and nobody signs the
    address up for this event again. Again it changes nothing."""
    event = signup_operations.lock_event(signup.event_id)
    db.session.refresh(signup)
    if signup.erased_at is not None:
        return
    signup_operations.block(event, signup.email_key or "", at)
    signup_operations.give_up(signup, at)
    handing.people_gone([signup.id], at, "erased")
    _erase(event.id, [signup.id], who_stayed(event), at)
    audit.record(
        "signup.address_removed", at=at, actor="the person", event_id=event.id, signup=signup.id
    )
    signup_operations.fill_seats(event, at)


def drop_unproved(event_id: int, before: dt.datetime, at: dt.datetime) -> int:
    """Drops and erases the next sign-ups of an event that have waited since ``before`` for somebody to
    show that the address is theirs; answers how many, 0 when none is left."""
    signup_operations.lock_event(event_id)
    ids = signup_queries.unproved(event_id, before)[:BATCH]
    for signup in db.session.scalars(
        sa.select(Signup).where(Signup.id.in_(ids)).execution_options(populate_existing=True)
    ):
        signup_operations.drop_unproved(signup, at)
    # They never came: whoever comes in by a link of theirs has proved the address.
    return _erase(event_id, ids, frozenset(), at)


def who_stayed(event: Event) -> frozenset[int]:
    """The keys of who was there for the minimum stay; nobody where presence is unknown. One sweep over
    the whole log, so ask once and hand it to every batch: cutting ties changes no other person's."""
    return figures.stayed(event) or frozenset()


def freeze(event: Event, at: dt.datetime) -> None:
    """Keeps the event's figures and its curve as they are before the first of its ties is cut. Again it
    changes nothing, unless the event was moved and takes place once more."""
    signup_operations.lock_event(event.id)
    frozen = db.session.get(FrozenFigures, event.id, populate_existing=True)
    if frozen is not None and (
        frozen.cut_at is None or frozen.cut_at >= event.ends_at + queries.TIED_FOR
    ):
        return
    curve = figures.curve(event, at)
    frozen = frozen or FrozenFigures(event_id=event.id)
    frozen.at, frozen.cut_at = at, None
    frozen.figures = figures.figures(event, at)
    frozen.curve = None if curve is None else [[to_ms(minute), count] for minute, count in curve]
    db.session.add(frozen)
    db.session.flush()


def cut_batch(event: Event, stayed: frozenset[int], at: dt.datetime) -> int:
    """Cuts the ties between visits and the next people of an event, then the names of its guests; answers
    how many, 0 when none is left.

    Every call leaves a whole state behind, so that the caller commits and may be stopped in between.
    """
    signup_operations.lock_event(event.id)
    rows = db.session.scalars(
        sa.select(Signup)
        .where(Signup.event_id == event.id, Signup.untied_at.is_(None), Signup.is_sample.is_(False))
        .order_by(Signup.id)
        .limit(BATCH)
        .execution_options(populate_existing=True)
    ).all()
    ties.cut(event.id, rows, stayed, at)
    done = len(rows) or _hide_guests(event)
    frozen = db.session.get(FrozenFigures, event.id)
    if not done and frozen is not None and frozen.cut_at is None:
        frozen.cut_at = at
        audit.record(
            "event.ties_cut", at=at, actor="retention", event_id=event.id, summary=event.title
        )
    return done


def _hide_guests(event: Event) -> int:
    # The guests of a sample event are invented.
    return 0 if event.is_sample else ties.hide_guests(event.id, BATCH)


def erase_batch(event: Event, stayed: frozenset[int], at: dt.datetime) -> int:
    """Erases the next people of an event whose time is up, and answers how many; 0 when all are gone.

    Every call leaves a whole state behind, so that the caller commits and may be stopped in between.
    """
    signup_operations.lock_event(event.id)
    ids = db.session.scalars(
        sa.select(Signup.id)
        .where(Signup.event_id == event.id, Signup.erased_at.is_(None), Signup.is_sample.is_(False))
        .order_by(Signup.id)
        .limit(BATCH)
    ).all()
    done = _erase(event.id, ids, stayed, at) or _hide_guests(event)
    handing.forget_event(event.id)
    signup_operations.forget_blocks(event.id)
    imports.forget_files(event.id)
    done = done or (0 if event.is_sample else invitations.forget_next(event.id, at))
    mailing_operations.forget_choices(event.id)
    if done:
        audit.record(
            "event.people_erased", at=at, actor="retention", event_id=event.id, people=done
        )
    return done


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


def _erase(
    event_id: int, signup_ids: Sequence[int], stayed: frozenset[int], at: dt.datetime
) -> int:
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
    ties.cut(event_id, rows, stayed, at)
    # A file that was imported after the cut may have brought the names again.
    ties.hide_names(event_id, {row.name_key for row in rows if row.name_key})
    _empty_mails([row.public_id for row in rows])
    ids = [row.id for row in rows]
    mailing_operations.forget(ids)
    for table in (Answer, BatchPerson, LinkSending, SignupChange, SignupNote, SignupTag):
        db.session.execute(sa.delete(table).where(table.signup_id.in_(ids)))
    signup_operations.forget_unused_tags(event_id)
    addresses = {row.email_key for row in rows if row.email_key}
    invitations.forget_key(event_id, addresses, at)
    for row in rows:
        row.access_needs = row.access_note = row.timezone = None
        row.no_stay = False
        row.name = row.name_key = row.email = row.email_key = row.person_key = None
        # The links in their mails held the old one.
        row.public_id = tokens.public_id()
        row.erased_at = at
    db.session.flush()
    _forget_addresses(addresses)
    return len(rows)


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
