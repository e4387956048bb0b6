"""Draft and published: people see the latest version, whatever the organisers are about to change."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from tests.agenda.evening import agenda
from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.signin import sign_in
from webapp.agenda import drafting, editing, operations, queries, releases, timeline
from webapp.agenda.models import AgendaRelease, Session, Speaker
from webapp.attendance import figures
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.front import event_file
from webapp.reports import evidence

BASE = "/manage/events/bolivia"


@pytest.fixture
def evening(context):
    event = make_event(make_user("Ada"), slug="bolivia")
    operations.replace(event, agenda(), NOW, "ada")
    db.session.commit()
    return event


def public(event):
    return [(item.key, item.minutes, [w.name for w in item.speakers]) for item in queries.running_order(event)]  # fmt: skip


def change(event, *keys, **minutes):
    """The draft becomes these items of the evening, in this order."""
    items = {item["key"]: item for item in agenda()}
    wanted = [items[key] | ({"minutes": minutes[key]} if key in minutes else {}) for key in keys]
    return drafting.write(event, wanted)


def test_people_see_the_last_version_until_the_next(evening):
    before = public(evening)
    told = evening.revision
    lines = change(evening, "opening", "claudia", "tim", "leonardo", "closing", tim=20)
    assert public(evening) == before
    assert evening.revision == told
    assert releases.difference(evening, queries.draft(evening)) == lines
    counted = figures.figures(evening, NOW)["sessions"]
    assert [(row["key"], row["speakers"]) for row in counted] == [(k, who) for k, _n, who in before]
    release = releases.publish(evening, NOW, "ada")
    assert [key for key, _minutes, _who in public(evening)] == ["opening", "claudia", "tim", "leonardo", "closing"]  # fmt: skip
    assert (release.version, release.changelog, release.by) == (2, lines, "ada")
    assert len(figures.figures(evening, NOW)["sessions"]) == 5
    assert evidence.gather(evening, NOW).agenda_version == 2
    assert evening.revision == told + 1
    assert [r.version for r in releases.of_event(evening.id)] == [2, 1]
    # The first one can still be read as people saw it.
    first = releases.items_of(releases.one(evening.id, 1))
    assert [(i.key, i.minutes, [w.name for w in i.speakers]) for i in first] == before
    # Rows of what nobody sees any more are gone, with their people.
    assert db.session.scalar(sa.select(sa.func.count(Session.id))) == 5
    assert "Ollie Vargas" not in db.session.scalars(sa.select(Speaker.name)).all()
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "agenda.published")
    ).all()[-1]
    assert entry.summary.startswith("Version 2. ")
    assert releases.publish(evening, NOW, "ada") is None


def test_what_people_see_keeps_its_row_and_what_starts_is_never_dropped(evening):
    ids = {item.key: item.id for item in queries.running_order(evening)}
    change(evening, "opening", "tim", "closing")
    assert {item.key: item.id for item in queries.running_order(evening)} == ids
    # Claudia and Ollie are out of the draft; Claudia speaks before it is published.
    operations.press(
        evening, press_id="press-one", act="start", session_key="claudia", expected_key=None,
        at=evening.starts_at, received_at=evening.starts_at, by="chair",
    )  # fmt: skip
    assert queries.current(queries.running_order(evening)).key == "claudia"
    note = operations.add_note(
        evening, kind="point", session_key="claudia", text="Said it", author="ada", at=NOW,
        speaker_id=queries.current(queries.running_order(evening)).speakers[0].speaker_id,
    )  # fmt: skip
    releases.publish(evening, evening.starts_at, "ada")
    assert {key for key, _minutes, _who in public(evening)} == {"opening", "tim", "claudia", "closing"}  # fmt: skip
    db.session.refresh(note)
    assert (note.session_id, note.speaker_id is not None) == (ids["claudia"], True)
    with pytest.raises(Refused, match="already started"):
        change(evening, "opening", "tim", "closing")


def test_a_change_of_the_evening_goes_out_at_once_and_alone(evening):
    change(evening, "opening", "tim", "closing", tim=30)

    def shorter(items):
        return [i | ({"minutes": 3} if i["key"] == "closing" else {}) for i in items]

    assert releases.amend(evening, shorter, NOW, "ada") == ["“Closing”: minutes 3 instead of 8."]
    assert [(key, n) for key, n, _who in public(evening)][-2:] == [("jeremy", 12), ("closing", 3)]
    assert [(i.key, i.minutes) for i in queries.draft(evening)] == [("opening", 5), ("tim", 30), ("closing", 3)]  # fmt: skip


def test_undo_goes_back_step_by_step_and_keeps_people_one_person(evening):
    def item(n):
        return queries.draft(evening)[n]

    before = queries.draft(evening)
    tim = item(1).speakers[0]
    details = {"name": "Tim Yóung", "title": "", "affiliation": "FoB", "bio": "", "url": ""}
    row = db.session.get(Speaker, tim.speaker_id)
    editing.change_speaker(evening, row.id, details, editing.person_seen(row), NOW, "ada")
    editing.remove_item(evening, "ollie", queries.fingerprint([item(5)]), NOW, "ada")
    for summary in ("Taken out: “Reporting it”.", "“Tim Young” is now written “Tim Yóung”."):
        step = drafting.last_step(evening.id)
        assert step.summary.startswith(summary)
        drafting.undo(evening, step.id)
    assert queries.draft(evening) == before
    with pytest.raises(Refused, match="Somebody else"):
        drafting.undo(evening, step.id)


def test_loading_a_file_publishes_and_an_events_publication_publishes_its_agenda(context):
    draft = make_event(make_user("Ada"), slug="draft", state="draft")
    assert operations.replace(draft, agenda(), NOW)
    assert releases.latest_version(draft) is None
    with pytest.raises(Refused, match="together with the event"):
        releases.publish(draft, NOW, "ada")
    # The organisers see it everywhere; loading the file publishes event and agenda.
    file = event_file.export(draft)
    assert [item["key"] for item in file["agenda"]][:2] == ["opening", "tim"]
    event_file.load(file, at=NOW, by="file")
    assert (draft.state, releases.latest_version(draft)) == ("published", 1)
    events.unpublish(draft, signups=0, at=NOW, by="ada")
    change(draft, "opening", "closing")
    assert [item["key"] for item in event_file.export(draft)["agenda"]] == ["opening", "closing"]


@pytest.mark.case("D35")
def test_a_new_item_can_be_translated_before_people_see_it(evening):
    drafting.write(evening, [*agenda(), {"key": "guest", "title": "A secret guest", "minutes": 9}])
    sources = event_file.text_sources(evening)
    said = {"agenda/guest/title": "Una invitada", "agenda/tim/title": "Un año"}
    events.translate(evening, "es", said, sources, NOW, "ada")
    public = event_file.export(evening)
    assert public["translations"] == {"es": {"agenda/tim/title": "Un año"}}
    releases.publish(evening, NOW, "ada")
    assert event_file.export(evening)["translations"] == {"es": said}


@pytest.mark.case("D35")
def test_the_pages_of_publishing(client, app, count_queries):
    with app.app_context():
        ada = make_user("Ada")
        event = make_event(ada, slug="bolivia", state="draft")
        operations.replace(event, agenda(), NOW)
        db.session.commit()
        sign_in(client, ada)
        event_id = event.id
    page = client.page(f"{BASE}/agenda")
    assert "It becomes public together with the event." in page.text
    client.send(f"{BASE}/publish", at=f"{BASE}/settings")
    with app.app_context():
        assert db.session.scalar(sa.select(AgendaRelease.version)) == 1
    assert "People see exactly this." in client.page(f"{BASE}/agenda").text
    with app.app_context():
        event = db.session.get(Event, event_id)
        changed = [*agenda()[:-1], {"title": "A secret guest", "minutes": 9}]
        changed[1]["title"] = "A better title"
        drafting.write(event, changed)
        db.session.commit()
    for path in ("", "/agenda", "/agenda.json", "/agenda.ics"):
        text = client.get(f"/events/bolivia{path}").text
        assert "A secret guest" not in text
        assert "One year of President Arce" in text
    assert "A secret guest" in client.page(f"{BASE}/preview").text
    page = client.page(f"{BASE}/agenda")
    assert "The draft differs from what people see: 3 changes" in page.text
    seen = re.search(r'agenda/publish".*?name="seen" value="(\w+)"', page.text)[1]
    data = {"csrf_token": page.field("csrf_token"), "seen": seen}
    client.post(f"{BASE}/agenda/publish", data=data | {"seen": "older"})
    assert "Nothing was published" in client.page(f"{BASE}/agenda").text
    client.post(f"{BASE}/agenda/publish", data=data)
    assert "Published as version 2" in client.page(f"{BASE}/agenda").text
    versions = client.page(f"{BASE}/agenda/versions").text
    assert "Added: “A secret guest”, 9 minutes." in versions
    assert "A secret guest" not in client.page(f"{BASE}/agenda/versions/1").text
    assert "A secret guest" in client.page(f"{BASE}/agenda/versions/2").text
    assert client.get(f"{BASE}/agenda/versions/3").status_code == 404

    def cost(path):
        client.get(path)
        with count_queries() as made:
            client.get(path)
        return len(made)

    paths = (f"{BASE}/agenda", f"{BASE}/agenda/versions", f"{BASE}/agenda/versions/1")
    few = [cost(path) for path in paths]
    with app.app_context():
        event = db.session.get(Event, event_id)
        many = [
            {"title": f"Talk {n}", "minutes": 1, "speakers": [{"name": f"Person {n}"}]}
            for n in range(60)
        ]
        operations.replace(event, many, NOW)
        operations.replace(event, many[1:], NOW)
        db.session.commit()
    assert [cost(path) for path in paths] == few


def _note(event, key, speaker_id=None):
    return operations.add_note(
        event, kind="quote", session_key=key, text="We belong to the Earth.", author="ada", at=NOW,
        speaker_id=speaker_id,
    )  # fmt: skip


def test_what_was_written_down_keeps_its_item_and_its_speaker(evening):
    keys = [item["key"] for item in agenda()]
    claudia = next(item for item in queries.running_order(evening) if item.key == "claudia")
    (who,) = claudia.speakers
    # Taken out in the draft, and then somebody writes down what is said.
    change(evening, *[key for key in keys if key != "claudia"])
    _note(evening, "claudia", who.speaker_id)
    assert "claudia" in [item.key for item in queries.draft(evening)]
    with pytest.raises(Refused, match="stays in the agenda"):
        change(evening, *[key for key in keys if key != "claudia"])
    db.session.rollback()
    # Somebody else speaks in their place: what was said is still theirs.
    wanted = [
        item | ({"speakers": [{"name": "Ewa Standin", "role": "speaker"}]} if item["key"] == "claudia" else {})
        for item in agenda()
    ]  # fmt: skip
    _note(evening, "claudia", who.speaker_id)
    drafting.write(evening, wanted)
    releases.publish(evening, NOW, "ada")
    (said,) = evidence.gather(evening, NOW).notes
    assert said.speaker.name == who.name


def test_what_was_entered_afterwards_is_in_the_draft_again(evening):
    keys = [item["key"] for item in agenda()]
    change(evening, *[key for key in keys if key != "claudia"])
    start = evening.starts_at
    at = start + dt.timedelta(minutes=30)
    claudia = timeline.Times(start, start + dt.timedelta(minutes=5))
    timeline.mend(evening, timeline.Times(start, None), {"claudia": claudia}, at, "ada")
    releases.publish(evening, at, "ada")
    assert "claudia" in [key for key, _minutes, _who in public(evening)]


def test_undo_leaves_what_has_begun_since(evening):
    added = {"key": "late", "title": "A late guest", "kind": "talk", "minutes": 5, "speakers": [{"name": "Ewa Standin", "role": "speaker"}]}  # fmt: skip
    editing.add_item(evening, added, NOW, "ada")
    releases.publish(evening, NOW, "ada")
    start = evening.starts_at
    timeline.mend(evening, timeline.Times(start, None), {"late": timeline.Times(start, start)}, start, "ada")  # fmt: skip
    step = drafting.last_step(evening.id).id
    drafting.undo(evening, step)
    assert [item.key for item in queries.draft(evening)] == [*(i["key"] for i in agenda()), "late"]
    # Older changes can be taken back as well.
    assert drafting.last_step(evening.id).id < step


def test_a_speaker_who_comes_back_is_who_they_were(evening):
    keys = [item["key"] for item in agenda()]
    before = next(item for item in queries.running_order(evening) if item.key == "tim").speakers[0]
    change(evening, *[key for key in keys if key != "tim"])
    again = {"title": "Tim again", "kind": "talk", "minutes": 5, "speakers": [{"name": before.name, "role": "speaker"}]}  # fmt: skip
    editing.add_item(evening, again, NOW, "ada")
    back = queries.draft(evening)[-1].speakers[0]
    assert (back.speaker_id, back.about) == (before.speaker_id, before.about)
    assert before.about
