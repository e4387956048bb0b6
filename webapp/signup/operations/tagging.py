"""The organisers' own words about people: tags, by which they are found again, and notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup import choosing, questions
from webapp.signup.models import Signup, SignupNote, SignupTag, Tag
from webapp.signup.operations import history, seats
from webapp.signup.operations.seats import By

LONGEST = 40
# Of one event: as many as somebody still finds their way among.
MOST = 100
LONGEST_NOTE = 5000


def tag_names(raw: str) -> list[str]:
    """The tags that were typed, with commas between them. Raises Refused."""
    names: dict[str, str] = {}
    for part in raw.split(","):
        try:
            name = " ".join(questions.line(part, LONGEST).split())
        except ValueError as error:
            raise Refused(str(error), "tag") from None
        if name:
            names.setdefault(choosing.tag_key(name), name)
    if not names:
        raise Refused(_("Please say which tag."), "tag")
    return list(names.values())


def tag(event: Event, signup_ids: Sequence[int], name: str, at: dt.datetime, *, by: By) -> int:
    """Gives people of the event a tag, and answers how many did not have it. The tag is made if there is
    none of this name. Raises Refused "tag" if there are too many."""
    seats.lock_event(event.id)
    tag_id = _tag_id(event.id, name)
    if tag_id is None:
        number = sa.select(sa.func.count()).select_from(Tag).where(Tag.event_id == event.id)
        if (db.session.scalar(number) or 0) >= MOST:
            raise Refused(_("There are %(n)s tags already. Take some away from everybody who has them first.", n=MOST), "tag")  # fmt: skip
        row = Tag(event_id=event.id, name=name, key=choosing.tag_key(name))
        db.session.add(row)
        db.session.flush()
        tag_id = row.id
    has_it = sa.exists().where(SignupTag.signup_id == Signup.id, SignupTag.tag_id == tag_id)
    ids = db.session.scalars(
        sa.select(Signup.id).where(
            Signup.event_id == event.id,
            Signup.id.in_(signup_ids),
            Signup.erased_at.is_(None),
            ~has_it,
        )
    ).all()
    if ids:
        db.session.execute(
            sa.insert(SignupTag), [{"signup_id": id_, "tag_id": tag_id} for id_ in ids]
        )
        history.note_all(ids, at, by, "tagged", tag=name)
        _record("signup.tagged", event, ids, at, by)
    forget_unused_tags(event.id)
    return len(ids)


def untag(event: Event, signup_ids: Sequence[int], name: str, at: dt.datetime, *, by: By) -> int:
    """Takes a tag away from people of the event, and answers how many had it."""
    seats.lock_event(event.id)
    tag_id = _tag_id(event.id, name)
    ids = db.session.scalars(
        sa.delete(SignupTag)
        .where(SignupTag.tag_id == tag_id, SignupTag.signup_id.in_(signup_ids))
        .returning(SignupTag.signup_id)
        .execution_options(synchronize_session=False)
    ).all()
    if ids:
        history.note_all(ids, at, by, "untagged", tag=name)
        _record("signup.untagged", event, ids, at, by)
    forget_unused_tags(event.id)
    return len(ids)


def forget_unused_tags(event_id: int) -> None:
    """A tag is there while somebody has it."""
    is_used = sa.exists().where(SignupTag.tag_id == Tag.id)
    db.session.execute(
        sa.delete(Tag)
        .where(Tag.event_id == event_id, ~is_used)
        .execution_options(synchronize_session=False)
    )


def add_note(signup: Signup, text: str, at: dt.datetime, *, by: By) -> SignupNote:
    """Writes something down about a person. Raises Refused "note" if there is nothing to write, "gone"."""
    event = seats.lock(signup)
    try:
        text = questions.paragraph(text, LONGEST_NOTE)
    except ValueError as error:
        raise Refused(str(error), "note") from None
    if not text:
        raise Refused(_("There is nothing in this note yet."), "note")
    author = by if isinstance(by, str) else by.email
    row = SignupNote(signup_id=signup.id, at=at, author=author[:254], text=text)
    db.session.add(row)
    seats.record(event, "signup.noted", at, by, signup)
    db.session.flush()
    return row


def delete_note(signup: Signup, note_id: int, at: dt.datetime, *, by: By) -> None:
    """Raises Refused "note" if the person has no such note."""
    event = seats.lock(signup)
    note = db.session.get(SignupNote, note_id)
    if note is None or note.signup_id != signup.id:
        raise Refused(_("This note is no longer there."), "note")
    db.session.delete(note)
    seats.record(event, "signup.note_deleted", at, by, signup)


def _tag_id(event_id: int, name: str) -> int | None:
    return db.session.scalar(
        sa.select(Tag.id).where(Tag.event_id == event_id, Tag.key == choosing.tag_key(name))
    )


def tag_id_for(event_id: int, name: str) -> int | None:
    """The tag of this name, made if there is none; None if it can be none, or if there are too many. For
    those who come in with it: that is no later change of theirs. Needs the event's lock."""
    name = " ".join(name.split())[:LONGEST]
    found = _tag_id(event_id, name)
    if found is not None or not name:
        return found
    number = sa.select(sa.func.count()).select_from(Tag).where(Tag.event_id == event_id)
    if (db.session.scalar(number) or 0) >= MOST:
        return None
    row = Tag(event_id=event_id, name=name, key=choosing.tag_key(name))
    db.session.add(row)
    db.session.flush()
    return row.id


def _record(action: str, event: Event, ids: Sequence[int], at: dt.datetime, by: By) -> None:
    """How many; with one, who. The tag's own word stays out: it may say something about a person."""
    details = {"people": len(ids)} | ({"signup": ids[0]} if len(ids) == 1 else {})
    entry = audit.record(action, at=at, actor=by, event_id=event.id)
    entry.details = details
