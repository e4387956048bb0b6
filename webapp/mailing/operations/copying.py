"""What a new event takes over of another one's mails to many: when it reminds, and drafts."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.db import db
from webapp.events.models import Event
from webapp.mailing import queries
from webapp.mailing.models import Mailing, MailingText
from webapp.mailing.operations.plans import make
from webapp.mailing.reminders import rule_of

# What an organiser wrote and did not take back.
_WRITTEN = ("draft", "held", "sending", "done")
# In a choice of people: somebody's name, which is nobody's business at another event.
_SEARCH = "q"


def copy(source: Event, event: Event, at: dt.datetime, by: User) -> None:
    """Gives a new draft the reminders of ``source`` at its own times, switched off where they are there, and
    what was written to its people as drafts: nothing goes out that nobody has let go. Mails to people who
    were searched for by name are left out."""
    known = queries.of_event(source.id)
    is_planned = queries.plan_of(source.id) is not None
    reminders = [_reminder(one, event, at) for one in known if _is_reminder(one)]
    make(event, at, reminders if is_planned else None)
    db.session.add_all(_draft(one, event, at, by) for one in known if _is_written(one))
    db.session.flush()


def _is_reminder(mailing: Mailing) -> bool:
    return mailing.kind == "reminder" and mailing.state != "stopped"


def _is_written(mailing: Mailing) -> bool:
    is_ours = mailing.kind == "blast" and mailing.state in _WRITTEN
    return is_ours and _SEARCH not in (mailing.choice or {})


def _reminder(mailing: Mailing, event: Event, at: dt.datetime) -> Mailing:
    due = rule_of(mailing).due(event)
    state = "off" if mailing.state == "off" else "planned" if due > at else "skipped"
    return Mailing(
        event_id=event.id, kind="reminder", state=state, anchor=mailing.anchor, number=mailing.number,
        due_at=due, created_at=at,
    )  # fmt: skip


def _draft(mailing: Mailing, event: Event, at: dt.datetime, by: User) -> Mailing:
    return Mailing(
        event_id=event.id, kind="blast", state="draft", number=mailing.number, details={},
        choice=dict(mailing.choice or {}), attendance=mailing.attendance, created_at=at,
        created_by=by.email,
        texts=[
            MailingText(language=text.language, subject=text.subject, body=text.body)
            for text in mailing.texts
        ],
    )  # fmt: skip
