"""The job of mailings at a moment of one's choice, and what came of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from tests.conftest import NOW
from tests.factories import make_event, make_target, make_user
from webapp.db import db
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.mailing import commands
from webapp.mailing.models import Mailing

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def breathless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "BREATH", 0)


def at(**after_now: float) -> dt.datetime:
    return NOW + dt.timedelta(**after_now)


def run(moment: dt.datetime) -> int:
    """The job's turns at one moment, until nothing is left to do."""
    done = commands.run(moment)
    total = done
    while done:
        done = commands.run(moment)
        total += done
    return total


def coming_event(**values: Any) -> Event:
    """In five days, with a meeting to join; already looked at by the job."""
    event = make_event(**({"slug": "evening", "starts_at": NOW + 5 * DAY} | values))
    make_target(event)
    db.session.commit()
    run(NOW)
    return event


def move(event: Event, moment: dt.datetime, **values: Any) -> None:
    """An organiser's change at ``moment``, committed."""
    events.update(event, values, at=moment, by="ada@example.org")
    db.session.commit()


def put_off(event: Event, moment: dt.datetime, by: dt.timedelta) -> None:
    move(event, moment, starts_at=event.starts_at + by, ends_at=event.ends_at + by)


def mails(message: str | None = None) -> list[OutgoingMail]:
    query = sa.select(OutgoingMail).order_by(OutgoingMail.id)
    if message:
        query = query.where(OutgoingMail.message == message)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def mailings(kind: str) -> list[Mailing]:
    return list(
        db.session.scalars(
            sa.select(Mailing)
            .where(Mailing.kind == kind)
            .order_by(Mailing.id)
            .execution_options(populate_existing=True)
        )
    )


__all__ = [
    "DAY", "HOUR", "MINUTE", "NOW", "at", "coming_event", "mailings", "mails", "make_user", "move",
    "put_off", "run",
]  # fmt: skip
