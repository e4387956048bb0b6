"""What the form says about an event, kept in the process for two seconds at most.

The evening's rush opens the form a thousand times in a few minutes; it must not ask the database each
time. Whether somebody gets a place is decided by the verb, behind the lock, never by what stands here.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import selectinload

from webapp import i18n
from webapp.db import db
from webapp.events import texts
from webapp.events.models import Event
from webapp.signup import queries, questions, wording
from webapp.signup.questions import Ask
from webapp.signup.wording import Agreement

FRESH = dt.timedelta(seconds=2)


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """``event`` is a copy that belongs to no session; read it, never change it."""

    event: Event
    asks: tuple[Ask, ...]
    consent: Agreement
    contacts: tuple[Agreement, ...]
    is_full: bool
    read_at: dt.datetime
    # The empty form as it was rendered from these facts, by a name the page gives it.
    pages: dict[str, str] = dataclasses.field(default_factory=dict)


def _read(slug: str, at: dt.datetime) -> Facts | None:
    event = db.session.scalar(
        sa.select(Event)
        .where(Event.slug == slug, Event.state != "draft")
        .options(selectinload(Event.cohosts))
    )
    return for_event(event, at) if event is not None else None


def for_event(event: Event, at: dt.datetime) -> Facts:
    """The facts as they are at this moment; also those of a draft."""
    return Facts(
        event=Event(**{name: getattr(event, name) for name in Event.__table__.columns.keys()}),  # noqa: SIM118 - no dictionary: its iterator gives columns
        asks=questions.in_language(questions.of_event(event.id), texts.here(event)),
        consent=wording.for_event(event.host_name, event.retention_days),
        contacts=wording.contacts(event),
        is_full=not queries.has_seat(event),
        read_at=at,
    )


def of(slug: str, at: dt.datetime) -> Facts | None:
    """The facts of a public event in the reader's language, or None for a draft as for no event."""
    cache: dict[tuple[str, str], Facts] = current_app.extensions.setdefault("signup_cache", {})
    key = (slug, i18n.language())
    kept = cache.get(key)
    if kept is not None and dt.timedelta(0) <= at - kept.read_at < FRESH:
        return kept
    found = _read(slug, at)
    if found is None:
        cache.pop(key, None)
    else:
        if len(cache) > 500:
            cache.clear()
        cache[key] = found
    return found


def forget() -> None:
    """Reads everything anew: what stands here has turned out to be older than the database."""
    current_app.extensions.setdefault("signup_cache", {}).clear()
