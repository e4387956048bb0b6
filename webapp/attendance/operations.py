"""Verbs on attendance. They never commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite

from webapp.attendance.models import MAX_HEADS, AttendanceMark, Companions, HeadCount, Visit
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup.models import Signup

# More than this is a slip of the finger.
MAX_COMPANIONS = 200


def _upsert(model: type[Any], values: dict[str, Any], unique: list[str], on_conflict: Any) -> None:
    """Inserts a row or changes the one that is there, in one statement that two processes may race."""
    dialect = db.session.connection().dialect.name
    insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(model).values(**values)
    db.session.execute(
        insert.on_conflict_do_update(index_elements=unique, set_=on_conflict(insert.excluded))
    )


def mark_changed(event_ids: Iterable[int]) -> None:
    """Says that visits of these events changed, so that figures kept before count as old.

    Always in the same order, so that two processes never wait for one another.
    """
    for event_id in sorted(set(event_ids)):
        _upsert(
            AttendanceMark,
            {"event_id": event_id, "revision": 1},
            ["event_id"],
            lambda _excluded: {"revision": AttendanceMark.revision + 1},
        )


def add_head_count(
    event: Event, count: int, at: dt.datetime, source: str, author: str
) -> HeadCount:
    """Somebody counted ``count`` people in a room at ``at`` (aware). ``source`` says where or how,
    ``author`` is who typed it in. Raises Refused for a number nobody can have counted."""
    if not 0 <= count <= MAX_HEADS:
        raise Refused(
            _("A head-count is a whole number from 0 to %(max)s.", max=f"{MAX_HEADS:,}"), "count"
        )
    source = source.strip()
    if not source:
        raise Refused(_("Say who counted, or where."), "source")
    row = HeadCount(event_id=event.id, count=count, at=at, source=source[:200], author=author[:254])
    db.session.add(row)
    audit.record(
        "attendance.head_count",
        at=at,
        actor=author,
        event_id=event.id,
        summary=f"Head-count {count}",
        count=count,
        source=row.source,
    )
    db.session.flush()
    return row


def watching_with(event_id: int, person_key: int, count: int, at: dt.datetime) -> None:
    """Somebody says that ``count`` other people watch with them; saying it again replaces it.
    Raises Refused for a number that cannot be."""
    if not 0 <= count <= MAX_COMPANIONS:
        raise Refused(
            _("How many watch with you: a whole number from 0 to %(max)s.", max=MAX_COMPANIONS),
            "count",
        )
    _upsert(
        Companions,
        {"event_id": event_id, "person_key": person_key, "count": count, "at": at},
        ["event_id", "person_key"],
        lambda excluded: {"count": excluded.count, "at": excluded.at},
    )


def forget_stay(event_id: int, person_keys: Collection[int]) -> int:
    """Visits of these people keep their start and nothing of how long they lasted: each counts, and its
    end is unknown. Answers how many had more than that."""
    if not person_keys:
        return 0
    result: Any = db.session.execute(
        sa.update(Visit)
        .where(
            Visit.event_id == event_id,
            Visit.person_key.in_(person_keys),
            sa.or_(Visit.ended_at.is_not(None), Visit.last_seen_at > Visit.started_at),
        )
        .values(last_seen_at=Visit.started_at, ended_at=None, end_reason="unknown")
        .execution_options(synchronize_session=False)
    )
    if result.rowcount:
        mark_changed([event_id])
    return int(result.rowcount)


def claim_guests(event_id: int, guest_keys: Collection[int], person_key: int) -> int:
    """Visits made as a guest become those of the sign-up whose mailed link was used on the same device, or
    that the same browser has made; answers how many."""
    return _give_to(
        event_id, guest_keys, person_key=person_key,
        identity="identified", is_registered=True, name=None, name_key=None,
    )  # fmt: skip


def merge_guests(event_id: int, guest_keys: Collection[int], person_key: int) -> int:
    """Visits under these keys were all the same guest's: one browser. If its key is by now that of a
    sign-up with a place, they are the sign-up's. Answers how many."""
    is_own = sa.exists().where(
        Signup.event_id == event_id, Signup.person_key == person_key, Signup.status == "confirmed"
    )
    if db.session.scalar(sa.select(is_own)):
        return claim_guests(event_id, guest_keys, person_key)
    return _give_to(event_id, guest_keys, person_key=person_key)


def _give_to(event_id: int, guest_keys: Collection[int], **values: Any) -> int:
    if not guest_keys:
        return 0
    result: Any = db.session.execute(
        sa.update(Visit)
        .where(
            Visit.event_id == event_id,
            Visit.person_key.in_(guest_keys),
            Visit.is_registered.is_(False),
        )
        .values(**values)
    )
    if result.rowcount:
        mark_changed([event_id])
    return int(result.rowcount)
