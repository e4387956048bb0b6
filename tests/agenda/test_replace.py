from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from tests.agenda.evening import agenda
from tests.conftest import NOW
from tests.factories import make_event
from webapp.agenda import operations, queries
from webapp.agenda.models import Session, SessionSpeaker, Speaker
from webapp.db import db
from webapp.errors import Refused


def _names(event):
    return [
        (item.key, [who.name for who in item.speakers]) for item in queries.running_order(event)
    ]


def test_an_evening_is_written_in_order_with_cascading_times(context):
    event = make_event()
    changes = operations.replace(event, agenda(), NOW)
    items = queries.running_order(event)
    assert [item.key for item in items] == [
        "opening", "tim", "claudia", "leonardo", "miriam", "ollie", "jeremy", "closing",
    ]  # fmt: skip
    start = event.starts_at
    minutes = [(item.planned_start - start).total_seconds() / 60 for item in items]
    assert minutes == [0, 5, 17, 29, 41, 53, 65, 77]
    assert items[-1].planned_end == start + dt.timedelta(minutes=85)
    assert items[0].heading == "Kate Hudson"
    assert items[4].heading == "Miriam Amancay Colque"
    assert items[0].speakers[0].about == "General Secretary, Campaign for Nuclear Disarmament"
    assert changes[0] == "Added: “Opening”, 5 minutes."
    assert len(changes) == 8
    assert event.revision == 1


def test_the_chair_of_opening_and_closing_is_one_person(context):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    assert db.session.scalar(sa.select(sa.func.count(Speaker.id))) == 7
    items = queries.running_order(event)
    assert items[0].speakers[0].speaker_id == items[-1].speakers[0].speaker_id


def test_the_same_file_again_changes_nothing(context):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    before = [(s.id, s.key) for s in db.session.scalars(sa.select(Session))]
    links = db.session.scalars(sa.select(SessionSpeaker.id)).all()
    assert operations.replace(event, agenda(), NOW) == []
    assert [(s.id, s.key) for s in db.session.scalars(sa.select(Session))] == before
    assert db.session.scalars(sa.select(SessionSpeaker.id)).all() == links
    assert event.revision == 1


def test_what_is_read_back_is_what_was_written(context):
    event = make_event()
    written = agenda()
    written[1]["summary"] = "A hunger bonus.\n\nPensions."
    written[1]["speakers"][0] |= {"bio": "Túpac, Áñez, Moïse", "url": "https://example.org/tim"}
    operations.replace(event, written, NOW)
    assert queries.as_file(queries.running_order(event)) == written


def test_rows_are_kept_by_key_when_items_move_and_change(context):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    ids = {item.key: item.id for item in queries.running_order(event)}
    moved = agenda()
    moved[2]["minutes"] = 15
    moved.insert(1, moved.pop(6))  # Jeremy Corbyn comes first
    moved[3]["speakers"].append({"name": "Ada Interpreter", "role": "interpreter"})
    changes = operations.replace(event, moved, NOW)
    items = queries.running_order(event)
    assert {item.key: item.id for item in items} == ids
    assert [item.key for item in items][:4] == ["opening", "jeremy", "tim", "claudia"]
    assert changes == [
        "Moved: “Bolivia and the world” is now number 2.",
        "“Democracy recovered”: minutes 15 instead of 12.",
        "“Democracy recovered”: now with Claudia Turbet-Delof, Ada Interpreter.",
    ]


def test_people_without_a_part_are_forgotten(context):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    assert operations.replace(event, agenda()[:1], NOW) == [
        f"Taken out: “{title}”."
        for title in ("One year of President Arce", "Democracy recovered", "What an observer saw",
                      "Since the election", "Reporting it", "Bolivia and the world", "Closing")
    ]  # fmt: skip
    assert _names(event) == [("opening", ["Kate Hudson"])]
    assert db.session.scalars(sa.select(Speaker.name)).all() == ["Kate Hudson"]


def test_missing_keys_are_made_from_titles_and_are_unique(context):
    event = make_event()
    items = [
        {"title": "Áñez & Moïse: what now?", "minutes": 5},
        {"title": "Questions", "kind": "questions", "minutes": 5},
        {"title": "Questions", "kind": "questions", "minutes": 5},
        {"key": "questions", "title": "More", "minutes": 5},
        {"title": "問い", "minutes": 5},
    ]
    operations.replace(event, items, NOW)
    keys = [item.key for item in queries.running_order(event)]
    assert keys == ["anez-moise-what-now", "questions-2", "questions-3", "questions", "item"]
    assert operations.replace(event, items, NOW) == []


def test_details_said_in_one_place_hold_everywhere(context):
    event = make_event()
    items = agenda()
    items[-1]["speakers"] = [{"name": "kate  HUDSON", "role": "chair"}]
    operations.replace(event, items, NOW)
    assert queries.running_order(event)[-1].speakers[0].affiliation == "Campaign for Nuclear Disarmament"  # fmt: skip
    assert db.session.scalar(sa.select(sa.func.count(Speaker.id))) == 7


def test_an_item_that_started_cannot_be_dropped_but_may_be_changed(context):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    db.session.execute(sa.update(Session).where(Session.key == "tim").values(started_at=NOW))
    without = [item for item in agenda() if item["key"] != "tim"]
    with pytest.raises(Refused, match="already started") as refused:
        operations.replace(event, without, NOW)
    assert refused.value.code == "started"
    assert len(queries.running_order(event)) == 8
    longer = agenda()
    longer[1]["minutes"] = 20
    assert operations.replace(event, longer, NOW) == [
        "“One year of President Arce”: minutes 20 instead of 12."
    ]
    assert queries.running_order(event)[1].started_at == NOW


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"minutes": 0}, "Agenda item 2 .*“minutes” must be a whole number from 1 to 1440"),
        ({"minutes": "12"}, "“minutes” must be a whole number"),
        ({"minutes": True}, "“minutes” must be a whole number"),
        ({"title": " \n"}, "Agenda item 2: “title” is missing"),
        ({"title": 7}, "“title” must be text"),
        ({"title": "x" * 201}, "“title” is longer than 200 characters"),
        ({"kind": "speech"}, "“kind” must be one of opening, talk, .* not “speech”"),
        ({"key": "opening"}, "the key “opening” is used twice"),
        ({"key": "a b"}, "a key is made of letters"),
        ({"keys": "a"}, "unknown key “keys”; known are key, title"),
        ({"speakers": "Tim"}, "“speakers” must be a list"),
        ({"speakers": [{"role": "chair"}]}, "speaker 1: “name” is missing"),
        ({"speakers": [{"name": "Tim", "role": "star"}]}, "“role” must be one of chair"),
        ({"speakers": [{"name": "Tim", "mail": "x"}]}, "unknown key “mail”"),
        ({"speakers": [{"name": "Tim", "url": "javascript:alert(1)"}]}, "begins with https"),
        ({"speakers": [{"name": "Tim"}, {"name": "tim"}]}, "names tim twice"),
        ({"speakers": [{"name": "Kate Hudson", "title": "MP"}]}, "Kate Hudson has two different"),
        ("not an item", "Agenda item 2 is not an object"),
    ],
)
def test_a_bad_item_is_named_and_nothing_changes(context, change, message):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    before = queries.running_order(event)
    items = agenda()
    items[1] = items[1] | change if isinstance(change, dict) else change
    with pytest.raises(Refused, match=message):
        operations.replace(event, items, NOW)
    assert queries.running_order(event) == before


def test_text_that_turns_around_or_controls_is_made_plain(context):
    event = make_event()
    operations.replace(event, [{"title": "Good\r\nBcc: \u202egnp.exe\x07", "minutes": 5}], NOW)
    assert queries.running_order(event)[0].title == "Good Bcc: gnp.exe"


def test_two_queries_for_any_number_of_items(context, count_queries):
    event = make_event()
    operations.replace(event, agenda(), NOW)
    with count_queries() as queries_made:
        queries.running_order(event)
    assert len(queries_made) == 2


@pytest.mark.case("D75")
def test_the_night_the_clocks_go_back_is_one_hour_longer(context):
    # 01:30 to 03:30 by the clock in Berlin on 25 October 2026 lasts three hours.
    start = dt.datetime(2026, 10, 24, 23, 30, tzinfo=dt.UTC)
    event = make_event(
        starts_at=start, ends_at=start + dt.timedelta(hours=3), timezone="Europe/Berlin"
    )
    operations.replace(event, [{"title": f"Part {n}", "minutes": 60} for n in (1, 2, 3)], NOW)
    items = queries.running_order(event)
    assert items[-1].planned_end == event.ends_at
    assert [i.planned_start.hour for i in items] == [23, 0, 1]
