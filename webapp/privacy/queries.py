"""Whose time is up, and what an event's people have in common."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp import small_groups
from webapp.attendance import figures
from webapp.attendance.models import Visit
from webapp.db import db, to_ms
from webapp.events.models import Event
from webapp.privacy import tallies
from webapp.privacy.models import FrozenFigures
from webapp.privacy.tallies import Count, Key, Person
from webapp.signup.imports.models import ImportFile, SignupImport
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import Signup
from webapp.small_groups import Counts

# For so long after the planned end it is known which visits were whose: files are imported in that time.
TIED_FOR = dt.timedelta(days=7)
_NUMBER = sa.BigInteger()
_ENDS = sa.type_coerce(Event.ends_at, _NUMBER)
# The guests of sample events are invented.
_HOLDS_NAMES = sa.and_(
    Event.is_sample.is_(False),
    # By the index of those that have something in place of a name: few among many.
    sa.exists().where(
        Visit.event_id == Event.id, Visit.name_key.is_not(None), Visit.name.is_not(None)
    ),
)


# The same with everybody who signed up. The invented people of samples need no protection.
HOLDS_SOMEBODY = sa.or_(
    sa.exists().where(
        Signup.event_id == Event.id, Signup.erased_at.is_(None), Signup.is_sample.is_(False)
    ),
    _HOLDS_NAMES,
    # Somebody who was asked to come.
    sa.and_(
        Event.is_sample.is_(False),
        sa.exists().where(Invitation.event_id == Event.id, Invitation.erased_at.is_(None)),
    ),
    # A list that waits to be brought in.
    sa.exists().where(SignupImport.event_id == Event.id, ImportFile.import_id == SignupImport.id),
)


def due_at(event: Event) -> dt.datetime:
    """When everybody's data of the event is to be deleted: ``retention_days`` after the planned end."""
    return event.ends_at + dt.timedelta(days=event.retention_days)


def due_at_ms() -> sa.ColumnElement[int]:
    """The same as SQL, in milliseconds since 1970."""
    day = sa.literal(24 * 3600 * 1000, _NUMBER)
    # Thirty days of milliseconds are more than PostgreSQL's plain integers hold.
    return _ENDS + sa.cast(Event.retention_days, _NUMBER) * day


def due_to_erase(at: dt.datetime) -> list[Event]:
    """Events whose ``retention_days`` after the planned end are over at ``at`` and that still hold
    somebody's name. The invented people of sample events need no protection and stay."""
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(due_at_ms() <= sa.literal(to_ms(at), _NUMBER), HOLDS_SOMEBODY)
            .order_by(Event.id)
        )
    )


def naming(events: Collection[Event]) -> dict[int, bool]:
    """By event: whether it still names somebody. One query."""
    ids = [event.id for event in events]
    found = db.session.scalars(sa.select(Event.id).where(Event.id.in_(ids), HOLDS_SOMEBODY))
    return dict.fromkeys(ids, False) | dict.fromkeys(found, True)


def due_to_cut(at: dt.datetime) -> list[Event]:
    """Events a week after their planned end whose visits are still tied to people."""
    until = _ENDS + sa.literal(TIED_FOR // dt.timedelta(milliseconds=1), _NUMBER)
    # One that was moved takes place once more, and is cut once more.
    is_cut = sa.exists().where(
        FrozenFigures.event_id == Event.id, sa.type_coerce(FrozenFigures.cut_at, _NUMBER) >= until
    )
    return list(
        db.session.scalars(
            sa.select(Event)
            .where(
                until <= sa.literal(to_ms(at), _NUMBER),
                Event.state != "draft",
                sa.or_(~is_cut, _HOLDS_NAMES),
            )
            .order_by(Event.id)
        )
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One group. ``value`` is the answer, source or language as it was given; empty for none."""

    value: str
    counts: Counts


@dataclasses.dataclass(frozen=True, slots=True)
class Breakdown:
    """The confirmed sign-ups by one thing they have in common. ``key`` is "source", "language" or
    "question:" and the question's key. With ``is_several`` somebody may be in several rows; with
    ``is_yes_no`` the values are "yes" and "no"."""

    key: str
    title: str
    rows: tuple[Row, ...]
    is_several: bool = False
    is_yes_no: bool = False


def breakdowns(event: Event, *, for_organisers: bool) -> list[Breakdown]:
    """What people have in common × signed up, came, stayed: every closed question, then source and
    language. The same before and after their ties are cut or they are erased.

    Outside the organisers' circle small groups are None. ``stayed`` is None where presence is unknown.
    """
    stayed = figures.stayed(event)
    counts = tallies.kept(event.id)
    for key, more in tallies.count(event.id, _tied(event.id, stayed or frozenset())).items():
        counts.setdefault(key, Count()).add(more)
    found = []
    everybody = _whole(counts, is_known=stayed is not None)
    for question in tallies.closed_questions(event.id):
        order = ["yes", "no"] if question.type == "yes_no" else question.choices
        name = tallies.QUESTION + question.key
        rows = _rows(counts, name, [*order, ""], is_known=stayed is not None)
        found.append(
            Breakdown(
                name, question.label, rows,
                is_several=question.type == "choices", is_yes_no=question.type == "yes_no",
            )
        )  # fmt: skip
    for name, title in (("source", _("Where they came from")), ("language", _("Language"))):
        rows = _rows(counts, name, [], is_known=stayed is not None)
        found.append(Breakdown(name, title, rows))
    if for_organisers:
        return found
    return [_with_small_groups_hidden(one, everybody) for one in found]


def _tied(event_id: int, stayed: frozenset[int]) -> list[Person]:
    """The confirmed sign-ups that are not in the tallies yet."""
    came = sa.exists().where(Visit.event_id == event_id, Visit.person_key == Signup.person_key)
    rows = db.session.execute(
        sa.select(Signup.id, Signup.source, Signup.language, Signup.person_key, came.label("came"))
        .where(
            Signup.event_id == event_id,
            Signup.untied_at.is_(None),
            Signup.status == "confirmed",
        )
        .order_by(Signup.id)
    )
    return [
        Person(row.id, row.source, row.language, bool(row.came), row.person_key in stayed)
        for row in rows
    ]


def _counts(count: Count, *, is_known: bool) -> Counts:
    return Counts(count.signed_up, count.attended, count.stayed if is_known else None)


def _whole(counts: dict[Key, Count], *, is_known: bool) -> Counts:
    """Everybody: each has exactly one language."""
    total = Count()
    for (dimension, _value), count in counts.items():
        if dimension == "language":
            total.add(count)
    return _counts(total, is_known=is_known)


def _rows(counts: dict[Key, Count], name: str, order: Sequence[str], *, is_known: bool) -> tuple[Row, ...]:  # fmt: skip
    """In the order in which choices stand, then the most frequent first; rows of nobody only for what
    could be chosen."""
    values = {value: count for (dimension, value), count in counts.items() if dimension == name}
    rest = sorted(values.keys() - set(order), key=lambda value: (-values[value].signed_up, value))
    return tuple(
        Row(value, _counts(values.get(value, Count()), is_known=is_known))
        for value in [*(one for one in order if one or one in values), *rest]
    )


def _with_small_groups_hidden(breakdown: Breakdown, everybody: Counts) -> Breakdown:
    shown = small_groups.shown(
        [row.counts for row in breakdown.rows], everybody if breakdown.is_several else None
    )
    rows = [Row(row.value, counts) for row, counts in zip(breakdown.rows, shown, strict=True)]
    return dataclasses.replace(breakdown, rows=tuple(rows))
