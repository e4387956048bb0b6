"""Letting a mailing go, and carrying it out in small steps.

Whom it goes to is fixed in one statement when it is let go. Then batch by batch: each locks the mailing,
takes the next people whose row is not done, queues their mails and marks the rows, in one short
transaction. A worker that dies between two batches loses nothing and repeats nothing.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp.db import db, lock_row
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.unsubscribing import MailList
from webapp.mailing import composing, queries
from webapp.mailing.models import Mailing, MailingRecipient
from webapp.mailing.queries import Selection
from webapp.signup.models import Signup

# So many mails in one transaction: short enough that nobody who signs up meanwhile notices.
BATCH = 50


def locked(mailing_id: int) -> Mailing | None:
    """The mailing as it is now, held until the commit."""
    found: Mailing | None = db.session.scalar(
        lock_row(sa.select(Mailing).where(Mailing.id == mailing_id)).execution_options(
            populate_existing=True
        )
    )
    return found


def let_go(mailing: Mailing, selection: Selection, at: dt.datetime) -> int:
    """Fixes whom the mailing goes to; from here on it is carried out by itself. Somebody who got it in an
    earlier turn's stead is not taken twice. Needs the mailing's lock; answers how many."""
    db.session.flush()
    known = sa.select(MailingRecipient.signup_id).where(
        MailingRecipient.mailing_id == mailing.id, MailingRecipient.turn == mailing.turn
    )
    if selection.keys is None:
        chosen = (
            sa.select(sa.literal(mailing.id), sa.literal(mailing.turn), Signup.id)
            .where(*selection.conditions, Signup.id.not_in(known))
            .order_by(Signup.id)
        )
        db.session.execute(
            sa.insert(MailingRecipient).from_select(["mailing_id", "turn", "signup_id"], chosen)
        )
    else:
        before = set(db.session.scalars(known))
        rows = [
            {"mailing_id": mailing.id, "turn": mailing.turn, "signup_id": id}
            for id in selection.ids()
            if id not in before
        ]
        if rows:
            db.session.execute(sa.insert(MailingRecipient), rows)
    waiting = (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(MailingRecipient)
            .where(
                MailingRecipient.mailing_id == mailing.id,
                MailingRecipient.turn == mailing.turn,
                MailingRecipient.done_at.is_(None),
            )
        )
        or 0
    )
    mailing.total = mailing.queued + mailing.passed_over + waiting
    mailing.state, mailing.released_at, mailing.held_until = "sending", at, None
    db.session.flush()
    return waiting


def _unsubscribed(mailing: Mailing, event: Event, rows: list[Signup]) -> set[str]:
    if not composing.has_unsubscribe(mailing):
        return set()
    addresses = [row.email for row in rows if row.email]
    return unsubscribing.among(addresses, MailList(event.host_key, event.id))


def batch(mailing_id: int, at: dt.datetime, size: int = BATCH) -> int:
    """Queues the next mails of a mailing; answers how many people it looked at, 0 when it is through (which
    is then written down). Every call leaves a whole state behind, for the caller to commit."""
    mailing = locked(mailing_id)
    if mailing is None or mailing.state != "sending":
        return 0
    event = db.session.get_one(Event, mailing.event_id, populate_existing=True)
    # Calling off stops what is on its way; later an organiser may still have something to write.
    if event.state == "cancelled" and mailing.kind not in ("event_cancelled", "blast"):
        mailing.state, mailing.done_at = "stopped", at
        return 0
    rows = queries.recipients_to_do(mailing, size)
    if not rows:
        mailing.state, mailing.done_at = "done", at
        return 0
    unwanted = _unsubscribed(mailing, event, [signup for _row, signup in rows])
    compose = composing.prepared(mailing, event)
    for _row, signup in rows:
        # Who left or was erased since it was let go gets nothing.
        if composing.is_for(mailing, signup) and signup.email not in unwanted:
            compose(signup, at).post()
            mailing.queued += 1
        else:
            mailing.passed_over += 1
    db.session.execute(
        sa.update(MailingRecipient)
        .where(MailingRecipient.id.in_([row.id for row, _signup in rows]))
        .values(done_at=at)
        .execution_options(synchronize_session=False)
    )
    db.session.flush()
    return len(rows)


def forget(signup_ids: list[int]) -> None:
    """The people are erased: nothing says any more which mailings they were chosen for."""
    db.session.execute(
        sa.delete(MailingRecipient)
        .where(MailingRecipient.signup_id.in_(signup_ids))
        .execution_options(synchronize_session=False)
    )


def forget_choices(event_id: int) -> None:
    """A search for somebody's name may stand in what an organiser chose."""
    db.session.execute(
        sa.update(Mailing)
        .where(Mailing.event_id == event_id, Mailing.choice.is_not(None))
        .values(choice=sa.null())
        .execution_options(synchronize_session=False)
    )
