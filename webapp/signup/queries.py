"""Reads over sign-ups."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from webapp.db import db
from webapp.events import operations as events
from webapp.events.models import OVERRUN, Event
from webapp.events.texts import NO_TEXTS, Texts
from webapp.mail.models import OutgoingMail
from webapp.signup import statements

# Part of what is asked here, in a file of its own.
from webapp.signup.choosing import Choice as Choice
from webapp.signup.choosing import chosen as chosen
from webapp.signup.choosing import people as people
from webapp.signup.models import (
    LIVE,
    SEATED,
    STATUSES,
    Answer,
    Batch,
    BatchPerson,
    Consent,
    Question,
    Signup,
    SignupChange,
    SignupNote,
    SignupTag,
    SourceLink,
    Tag,
)

PAGE = 50
# The mails that hold the link by which a person with a place comes in.
JOIN_MESSAGES = ("approved", "changed", "confirmed", "join_now", "link_again", "reminder")
# Written out instead of bound: only then do both engines see that the partial unique index answers it.
_LIVE = sa.text("signups.status IN ('pending','confirmed','waitlisted','offered')")


def counts(event_id: int) -> dict[str, int]:
    """Sign-ups by status, all six named. Erased ones keep their status and are counted."""
    found = dict.fromkeys(STATUSES, 0)
    rows = db.session.execute(
        sa.select(Signup.status, sa.func.count())
        .where(Signup.event_id == event_id)
        .group_by(Signup.status)
    )
    for status, number in rows:
        found[status] = number
    return found


def counts_of(event_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """``counts`` of several events in one query."""
    found = {event_id: dict.fromkeys(STATUSES, 0) for event_id in event_ids}
    rows = db.session.execute(
        sa.select(Signup.event_id, Signup.status, sa.func.count())
        .where(Signup.event_id.in_(event_ids))
        .group_by(Signup.event_id, Signup.status)
    )
    for event_id, status, number in rows:
        found[event_id][status] = number
    return found


def counts_of_all() -> dict[str, int]:
    """Sign-ups of all events by status, all six named."""
    rows = db.session.execute(sa.select(Signup.status, sa.func.count()).group_by(Signup.status))
    return dict.fromkeys(STATUSES, 0) | dict(rows.tuples().all())


def seats_taken(event_id: int) -> int:
    """Sign-ups that hold a seat: confirmed, or offered one. An erased person needs none any more."""
    db.session.flush()
    return statements.seats_taken(db.session.connection(), event_id)


def seats_claimed(event_id: int) -> int:
    """Seats taken, and one for each who waits for one."""
    db.session.flush()
    return statements.seats_claimed(db.session.connection(), event_id)


def has_seat(event: Event) -> bool:
    """Whether one more person fits, after all who wait. Only true for as long as the event is locked."""
    return event.capacity is None or seats_claimed(event.id) < event.capacity


def over_by(event: Event) -> int:
    """How many people more have a seat than there are places: the number of places was lowered."""
    return max(seats_taken(event.id) - event.capacity, 0) if event.capacity is not None else 0


def waiting_in_order(event_id: int) -> sa.Select[tuple[Signup]]:
    """Who waits for a place, the first in order first."""
    return (
        sa.select(Signup)
        .where(
            Signup.event_id == event_id,
            sa.text("signups.status = 'waitlisted'"),
            Signup.erased_at.is_(None),
        )
        .order_by(Signup.waitlisted_at, Signup.id)
    )


def position(signup: Signup) -> int:
    """Where a person stands on the waiting list: 1 is next."""
    before = sa.or_(
        Signup.waitlisted_at < signup.waitlisted_at,
        sa.and_(Signup.waitlisted_at == signup.waitlisted_at, Signup.id <= signup.id),
    )
    found = waiting_in_order(signup.event_id).where(before).order_by(None).subquery()
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(found)) or 0)


def with_seats_to_move(at: dt.datetime) -> list[int]:
    """The events with an offer whose time is over at ``at``, or with a free seat and somebody who waits."""
    waits = sa.exists().where(
        Signup.event_id == Event.id,
        sa.text("signups.status IN ('waitlisted','offered')"),
        Signup.erased_at.is_(None),
    )
    capacities = dict(
        db.session.execute(
            sa.select(Event.id, Event.capacity).where(
                Event.state == "published",
                Event.ended_at.is_(None),
                Event.ends_at > at - OVERRUN,
                waits,
            )
        )
        .tuples()
        .all()
    )
    if not capacities:
        return []

    def number(*statuses: str) -> sa.ColumnElement[int]:
        return sa.func.count().filter(Signup.status.in_(statuses))

    rows = db.session.execute(
        sa.select(
            Signup.event_id,
            number(*SEATED),
            number("waitlisted"),
            sa.func.min(Signup.offer_expires_at).filter(Signup.status == "offered"),
        )
        .where(Signup.event_id.in_(capacities), Signup.erased_at.is_(None))
        .group_by(Signup.event_id)
        .order_by(Signup.event_id)
    )
    found = []
    for event_id, taken, waiting, expires_at in rows:
        capacity = capacities[event_id]
        is_free = capacity is None or taken < capacity
        if (waiting and is_free) or (expires_at is not None and expires_at <= at):
            found.append(event_id)
    return found


def without_stay(event_id: int) -> frozenset[int]:
    """The person keys of those whose stay must not be recorded."""
    # Written out: only then do both engines see that the partial index answers it.
    return frozenset(
        key
        for key in db.session.scalars(
            sa.select(Signup.person_key).where(
                Signup.event_id == event_id, sa.text("signups.no_stay")
            )
        )
        if key is not None
    )


def keys_that_are_on(event_id: int, person_keys: Collection[int]) -> frozenset[int]:
    """Those of the keys that belong to a live sign-up of the event. No query for none."""
    if not person_keys:
        return frozenset()
    found = db.session.scalars(
        sa.select(Signup.person_key).where(
            Signup.event_id == event_id, Signup.person_key.in_(person_keys), _LIVE
        )
    )
    return frozenset(key for key in found if key is not None)


def by_public_id(event_id: int, public_id: str) -> Signup | None:
    return db.session.scalar(
        sa.select(Signup).where(Signup.event_id == event_id, Signup.public_id == public_id)
    )


def live_by_key(event_id: int, email_key: str | None) -> Signup | None:
    """The one live sign-up of an address (in its form for comparing)."""
    if email_key is None:
        return None
    return db.session.scalar(
        sa.select(Signup)
        .where(Signup.event_id == event_id, Signup.email_key == email_key, _LIVE)
        .execution_options(populate_existing=True)
    )


def _unproved(before: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: it has waited since ``before`` for the click that proves its address."""
    return (
        # Written out: only then do both engines look into the index on event and status.
        sa.text("signups.status = 'pending'"),  # type: ignore[return-value]  # a text is a condition too
        Signup.pending_reason == "address",
        Signup.proved_at.is_(None),
        Signup.created_at <= before,
        Signup.erased_at.is_(None),
        Signup.is_sample.is_(False),
    )


def unproved(event_id: int, before: dt.datetime) -> list[int]:
    """The ids of sign-ups that have waited since ``before`` for the click that proves their address. One
    that was sent the mail again has waited since then."""
    asked_again = set(
        db.session.scalars(
            sa.select(OutgoingMail.person).where(
                OutgoingMail.event_id == event_id,
                OutgoingMail.message == "confirm_address",
                OutgoingMail.created_at > before,
            )
        )
    )
    rows = db.session.execute(
        sa.select(Signup.id, Signup.public_id)
        .where(Signup.event_id == event_id, *_unproved(before))
        .order_by(Signup.id)
    )
    return [id for id, public_id in rows if public_id not in asked_again]


def with_unproved(before: dt.datetime) -> list[int]:
    """The events that may have such sign-ups: one look into the index for each event."""
    waits = sa.exists().where(Signup.event_id == Event.id, *_unproved(before))
    return list(db.session.scalars(sa.select(Event.id).where(waits).order_by(Event.id)))


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One line of the organiser's list, with the keys of the hosts who may write to the person, and tags."""

    signup: Signup
    contact: frozenset[str]
    tags: tuple[str, ...] = ()


def page(event_id: int, choice: Choice, number: int = 1) -> tuple[list[Listed], bool]:
    """One page of the organiser's list, and whether there is another. Three queries, however long it is."""
    rows = list(
        db.session.scalars(chosen(event_id, choice).offset((number - 1) * PAGE).limit(PAGE + 1))
    )
    agreed = contact_keys(row.id for row in rows[:PAGE])
    tagged = tags_of(row.id for row in rows[:PAGE])
    listed = [
        Listed(row, frozenset(agreed.get(row.id, ())), tuple(tagged.get(row.id, ())))
        for row in rows[:PAGE]
    ]
    return listed, len(rows) > PAGE


def number(event_id: int, choice: Choice) -> int:
    """How many the list shows of ``choice``, erased ones among them where it does."""
    found = chosen(event_id, choice).order_by(None).with_only_columns(sa.func.count())
    return int(db.session.scalar(found) or 0)


def people_count(event_id: int, choice: Choice) -> int:
    """How many something can be done with."""
    found = people(event_id, choice).order_by(None).with_only_columns(sa.func.count())
    return int(db.session.scalar(found) or 0)


def first(event_id: int, choice: Choice, limit: int) -> list[Signup]:
    """The newest of a choice with whom something can be done."""
    return list(db.session.scalars(people(event_id, choice).limit(limit)))


def sources(event_id: int) -> list[str]:
    """Where people found the event, what most of them named first; at most fifty."""
    return [
        source or ""
        for source in db.session.scalars(
            sa.select(Signup.source)
            # Written out: only then do both engines see that the partial index answers it.
            .where(Signup.event_id == event_id, sa.text("signups.source IS NOT NULL"))
            .group_by(Signup.source)
            .order_by(sa.func.count().desc(), Signup.source)
            .limit(50)
        )
    ]


def ticked(event_id: int, public_ids: Collection[str]) -> list[Signup]:
    """These people of the event, the first who signed up first."""
    if not public_ids:
        return []
    return list(
        db.session.scalars(
            sa.select(Signup)
            .where(
                Signup.event_id == event_id,
                Signup.public_id.in_(public_ids),
                Signup.erased_at.is_(None),
            )
            .order_by(Signup.id)
        )
    )


def batch(event_id: int, batch_id: int) -> Batch | None:
    return db.session.scalar(
        sa.select(Batch).where(Batch.event_id == event_id, Batch.id == batch_id)
    )


def unfinished_batches(event_id: int | None = None) -> list[int]:
    """The ids of batches that are not through, the oldest first; of one event or of all."""
    statement = sa.select(Batch.id).where(Batch.finished_at.is_(None)).order_by(Batch.id)
    if event_id is not None:
        statement = statement.where(Batch.event_id == event_id)
    return list(db.session.scalars(statement))


def refused_in(batch: Batch, limit: int) -> list[tuple[Signup, str]]:
    """With whom it could not be done, and why."""
    rows = db.session.execute(
        sa.select(Signup, BatchPerson.refused)
        .join(BatchPerson, BatchPerson.signup_id == Signup.id)
        .where(BatchPerson.batch_id == batch.id, BatchPerson.refused.is_not(None))
        .order_by(Signup.id)
        .limit(limit)
    )
    return [(signup, reason) for signup, reason in rows]


def contact_keys(signup_ids: Iterable[int]) -> dict[int, set[str]]:
    """By sign-up: the keys of the hosts who may write to them about other things. One query."""
    found: dict[int, set[str]] = {}
    ids = list(signup_ids)
    if not ids:
        return found
    rows = db.session.execute(
        sa.select(Consent.signup_id, Consent.host_key).where(
            Consent.signup_id.in_(ids), Consent.kind == "contact", Consent.withdrawn_at.is_(None)
        )
    )
    for signup_id, host_key in rows:
        found.setdefault(signup_id, set()).add(host_key or "")
    return found


@events.needs_keys
def keys_agreed_to(event_id: int) -> list[str]:
    """The keys of hosts that somebody who is still there agreed to hear from, withdrawn or not."""
    rows = db.session.scalars(
        sa.select(Consent.host_key)
        .join(Signup, Signup.id == Consent.signup_id)
        .where(Signup.event_id == event_id, Signup.erased_at.is_(None), Consent.kind == "contact")
        .distinct()
    )
    return [key for key in rows if key]


def agreed_counts(event_id: int) -> dict[str, int]:
    """By host key: how many people of the event agreed to hear from them."""
    rows = db.session.execute(
        sa.select(Consent.host_key, sa.func.count())
        .join(Signup, Signup.id == Consent.signup_id)
        .where(
            Signup.event_id == event_id,
            Signup.erased_at.is_(None),
            Consent.kind == "contact",
            Consent.withdrawn_at.is_(None),
        )
        .group_by(Consent.host_key)
    )
    return {key or "": number for key, number in rows}


def tags_of(signup_ids: Iterable[int]) -> dict[int, list[str]]:
    """By sign-up: the names of their tags. One query."""
    found: dict[int, list[str]] = {}
    ids = list(signup_ids)
    if not ids:
        return found
    rows = db.session.execute(
        sa.select(SignupTag.signup_id, Tag.name)
        .join(Tag, Tag.id == SignupTag.tag_id)
        .where(SignupTag.signup_id.in_(ids))
        .order_by(Tag.key)
    )
    for signup_id, name in rows:
        found.setdefault(signup_id, []).append(name)
    return found


def tags(event_id: int) -> list[str]:
    """All tags of an event."""
    return list(
        db.session.scalars(sa.select(Tag.name).where(Tag.event_id == event_id).order_by(Tag.key))
    )


def notes_of(signup: Signup) -> list[SignupNote]:
    """What organisers wrote about the person, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(SignupNote).where(SignupNote.signup_id == signup.id).order_by(SignupNote.id)
        )
    )


def changes_of(signup: Signup) -> list[SignupChange]:
    """What happened to the sign-up after it was made, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(SignupChange)
            .where(SignupChange.signup_id == signup.id)
            .order_by(SignupChange.at, SignupChange.id)
        )
    )


def source_links(event_id: int) -> list[SourceLink]:
    """The links that have a name, in the order they were made."""
    return list(
        db.session.scalars(
            sa.select(SourceLink).where(SourceLink.event_id == event_id).order_by(SourceLink.id)
        )
    )


def consents_of(signup: Signup) -> list[Consent]:
    """What the person agreed to, the consent for the event first."""
    return list(
        db.session.scalars(
            sa.select(Consent).where(Consent.signup_id == signup.id).order_by(Consent.id)
        )
    )


def answers_by_key(signup: Signup) -> dict[str, Any]:
    """What the person answered, by the key of the question."""
    rows = db.session.execute(
        sa.select(Question.key, Answer.value)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.signup_id == signup.id)
    )
    return dict(rows.tuples().all())


def answers_of(signup: Signup, texts: Texts = NO_TEXTS) -> list[tuple[str, Any]]:
    """(the question, what the person answered) in the order asked, in the words of ``texts`` where it has
    some. One query."""
    rows = db.session.execute(
        sa.select(Question.key, Question.label, Answer.value)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.signup_id == signup.id)
        .order_by(Question.position, Question.id)
    )
    return [
        (
            texts.get(f"questions/{key}/label", label),
            _said(f"questions/{key}/choices", value, texts),
        )
        for key, label, value in rows
    ]


def _said(place: str, value: Any, texts: Texts) -> Any:
    if isinstance(value, list):
        return [texts.get(f"{place}/{choice}", choice) for choice in value]
    return texts.get(f"{place}/{value}", value) if isinstance(value, str) else value


def latest(event_id: int, limit: int) -> list[Signup]:
    """The latest sign-ups of people who still take part, for choosing one of them."""
    return list(
        db.session.scalars(
            sa.select(Signup)
            .where(Signup.event_id == event_id, Signup.status.in_(LIVE), Signup.erased_at.is_(None))
            .order_by(Signup.id.desc())
            .limit(limit)
        )
    )
