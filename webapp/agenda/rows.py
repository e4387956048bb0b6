"""Writing the rows of an agenda's draft."""

from __future__ import annotations

import sqlalchemy as sa

from webapp.agenda import items as shape
from webapp.agenda.items import NewItem, NewPerson
from webapp.agenda.models import Session, SessionSpeaker, Speaker
from webapp.db import db
from webapp.events.models import Event


def sessions(event: Event) -> list[Session]:
    """Every row, also of items that are taken out but still seen."""
    return list(
        db.session.scalars(
            sa.select(Session)
            .where(Session.event_id == event.id)
            .order_by(Session.position, Session.id)
            .options(sa.orm.selectinload(Session.speakers).joinedload(SessionSpeaker.speaker))
            .execution_options(populate_existing=True)
        )
    )


def write_people(event: Event, people: dict[str, NewPerson]) -> dict[str, Speaker]:
    """Makes or updates the row of everybody who speaks. Answers the rows by name key."""
    rows = {
        shape.name_key(row.name): row
        for row in db.session.scalars(
            sa.select(Speaker).where(Speaker.event_id == event.id).order_by(Speaker.id.desc())
        )
    }
    speakers: dict[str, Speaker] = {}
    for key, person in people.items():
        row = rows.get(key)
        if row is None:
            row = Speaker(event_id=event.id)
            db.session.add(row)
        row.name, row.title, row.affiliation = person.name, person.title, person.affiliation
        row.bio, row.url = person.bio, person.url
        row.say, row.intro = person.say, person.intro
        speakers[key] = row
    db.session.flush()
    return speakers


def write_item(row: Session, item: NewItem, speakers: dict[str, Speaker]) -> None:
    """Sets the row to the item."""
    is_new = row.id is None
    row.title, row.summary, row.kind, row.minutes = (
        item.title,
        item.summary,
        item.kind,
        item.minutes,
    )
    row.taken_out = False
    wanted = [(speakers[p.name_key].id, p.role) for p in item.speakers]
    if is_new or [(s.speaker_id, s.role) for s in row.speakers] != wanted:
        # One row may change place without changing itself: keep what is there, by person and role.
        known = {(s.speaker_id, s.role): s for s in row.speakers} if not is_new else {}
        row.speakers = [
            known.get(pair) or SessionSpeaker(speaker_id=pair[0], role=pair[1]) for pair in wanted
        ]
        for position, link in enumerate(row.speakers):
            link.position = position


def drop_unused(event: Event, needed: set[int]) -> None:
    """Forgets people who have no part in the agenda any more and are not among ``needed``. Their notes
    stay with the item."""
    has_part = sa.select(SessionSpeaker.speaker_id).where(SessionSpeaker.speaker_id == Speaker.id)
    unused = sa.select(Speaker).where(Speaker.event_id == event.id, ~has_part.exists())
    for row in db.session.scalars(unused):
        if row.id not in needed:
            db.session.delete(row)
