"""Who has a place and has not come in yet, and whether the link has ever reached them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from webapp.attendance.queries import has_not_come
from webapp.db import db
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.signup.models import LinkSending, Signup
from webapp.signup.queries import JOIN_MESSAGES

PAGE = 50
# A button that is pressed again within this sends nobody a second mail.
PATIENCE = dt.timedelta(minutes=10)


def _place(event_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Signup.event_id == event_id,
        # Written out: only then do both engines look into the index on event and status.
        sa.text("signups.status = 'confirmed'"),  # type: ignore[return-value]  # a text is a condition too
        Signup.erased_at.is_(None),
    )


def _is_there(table: type[Any], *where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """SQL: there is such a row. Asked for no column, SQLite answers from an index without the row."""
    one: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(table)
    return one.where(*where).correlate(Signup).exists()


def _mail(*states: str) -> sa.ColumnElement[bool]:
    """SQL: a mail with the link is in one of these states. Answered by one index alone."""
    return _is_there(
        OutgoingMail,
        OutgoingMail.person == Signup.public_id,
        OutgoingMail.state.in_(states),
        OutgoingMail.message.in_(JOIN_MESSAGES),
        OutgoingMail.to_former.is_(False),
    )


def _reached() -> sa.ColumnElement[bool]:
    # Sample people never get mail; theirs counts as if it had left.
    return _mail("sent", "held")


def _waits() -> sa.ColumnElement[bool]:
    return _mail("queued", "sending")


def _is_not_waiting() -> sa.ColumnElement[bool]:
    return sa.or_(_reached(), ~_waits())


def _is_refused() -> sa.ColumnElement[bool]:
    return _is_there(SuppressedAddress, SuppressedAddress.address_key == Signup.email_key)


def _just_sent(at: dt.datetime) -> sa.ColumnElement[bool]:
    sent = LinkSending.signup_id == Signup.id, LinkSending.at > at - PATIENCE
    return _is_there(LinkSending, *sent)


@dataclasses.dataclass(frozen=True, slots=True)
class Missing:
    """Sign-ups with a place that nobody has come in by. ``absent`` counts them all. Among them ``never``
    are those whom no mail with the link has reached, and of whom none is under way (``waits``); both are
    ids in order of signing up. Of ``never``, ``refused`` cannot be reached before their address is
    corrected, and ``just_sent`` were written to within ``PATIENCE``."""

    absent: int
    never: list[int]
    waits: list[int]
    refused: frozenset[int]
    just_sent: frozenset[int]


def missing(event_id: int, at: dt.datetime) -> Missing:
    """Two queries, each one look at every sign-up with a place."""
    absent = sa.select(sa.func.count()).select_from(Signup).where(*_place(event_id), has_not_come())
    rows = db.session.execute(
        sa.select(Signup.id, _waits(), _is_refused(), _just_sent(at))
        .where(*_place(event_id), has_not_come(), ~_reached())
        .order_by(Signup.id)
    ).all()
    return Missing(
        absent=db.session.scalar(absent) or 0,
        never=[id for id, waits, _refused, _sent in rows if not waits],
        waits=[id for id, waits, _refused, _sent in rows if waits],
        refused=frozenset(id for id, waits, refused, _sent in rows if refused and not waits),
        just_sent=frozenset(id for id, waits, _refused, sent in rows if sent and not waits),
    )


def has_places(event_id: int) -> bool:
    """Whether anybody has a place at all."""
    return bool(db.session.scalar(sa.select(_is_there(Signup, *_place(event_id)))))


def _left_out(event_id: int, at: dt.datetime) -> sa.CompoundSelect[tuple[int]]:
    """Ids of those whom no press writes to: found from the side where they are few."""
    written = sa.select(LinkSending.signup_id).where(LinkSending.at > at - PATIENCE)
    refused = (
        sa.select(Signup.id)
        .join(SuppressedAddress, SuppressedAddress.address_key == Signup.email_key)
        # The event and the status stand here once more, for the index on live addresses.
        .where(*_place(event_id), Signup.email_key.is_not(None))
    )
    return sa.union(written, refused)


def _eligible(event_id: int, kind: str, at: dt.datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: a press of ``kind`` writes to this sign-up."""
    found = (*_place(event_id), ~_is_refused(), ~_just_sent(at), has_not_come())
    # Whoever waits for their first mail with the link gets that one.
    return (*found, ~_waits(), ~_reached()) if kind == "never" else (*found, _is_not_waiting())


def count_to_send(event_id: int, kind: str, at: dt.datetime, found: Missing) -> int:
    """How many a press of ``kind`` at ``at`` writes to; ``found`` is what stood there at the same moment."""
    if kind == "never":
        return len(found.never) - len(found.refused | found.just_sent)
    left_out = (
        sa.select(sa.func.count())
        .select_from(Signup)
        .where(
            *_place(event_id),
            Signup.id.in_(_left_out(event_id, at)),
            has_not_come(),
            _is_not_waiting(),
        )
    )
    return found.absent - len(found.waits) - (db.session.scalar(left_out) or 0)


def next_to_send(event_id: int, kind: str, after: int, at: dt.datetime, limit: int) -> list[int]:
    """Their ids, the next ones after sign-up ``after``."""
    return list(
        db.session.scalars(
            sa.select(Signup.id)
            .where(*_eligible(event_id, kind, at), Signup.id > after)
            .order_by(Signup.id)
            .limit(limit)
        )
    )


def some(ids: Sequence[int]) -> list[Signup]:
    """These few sign-ups, in order of signing up."""
    if not ids:
        return []
    return list(db.session.scalars(sa.select(Signup).where(Signup.id.in_(ids)).order_by(Signup.id)))


def absent(event_id: int, after: int) -> list[int]:
    """The ids of the next ones who have not come in, and of one more if there is another page."""
    return list(
        db.session.scalars(
            sa.select(Signup.id)
            .where(*_place(event_id), has_not_come(), Signup.id > after)
            .order_by(Signup.id)
            .limit(PAGE + 1)
        )
    )
