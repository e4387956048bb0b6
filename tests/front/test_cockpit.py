from __future__ import annotations

import datetime as dt
import json
import re

import html5lib
import pytest
import time_machine

from tests.factories import make_event, make_signup, make_user, make_visit
from tests.front.evening import BASE, START, make_evening, minute, sign_in_before, started
from webapp.agenda import operations, queries
from webapp.db import db
from webapp.events.models import Event, Membership
from webapp.reports.document import build
from webapp.reports.evidence import gather

COCKPIT = f"{BASE}/cockpit"


@pytest.fixture
def evening(app, client):
    return make_evening(app, client)


def at(number):
    return time_machine.travel(minute(number), tick=False)


def form(page, act, **choose):
    """The fields of the page's form for ``act``, as a browser without JavaScript sends them."""
    tree = html5lib.parse(page.text, namespaceHTMLElements=False)
    for element in tree.iter("form"):
        fields = {i.get("name"): i.get("value") or "" for i in element.iter("input")}
        if fields.get("act") == act and element.get("data-slot") != "skip":
            if ("ago" in fields) != ("ago" in choose) or choose.get("skip") not in (
                None,
                fields.get("session_key"),
            ):
                continue
            if "ago" in choose or "skip" in choose:
                return fields | {name: value for name, value in choose.items() if name != "skip"}
            select = element.find(".//select")
            if (select is not None) == bool(choose):
                return fields | choose
    raise AssertionError(f"no form for {act}")


def press(client, number, act, **choose):
    with at(number):
        answer = client.post(f"{COCKPIT}/press", data=form(client.page(COCKPIT), act, **choose))
        assert (answer.status_code, answer.location) == (302, COCKPIT)
        return client.page(COCKPIT)


def test_the_evening_without_javascript(client, app, evening):
    with at(-10):
        page = client.page(COCKPIT)
    assert "Starts in 10 min" in page.text
    assert ">Start: Kate Hudson</button>" in page.text
    page = press(client, 1, "start")
    assert "Kate Hudson: started 19:01." in page.text
    assert ">Next: Tim Young</button>" in page.text
    assert "1 minute later than planned" in page.text
    assert "05:00 left" in page.text
    assert "Live for 1 min" in page.text
    assert "At this pace it ends 20:26, 19 minutes early" in page.text
    page = press(client, 7, "start")
    assert "Now speaking, 2 of 8" in page.text
    page = press(client, 8, "back")
    assert "Back to Kate Hudson." in page.text
    press(client, 9, "start")
    page = press(client, 12, "start", session_key="ollie")
    assert "Ollie Vargas: started 19:12." in page.text
    assert started(app, evening.id) == [("opening", 1), ("tim", 9), ("ollie", 12)]
    page = press(client, 40, "end")
    assert "Ended at 19:40. You can take that back for five minutes." in page.text
    assert "Undo the end" in page.text
    page = press(client, 44, "undo_end")
    assert "The evening goes on." in page.text
    assert "Now speaking, 6 of 8" in page.text
    press(client, 50, "end")
    with at(56):
        text = client.page(COCKPIT).text
        assert re.search(r'data-slot="undo" hidden', text)
        assert re.search(r'data-slot="next" hidden', text)


def test_what_will_not_happen_is_skipped_and_said_so(client, app, evening):
    press(client, 0, "start")
    page = press(client, 2, "skip", skip="tim")
    assert "Tim Young: does not take place." in page.text
    assert ">Next: Claudia Turbet-Delof</button>" in page.text
    assert "At this pace it ends 20:13, 32 minutes early" in page.text
    # Both ways, and no harm in a second press of an old page.
    assert "takes place after all" in press(client, 3, "unskip", skip="tim").text
    page = press(client, 3, "skip", skip="tim")
    assert form(page, "unskip", skip="tim")["session_key"] == "tim"
    press(client, 5, "start")
    with at(6):
        agenda = client.page("/events/bolivia/agenda").text
        assert agenda.count("Does not take place") == 1
        items = {i["key"]: i for i in client.get("/events/bolivia/agenda.json").json["agenda"]}
        assert [key for key, item in items.items() if "takes_place" in item] == ["tim"]
        calendar = client.get("/events/bolivia/agenda.ics").text
        assert calendar.count("STATUS:CANCELLED") == 1
    press(client, 90, "end")
    app.extensions["page_cache"].clear()
    with at(100):
        assert "Did not take place" in client.page("/events/bolivia/agenda").text
        assert "Did not take place" in client.page(f"{BASE}/attendance").text
    with app.app_context():
        event = db.session.get(Event, evening.id)
        evidence = gather(event, minute(100))
        rows = {row["key"]: row for row in evidence.figures["sessions"]}
        assert (rows["tim"]["started_at"], rows["tim"]["people"]) == (None, None)
        document = build(event, {}, "people", evidence, version=1, at=minute(100))
        assert document["counted"][-1] | {"definition": ""} == {
            "key": "not_held", "label": "Did not take place", "value": "1", "definition": "",
        }  # fmt: skip
        assert "One year of President Arce (Tim Young)" in document["counted"][-1]["definition"]
        assert "tim" not in [mark["key"] for mark in document["agenda"]]


def test_a_press_that_comes_late_counts_from_when_it_was(client, app, evening):
    page = press(client, 4, "start", ago="4")
    assert "Kate Hudson: started 19:00." in page.text
    # Never before the one before it, however long ago it is said to be.
    press(client, 6, "start", ago="30")
    press(client, 20, "start", ago="3")
    assert started(app, evening.id) == [("opening", 0), ("tim", 0), ("claudia", 17)]


def test_a_double_click_without_javascript_counts_once(client, app, evening):
    with at(0):
        data = form(client.page(COCKPIT), "start")
        client.post(f"{COCKPIT}/press", data=data)
        client.post(f"{COCKPIT}/press", data=data)
        assert "it counted once" in client.page(COCKPIT).text
    assert started(app, evening.id) == [("opening", 0)]


def test_a_page_left_open_says_that_somebody_had_moved_on(client, app, evening):
    with at(0):
        old = form(client.page(COCKPIT), "start")
    press(client, 0, "start")
    press(client, 5, "start")
    with at(6):
        client.post(f"{COCKPIT}/press", data=old)
        text = client.page(COCKPIT).text
    assert "Nothing was changed: somebody had already moved on. On now: Tim Young." in text
    assert started(app, evening.id) == [("opening", 0), ("tim", 5)]


def fetch(client, number, **fields):
    """A press as press.js sends it."""
    with at(number):
        token = client.page(COCKPIT).field("csrf_token")
        return client.post(
            f"{COCKPIT}/press",
            data={"press_id": "0123456789abcdef", "act": "start", **fields},
            headers={"Accept": "application/json", "X-CSRFToken": token},
        )


def test_a_press_by_script_with_its_age(client, app, evening):
    answer = fetch(client, 3, session_key="opening", expected_key="", age="120000")
    assert answer.json["outcome"] == "applied"
    assert answer.json["state"]["now"] == "opening"
    assert answer.json["state"]["next"] == "tim"
    assert started(app, evening.id) == [("opening", 1)]
    again = fetch(client, 4, session_key="opening", expected_key="", age="180000")
    assert (again.status_code, again.json["outcome"]) == (200, "repeated")
    stale = fetch(client, 5, press_id="another-press", session_key="claudia", expected_key="")
    assert stale.json["outcome"] == "stale"
    assert started(app, evening.id) == [("opening", 1)]


@pytest.mark.parametrize("age", ["", "-5", "soon", "1e9", "9" * 30])
def test_an_age_that_is_none_means_now(client, app, evening, age):
    assert fetch(client, 2, session_key="opening", age=age).json["outcome"] == "applied"
    assert started(app, evening.id) == [("opening", 2)]


def test_a_refusal_by_script_is_a_sentence(client, evening):
    answer = fetch(client, 300, session_key="opening")
    assert answer.status_code == 409
    assert "This event is over" in answer.json["error"]
    assert answer.json["state"]["phase"] == "over"


@pytest.mark.case("D25")
def test_a_press_without_a_token_changes_nothing(client, app, evening):
    for headers in ({}, {"X-CSRFToken": "foreign"}):
        with at(0):
            answer = client.post(
                f"{COCKPIT}/press",
                data={"press_id": "0123456789", "act": "start", "session_key": "opening"},
                headers={"Accept": "application/json", **headers},
            )
        assert answer.status_code == 400
    assert started(app, evening.id) == []


def test_what_the_page_polls(client, app, evening):
    with app.app_context():
        event = db.session.get(Event, evening.id)
        for _number in range(3):
            someone = make_signup(event)
        make_visit(event, minute(-2), signup=someone, last_seen_at=minute(1))
        make_visit(event, minute(-2), last_seen_at=minute(1))
        make_visit(event, minute(-2), minute(-1))
        db.session.commit()
    press(client, 0, "start")
    with at(1):
        answer = client.get(f"{COCKPIT}/live?known=opening").json
        assert "present" not in answer
        assert answer["figures"] == {
            "present": "2", "doors": "3", "confirmed": "3", "not_joined": "2",
            "as_of": "as of 19:01:00 (London time)",
        }  # fmt: skip
        assert answer["state"]["status"] == "Live for 1 min"
        assert client.get(f"{COCKPIT}/live?known=").json["present"] == {"opening": "2"}


@pytest.mark.parametrize("presence", ["door", "platform"])
def test_presence_that_nobody_measures_is_unknown_in_words(client, app, presence):
    make_evening(app, client, presence=presence)
    with at(0):
        text = client.page(COCKPIT).text
        assert '<dd data-figure="present" class="unknown">unknown</dd>' in text
        assert "is unknown until a file" in text
        assert client.get(f"{COCKPIT}/live").json["figures"]["present"] == "unknown"


def test_notes_and_quotes_on_who_speaks(client, app, evening):
    press(client, 0, "start")
    press(client, 5, "start")
    with at(6):
        page = client.page(COCKPIT)
        chosen = re.search(r'<option selected value="(tim:\d+)">Tim Young</option>', page.text)[1]
        token = page.field("csrf_token")
        add = {"csrf_token": token, "about": chosen}
        client.post(f"{COCKPIT}/notes", data=add | {"text": "A bonus.", "kind": "point"})
        answer = client.post(f"{COCKPIT}/notes", data=add | {"text": "Onwards", "kind": "quote"})
        assert answer.location == f"{COCKPIT}#notes"
        text = client.page(COCKPIT).text
    seen = re.search(r"notes/1/remove.*?name=\"shown\" value=\"(\w+)\"", text)[1]
    assert "“Onwards”" in text
    assert "Tim Young, 19:06, you" in text
    with app.app_context():
        notes = queries.notes(evening.id)
        assert [(n.kind, n.text, n.author) for n in notes] == [
            ("point", "A bonus.", "ada@example.org"),
            ("quote", "Onwards", "ada@example.org"),
        ]
        ids = [n.id for n in notes]
    with at(7):
        client.post(f"{COCKPIT}/notes/{ids[0]}/remove", data={"csrf_token": token})
        assert "A bonus." not in client.page(COCKPIT).text
        # Pressed again on a page that showed it, it is said that it went; what no page showed never was.
        again = f"{COCKPIT}/notes/{ids[0]}/remove"
        assert client.post(again, data={"csrf_token": token}).status_code == 404
        client.post(again, data={"csrf_token": token, "shown": seen})
        assert "That note is no longer there." in client.page(COCKPIT).text
        answer = client.post(
            f"{COCKPIT}/notes/77/remove", data={"csrf_token": token, "shown": seen}
        )
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": " "}, "There is nothing written yet."),
        ({"csrf_token": "old", "text": "kept"}, "The page had been open for long"),
        ({"about": "nobody:1", "text": "kept"}, "Not a valid choice"),
    ],
)
def test_a_note_that_cannot_be_kept_is_not_lost(client, app, evening, typed, said):
    with at(0):
        page = client.page(COCKPIT)
        who = re.search(r'<option value="(tim:\d+)"', page.text)[1]
        data = {"csrf_token": page.field("csrf_token"), "about": who, "kind": "point"} | typed
        answer = client.post(f"{COCKPIT}/notes", data=data)
    assert answer.status_code == 400
    assert said in answer.text
    assert typed["text"] in answer.text
    with app.app_context():
        assert queries.notes(evening.id) == []


def test_somebody_elses_note_stays(client, app, evening):
    with app.app_context():
        ben = make_user("Ben")
        event = db.session.get(Event, evening.id)
        db.session.add(Membership(event_id=event.id, user_id=ben.id, created_at=START))
        operations.add_note(
            event,
            kind="point",
            session_key="tim",
            text="Ben's.",
            author="ben@example.org",
            at=START,
        )
        db.session.commit()
        note = queries.notes(event.id)[0].id
    with at(0):
        page = client.page(COCKPIT)
        assert f"notes/{note}/remove" not in page.text
        data = {"csrf_token": page.field("csrf_token")}
        client.post(f"{COCKPIT}/notes/{note}/remove", data=data)
        text = client.page(COCKPIT).text
    assert "Only ben@example.org can take this note back." in text
    assert "Ben&#39;s." in text


def test_an_announcement_is_said_and_taken_back(client, app, evening):
    def announcement():
        with app.app_context():
            return db.session.get(Event, evening.id).announcement

    with at(0):
        data = {"csrf_token": client.page(COCKPIT).field("csrf_token")}
        client.post(f"{COCKPIT}/announce", data=data | {"announcement": "Five minutes!"})
        assert announcement() == "Five minutes!"
        page = client.page(COCKPIT)
        assert 'value="Five minutes!"' in page.text
        long = client.post(f"{COCKPIT}/announce", data=data | {"announcement": "x" * 501})
        assert long.status_code == 400
        assert "x" * 501 in long.text
        client.post(
            f"{COCKPIT}/announce", data=data | {"announcement": "Five minutes!", "withdraw": "1"}
        )
        assert announcement() is None


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_a_draft_or_cancelled_event_has_no_buttons(client, app, state):
    make_evening(app, client, state=state)
    with at(0):
        text = client.page(COCKPIT).text
    assert len(re.findall(r'data-slot="(?:next|back|end|skip|undo)" hidden', text)) == 5


def test_an_event_without_an_agenda_leads_there(client, app):
    with app.app_context():
        ada = make_user("Ada")
        make_event(ada, slug="empty")
        db.session.commit()
        sign_in_before(client, ada)
    with at(0):
        text = client.page("/manage/events/empty/cockpit").text
    assert "Write the agenda" in text


def test_a_get_changes_nothing_and_strangers_see_nothing(client, app, evening):
    with at(0):
        client.get(COCKPIT)
        client.get(f"{COCKPIT}/live")
        assert started(app, evening.id) == []
    with app.app_context():
        cleo = make_user("Cleo")
        make_event(cleo, slug="hers", starts_at=START)
        db.session.commit()
        sign_in_before(client, cleo)
    with at(0):
        for path in ("", "/live"):
            assert client.get(f"{COCKPIT}{path}").status_code == 404
        data = {"csrf_token": client.page("/manage/events/hers/cockpit").field("csrf_token")}
        for path in ("press", "announce", "notes", "notes/1/remove"):
            assert client.post(f"{COCKPIT}/{path}", data=data).status_code == 404
    assert started(app, evening.id) == []


@pytest.mark.case("D44")
def test_hostile_names_stay_text_in_the_data_of_the_page(client, app, evening):
    bad = "</script><img src=x onerror=alert(1)>"
    with app.app_context():
        event = db.session.get(Event, evening.id)
        operations.replace(
            event, [{"title": bad, "minutes": 5, "speakers": [{"name": bad, "bio": bad}]}], START
        )
        db.session.commit()
    with at(0):
        text = client.page(COCKPIT).text
    assert "<img" not in text
    data = re.search(r'id="evening">(.*?)</script>', text)[1]
    assert json.loads(data)["state"]["items"][0]["heading"] == bad


def test_the_page_costs_the_same_for_many_notes(client, app, evening, count_queries):
    def cost():
        with at(1), count_queries() as made:
            client.page(COCKPIT)
        return len(made)

    press(client, 0, "start")
    cost()
    few = cost()
    with app.app_context():
        event = db.session.get(Event, evening.id)
        for number in range(30):
            operations.add_note(
                event, kind="point", session_key="tim", text=f"{number}", author="x",
                at=START + dt.timedelta(seconds=number),
            )  # fmt: skip
        db.session.commit()
    assert cost() == few
