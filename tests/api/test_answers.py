"""What programs are told: the same as people, described truly."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import time_machine

from tests.api.openapi import faults
from tests.cast import AFTER, BEFORE, LIVE
from tests.factories import make_event
from tests.reports.evening import make_evening
from webapp.accounts.models import User
from webapp.agenda import operations as agenda
from webapp.attendance import log
from webapp.db import db
from webapp.events.models import Event
from webapp.reports import canonical
from webapp.reports import operations as reports

PATHS = ("/events", "/events/{slug}", "/events/{slug}/figures", "/events/{slug}/report")


def described(document: Any, path: str) -> dict[str, Any]:
    answer = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]
    return answer["content"]["application/json"]["schema"]


def run(app: Any, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_document_describes_every_route_and_nothing_else(cast: Any, document: Any) -> None:
    assert sorted(document["paths"]) == sorted(f"/api/v1{path}" for path in PATHS)
    rules = {
        rule.rule.replace("<", "{").replace(">", "}")
        for rule in cast.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.endswith("openapi.json")
    }
    assert rules == set(document["paths"])
    assert document["openapi"] == "3.1.0"
    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path in document["paths"].values():
        assert {"200", "401", "default"} <= path["get"]["responses"].keys()
        assert path["get"]["summary"]


@pytest.mark.parametrize("moment", [BEFORE, LIVE, AFTER])
@pytest.mark.parametrize("path", PATHS)
def test_answers_are_what_the_document_says(
    cast: Any, program: Any, document: Any, path: str, moment: Any
) -> None:
    with time_machine.travel(moment, tick=False):
        for who in ("Ada", "Cleo", "Dora"):
            slug = (cast.foreign if who == "Cleo" else cast.evening).slug
            answer = program(who).json(path.replace("{slug}", slug))
            assert list(faults(answer, described(document, path), document)) == []


def full_evening(ada: User, slug: str, **values: Any) -> Event:
    event = make_evening(ada, slug=slug, title=slug, accent="#1f6b43", languages=["es", "en"], access_needs=["Captions"], min_stay_minutes=3, **values)  # fmt: skip
    reports.draft(event, at=AFTER, by="Ada")
    reports.publish(event, at=AFTER, by="Ada")
    return event


def corrected(event: Event) -> None:
    report = reports.queries.report(event.id)
    blocks = report.content["blocks"] | {"closing": "Thank you."}
    report.content = report.content | {"blocks": blocks}
    reports.publish(event, at=AFTER, by="Ada", correction="A word was missing.")


def test_answers_are_described_for_evenings_of_every_kind(
    cast: Any, program: Any, document: Any, change: Any
) -> None:
    """A corrected report, a door that measures nothing, and an event that nobody came to."""

    def make() -> None:
        ada = db.session.get(User, cast.users["Ada"])
        corrected(full_evening(ada, "measured"))
        full_evening(ada, "door-only", presence="door")
        make_event(ada, slug="empty", capacity=20)

    change(make)
    ada = program("Ada")
    with time_machine.travel(AFTER, tick=False):
        for slug in ("measured", "door-only", "empty"):
            for path in PATHS[1:3] if slug == "empty" else PATHS[1:]:
                answer = ada.json(path.replace("{slug}", slug))
                assert list(faults(answer, described(document, path), document)) == [], slug
        assert ada.json("/events/door-only/figures")["attendance"]["peak"] is None
        assert ada.json("/events/measured/report")["correction"]["note"] == "A word was missing."


def test_the_check_of_answers_can_fail(cast: Any, program: Any, document: Any) -> None:
    """Each of these was right before one thing was changed."""
    good = program("Ada").json(f"/events/{cast.evening.slug}/figures")
    schema = described(document, "/events/{slug}/figures")

    def changed(change: Any) -> list[str]:
        bad = copy.deepcopy(good)
        change(bad)
        return list(faults(bad, schema, document))

    assert changed(lambda f: None) == []
    assert changed(lambda f: f.pop("as_of")) == ["$: as_of is missing"]
    assert changed(lambda f: f.update(more=1)) == ["$: more is not described"]
    assert changed(lambda f: f.update(as_of="yesterday")) == ["$.as_of: 'yesterday' is no moment"]
    assert changed(lambda f: f.update(as_of="2027-04-06T18:30:00")) == ["$.as_of: '2027-04-06T18:30:00' has no offset"]  # fmt: skip
    assert changed(lambda f: f["signups"].update(pending="two")) == ["$.signups.pending: 'two' is not of type ['integer']"]  # fmt: skip
    assert changed(lambda f: f["attendance"].update(crew=-1)) == ["$.attendance.crew: -1 is below 0"]  # fmt: skip
    assert changed(lambda f: f["attendance"].update(show_up_rate=1.5)) == ["$.attendance.show_up_rate: 1.5 is above 1.0"]  # fmt: skip
    assert changed(lambda f: f["attendance"]["peak"].update(people=None)) == ["$.attendance.peak.people: None is not of type ['integer']"]  # fmt: skip
    assert changed(lambda f: f["sessions"][1].update(people=True)) == ["$.sessions[1].people: True is not of type ['integer', 'null']"]  # fmt: skip
    assert changed(lambda f: f["attendance"]["by_source"][0].update(source="hearsay")) == [
        "$.attendance.by_source[0].source: 'hearsay' is none of ['turnout', 'platform', 'import']"
    ]


def test_sources_are_described_by_their_own_names(document: Any) -> None:
    described = document["components"]["schemas"]["SourcePresence"]["properties"]["source"]["enum"]
    assert described == list(log.SOURCES)


def test_the_list_holds_what_the_person_may_manage_with_the_latest_start_first(
    cast: Any, program: Any
) -> None:
    assert program("Ada").json("/events") == {
        "as_of": "2027-04-06T18:30:00Z",
        "events": [
            {
                "slug": slug,
                "title": f"An evening about {slug}",
                "state": state,
                "phase": phase,
                "starts_at": "2027-04-06T18:00:00Z",
                "ends_at": "2027-04-06T19:45:00Z",
                "timezone": "Europe/London",
                "is_sample": False,
            }
            for slug, state, phase in (
                ("quetzal-draft", "draft", "draft"),
                ("quetzal", "published", "live"),
            )
        ],
    }
    slugs = {who: [e["slug"] for e in program(who).json("/events")["events"]] for who in ("Ben", "Cleo", "Dora")}  # fmt: skip
    assert slugs == {
        "Ben": ["quetzal-draft", "quetzal"],
        "Cleo": ["heron"],
        "Dora": ["heron", "quetzal-draft", "quetzal"],
    }


def test_the_event_is_its_file(cast: Any, program: Any) -> None:
    exported = run(cast.app, "events", "export", "quetzal")
    assert program("Ada").json("/events/quetzal") == json.loads(exported)


def test_the_figures_are_those_of_the_command(cast: Any, program: Any) -> None:
    """To the letter, also in the order of the keys."""
    answer = program("Ada").get("/events/quetzal/figures")
    assert answer.text == run(cast.app, "attendance", "figures", "quetzal").strip()
    assert list(answer.json) == ["event", "as_of", "method", "signups", "attendance", "sessions"]
    assert answer.json["attendance"]["people"]["low"] == 2
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_report_is_the_frozen_one_byte_for_byte(cast: Any, program: Any) -> None:
    answer = program("Ada").get("/events/quetzal/report")
    public = cast.app.test_client().get("/events/quetzal/report.json")
    assert answer.data == public.data
    assert answer.headers["ETag"] == f'"{canonical.digest_bytes(answer.data)}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Authorization"
    again = program("Ada").get("/events/quetzal/report", If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")


def test_a_report_that_is_not_there_is_said_so_in_one_sentence(cast: Any, program: Any) -> None:
    answer = program("Ada").get("/events/quetzal-draft/report")
    assert answer.status_code == 404
    assert answer.json == {
        "error": {
            "status": 404,
            "title": "Not Found",
            "message": "Nothing has been published about this event yet.",
        }
    }


def test_reading_takes_few_queries_however_many_events(
    cast: Any, program: Any, change: Any, count_queries: Any
) -> None:
    with count_queries() as before:
        program("Ada").json("/events")
    change(lambda: [make_event(db.session.get(User, cast.users["Ada"])) for _ in range(20)])
    with count_queries() as after:
        assert len(program("Ada").json("/events")["events"]) == 22
    assert len(before) == len(after) == 2


def test_the_document_is_kept_until_it_changes(cast: Any) -> None:
    client = cast.app.test_client()
    first = client.get("/api/v1/openapi.json")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_the_librarys_own_error_pages_do_not_answer_for_the_site(cast: Any) -> None:
    page = cast.app.test_client().get("/nothing-was-ever-here")
    assert page.status_code == 404
    assert page.mimetype == "text/html"


def test_agenda_pressed_by_the_chair_shows_in_the_figures(cast: Any, program: Any, change: Any) -> None:  # fmt: skip
    def press() -> None:
        event = db.session.get(Event, cast.evening.event_id)
        agenda.press(event, press_id="a-press-of-the-chair", act="start", session_key="quetzal-closing",
                     expected_key="quetzal-talk", at=LIVE, received_at=LIVE, by="Ada")  # fmt: skip

    change(press)
    figures = program("Ada").json("/events/quetzal/figures")
    assert figures["sessions"][2]["started_at"] == "2027-04-06T18:30:00Z"
