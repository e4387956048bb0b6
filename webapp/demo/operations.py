"""The sample events: loaded into an empty database, brought to today's date at each start.

Loading twice changes nothing but the dates. Everything is marked as sample data, and sample people never
get mail.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import random
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from webapp import tokens
from webapp.accounts import operations as accounts
from webapp.accounts.models import User
from webapp.agenda import operations as agenda
from webapp.agenda.queries import running_order
from webapp.attendance import operations as attendance
from webapp.attendance.models import Companions, Visit
from webapp.db import db
from webapp.demo import crowd
from webapp.demo.notes import NOTES
from webapp.events.models import Event, Membership
from webapp.front import event_file
from webapp.reports import operations as reports
from webapp.reports import queries as report_queries
from webapp.signup.models import Signup

EMAIL = "demo@example.org"
FILES = Path(__file__).parent / "files"
BY = "Sample data"
BOLIVIA = "bolivia-shows-there-is-an-alternative"
LIVE = "sample-live-now"
OPEN = "sample-open-for-sign-up"


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """The demo organiser's sign-in, to be printed at the start."""

    email: str
    password: str


def is_empty() -> bool:
    """Whether nobody has begun to work here: no account and no event."""
    return not (
        db.session.scalar(sa.select(sa.exists().where(User.id > 0)))
        or db.session.scalar(sa.select(sa.exists().where(Event.id > 0)))
    )


def is_loaded() -> bool:
    found = db.session.scalar(sa.select(sa.exists().where(Event.is_sample, Event.slug == BOLIVIA)))
    return bool(found)


def _password() -> str:
    """Made once for this installation and kept beside its database, readable by its owner only."""
    path = Path(current_app.instance_path) / "demo_password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(tokens.secret(9))
    return path.read_text().strip()


def _organiser(at: dt.datetime) -> User:
    user = db.session.scalar(sa.select(User).where(User.email_key == EMAIL))
    if user is None:
        user, _ = accounts.create(
            EMAIL, role="organiser", at=at, password=_password(), name="Demo Organiser"
        )
        db.session.flush()
    return user


def _file(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((FILES / f"{name}.json").read_text(encoding="utf-8"))
    return data


def _event(data: dict[str, Any], at: dt.datetime, owner: User) -> Event:
    event_file.load(data, at=at, by=BY)
    event = db.session.scalars(sa.select(Event).where(Event.slug == data["event"]["slug"])).one()
    event.is_sample = True
    event.state = "published"
    if not db.session.scalar(
        sa.select(
            sa.exists().where(Membership.event_id == event.id, Membership.user_id == owner.id)
        )
    ):
        db.session.add(Membership(event_id=event.id, user_id=owner.id, role="owner", created_at=at))
    db.session.flush()
    return event


def _begin_at(data: dict[str, Any], starts_at: dt.datetime) -> dict[str, Any]:
    """The same event file, moved so that it begins at ``starts_at``."""
    old = {key: dt.datetime.fromisoformat(data["event"][key]) for key in ("starts_at", "ends_at")}
    ends_at = starts_at + (old["ends_at"] - old["starts_at"])
    return data | {
        "event": data["event"]
        | {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
    }


def _bolivia(at: dt.datetime, owner: User) -> None:
    """The finished evening with its published report. Made once; never touched again."""
    rnd = random.Random(20211021)  # noqa: S311 - repeatable, and nobody's secret
    data = _file("bolivia")
    event = _event(data, at, owner)
    event.started_at = event.starts_at + dt.timedelta(seconds=55)
    event.ended_at = event.ends_at + dt.timedelta(minutes=3, seconds=20)
    moment = event.started_at
    spans: dict[str, crowd.Span] = {}
    items = running_order(event)
    for item in items:
        until = moment + dt.timedelta(minutes=item.minutes, seconds=rnd.randrange(-40, 75))
        spans[item.key] = (moment, until)
        moment = until
    spans[items[-1].key] = (spans[items[-1].key][0], event.ended_at)
    crowd.speak(event, spans)
    plan = crowd.Plan(signups=1764, cancelled=48, come=1131, guests_with_name=83, guests_without=37)
    keys = crowd.sign_up(event, plan, event.starts_at, rnd)
    crowd.attend(event, keys, plan, rnd)
    speakers = {item.key: item.speakers[0] for item in items}
    for number, (key, kind, text) in enumerate(NOTES):
        agenda.add_note(
            event, session_key=key, speaker_id=speakers[key].speaker_id, kind=kind, text=text,
            author=BY, at=event.started_at + dt.timedelta(minutes=4 * number),
        )  # fmt: skip
    db.session.flush()
    _report(event)


def _report(event: Event) -> None:
    """Written and published the next morning, by the same verbs an organiser's buttons call."""
    published_at = event.actual_end + dt.timedelta(hours=12)
    report = reports.draft(event, at=published_at, by=BY).report
    blocks = report.content["blocks"] | {
        "headline": "A year after the vote: seven voices on what Bolivia has changed",
        "byline_name": "Turnout’s sample data",
        "byline_affiliation": "after the public write-up by Ben Hayes, Islington North CLP; attendance is simulated",
    }
    reports.save(
        event,
        blocks,
        headline="people",
        left_out=[],
        revision=report.revision,
        at=published_at,
        by=BY,
    )
    reports.publish(event, at=published_at, by=BY)


def _live(at: dt.datetime, owner: User) -> None:
    """An event that began 25 minutes before this start."""
    rnd = random.Random(7)  # noqa: S311 - invented people, the same each time
    starts_at = (at - dt.timedelta(minutes=25)).replace(second=0, microsecond=0)
    event = db.session.scalar(sa.select(Event).where(Event.slug == LIVE))
    if event is not None:
        for table in (Visit, Companions):
            db.session.execute(sa.delete(table).where(table.event_id == event.id))
        crowd.speak(event, {item.key: (None, None) for item in running_order(event)})
        event.started_at = event.ended_at = None
        db.session.flush()
    event = _event(_begin_at(_file("live"), starts_at), at, owner)
    event.started_at = starts_at
    crowd.speak(
        event,
        {
            "welcome": (starts_at, starts_at + dt.timedelta(minutes=11)),
            "windows": (starts_at + dt.timedelta(minutes=11), None),
        },
    )
    known = db.session.scalars(
        sa.select(Signup.person_key).where(
            Signup.event_id == event.id, Signup.is_sample, Signup.status == "confirmed"
        )
    )
    keys = [key for key in known if key]
    if not keys:
        plan = crowd.Plan(signups=64, cancelled=3, come=0, guests_with_name=0, guests_without=0)
        keys = crowd.sign_up(event, plan, starts_at, rnd)
    crowd.arrive_now(event, keys[:38], at, rnd)


def keep_crowd(at: dt.datetime) -> int:
    """Whoever was invented for the live sample stays in its room as long as it is live; answers for how many
    visits that is said. No other event is touched, and no real person who tries the sample."""
    event = db.session.scalar(sa.select(Event).where(Event.slug == LIVE, Event.is_sample))
    if event is None or event.phase(at) != "live":
        return 0
    found = crowd.stay(event, at)
    if found:
        attendance.mark_changed([event.id])
    return found


def _open(at: dt.datetime, owner: User) -> None:
    """An event nine days ahead, at seven in the evening of its own zone."""
    data = _file("open")
    local = (at + dt.timedelta(days=9)).astimezone(ZoneInfo(data["event"]["timezone"]))
    starts_at = local.replace(hour=19, minute=0, second=0, microsecond=0)
    event = _event(_begin_at(data, starts_at), at, owner)
    if not db.session.scalar(sa.select(sa.exists().where(Signup.event_id == event.id))):
        plan = crowd.Plan(signups=87, cancelled=4, come=0, guests_with_name=0, guests_without=0)
        crowd.sign_up(event, plan, at, random.Random(11))  # noqa: S311 - invented people, the same each time


def load(at: dt.datetime) -> Loaded:
    """Loads what is missing and brings the live and the coming sample to ``at``. The caller commits."""
    owner = _organiser(at)
    if not is_loaded():
        _bolivia(at, owner)
    else:
        event = db.session.scalars(sa.select(Event).where(Event.slug == BOLIVIA)).one()
        if report_queries.latest(event) is None:
            _report(event)
    _live(at, owner)
    _open(at, owner)
    return Loaded(EMAIL, _password())
