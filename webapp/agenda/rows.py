"""Writing the rows of an agenda and saying what that changed, a readable line for each change."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.agenda import items as shape
from webapp.agenda.items import NewItem, NewPerson
from webapp.agenda.models import Session, SessionSpeaker, Speaker
from webapp.db import db
from webapp.events.models import Event


def sessions(event: Event) -> list[Session]:
    return list(
        db.session.scalars(
            sa.select(Session)
            .where(Session.event_id == event.id)
            .order_by(Session.position, Session.id)
            .options(sa.orm.selectinload(Session.speakers).joinedload(SessionSpeaker.speaker))
            .execution_options(populate_existing=True)
        )
    )


def write_people(
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


def write_item(row: Session, item: NewItem, speakers: dict[str, Speaker]) -> list[str]:
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


def drop_unused(event: Event, speakers: dict[str, Speaker]) -> None:
    """Forgets people who have no part in the agenda any more. Their notes stay with the item."""
    used = {row.id for row in speakers.values()}
    for row in db.session.scalars(sa.select(Speaker).where(Speaker.event_id == event.id)):
        if row.id not in used:
            db.session.delete(row)


def longest_in_order(before: list[str], after: list[str]) -> set[str]:
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
