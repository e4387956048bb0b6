"""A list of people brought in from another system: looked at, then stored, both away from any request. And the
screen of the event's day over as many people."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import time
from pathlib import Path

import sqlalchemy as sa

from tests.load import fill
from tests.load.crowd import Visitor, come, get
from tests.load.listing import signed_in
from tests.load.served import CROWD_CORES
from tests.load.sizes import Sizes
from tests.load.stage import Stage, event, stage
from tests.load.table import Row, at_most
from webapp import clock
from webapp.db import db
from webapp.events.models import Event
from webapp.signup.imports import commands, operations
from webapp.signup.imports.models import SignupImport
from webapp.signup.models import Signup

BY = "Load"


def listed(count: int) -> bytes:
    """What an organiser's own spreadsheet might say of so many people."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["Name", "E-mail address", "Language", "Source"])
    writer.writerows(
        (fill.name(n), f"person{n}@example{n % 40}.org", "es" if n % 4 else "en", "old list")
        for n in range(1, count + 1)
    )
    return buffer.getvalue().encode()


def _until(ground: Stage, import_id: int, wanted: str) -> float:
    """Seconds of the worker's turns until the import is in that state."""
    start = time.perf_counter()
    with ground.app.app_context():
        while db.session.get_one(SignupImport, import_id).state != wanted:
            db.session.rollback()
            if not commands.work(clock.now()):
                raise RuntimeError(f"the import stands still before {wanted}")
        db.session.rollback()
    return time.perf_counter() - start


def _brought(ground: Stage, count: int) -> tuple[float, float]:
    """(seconds to look at the list, to store it)."""
    with ground.app.app_context():
        made = event(starts_in=dt.timedelta(days=9))
        row = operations.start(made, "people.csv", listed(count), clock.now(), by=BY)
        db.session.commit()
        event_id, import_id = made.id, row.id
    looked = _until(ground, import_id, "ready")
    with ground.app.test_request_context():
        row = db.session.get_one(SignupImport, import_id)
        made = db.session.get_one(Event, event_id)
        operations.store(row, made, "registered", "Agreed on paper at the meeting in May", clock.now(), by=BY)  # fmt: skip
        db.session.commit()
    stored = _until(ground, import_id, "stored")
    with ground.app.app_context():
        people = db.session.scalar(sa.select(sa.func.count()).where(Signup.event_id == event_id))
        if people != count:
            raise RuntimeError(f"{people} people came of {count} rows")
    return looked, stored


def _screen(ground: Stage, count: int, repeats: int) -> float:
    """Seconds of the screen of an event's day whose people all have a mail that left."""
    with ground.app.app_context():
        made = event(starts_in=dt.timedelta(minutes=20))
        event_id, slug = made.id, made.slug
        first = (db.session.scalar(sa.select(sa.func.max(Signup.id))) or 0) + 1
    fill.signups(ground, event_id, count, first=first)
    with ground.app.app_context():
        theirs = sa.select(Signup.public_id).where(Signup.event_id == event_id)
        people = db.session.scalars(theirs).all()
    fill.mails(ground, event_id, people, sent=True)
    client = signed_in(ground)
    kept = client.get_cookie("turnout")
    assert kept is not None
    os.sched_setaffinity(0, CROWD_CORES)

    def look() -> Visitor:
        answer = yield get(f"/manage/events/{slug}/mail/today", f"turnout={kept.value}", "today")
        answer.must_be(200)

    with ground.serve() as turnout:
        tally = come(turnout.port, [(0.5 * turn, look()) for turn in range(repeats + 1)])
    return sorted(tally.times["today"][1:])[repeats // 2]


def measure(server: str, folder: Path, sizes: Sizes) -> list[Row]:
    with stage(server, folder) as ground:
        looked, stored = _brought(ground, sizes.listed)
        screen = _screen(ground, sizes.listed, sizes.repeats)
    name = f"{sizes.listed:,}"
    return [
        at_most(f"list of {name} people brought in, {ground.name}", 30, " s", looked + stored, f"looked at in {looked:.1f} s, stored in {stored:.1f} s"),
        at_most(f"screen of the event's day, {name} sign-ups, {ground.name}", 200, " ms", screen * 1000),
    ]  # fmt: skip
