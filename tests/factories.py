"""Makers with keyword overrides and no surprises. Each adds to the session and flushes.

The cast: Ada owns the event, Ben organises it, Cleo is a stranger with an account, Dora is an admin.
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from tests.conftest import NOW
from webapp import tokens
from webapp.accounts.models import User
from webapp.agenda import queries, releases
from webapp.agenda.models import AgendaRelease, Session, SessionSpeaker, Speaker
from webapp.attendance.models import Visit
from webapp.db import db
from webapp.events.models import Event, JoinTarget, Membership
from webapp.signup.models import Signup

_numbers = itertools.count(1)


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def make_user(name: str = "Ada", role: str = "organiser", **values: Any) -> User:
    email = values.pop("email", f"{name.lower()}@example.org")
    return _add(
        User(
            email=email, email_key=email.casefold(), name=name, role=role, created_at=NOW, **values
        )
    )


def make_event(owner: User | None = None, **values: Any) -> Event:
    """Published, open, online, our room; starts an hour after NOW and lasts 105 minutes."""
    starts_at = values.pop("starts_at", NOW + dt.timedelta(hours=1))
    defaults: dict[str, Any] = {
        "slug": f"evening-{next(_numbers)}",
        "title": "An evening about something",
        "starts_at": starts_at,
        "ends_at": starts_at + dt.timedelta(minutes=105),
        "timezone": "Europe/London",
        "state": "published",
        "host_key": "friends",
        "host_name": "Friends of Something",
        "created_at": NOW - dt.timedelta(days=10),
    }
    event: Event = _add(Event(**(defaults | values)))
    if owner:
        _add(Membership(event_id=event.id, user_id=owner.id, role="owner", created_at=NOW))
    return event


def make_target(
    event: Event, url: str = "https://meet.example.org/evening", **values: Any
) -> JoinTarget:
    return _add(
        JoinTarget(event_id=event.id, url=url, label="Meeting", position=next(_numbers), **values)
    )


def make_session(
    event: Event, title: str, minutes: int = 10, *, speakers: Any = (), **values: Any
) -> Session:
    """One more item at the end, published. ``speakers`` is a list of (Speaker, role)."""
    number = next(_numbers)
    values.setdefault("key", f"item-{number}")
    session: Session = _add(
        Session(event_id=event.id, title=title, minutes=minutes, position=number, **values)
    )
    for position, (speaker, role) in enumerate(speakers):
        _add(
            SessionSpeaker(
                session_id=session.id, speaker_id=speaker.id, role=role, position=position
            )
        )
    publish_agenda(event)
    return session


def publish_agenda(event: Event) -> None:
    """What people see of the agenda becomes what its rows say, without a new version."""
    release = releases.latest(event.id) or AgendaRelease(event_id=event.id, version=1, at=NOW)
    release.starts_at, release.items = event.starts_at, queries.kept(queries.draft(event))
    _add(release)


def make_speaker(event: Event, name: str, **values: Any) -> Speaker:
    return _add(Speaker(event_id=event.id, name=name, **values))


def make_signup(event: Event, name: str | None = None, **values: Any) -> Signup:
    """Confirmed and proved, unless said otherwise."""
    number = next(_numbers)
    name = name or f"Person {number}"
    email = values.pop("email", f"person{number}@example.org")
    defaults: dict[str, Any] = {
        "event_id": event.id,
        "public_id": tokens.public_id(),
        "person_key": tokens.person_key(),
        "name": name,
        "name_key": " ".join(name.casefold().split()),
        "email": email,
        "email_key": email.casefold(),
        "status": "confirmed",
        "created_at": NOW - dt.timedelta(days=1),
        "confirmed_at": NOW - dt.timedelta(days=1),
    }
    if values.get("status") == "waitlisted":
        defaults |= {"waitlisted_at": defaults["created_at"]}
    return _add(Signup(**(defaults | values)))


def make_erased(event: Event, at: dt.datetime, **values: Any) -> Signup:
    """The row of somebody whose data was deleted: a status, and no person."""
    signup = make_signup(event, **values)
    signup.name = signup.name_key = signup.email = signup.email_key = signup.person_key = None
    signup.erased_at = at
    db.session.flush()
    return signup


def make_visit(
    event: Event, start: dt.datetime, end: dt.datetime | None = None, **values: Any
) -> Visit:
    """A visit in our room by a guest without a name, unless said otherwise (``signup=`` for a sign-up)."""
    signup: Signup | None = values.pop("signup", None)
    defaults: dict[str, Any] = {
        "uid": tokens.public_id(),
        "event_id": event.id,
        "person_key": signup.person_key if signup else tokens.person_key(),
        "identity": "identified" if signup else "anonymous",
        "is_registered": signup is not None,
        "channel": "room",
        "started_at": start,
        "last_seen_at": end or start,
        "ended_at": end,
        "end_reason": "left" if end else None,
    }
    return _add(Visit(**(defaults | values)))
