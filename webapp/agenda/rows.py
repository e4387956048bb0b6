"""Writing the rows of an agenda's draft."""

from __future__ import annotations

import sqlalchemy as sa

from webapp.agenda import items as shape
from webapp.agenda.items import NewItem, NewPerson
from webapp.agenda.models import Note, Session, SessionSpeaker, Speaker
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


def is_bound(event: Event) -> sa.ColumnElement[bool]:
    """SQL: the item belongs to the evening, whatever becomes of the draft. It has started, something was
    written down while it was on, or it was said of it this evening that it does not take place."""
    has_note = sa.select(Note.id).where(Note.session_id == Session.id).correlate(Session).exists()
    said = sa.and_(Session.skipped_at.is_not(None), sa.literal(event.started_at is not None))
    return sa.or_(Session.started_at.is_not(None), has_note, said)


def put_back(event: Event) -> None:
    """What belongs to the evening is in the draft again, also where the organisers had taken it out."""
    db.session.execute(
        sa.update(Session)
        .where(Session.event_id == event.id, Session.taken_out, is_bound(event))
        .values(taken_out=False),
        execution_options={"synchronize_session": False},
    )


def bound(event: Event) -> set[int]:
    """The ids of what may not be taken out."""
    mine = Session.event_id == event.id
    return set(db.session.scalars(sa.select(Session.id).where(mine, is_bound(event))))


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
    """Forgets people who have no part in the agenda any more and are not among ``needed``; never those whose
    words were written down."""
    has_part = sa.select(SessionSpeaker.speaker_id).where(SessionSpeaker.speaker_id == Speaker.id)
    has_said = sa.select(Note.id).where(Note.speaker_id == Speaker.id)
    unused = sa.select(Speaker).where(
        Speaker.event_id == event.id, ~has_part.exists(), ~has_said.exists()
    )
    for row in db.session.scalars(unused):
        if row.id not in needed:
            db.session.delete(row)
