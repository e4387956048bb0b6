"""What follows by itself: a co-host is told whom to remove, organisers what is about to be lost."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp import jobs
from webapp.cohosts import handing, mails, queries
from webapp.cohosts.models import HandoverRow, HandoverWarning
from webapp.db import db, reading
from webapp.events import queries as events
from webapp.events.models import Event


@jobs.every(60, "handovers")
def follow_up(at: dt.datetime) -> int:
    """Answers how many mails that made. Commits after each step; told again nothing is said twice."""
    handing.notice_withdrawals(at)
    handing.forget_marks(at)
    db.session.commit()
    with reading():
        untold = queries.untold()
        unwarned = [event.id for event in queries.unwarned(at)]
        db.session.commit()
    done = 0
    for event_id, key in untold:
        done += _tell(event_id, key, at)
        db.session.commit()
    for event_id in unwarned:
        done += _warn(event_id, at)
        db.session.commit()
    return done


def _tell(event_id: int, key: str, at: dt.datetime) -> int:
    event = db.session.get(Event, event_id)
    host = queries.host(event, key) if event is not None else None
    rows = [row for row in queries.to_remove(event_id, key) if row.told_at is None]
    if event is None or host is None or host.cohost is None or not host.cohost.contact_email:
        # The organisers see it on the page of the host; there is nobody to write to yet.
        return 0
    taken = db.session.execute(
        sa.update(HandoverRow)
        .where(HandoverRow.id.in_([row.id for row in rows]), HandoverRow.told_at.is_(None))
        .values(told_at=at)
        .execution_options(synchronize_session=False)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]  # an update has one
        return 0
    mails.removals(event, host.cohost, len({row.signup_id for row in rows}), at)
    return 1


def _warn(event_id: int, at: dt.datetime) -> int:
    event = db.session.get(Event, event_id)
    if event is None or db.session.get(HandoverWarning, event_id) is not None:
        return 0
    found = queries.about_to_forget(event, at)
    names = {host.key: host.name for host in queries.hosts(event)}
    waiting = [(names[key], number) for key, number in found.items() if key in names]
    if not waiting:
        return 0
    db.session.add(HandoverWarning(event_id=event_id, at=at))
    members = [member.user for member in events.members(event) if member.user.is_active]
    for user in members:
        mails.not_handed_over(event, user, waiting, queries.forgets_at(event), at)
    return len(members)
