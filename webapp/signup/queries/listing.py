"""The organiser's list: a page of it, how many it shows, what it can be filtered by, and what is done with
many of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable

import sqlalchemy as sa

from webapp.db import db
from webapp.signup.choosing import Choice, Who, can_be_done, chosen, meant
from webapp.signup.models import Batch, BatchPerson, Signup, SignupTag, SourceLink, Tag
from webapp.signup.queries.consents import contact_keys

PAGE = 50
# Beyond so many the list says "more than".
MOST_COUNTED = 1000


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
    """How many people a choice finds."""
    found = chosen(event_id, choice).order_by(None).with_only_columns(sa.func.count())
    return int(db.session.scalar(found) or 0)


def number_to_show(event_id: int, choice: Choice) -> int:
    """The same, but no more than one more than ``MOST_COUNTED``: to count a hundred thousand takes longer
    than to show fifty of them."""
    some = chosen(event_id, choice).order_by(None).with_only_columns(Signup.id)
    found = sa.select(sa.func.count()).select_from(some.limit(MOST_COUNTED + 1).subquery())
    return int(db.session.scalar(found) or 0)


def first(event_id: int, choice: Choice, limit: int) -> list[Signup]:
    """The newest of a choice."""
    return list(db.session.scalars(chosen(event_id, choice).limit(limit)))


@dataclasses.dataclass(frozen=True, slots=True)
class Doable:
    """Of how many people (``people``) there is anything to do by each act; by tag, how many have it; and
    how many of those to be decided about have not confirmed their address (``unproved``)."""

    people: int
    acts: dict[str, int]
    tags: dict[str, int]
    unproved: int


def doable(event_id: int, who: Who) -> Doable:
    """What can be done with these people, each act with its number. Two queries."""
    found = meant(event_id, who).order_by(None)
    acts = ("approve", "cancel", "links")
    unproved = sa.and_(can_be_done("approve"), Signup.pending_reason == "address")
    all_, without_proof, *numbers = db.session.execute(
        found.with_only_columns(
            sa.func.count(),
            sa.func.count().filter(unproved),
            *(sa.func.count().filter(can_be_done(act)) for act in acts),
        )
    ).one()
    tagged = db.session.execute(
        sa.select(Tag.name, sa.func.count())
        .join(SignupTag, SignupTag.tag_id == Tag.id)
        .where(
            Tag.event_id == event_id, SignupTag.signup_id.in_(found.with_only_columns(Signup.id))
        )
        .group_by(Tag.id)
        .order_by(Tag.key)
    )
    return Doable(
        all_, dict(zip(acts, numbers, strict=True)), dict(tagged.tuples().all()), without_proof
    )


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


def source_links(event_id: int) -> list[SourceLink]:
    """The links that have a name, in the order they were made."""
    return list(
        db.session.scalars(
            sa.select(SourceLink).where(SourceLink.event_id == event_id).order_by(SourceLink.id)
        )
    )


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
