"""Sending the link again to all who need it: pressed in a moment, carried out in batches by a job."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.attendance import missing
from webapp.attendance.models import LinkRound
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup import operations as signups

BATCH = 200


def start(event: Event, kind: str, at: dt.datetime, *, by: User) -> LinkRound:
    """Begins a round of ``kind``; the mails are queued by the job. While one is under way, that one is
    meant. Raises Refused "over" when nobody can join, and "nobody" when there is nobody to write to."""
    event = signups.lock_event(event.id)
    if event.phase(at) not in ("before", "live"):
        raise Refused(_("Nobody can join this event now, so no links are sent."), "over")
    running = under_way(event.id)
    if running is not None:
        return running
    expected = missing.count_to_send(event.id, kind, at, missing.missing(event.id, at))
    if not expected:
        raise Refused(_("There is nobody to write to: all of them were sent their link within the last minutes, or cannot be reached."), "nobody")  # fmt: skip
    made = LinkRound(event_id=event.id, kind=kind, at=at, author=by.email, expected=expected)
    db.session.add(made)
    audit.record(
        "mail.links_again", at=at, actor=by, event_id=event.id, summary=kind, people=expected
    )
    db.session.flush()
    return made


def under_way(event_id: int) -> LinkRound | None:
    """The round that is being carried out."""
    return db.session.scalar(
        sa.select(LinkRound)
        .where(LinkRound.event_id == event_id, LinkRound.done_at.is_(None))
        .order_by(LinkRound.id)
        .limit(1)
    )


def latest(event_id: int) -> LinkRound | None:
    """The last round, done or not."""
    return db.session.scalar(
        sa.select(LinkRound)
        .where(LinkRound.event_id == event_id)
        .order_by(LinkRound.id.desc())
        .limit(1)
    )


def open_rounds() -> list[int]:
    """Ids of what is to be carried out."""
    # Written out: only then do both engines see that the partial index answers it.
    waiting = sa.select(LinkRound.id).where(sa.text("done_at IS NULL")).order_by(LinkRound.id)
    return list(db.session.scalars(waiting))


def carry_on(round_id: int, at: dt.datetime) -> int:
    """Queues the next batch of a round; answers how many mails, and marks the round done when nobody is
    left. Commit after each: it goes on from there, whoever is killed when. Another worker's round is left
    to it."""
    found: LinkRound | None = db.session.scalar(
        sa.select(LinkRound)
        .where(LinkRound.id == round_id, LinkRound.done_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        return 0
    event = signups.lock_event(found.event_id)
    ids = []
    if event.phase(at) in ("before", "live"):
        ids = missing.next_to_send(event.id, found.kind, found.last_id, found.at, BATCH)
    if not ids:
        found.done_at = at
        return 0
    chosen = signups.claim(ids, found.at, missing.PATIENCE)
    sent = signups.send_links_to(event.id, chosen, at, by=found.author)
    found.queued += sent
    found.last_id = ids[-1]
    return len(ids)
