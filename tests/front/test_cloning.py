"""An event like an earlier one: what goes along, what does not, and at what time it is."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from tests import rows
from tests.cast import Cast
from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.rows import Row
from tests.signin import sign_in
from webapp.accounts.models import User
from webapp.db import Base, db
from webapp.errors import Refused
from webapp.events import queries
from webapp.events.models import Event
from webapp.front import cloning
from webapp.mail.models import OutgoingMail
from webapp.mailing import commands as mailing
from webapp.mailing.models import Mailing

PEOPLE = "it is about people"
HAPPENED = "it tells what happened, or will, at one evening"
LEFT_OUT = {
    "answers": PEOPLE, "blocked_addresses": PEOPLE, "consents": PEOPLE, "imported_signups": PEOPLE,
    "invitations": PEOPLE, "link_sendings": PEOPLE, "mailing_recipients": PEOPLE, "outgoing_mails": PEOPLE,
    "signup_batch_people": PEOPLE, "signup_batches": PEOPLE, "signup_changes": PEOPLE, "signup_imports": PEOPLE,
    "import_files": PEOPLE, "signup_notes": PEOPLE, "signup_tags": PEOPLE, "signups": PEOPLE, "tags": PEOPLE,
    "unsubscribes": PEOPLE, "handovers": PEOPLE, "handover_rows": PEOPLE, "handover_warnings": PEOPLE,
    "visits": PEOPLE, "used_puzzles": PEOPLE, "companions": PEOPLE, "link_rounds": PEOPLE,
    "tallies": HAPPENED, "frozen_figures": HAPPENED, "head_counts": HAPPENED, "notes": HAPPENED,
    "presses": HAPPENED, "reports": HAPPENED, "report_versions": HAPPENED, "attendance_marks": HAPPENED,
    "api_tokens": "who may read one event's figures may not read another's",  "audit_entries": HAPPENED,
    "agenda_releases": "nobody has been shown the agenda yet: it is published with the event",
    "agenda_steps": "the first that can be taken back is its own: that the agenda was taken over",
    "form_undos": "nothing has been changed that could be taken back",
    "mail_plans": "it says what people were told; the new event has one of its own",
}  # fmt: skip
# What differs in a row that goes along: what it belongs to, and when it was made. By table, what else.
ALWAYS = {"id", "event_id", "session_id", "speaker_id", "mailing_id", "created_at", "changed_at"}
CLONED: dict[str, set[str]] = {
    "cohosts": {"link_key"},
    "join_targets": set(),
    "host_logos": set(),
    "memberships": {"role"},
    "questions": {"retired_at"},
    "sessions": {"started_at", "ended_at", "position"},
    "speakers": set(),
    "session_speakers": set(),
    "source_links": set(),
    "mail_texts": {"revision", "changed_by"},
    # Reminders, and blasts as drafts: looked at one by one below.
    "mailings": {"state", "due_at", "turn", "number", "held_until", "released_at", "done_at", "total", "queued", "passed_over", "created_by", "details"},
    "mailing_texts": set(),
}  # fmt: skip
# Of the event itself, what its settings do not say.
NOT_OF_AN_EVENT = {
    "id", "slug", "title", "starts_at", "ends_at", "opens_at", "closes_at", "state", "created_at",
    "started_at", "ended_at", "ics_sequence", "announcement", "revision", "is_sample", "invitation_key",
    # The seal of the words of its mails, which are compared themselves.
    "mail_texts",
}  # fmt: skip


def belonging() -> set[str]:
    """Every table whose rows belong to an event, directly or over others."""
    found = {"events"}
    known = 0
    while len(found) > known:
        known = len(found)
        for table in Base.metadata.tables.values():
            if any(key.column.table.name in found for key in table.foreign_keys):
                found.add(table.name)
    return found - {"events"}


def of_event(dump: rows.Dump, event_id: int) -> dict[str, list[Row]]:
    """The rows of each cloned table, those of agenda items and mailings with them."""
    found = {
        name: [row for row in dump[name] if row.get("event_id") == event_id] for name in CLONED
    }
    sessions = {row["id"] for row in found["sessions"]}
    found["session_speakers"] = [r for r in dump["session_speakers"] if r["session_id"] in sessions]
    found["mailings"] = [
        row for row in found["mailings"]
        if row["kind"] in ("reminder", "blast") and row["state"] != "stopped"
    ]  # fmt: skip
    mailings = {row["id"] for row in found["mailings"]}
    found["mailing_texts"] = [r for r in dump["mailing_texts"] if r["mailing_id"] in mailings]
    # Questions that stand on no form any more, and people with no item, are behind the evening.
    found["questions"] = [row for row in found["questions"] if row["retired_at"] is None]
    speaking = {row["speaker_id"] for row in found["session_speakers"]}
    found["speakers"] = [row for row in found["speakers"] if row["id"] in speaking]
    # Only what stands there now: versions before are the history of the old one.
    found["mail_texts"] = [r for r in found["mail_texts"] if r["is_current"] and r["body"]]
    return found


def likeness(name: str, found: list[Row]) -> list[str]:
    """The rows as texts: in their order where they have one of the whole event."""
    skip = ALWAYS | CLONED[name]
    is_ordered = name in ("cohosts", "join_targets", "questions", "sessions")
    if is_ordered:
        found = sorted(found, key=lambda row: row["position"])
        skip = skip | {"position"}
    said = [repr({key: value for key, value in row.items() if key not in skip}) for row in found]
    return said if is_ordered else sorted(said)


def make(event: Event, by: User, day: str = "2027-09-30T18:30", **more: Any) -> Event:
    usual: dict[str, Any] = {"title": "The next one", "slug": "", "with_targets": True, "with_links": True}  # fmt: skip
    return cloning.clone(event, starts=dt.datetime.fromisoformat(day), at=NOW, by=by, **usual | more)  # fmt: skip


def test_of_every_table_it_is_decided_whether_it_goes_along(cast: Cast) -> None:
    assert belonging() == set(CLONED) | set(LEFT_OUT)
    with cast.app.app_context():
        source = db.session.get_one(Event, cast.evening.event_id)
        event = make(source, db.session.get_one(User, cast.users["Ada"]))
        db.session.commit()
        new, old = event.id, source.id
    dump = rows.dump(cast.app)
    before, after = of_event(dump, old), of_event(dump, new)
    for name in CLONED:
        assert after[name], f"the cast has nothing to clone in {name}"
        assert likeness(name, after[name]) == likeness(name, before[name]), name
    for name in set(LEFT_OUT) - {"agenda_steps", "audit_entries", "mail_plans"}:
        assert [row for row in dump[name] if row.get("event_id") == new] == [], name
    settings = [
        {key: value for key, value in row.items() if key not in NOT_OF_AN_EVENT}
        for row in dump["events"] if row["id"] in (old, new)
    ]  # fmt: skip
    said = settings[1].pop("translations")
    assert said == {
        code: {part: {k: v for k, v in kept[part].items() if k != "title"} for part in kept}
        for code, kept in settings[0].pop("translations").items()
    }
    assert settings[0] == settings[1]
    row = next(row for row in dump["events"] if row["id"] == new)
    assert (row["state"], row["started_at"], row["ended_at"], row["slug"]) == ("draft", None, None, "the-next-one")  # fmt: skip
    assert {r["state"] for r in after["mailings"]} <= {"planned", "off", "draft"}
    assert all(r["link_key"] is None for r in after["cohosts"])
    cast.restore()


def test_a_clone_sends_nothing_by_itself(cast: Cast) -> None:
    with cast.app.app_context():
        source = db.session.get_one(Event, cast.evening.event_id)
        event = make(source, db.session.get_one(User, cast.users["Ada"]))
        db.session.commit()
        mailing.run(NOW + dt.timedelta(minutes=1))
        mails = sa.select(OutgoingMail).where(OutgoingMail.event_id == event.id)
        assert db.session.scalars(mails).all() == []
        held = sa.select(Mailing).where(Mailing.event_id == event.id, Mailing.state.in_(("held", "sending")))  # fmt: skip
        assert db.session.scalars(held).all() == []
    cast.restore()


@pytest.mark.case("D75")
def test_the_clock_time_stays_over_a_change_of_clocks(context: Any) -> None:
    ada, berlin = make_user(), ZoneInfo("Europe/Berlin")
    at = dt.datetime(2026, 7, 4, 1, 30, tzinfo=berlin)
    source = make_event(
        ada, starts_at=at.astimezone(dt.UTC), ends_at=at.astimezone(dt.UTC) + dt.timedelta(hours=2),
        timezone="Europe/Berlin", opens_at=dt.datetime(2026, 6, 1, tzinfo=berlin).astimezone(dt.UTC),
        closes_at=at.astimezone(dt.UTC) - dt.timedelta(hours=1),
    )  # fmt: skip
    night = make(source, ada, "2026-10-25T01:30")
    assert night.starts_at == dt.datetime(2026, 10, 24, 23, 30, tzinfo=dt.UTC)
    # Until 03:30 on the clock: an hour longer than in July.
    assert night.ends_at - night.starts_at == dt.timedelta(hours=3)
    assert night.opens_at == dt.datetime(2026, 9, 21, 22, 0, tzinfo=dt.UTC)
    assert night.closes_at == dt.datetime(2026, 10, 24, 22, 30, tzinfo=dt.UTC)
    winter = make(source, ada, "2027-01-20T01:30")
    assert winter.starts_at.astimezone(berlin).hour == 1
    with pytest.raises(Refused, match="does not exist") as refused:
        make(source, ada, "2027-03-28T02:30")
    assert refused.value.code == "starts_at"


@pytest.mark.case("D76")
def test_a_weekly_evening_is_an_hour_earlier_in_new_york_while_only_one_has_changed(context: Any) -> None:  # fmt: skip
    ada, york = make_user(), ZoneInfo("America/New_York")
    at = dt.datetime(2027, 3, 8, 18, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(dt.UTC)
    source = make_event(ada, starts_at=at, timezone="Europe/Berlin")
    hours = {
        day: make(source, ada, f"{day}T18:00", slug=day).starts_at.astimezone(york).hour
        for day in ("2027-03-15", "2027-03-22", "2027-03-29", "2027-10-25", "2027-11-01", "2027-11-08")
    }  # fmt: skip
    assert hours == {
        "2027-03-15": 13, "2027-03-22": 13, "2027-03-29": 12,
        "2027-10-25": 12, "2027-11-01": 13, "2027-11-08": 12,
    }  # fmt: skip


def test_the_form_asks_for_a_day_and_says_what_is_wrong_with_it(app: Any, client: Any) -> None:
    with app.app_context():
        ada = make_user()
        at = dt.datetime(2026, 12, 1, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(dt.UTC)
        make_event(ada, slug="night", starts_at=at, timezone="Europe/Berlin")
        db.session.commit()
        sign_in(client, ada)
    form = "/manage/events/night/clone"
    page = client.page(form)
    assert page.field("clock") == "02:30"
    given = {"title": "Night two", "clock": "02:30", "slug": "", "links": "y"}
    missing = client.send(form, given | {"day": ""}, at=form)
    assert missing.status_code == 400
    assert "Please say the day" in missing.text
    skipped = client.send(form, given | {"day": "2027-03-28"}, at=form)
    assert skipped.status_code == 400
    assert "does not exist on this day" in skipped.text
    taken = client.send(form, given | {"day": "2027-03-29", "slug": "night"}, at=form)
    assert "belongs to another event" in taken.text
    twice = client.send(form, given | {"day": "2026-10-25"}, at=form)
    assert twice.location.endswith("/manage/events/night-two")
    assert "the first one was taken" in client.page(twice.location).text
    with app.app_context():
        made = queries.by_slug("night-two")
        assert made is not None
        assert made.starts_at == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
        assert made.targets == []
