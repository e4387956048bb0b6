"""Reading the log: newest first, filtered, page by page."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa

from webapp.audit.models import AuditEntry
from webapp.db import db, from_ms, to_ms

PAGE = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show; whatever is left empty shows everything.

    ``events`` selects the ids of the events to show, ``event_id`` is one of them alone. ``who`` is part of the name or address of whoever acted, or of the account that was acted upon, and
    ``user_ids`` are accounts known to fit it by a name that the log does not hold. ``act`` is one word
    ("report.published") or a whole group of them ("report"). ``actor`` is the whole of what the log calls
    somebody, as ``actors`` lists them.
    """

    event_id: int | None = None
    events: sa.Select[tuple[int]] | None = None
    who: str = ""
    user_ids: Collection[int] = ()
    actor: str = ""
    act: str = ""

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = []
        if self.event_id is not None:
            found.append(AuditEntry.event_id == self.event_id)
        if self.events is not None:
            found.append(AuditEntry.event_id.in_(self.events))
        if self.who:
            found.append(
                sa.or_(
                    AuditEntry.actor.icontains(self.who, autoescape=True),
                    AuditEntry.actor_user_id.in_(self.user_ids),
                    sa.and_(
                        AuditEntry.action.startswith("account."),
                        AuditEntry.summary.icontains(self.who, autoescape=True),
                    ),
                )
            )
        if self.actor:
            found.append(AuditEntry.actor == self.actor)
        if "." in self.act:
            found.append(AuditEntry.action == self.act)
        elif self.act:
            found.append(AuditEntry.action.startswith(f"{self.act}.", autoescape=True))
        return found


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """``entries``, newest first; ``older`` is the mark to ask for the next page with, None at the end."""

    entries: list[AuditEntry]
    older: str | None


def page(wanted: Filter, before: str | None = None, *, limit: int = PAGE) -> Page:
    """One page of the log, the newest first. ``before`` is the ``older`` mark of the page before it; a
    mark that is none shows the first page. One query whatever the length of the log."""
    statement = (
        sa.select(AuditEntry)
        .where(*wanted.conditions())
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
        .limit(limit + 1)
    )
    mark = _read(before)
    if mark is not None:
        # By moment and not by id alone: what was imported or loaded later may tell of earlier days.
        at, entry_id = mark
        statement = statement.where(
            sa.or_(
                AuditEntry.at < at,
                sa.and_(AuditEntry.at == at, AuditEntry.id < entry_id),
            )
        )
    rows = list(db.session.scalars(statement))
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], _written(rows[limit - 1]))


def _written(entry: AuditEntry) -> str:
    return f"{to_ms(entry.at)}-{entry.id}"


def _read(mark: str | None) -> tuple[dt.datetime, int] | None:
    moment, _, entry_id = (mark or "").partition("-")
    # What is longer than any moment or row is no mark either.
    if not (moment.isdecimal() and entry_id.isdecimal()) or max(len(moment), len(entry_id)) > 14:
        return None
    return from_ms(int(moment)), int(entry_id)


def actions(event_id: int | None = None) -> list[str]:
    """Every word for an act that stands in the log, or in the log of one event."""
    statement = sa.select(AuditEntry.action).distinct().order_by(AuditEntry.action)
    if event_id is not None:
        statement = statement.where(AuditEntry.event_id == event_id)
    return list(db.session.scalars(statement))


def actors(event_id: int) -> list[str]:
    """Everybody who did something to the event, as the log calls them."""
    return list(
        db.session.scalars(
            sa.select(AuditEntry.actor)
            .where(AuditEntry.event_id == event_id)
            .distinct()
            .order_by(AuditEntry.actor)
        )
    )
