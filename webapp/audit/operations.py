"""Writing the log. Called by verbs, in the same transaction as the act."""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol

from webapp.audit.models import AuditEntry
from webapp.db import db


class Actor(Protocol):
    """Whoever has an account; accounts stand above this floor."""

    id: Any
    email: Any


def record(
    action: str,
    *,
    at: dt.datetime,
    actor: Actor | str,
    actor_user_id: int | None = None,
    event_id: int | None = None,
    summary: str = "",
    **details: Any,
) -> AuditEntry:
    """Adds one entry to the current transaction. ``actor`` is who did it: an account, or words ("the
    person"). Keep names and addresses of attendees out of it."""
    name = actor if isinstance(actor, str) else actor.email
    entry = AuditEntry(
        at=at,
        actor=name[:254],
        actor_user_id=actor_user_id if isinstance(actor, str) else actor.id,
        event_id=event_id,
        action=action,
        summary=summary[:500],
        details=details,
    )
    db.session.add(entry)
    return entry
