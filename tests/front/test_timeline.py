from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import html5lib
import pytest
import sqlalchemy as sa

from tests.factories import make_event
from tests.front.evening import BASE, make_evening, minute, started
from tests.front.test_cockpit import at, press
from webapp.agenda import queries
from webapp.attendance.figures import figures
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.front.timeline import nearest
from webapp.reports import operations as reports
from webapp.reports.evidence import gather

TIMELINE = f"{BASE}/cockpit/timeline"


def fields(page):
    """What a browser sends of the page's form."""
    tree = html5lib.parse(page.text, namespaceHTMLElements=False)
    [form] = [f for f in tree.iter("form") if f.get("action") == TIMELINE]
    return {
        i.get("name"): i.get("value") or ""
        for i in form.iter("input")
        if i.get("type") != "checkbox" or i.get("checked") is not None
    }


def mend(client, number, **typed):
    """Sends the page with ``typed`` in it ("start:tim" is start__tim); answers (status, page)."""
    with at(number):
        data = fields(client.page(TIMELINE))
        data |= {name.replace("__", ":"): value for name, value in typed.items()}
        answer = client.post(TIMELINE, data={k: v for k, v in data.items() if v is not None})
        text = client.page(TIMELINE).text if answer.status_code == 302 else answer.text
        return answer.status_code, text


@pytest.fixture
def evening(app, client):
    """Kate began on time; Tim's Next was pressed at :12 only; nobody pressed again until the end."""
    found = make_evening(app, client)
    press(client, 0, "start")
    press(client, 12, "start")
    press(client, 80, "end")
    return found


def test_forgotten_presses_are_put_right_and_everything_follows(client, app, evening):
    status, text = mend(client, 90, end__opening="19:06", start__tim="19:06:30", end__tim="19:18",
                        start__claudia="19:18", end__claudia="20:20", skipped__ollie="1")  # fmt: skip
    assert status == 302
    assert "Tim Young: start 19:06:30 instead of 19:12:00." in text
    assert "Ollie Vargas: does not take place." in text
    assert started(app, evening.id) == [("opening", 0), ("tim", 6.5), ("claudia", 18)]
    assert text.count("entered afterwards on") == 5
    assert "by ada@example.org" in text
    with app.app_context():
        event = db.session.get(Event, evening.id)
        items = {item.key: item for item in queries.running_order(event)}
        # What nobody touched is as it was pressed, and not marked.
        assert items["opening"].started_entered is None
        assert items["tim"].started_entered == queries.Entered(minute(90), "ada@example.org")
        assert items["ollie"].skipped_at == minute(90)
        rows = {row["key"]: row for row in figures(event, minute(91))["sessions"]}
        assert dt.datetime.fromisoformat(rows["claudia"]["ended_at"]) == minute(80)
        assert [i.key for i in gather(event, minute(91)).items if i.started_at] == ["opening", "tim", "claudia"]  # fmt: skip
        entry = db.session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "agenda.mended"))
        assert (entry.actor, entry.at) == ("ada@example.org", minute(90))
        assert "Claudia Turbet-Delof: end 20:20:00 instead of nothing." in entry.summary
    with at(91):
        public = {i["key"]: i for i in client.get("/events/bolivia/agenda.json").json["agenda"]}
    assert public["tim"]["started_at"] == rows["tim"]["started_at"]
    # Sent again without a change nothing is marked or recorded anew.
    assert "Nothing was changed." in mend(client, 95)[1]


def test_a_published_report_stays_as_it_is(client, app, evening):
    with app.app_context():
        event = db.session.get(Event, evening.id)
        reports.draft(event, at=minute(90), by="Ada")
        version = reports.publish(event, at=minute(91), by="Ada")
        db.session.commit()
        frozen = (version.document, version.content_hash)
        version_id = version.id
    mend(client, 95, start__tim="19:06")
    assert started(app, evening.id) == [("opening", 0), ("tim", 12)]
    mend(client, 95, end__opening="19:05", start__tim="19:06")
    assert started(app, evening.id)[1] == ("tim", 6)
    with app.app_context():
        version = db.session.get(type(version), version_id)
        assert (version.document, version.content_hash) == frozen


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"start__tim": "19:06"}, "Kate Hudson and Tim Young were on at the same time"),
        ({"start__tim": ""}, "Tim Young has an end and no start."),
        ({"end__tim": "19:11"}, "Tim Young ends before it starts."),
        ({"end__tim": "20:25"}, "Tim Young goes on after the evening ended at 20:20:00."),
        ({"start__opening": "18:59"}, "Kate Hudson starts before the evening began at 19:00:00."),
        ({"start__claudia": "23:59"}, "Claudia Turbet-Delof: 23:59:00 is still to come."),
        ({"end__opening": ""}, "Kate Hudson has a start and no end."),
        ({"skipped__tim": "1"}, "Tim Young has a start, so it did take place."),
        ({"start__tim": "soon"}, "“soon” is no time."),
        ({"end__.evening": "18:00"}, "The evening ends before it begins."),
        ({"start__tim": "19:13", "was:start:tim": "19:11:00"}, "Tim Young was changed by somebody else"),
        ({"csrf_token": "old", "start__tim": "19:13"}, "The page had been open for long"),
    ],
)  # fmt: skip
def test_what_cannot_have_been_is_refused_and_nothing_typed_is_lost(
    client, app, evening, typed, said
):
    status, text = mend(client, 90, **typed)
    assert status == 400
    assert said in text
    assert all(f'value="{v}"' in text for k, v in typed.items() if k.startswith(("start", "end")))
    assert started(app, evening.id) == [("opening", 0), ("tim", 12)]


def test_an_evening_that_nobody_pressed_gets_its_times(client, app):
    found = make_evening(app, client)
    with at(-10):
        assert "Once the event has begun" in client.page(TIMELINE).text
    status, _text = mend(client, 200, start__opening="19:01", end__opening="19:05", start__tim="19:05",
                         end__tim="19:20", **{"end__.evening": "20:31"})  # fmt: skip
    assert status == 302
    with app.app_context():
        event = db.session.get(Event, found.id)
        assert (event.started_at, event.ended_at) == (minute(1), minute(91))


def test_during_the_evening_only_what_is_on_has_no_end(client, app):
    found = make_evening(app, client)
    press(client, 0, "start")
    press(client, 12, "start")
    status, _text = mend(client, 13, end__opening="19:06", start__tim="19:06")
    assert (status, started(app, found.id)) == (302, [("opening", 0), ("tim", 6)])
    # A press puts the pressed moment in the place of what was entered.
    press(client, 14, "back")
    press(client, 15, "start")
    with app.app_context():
        items = queries.running_order(db.session.get(Event, found.id))
        assert [item.started_entered for item in items[:2]] == [None, None]
    assert mend(client, 16, start__claudia="19:15:30")[0] == 400


@pytest.mark.case("D75")
def test_a_clock_time_is_the_one_nearest_to_the_plan(context):
    zone = ZoneInfo("Europe/London")
    event = make_event(timezone="Europe/London")
    planned = dt.datetime(2027, 10, 30, 23, 50, tzinfo=zone)
    assert nearest("00:10", planned, event) == planned + dt.timedelta(minutes=20)
    # 01:30 comes twice that night: half an hour either way decides.
    for fold in (0, 1):
        planned = dt.datetime(2027, 10, 31, 1, 20, fold=fold, tzinfo=zone).astimezone(dt.UTC)
        assert nearest("01:30", planned, event) == planned + dt.timedelta(minutes=10)
    for text in ("25:00", "7", "19.05"):
        with pytest.raises(Refused, match="is no time"):
            nearest(text, planned, event)
