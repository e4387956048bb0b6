"""An event was moved, its link changed, or it was called off: the people hear of it, once and truly.

The floor below writes what the event is now; here it is compared with what people were told. The mail is
held for some minutes, in which further changes become part of it and an organiser can stop it or send it
at once. Moved back to what people know, there is nothing to say.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from webapp.db import db, from_ms, lock_row, to_ms
from webapp.events.models import Event
from webapp.mail import operations as mail
from webapp.mailing import queries
from webapp.mailing.composing import WITHDRAWN_MESSAGES
from webapp.mailing.models import Mailing, MailPlan
from webapp.mailing.operations import sending
from webapp.mailing.queries import Selection
from webapp.mailing.told import Facts

# How long a mail about a changed event can be stopped or become another one.
HOLD = dt.timedelta(minutes=5)


def _locked_plan(event_id: int) -> MailPlan | None:
    found: MailPlan | None = db.session.scalar(
        lock_row(sa.select(MailPlan).where(MailPlan.event_id == event_id)).execution_options(
            populate_existing=True
        )
    )
    return found


def look(event_id: int, at: dt.datetime) -> bool:
    """Compares an event with what is known of it, and holds a mail to its people if they need one. Again it
    changes nothing; answers whether there was anything new."""
    plan = _locked_plan(event_id)
    event = db.session.get(Event, event_id, populate_existing=True)
    if plan is None or event is None:
        return False
    db.session.refresh(event, ["targets"])
    is_called_off = event.state == "cancelled" and not plan.seen_cancelled
    if not is_called_off and event.ics_sequence == plan.seen_sequence:
        return False
    edits = queries.edits_since(event_id, plan.looked_at) or [at]
    plan.seen_sequence, plan.seen_cancelled = event.ics_sequence, event.state == "cancelled"
    plan.looked_at = at
    if is_called_off:
        _call_off(event, at)
    elif event.phase(at) in ("before", "live"):
        _change(plan, event, edits, at)
    else:
        # A draft that nobody knows, or an evening that nobody can come to any more.
        plan.told = Facts.of(event).kept()
    db.session.flush()
    return True


def selection(mailing: Mailing) -> Selection:
    """Whom a notice goes to, as it stands now."""
    if mailing.kind == "event_cancelled":
        return queries.reachable(mailing.event_id)
    first, last = (from_ms(mailing.details[name]) for name in ("first", "last"))
    before, after = (Facts.read(mailing.details[name]) for name in ("before", "after"))
    return queries.told_by(mailing.event_id, first, last, is_back=not after.differs(before))


def _change(plan: MailPlan, event: Event, edits: list[dt.datetime], at: dt.datetime) -> None:
    notice = queries.notice(event.id)
    before = notice.details["before"] if notice else plan.told
    # Since when some may have been told otherwise: a notice that was stopped left people of both kinds.
    first = notice.details["first"] if notice else plan.told.get("since", to_ms(edits[0]))
    if notice is None:
        notice = Mailing(event_id=event.id, kind="changed", created_at=at)
        db.session.add(notice)
    # A new object each time: what is inside of one is not watched.
    notice.details = {
        "before": before, "after": Facts.of(event).kept(), "first": first, "last": to_ms(edits[-1]),
    }  # fmt: skip
    notice.state, notice.held_until = "held", at + HOLD
    db.session.flush()
    notice.total = queries.count(selection(notice))
    if notice.total == 0:
        # Nobody was told otherwise: what stands there now is what people will be told.
        db.session.delete(notice)
        plan.told = Facts.of(event).kept()


def _call_off(event: Event, at: dt.datetime) -> None:
    """Nothing else about the event goes out any more; its people hear that it was called off."""
    db.session.execute(
        sa.update(Mailing)
        .where(
            Mailing.event_id == event.id,
            Mailing.state.in_(("held", "sending", "planned")),
        )
        .values(state="stopped", done_at=at, held_until=None)
        .execution_options(synchronize_session=False)
    )
    mail.withdraw(event.id, WITHDRAWN_MESSAGES)
    is_over = at >= event.closes_by or (event.ended_at is not None and at >= event.ended_at)
    total = queries.count(queries.reachable(event.id))
    if is_over or total == 0:
        return
    db.session.add(
        Mailing(
            event_id=event.id, kind="event_cancelled", state="held", held_until=at + HOLD,
            created_at=at, total=total,
        )
    )  # fmt: skip


def release(mailing: Mailing, at: dt.datetime) -> bool:
    """Lets a held notice go whose time has come, or that an organiser sends at once. Needs the mailing's
    lock; answers whether it went. One whose event changed again meanwhile is looked at first."""
    plan = _locked_plan(mailing.event_id)
    event = db.session.get_one(Event, mailing.event_id, populate_existing=True)
    if plan is None or plan.seen_sequence != event.ics_sequence:
        return False
    if mailing.kind == "changed":
        if event.phase(at) not in ("before", "live"):
            mailing.state, mailing.done_at = "skipped", at
            return False
        plan.told = mailing.details["after"]
    sending.fix(mailing, selection(mailing))
    sending.let_go(mailing, at)
    return True
