"""An evening with its people, for the pages that run it. The clock stands where the test puts it."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import time_machine

from tests.agenda.evening import agenda
from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.signin import sign_in
from webapp.agenda import operations, queries
from webapp.db import db
from webapp.events.models import Event
from webapp.front import chair

START = NOW + dt.timedelta(hours=1)
BASE = "/manage/events/bolivia"


def minute(number: float) -> dt.datetime:
    return START + dt.timedelta(minutes=number)


def sign_in_before(client: Any, user: Any) -> None:
    """Signs in five days before the evening: a cookie from the future, or a month old, opens nothing."""
    with time_machine.travel(START - dt.timedelta(days=5), tick=False):
        sign_in(client, user)


def make_evening(app: Any, client: Any, **values: Any) -> SimpleNamespace:
    """Ada's event "bolivia" with eight items; ``client`` is signed in as Ada."""
    with app.app_context():
        ada = make_user("Ada")
        event = make_event(ada, slug="bolivia", title="Bolivia", starts_at=START, **values)
        items = agenda()
        items[1]["speakers"][0]["bio"] = "Works with Friends of Bolivia.\nWrites.\nThird line."
        operations.replace(event, items, NOW)
        db.session.commit()
        sign_in_before(client, ada)
        path = chair.chair_url(event).removeprefix("http://turnout.test")
        return SimpleNamespace(id=event.id, chair=path)


def started(app: Any, event_id: int) -> list[tuple[str, float]]:
    """(key, minute of the evening) of every item that started, in order of the agenda."""
    with app.app_context():
        items = queries.running_order(db.session.get(Event, event_id))
        return [
            (item.key, round((item.started_at - START).total_seconds() / 60, 3))
            for item in items
            if item.started_at
        ]
