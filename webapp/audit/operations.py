"""Writing the log. Called by verbs, in the same transaction as the act."""

from __future__ import annotations

import datetime as dt
from typing import Any

from webapp.audit.models import AuditEntry
from webapp.db import db


def record(
    action: str,
    *,
    at: dt.datetime,
    actor: str,
    actor_user_id: int | None = None,
    event_id: int | None = None,
    summary: str = "",
    **details: Any,
) -> AuditEntry:
    """Adds one entry to the current transaction. Keep names and addresses of attendees out of it."""
    entry = AuditEntry(
        at=at,
        actor=actor[:254],
        actor_user_id=actor_user_id,
        event_id=event_id,
        action=action,
        summary=summary[:500],
        details=details,
    )
    db.session.add(entry)
    return entry
