"""Cutting what ties visits to people, so that every figure stays what it was.

What is known through the tie is counted and written down first. Then the visits of each person get a random
key of their own that leads to nobody, and names that guests gave become random words. Times stay, so
that every figure can be computed again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from webapp import tokens
from webapp.attendance.models import Companions, Visit
from webapp.attendance.operations import mark_changed
from webapp.db import db
from webapp.privacy import tallies
from webapp.signup.models import Signup, SignupChange


def cut(event_id: int, rows: Sequence[Signup], stayed: frozenset[int], at: dt.datetime) -> None:
    """Cuts the ties of these sign-ups at ``at``; of those that have none any more, nothing. ``stayed`` are
    the keys of who was there long enough. Needs the event's lock."""
    rows = [row for row in rows if row.untied_at is None]
    if not rows:
        return
    came = _came(event_id, rows)
    hide_names(event_id, {row.name_key for row in rows if row.name_key})
    people = tallies.people(rows, {row.id: row.id in came for row in rows}, stayed)
    tallies.keep(event_id, tallies.count(event_id, people))
    for row in rows:
        if row.id in came:
            _new_key(event_id, row)
        row.attended = row.id in came
        row.untied_at, row.person_key = at, None
        if row.proved_at is not None:
            # Pressing Join proves an address, to the millisecond at which the visit begins.
            row.proved_at = row.created_at
    db.session.execute(
        sa.delete(SignupChange)
        .where(
            SignupChange.signup_id.in_([row.id for row in rows]),
            SignupChange.what.in_(("proved", "placed")),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.flush()
    mark_changed([event_id])


def _came(event_id: int, rows: Sequence[Signup]) -> set[int]:
    """The ids of the sign-ups that have visits."""
    by_key = {row.person_key: row.id for row in rows if row.person_key is not None}
    found = db.session.scalars(
        sa.select(Visit.person_key)
        .where(Visit.event_id == event_id, Visit.person_key.in_(by_key))
        .distinct()
    )
    return {by_key[key] for key in found}


def _new_key(event_id: int, row: Signup) -> None:
    connection = db.session.connection()
    here = Visit.event_id == event_id, Visit.person_key == row.person_key
    new = tokens.person_key()
    changed: dict[str, Any] = {"person_key": new, "name": None}
    # What the figures read from the sign-up so far must stand with the visits from now on.
    if row.is_crew:
        changed["is_crew"] = True
    if row.status != "confirmed":
        changed["is_registered"] = False
    connection.execute(sa.update(Visit).where(*here).values(**changed))
    connection.execute(
        sa.update(Companions)
        .where(Companions.event_id == event_id, Companions.person_key == row.person_key)
        .values(person_key=new)
    )


def hide_names(event_id: int, names: Collection[str]) -> int:
    """Takes these names (in their form for comparing) out of the log of visits; answers how many stood
    there.

    Guests with one name count as one person, and a guest named like somebody who came by their own link
    as that person's second device. A random word in place of the name keeps both true.
    """
    carried = set(
        db.session.scalars(
            sa.select(Visit.name_key)
            .where(Visit.event_id == event_id, Visit.name_key.in_(names))
            .distinct()
        )
    )
    came = sa.exists().where(Visit.event_id == event_id, Visit.person_key == Signup.person_key)
    for name in carried:
        word = tokens.secret(12)
        bearers = Visit.event_id == event_id, Visit.name_key == name
        owner = db.session.scalar(
            sa.select(Signup.person_key)
            .where(Signup.event_id == event_id, Signup.name_key == name, came)
            .order_by(Signup.id)
            .limit(1)
        )
        if owner is not None:
            db.session.execute(
                sa.update(Visit)
                .where(*bearers, Visit.person_key != owner)
                .values(identity="ambiguous")
            )
            db.session.execute(
                sa.update(Visit)
                .where(Visit.event_id == event_id, Visit.person_key == owner)
                .values(name=None, name_key=word)
            )
        db.session.execute(sa.update(Visit).where(*bearers).values(name=None, name_key=word))
    return len(carried)


def hide_guests(event_id: int, limit: int) -> int:
    """Takes the names of guests out of the log, the next ``limit`` of them; answers how many, 0 when
    none is left."""
    names = db.session.scalars(
        sa.select(Visit.name_key)
        .where(Visit.event_id == event_id, Visit.name.is_not(None), Visit.name_key.is_not(None))
        .distinct()
        .limit(limit)
    ).all()
    done = hide_names(event_id, [name for name in names if name])
    if not done:
        result: Any = db.session.execute(
            sa.update(Visit)
            .where(Visit.event_id == event_id, Visit.name.is_not(None))
            .values(name=None)
        )
        done = int(result.rowcount)
    if done:
        mark_changed([event_id])
    return done
