"""The guard of everything under ``/manage/events/<slug>``: the event and the right to it in one query."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import abort, g, redirect, request
from flask_login import current_user

from webapp.accounts.models import User
from webapp.db import db
from webapp.events.models import Event, Membership
from webapp.permissions import SAFE, enforces


def find(user: User, slug: str) -> tuple[Event, str] | None:
    """The event and the user's role in it ("owner", "organiser", "admin"), or None for a stranger as
    for an event that is not there: the two must look alike."""
    row = db.session.execute(
        sa.select(Event, Membership.role)
        .outerjoin(
            Membership, sa.and_(Membership.event_id == Event.id, Membership.user_id == user.id)
        )
        .where(Event.slug == slug)
    ).first()
    if row is None:
        return None
    event, role = row
    if role is None and not user.is_admin:
        return None
    return event, role or "admin"


@enforces("event")
def enforce(values: dict[str, Any]) -> Any:
    """Members of the event and admins pass; others see 404. Nobody signed in: to the sign-in first."""
    user = cast(User, current_user)
    if not current_user.is_authenticated:  # type: ignore[attr-defined]  # nobody is a mixin of the library's
        if request.method not in SAFE:
            abort(401)
        address = request.full_path.rstrip("?")
        return redirect(f"/sign-in?{urlencode({'next': address})}")
    found = find(user, str(values["slug"]))
    if found is None:
        abort(404)
    g.event, g.event_role = found
    return None


def current() -> Event:
    """The event of this request, which the guard has let its reader manage."""
    return cast(Event, g.event)


def role() -> str:
    """What the signed-in person is to ``current()``: owner, organiser or admin."""
    return cast(str, g.event_role)


def may_manage(user: Any, event: Event) -> bool:
    """Whether ``user`` (also an anonymous one) is a member of the event or an admin."""
    if not getattr(user, "is_authenticated", True) or getattr(user, "disabled_at", None):
        return False
    if user.is_admin:
        return True
    return bool(
        db.session.scalar(
            sa.select(
                sa.exists().where(Membership.event_id == event.id, Membership.user_id == user.id)
            )
        )
    )
