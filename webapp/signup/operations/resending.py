"""Sending people their links once more, never twice for one press, however often it is pressed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite

from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.signup import mails
from webapp.signup.models import LinkSending, Signup
from webapp.signup.operations import history, seats
from webapp.signup.operations.seats import By

# Two presses for one person within this are one.
DOUBLE_CLICK = dt.timedelta(minutes=1)


def claim(signup_ids: Sequence[int], at: dt.datetime, patience: dt.timedelta) -> list[int]:
    """Those of the sign-ups that were sent no links within ``patience`` before ``at``; from now on they
    were. One statement, so that two presses at the same moment share them between them."""
    if not signup_ids:
        return []
    dialect = db.session.connection().dialect.name
    insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(LinkSending)
    statement = insert.values([{"signup_id": number, "at": at} for number in signup_ids])
    statement = statement.on_conflict_do_update(
        index_elements=["signup_id"],
        set_={"at": statement.excluded.at},
        where=LinkSending.at <= at - patience,
    ).returning(LinkSending.signup_id)
    return sorted(db.session.execute(statement).scalars())


def _name(by: By) -> str:
    return by.email if isinstance(by, User) else by


def send_links(signup: Signup, at: dt.datetime, *, by: By) -> None:
    """Mails a person their links once more. Raises Refused "not_live" or "gone"."""
    event = seats.lock(signup)
    if not signup.is_live or signup.pending_reason == "click":
        raise Refused(_("This sign-up is no longer on, so it gets no mail."), "not_live")
    if not claim([signup.id], at, DOUBLE_CLICK):
        return
    history.note(signup, at, _name(by), "links_sent")
    seats.record(event, "signup.links_sent", at, by, signup)
    mails.links_of(event, signup, at, again=True)


def send_links_to(event_id: int, signup_ids: Sequence[int], at: dt.datetime, *, by: By) -> int:
    """The same for those of many sign-ups that have a place; answers how many. Whoever calls this has
    claimed them."""
    event = seats.lock_event(event_id)
    rows = db.session.scalars(
        sa.select(Signup)
        .where(
            Signup.event_id == event.id,
            Signup.id.in_(signup_ids),
            Signup.status == "confirmed",
            Signup.erased_at.is_(None),
        )
        .order_by(Signup.id)
        .execution_options(populate_existing=True)
    ).all()
    actor = _name(by)
    for signup in rows:
        history.note(signup, at, actor, "links_sent")
        mails.links_of(event, signup, at, again=True)
    return len(rows)
