"""The verbs of the running order: writing it, and noting what was said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.agenda import items as shape
from webapp.agenda.items import NewItem, NewPerson
from webapp.agenda.models import Session, SessionSpeaker, Speaker
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events.models import Event


def locked(event: Event) -> Event:
    """The event's row as it is now, locked until the commit: whoever changes what is on comes through
    here, one after the other."""
    row: Event | None = db.session.scalar(
        lock_row(sa.select(Event).where(Event.id == event.id)).execution_options(
            populate_existing=True
        )
    )
    if row is None:
        raise Refused(_("This event is no longer there."), "gone")
    return row


def replace(event: Event, items: Sequence[dict[str, Any]], at: dt.datetime) -> list[str]:
    """Makes ``items`` (in the words of the event file) the agenda; says what changed, a line for each.

    Rows are kept by key, so that times, notes and figures stay with their item. A person is one row of
    the event however many items name them. Raises Refused for a bad item, naming it, and if an item
    that has already started would be dropped.
    """
    wanted = shape.read(items)
    people = shape.one_row_each(wanted)
    locked(event)
    rows = {row.key: row for row in _sessions(event)}
    dropped = [row for key, row in rows.items() if key not in {item.key for item in wanted}]
    for row in dropped:
        if row.started_at is not None:
            raise Refused(
                _("“%(title)s” (key %(key)s) has already started and cannot be taken out of the agenda.",
                  title=row.title, key=row.key),
                "started",
            )  # fmt: skip
    changes, speakers = _write_people(event, people)
    for row in dropped:
        changes.append(_("Taken out: “%(title)s”.", title=row.title))
        db.session.delete(row)
    kept = [row.key for row in rows.values() if row not in dropped]
    stays = _longest_in_order(kept, [item.key for item in wanted if item.key in rows])
    for position, item in enumerate(wanted):
        found = rows.get(item.key)
        if found is None:
            found = Session(event_id=event.id, key=item.key, position=position)
            _write_item(found, item, speakers)
            db.session.add(found)
            changes.append(
                _("Added: “%(title)s”, %(n)d minutes.", title=item.title, n=item.minutes)
            )
            continue
        if item.key not in stays:
            changes.append(
                _("Moved: “%(title)s” is now number %(n)d.", title=item.title, n=position + 1)
            )
        found.position = position
        changes += _write_item(found, item, speakers)
    db.session.flush()
    _drop_unused(event, speakers)
    if changes:
        event.touch()
    db.session.flush()
    return changes


def _sessions(event: Event) -> list[Session]:
    return list(
        db.session.scalars(
            sa.select(Session)
            .where(Session.event_id == event.id)
            .order_by(Session.position, Session.id)
            .options(sa.orm.selectinload(Session.speakers).joinedload(SessionSpeaker.speaker))
            .execution_options(populate_existing=True)
        )
    )


def _write_people(
    event: Event, people: dict[str, NewPerson]
) -> tuple[list[str], dict[str, Speaker]]:
    """Makes or updates the row of everybody who speaks. Answers the changes and the rows by name key."""
    changes: list[str] = []
    rows = {
        shape.name_key(row.name): row
        for row in db.session.scalars(
            sa.select(Speaker).where(Speaker.event_id == event.id).order_by(Speaker.id.desc())
        )
    }
    speakers: dict[str, Speaker] = {}
    for key, person in people.items():
        row = rows.get(key)
        details = {
            "name": person.name,
            "title": person.title,
            "affiliation": person.affiliation,
            "bio": person.bio,
            "url": person.url,
        }
        if row is None:
            row = Speaker(event_id=event.id, **details)
            db.session.add(row)
        else:
            changed = [name for name, value in details.items() if getattr(row, name) != value]
            for name in changed:
                setattr(row, name, details[name])
            if changed:
                changes.append(
                    _("%(person)s: changed %(what)s.", person=person.name, what=", ".join(changed))
                )
        speakers[key] = row
    db.session.flush()
    return changes, speakers


def _write_item(row: Session, item: NewItem, speakers: dict[str, Speaker]) -> list[str]:
    """Sets the row to the item and says what that changed (nothing is said about a new row)."""
    is_new = row.id is None
    changes = []
    for name, label in (
        ("title", _("title")),
        ("summary", _("summary")),
        ("kind", _("kind")),
        ("minutes", _("minutes")),
    ):
        before, after = getattr(row, name), getattr(item, name)
        if before == after:
            continue
        setattr(row, name, after)
        if name == "summary":
            changes.append(_("“%(title)s”: new summary.", title=item.title))
        else:
            changes.append(
                _("“%(title)s”: %(what)s %(after)s instead of %(before)s.",
                  title=item.title, what=label, after=after, before=before)
            )  # fmt: skip
    wanted = [(speakers[p.name_key].id, p.role) for p in item.speakers]
    if is_new or [(s.speaker_id, s.role) for s in row.speakers] != wanted:
        # One row may change place without changing itself: keep what is there, by person and role.
        known = {(s.speaker_id, s.role): s for s in row.speakers} if not is_new else {}
        row.speakers = [
            known.get(pair) or SessionSpeaker(speaker_id=pair[0], role=pair[1]) for pair in wanted
        ]
        for position, link in enumerate(row.speakers):
            link.position = position
        names = ", ".join(person.name for person in item.speakers) or _("nobody")
        changes.append(_("“%(title)s”: now with %(names)s.", title=item.title, names=names))
    return [] if is_new else changes


def _drop_unused(event: Event, speakers: dict[str, Speaker]) -> None:
    """Forgets people who have no part in the agenda any more. Their notes stay with the item."""
    used = {row.id for row in speakers.values()}
    for row in db.session.scalars(sa.select(Speaker).where(Speaker.event_id == event.id)):
        if row.id not in used:
            db.session.delete(row)


def _longest_in_order(before: list[str], after: list[str]) -> set[str]:
    """Keys that keep their order, as many as possible: the others are the ones that moved."""
    table = [[0] * (len(after) + 1) for _row in range(len(before) + 1)]
    for i in range(len(before) - 1, -1, -1):
        for j in range(len(after) - 1, -1, -1):
            table[i][j] = (
                table[i + 1][j + 1] + 1
                if before[i] == after[j]
                else max(table[i + 1][j], table[i][j + 1])
            )
    i = j = 0
    stays = set()
    while i < len(before) and j < len(after):
        if before[i] == after[j]:
            stays.add(before[i])
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return stays
