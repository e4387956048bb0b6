"""The log of visits as arrays: one compact read for a whole event, ready for the sweep."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import sqlalchemy as sa

from webapp.attendance.models import IDENTITIES, Visit
from webapp.attendance.sweep import Bools, Ints
from webapp.db import db
from webapp.signup.models import STATUSES, Signup

# Visits of our own door and room are one source; what a platform or a file says is another.
SOURCES = ("turnout", "platform", "import")
_SOURCE_OF = {"room": 0, "link": 0, "door": 0, "platform": 1, "import": 2}

# How a visit's end is known.
MEASURED, INFERRED, OPEN, UNKNOWN = range(4)
_END_OF = {
    "left": MEASURED,
    "stated": MEASURED,
    "closed": MEASURED,
    "timeout": INFERRED,
    "unknown": UNKNOWN,
}
IDENTIFIED, NAME_ONLY, AMBIGUOUS, ANONYMOUS = range(4)
CONFIRMED = STATUSES.index("confirmed")


@dataclasses.dataclass(frozen=True, slots=True)
class Log:
    """Columns of the visits of one event; index i is one visit. ``ends`` is the last pulse of an open
    visit, and equals ``starts`` where the end is unknown."""

    keys: Ints
    starts: Ints
    ends: Ints
    end_known: Ints
    sources: Ints
    identities: Ints
    registered: Bools
    crew: Bools

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, mask: Bools) -> Log:
        return Log(*(getattr(self, field.name)[mask] for field in dataclasses.fields(self)))


@dataclasses.dataclass(frozen=True, slots=True)
class Signups:
    """Columns of the sign-ups of one event; ``keys`` is 0 where the tie to the visits is cut."""

    keys: Ints
    statuses: Ints
    crew: Bools
    attended: Bools


def _matrix(statement: sa.Select[Any], width: int) -> Ints:
    """Runs a query of whole numbers and answers its columns. Goes below the ORM and its rows: at a
    million visits the objects would cost more than everything else."""
    result = db.session.connection().execute(statement)
    cursor: Any = result.cursor
    flat = np.fromiter(itertools.chain.from_iterable(cursor), dtype=np.int64)
    result.close()
    return flat.reshape(-1, width).T


def _coded(column: Any, codes: dict[str, int], default: int = 0) -> sa.ColumnElement[int]:
    return sa.case(
        *((column == sa.literal_column(f"'{word}'"), sa.literal_column(str(code))) for word, code in codes.items()),
        else_=sa.literal_column(str(default)),
    )  # fmt: skip


def visits(event_id: int) -> Log:
    """Every visit of the event, as the sources recorded it."""
    number = sa.BigInteger()
    flags = (
        _coded(Visit.end_reason, _END_OF, OPEN)
        + _coded(Visit.channel, _SOURCE_OF) * sa.literal_column("4")
        + _coded(Visit.identity, {word: i for i, word in enumerate(IDENTITIES)})
        * sa.literal_column("16")
        + sa.case((Visit.is_registered, sa.literal_column("64")), else_=sa.literal_column("0"))
        + sa.case((Visit.is_crew, sa.literal_column("128")), else_=sa.literal_column("0"))
    )
    # Start and flags share a number: what is read costs most of all that the figures do.
    keys, packed, ends = _matrix(
        sa.select(
            Visit.person_key,
            sa.type_coerce(Visit.started_at, number) * sa.literal_column("256") + flags,
            sa.func.coalesce(
                sa.type_coerce(Visit.ended_at, number), sa.type_coerce(Visit.last_seen_at, number)
            ),
        )
        .where(Visit.event_id == event_id)
        # In the order it was written: the index that gives it reads the rows as they lie.
        .order_by(Visit.id),
        3,
    )
    starts, coded = packed >> 8, packed & 255
    end_known = coded & 3
    return Log(
        keys=keys,
        starts=starts,
        ends=np.where(end_known == UNKNOWN, starts, ends),
        end_known=end_known,
        sources=(coded >> 2) & 3,
        identities=(coded >> 4) & 3,
        registered=(coded & 64) > 0,
        crew=(coded & 128) > 0,
    )


def signups(event_id: int) -> Signups:
    """Every sign-up of the event; erased ones keep their status."""
    code = (
        _coded(Signup.status, {word: i for i, word in enumerate(STATUSES)})
        + sa.case((Signup.is_crew, sa.literal_column("8")), else_=sa.literal_column("0"))
        + sa.case(
            (Signup.attended.is_(True), sa.literal_column("16")), else_=sa.literal_column("0")
        )
    )
    keys, coded = _matrix(
        sa.select(sa.func.coalesce(Signup.person_key, sa.literal_column("0")), code).where(
            Signup.event_id == event_id
        ),
        2,
    )
    return Signups(keys, coded & 7, (coded & 8) > 0, (coded & 16) > 0)


def same_names(event_id: int) -> tuple[dict[int, int], set[int]]:
    """How guests who gave a name are told apart (rule (c) and (d) of the figures).

    Answers (key -> the key it counts as, keys that are ambiguous). Guests with the same cleaned name are
    one name-only person; a guest named like somebody who came by their own link is ambiguous (probably
    that person's second device) and counts as them.
    """
    named = db.session.execute(
        sa.select(Visit.person_key, Visit.name_key)
        .where(Visit.event_id == event_id, Visit.name_key.is_not(None))
        # Whoever came by their own link first, also after a random word stands in place of the name.
        .order_by(Visit.identity != "identified", Visit.id)
    ).all()
    if not named:
        return {}, set()
    identified: dict[str, int] = {}
    came = sa.exists().where(Visit.event_id == event_id, Visit.person_key == Signup.person_key)
    names = sa.select(Visit.name_key).where(Visit.event_id == event_id, Visit.name_key.is_not(None))
    for key, name in db.session.execute(
        sa.select(Signup.person_key, Signup.name_key)
        .where(
            Signup.event_id == event_id,
            Signup.name_key.in_(names),
            Signup.person_key.is_not(None),
            came,
        )
        .order_by(Signup.id)
    ):
        identified.setdefault(name, key)
    counts_as: dict[int, int] = {}
    ambiguous: set[int] = set()
    first_with_name: dict[str, int] = {}
    for key, name in named:
        if name in identified:
            if key != identified[name]:
                ambiguous.add(key)
                counts_as[key] = identified[name]
        else:
            counts_as[key] = first_with_name.setdefault(name, key)
    return counts_as, ambiguous
