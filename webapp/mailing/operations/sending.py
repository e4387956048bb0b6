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
from webapp.mailing import composing, queries
from webapp.mailing.models import FIRST_MAILS, Mailing, MailingRecipient
from webapp.mailing.queries import Recipient, Selection
from webapp.signup.imports import operations as imports
from webapp.signup.invitations import operations as invitations
from webapp.signup.invitations.models import Invitation
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


def fix(mailing: Mailing, selection: Selection) -> None:
    """Writes down whom the mailing goes to. Somebody who got it in an earlier turn's stead is not taken
    twice. Needs the mailing's lock, or that nobody else knows it yet."""
    db.session.flush()
    whom = selection.whom
    name = "signup_id" if whom is Signup else "invitation_id"
    column = getattr(MailingRecipient, name)
    known = sa.select(column).where(
        MailingRecipient.mailing_id == mailing.id, MailingRecipient.turn == mailing.turn
    )
    if selection.keys is None:
        chosen = (
            sa.select(sa.literal(mailing.id), sa.literal(mailing.turn), whom.id)
            .where(*selection.conditions, whom.id.not_in(known))
            .order_by(whom.id)
        )
        db.session.execute(
            sa.insert(MailingRecipient).from_select(["mailing_id", "turn", name], chosen)
        )
    else:
        before = set(db.session.scalars(known))
        rows = [
            {"mailing_id": mailing.id, "turn": mailing.turn, name: id}
            for id in selection.ids()
            if id not in before
        ]
        if rows:
            db.session.execute(sa.insert(MailingRecipient), rows)


def unfix(mailing: Mailing) -> None:
    """Nobody is chosen any more for what was stopped before it went out: they may be chosen anew."""
    db.session.execute(
        sa.delete(MailingRecipient)
        .where(MailingRecipient.mailing_id == mailing.id, MailingRecipient.done_at.is_(None))
        .execution_options(synchronize_session=False)
    )


def let_go(mailing: Mailing, at: dt.datetime) -> int:
    """To those it was fixed for; from here on it is carried out by itself. Needs the mailing's lock;
    answers how many."""
    db.session.flush()
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


def _still(mailing: Mailing, event: Event, people: list[Recipient]) -> set[int]:
    """The ids of those who still get the mail that was let go to them: who left or was erased since gets
    nothing, and who has had a first mail meanwhile no second first one."""
    if mailing.kind not in FIRST_MAILS:
        return {one.id for one in people if composing.is_for(mailing, one)}
    found = queries.first_mail(event.id, mailing.kind, mailing.number)
    ids = [one.id for one in people]
    return set(
        db.session.scalars(
            sa.select(found.whom.id).where(*found.conditions, found.whom.id.in_(ids))
        )
    )


def _written(mailing: Mailing, one: Recipient, at: dt.datetime) -> None:
    """What their own row says of it."""
    if isinstance(one, Invitation):
        invitations.invited(one, at, again=mailing.kind == "invite_again")
    elif mailing.kind == "confirm":
        imports.mailed(one.id, at)


def _is_too_late(mailing: Mailing, event: Event, at: dt.datetime) -> bool:
    """Calling off stops what is on its way; later an organiser may still have something to write. Nobody is
    asked to come to what is over."""
    if mailing.kind in FIRST_MAILS:
        return event.phase(at) not in ("before", "live")
    return event.state == "cancelled" and mailing.kind not in ("event_cancelled", "blast")


def batch(mailing_id: int, at: dt.datetime, size: int = BATCH) -> int:
    """Queues the next mails of a mailing; answers how many people it looked at, 0 when it is through (which
    is then written down). Every call leaves a whole state behind, for the caller to commit."""
    mailing = locked(mailing_id)
    if mailing is None or mailing.state != "sending":
        return 0
    event = db.session.get_one(Event, mailing.event_id, populate_existing=True)
    if _is_too_late(mailing, event, at):
        mailing.state, mailing.done_at = "stopped", at
        return 0
    rows = queries.recipients_to_do(mailing, size)
    if not rows:
        mailing.state, mailing.done_at = "done", at
        return 0
    people = [one for _row, one in rows]
    addresses = [one.email for one in people if one.email]
    unwanted = composing.unwanted(mailing.kind, event, addresses)
    still = _still(mailing, event, people)
    compose = composing.prepared(mailing, event)
    for one in people:
        if one.id in still and one.email not in unwanted:
            compose(one, at).post()
            _written(mailing, one, at)
            mailing.queued += 1
        else:
            mailing.passed_over += 1
    db.session.execute(
        sa.update(MailingRecipient)
        .where(MailingRecipient.id.in_([row.id for row, _one in rows]))
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
