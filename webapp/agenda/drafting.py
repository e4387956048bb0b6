"""Writing the draft of an agenda, and taking the last change back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.agenda import differences, queries, rows
from webapp.agenda import items as shape
from webapp.agenda.models import AgendaRelease, AgendaStep, Session, Speaker
from webapp.agenda.queries import Item
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events.models import Event

By = User | str
# So many changes can be taken back, one after the other.
KEPT_STEPS = 30


def locked(event: Event) -> Event:
    """The event's row as it is now, locked until the commit: whoever changes what is on comes through
    here, one after the other."""
    db.session.flush()
    row: Event | None = db.session.scalar(
        lock_row(sa.select(Event).where(Event.id == event.id)).execution_options(
            populate_existing=True
        )
    )
    if row is None:
        raise Refused(_("This event is no longer there."), "gone")
    return row


def name_of(by: By) -> str:
    return (by.email if isinstance(by, User) else by)[:254]


def latest(event_id: int) -> AgendaRelease | None:
    return db.session.scalar(
        sa.select(AgendaRelease)
        .where(AgendaRelease.event_id == event_id)
        .order_by(AgendaRelease.version.desc())
        .limit(1)
    )


def write(event: Event, items: Sequence[dict[str, Any]], moved: str = "") -> list[str]:
    """Makes ``items`` (in the words of the event file) the draft; says what changed, a line for each
    (``moved``: the key of an item that somebody took to another place).

    Rows are kept by key, so that times, notes and figures stay with their item; the row of an item that
    people see stays until a release drops it. A person is one row of the event however many items name
    them. Raises Refused for a bad item, naming it, and if an item that has already started would be
    dropped.
    """
    wanted = shape.read(items)
    people = shape.one_row_each(wanted)
    locked(event)
    before = queries.draft(event)
    release = latest(event.id)
    seen = release.items if release else []
    public = {entry["key"] for entry in seen}
    there = {row.key: row for row in rows.sessions(event)}
    keys = {item.key for item in wanted}
    bound = rows.bound(event)
    for row in there.values():
        if row.key in keys or row.taken_out:
            continue
        if row.started_at is not None:
            raise Refused(
                _("“%(title)s” (key %(key)s) has already started and cannot be taken out of the agenda.",
                  title=row.title, key=row.key),
                "started",
            )  # fmt: skip
        if row.id in bound:
            raise Refused(
                _("“%(title)s” (key %(key)s) stays in the agenda: something was written down there, or it was said this evening that it does not take place.",
                  title=row.title, key=row.key),
                "started",
            )  # fmt: skip
        if row.key in public:
            row.taken_out = True
        else:
            db.session.delete(row)
    speakers = rows.write_people(event, people)
    for position, item in enumerate(wanted):
        found = there.get(item.key) or Session(event_id=event.id, key=item.key)
        found.position = position
        rows.write_item(found, item, speakers)
        db.session.add(found)
    db.session.flush()
    rows.drop_unused(event, {who["id"] for entry in seen for who in entry["speakers"]})
    db.session.flush()
    return differences.between(before, queries.draft(event), moved)


def remember(event: Event, before: list[Item], changes: list[str], at: dt.datetime, by: By) -> None:
    """Keeps the draft as it stood ``before`` these changes; the oldest ones are forgotten."""
    db.session.add(
        AgendaStep(
            event_id=event.id,
            at=at,
            by=name_of(by),
            summary=" ".join(changes),
            before=queries.kept(before),
        )
    )
    db.session.flush()
    newest = (
        sa.select(AgendaStep.id)
        .where(AgendaStep.event_id == event.id)
        .order_by(AgendaStep.id.desc())
        .limit(KEPT_STEPS)
    )
    db.session.execute(
        sa.delete(AgendaStep).where(
            AgendaStep.event_id == event.id, AgendaStep.id.not_in(newest.scalar_subquery())
        )
    )


def forget_steps(event: Event) -> None:
    """Nothing before this moment can be brought back."""
    db.session.execute(sa.delete(AgendaStep).where(AgendaStep.event_id == event.id))


def last_step(event_id: int) -> AgendaStep | None:
    """The change that would be taken back."""
    return db.session.scalar(
        sa.select(AgendaStep)
        .where(AgendaStep.event_id == event_id)
        .order_by(AgendaStep.id.desc())
        .limit(1)
    )


def undo(event: Event, step_id: int) -> list[str]:
    """Takes the last change back; says what that changed. Raises Refused if another one is the last."""
    event = locked(event)
    step = last_step(event.id)
    if step is None or step.id != step_id:
        raise Refused(_("Somebody else changed this in the meantime."), "changed")
    items = queries.read_kept(step.before, event.starts_at)
    before = queries.draft(event)
    # What has begun since stays where it is.
    bound, keys = rows.bound(event), {item.key for item in items}
    for place, item in enumerate(before):
        if item.id in bound and item.key not in keys:
            items.insert(min(place, len(items)), item)
    # A name that was corrected goes back in its own row, so that it stays one person.
    names = {who.speaker_id: who.name for item in items for who in item.speakers}
    for row in db.session.scalars(
        sa.select(Speaker).where(Speaker.event_id == event.id, Speaker.id.in_(names))
    ):
        row.name = names[row.id]
    db.session.flush()
    write(event, queries.as_file(items))
    db.session.delete(step)
    db.session.flush()
    return differences.between(before, queries.draft(event))
