"""All events in figures: the page, the picture, and the two files, with one definition of each figure."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.conftest import NOW, Page
from tests.factories import make_event, make_signup, make_user, make_visit
from tests.signin import sign_in
from webapp.attendance.figures import figures
from webapp.clock import iso_z
from webapp.db import db
from webapp.events.models import Event
from webapp.front.statistics_table import definitions
from webapp.privacy import commands
from webapp.reports.models import Report, ReportVersion


def days(number: float) -> dt.timedelta:
    return dt.timedelta(days=number)


@pytest.fixture
def dora(app: Flask, client: Any) -> int:
    with app.app_context():
        admin: int = make_user("Dora", role="admin").id
        db.session.commit()
    with time_machine.travel(NOW, tick=False):
        sign_in(client, admin)
    return admin


def evening(slug: str, age: float, *, came: int = 0, signed: int = 0, guests: int = 0, **values: Any) -> Event:  # fmt: skip
    """An event ``age`` days ago: of ``signed`` confirmed sign-ups ``came`` did, and nameless guests."""
    event = make_event(slug=slug, title=f"Evening {slug}", starts_at=NOW - days(age), **values)
    start = event.starts_at
    channel = "room" if event.presence == "room" else "link"
    for number in range(signed):
        signup = make_signup(event)
        if number < came:
            end = start + dt.timedelta(minutes=30) if channel == "room" else None
            reason = {} if channel == "room" else {"end_reason": "unknown"}
            make_visit(event, start, end, signup=signup, channel=channel, **reason)
    for _ in range(guests):
        make_visit(event, start, start + dt.timedelta(minutes=10))
    return event


@pytest.fixture
def evenings(app: Flask, dora: int) -> None:
    with app.app_context():
        first = evening("first", 20, signed=4, came=3, guests=2)
        make_signup(first, status="cancelled")
        make_signup(first, status="waitlisted")
        report = Report(event_id=first.id, created_at=NOW, updated_at=NOW)
        db.session.add(report)
        db.session.flush()
        for number in (1, 2):
            db.session.add(
                ReportVersion(
                    report_id=report.id, version=number, document="{}", content_hash="x", pdf=b"",
                    pdf_hash="x", published_at=NOW - days(19 - number),
                )
            )  # fmt: skip
        drafted = evening("drafted", 40, signed=2, came=1)
        db.session.add(Report(event_id=drafted.id, created_at=NOW, updated_at=NOW))
        evening("door", 60, signed=2, came=2, presence="door", retention_days=365)
        evening("hall", 80, signed=3, mode="in_person", host_name="Somebody Else")
        evening("empty-room", 100, signed=2)
        evening("coming", -3, signed=2)
        evening("draft", -9, state="draft")
        evening("off", 2, state="cancelled", signed=1)
        db.session.commit()


def page_of(client: Any, query: str = "") -> Page:
    with time_machine.travel(NOW, tick=False):
        return client.page(f"/admin/statistics{query}")


def file_of(client: Any, name: str) -> Any:
    with time_machine.travel(NOW, tick=False):
        answer = client.get(f"/admin/statistics{name}")
        answer.get_data()
    assert answer.status_code == 200
    return answer


def table(page: Page) -> dict[str, list[str]]:
    """By slug: the cells of each row as they are read."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", page.text.split("<tbody>")[1], re.S):
        slug = re.search(r"/manage/events/([a-z-]+)/attendance", row)
        assert slug
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.S)
        found[slug[1]] = [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in cells]
    return found


def test_each_event_is_a_row_of_figures(client: Any, evenings: None) -> None:
    assert table(page_of(client)) == {
        "draft": ["0", "0", "not begun", "", "", "", "none", "no names"],
        "coming": ["2", "2", "not begun", "", "", "", "none", "9 May 2027"],
        "off": ["1", "1", "", "", "", "", "none", "4 May 2027"],
        "first": ["5", "4", "3", "75 %", "3 to 5", "5", "Version 2", "16 Apr 2027"],
        "drafted": ["2", "2", "1", "50 %", "1", "1", "Draft", "27 Mar 2027"],
        "door": ["2", "2", "2", "100 %", "2", "unknown", "none", "5 Feb 2028"],
        "hall": ["3", "3", "unknown", "unknown", "unknown", "unknown", "none", "15 Feb 2027"],
        "empty-room": ["2", "2", "0", "0 %", "0", "unknown", "none", "26 Jan 2027"],
    }


def test_where_the_figures_come_from_and_when_is_said(client: Any, evenings: None) -> None:
    text = page_of(client).text
    assert "As of 6 Apr 2027, 17:00 (UTC)." in text
    assert "Our own door and room" in text
    assert "turnout-figures/1" in text
    assert definitions_said(text)


def definitions_said(text: str) -> bool:
    return (
        "Confirmed sign-ups with at least one visit." in text and "present at one instant" in text
    )


def test_overdue_names_stand_out(client: Any, evenings: None) -> None:
    text = page_of(client).text
    assert re.search(r'href="/admin/privacy/drafted" class="amiss"', text)
    assert re.search(r'href="/admin/privacy/first">', text)


def test_erasing_changes_no_figure(client: Any, app: Flask, evenings: None) -> None:
    before = table(page_of(client))
    with app.app_context():
        commands.run(NOW + days(40))
    after = table(page_of(client))
    assert {slug: cells[:-1] for slug, cells in after.items()} == {
        slug: cells[:-1] for slug, cells in before.items()
    }
    assert after["first"][-1] == after["hall"][-1] == "no names"
    assert after["door"][-1] == "5 Feb 2028"


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("?q=EVENING F", ["first"]),
        ("?q=somebody else", ["hall"]),
        ("?q=%25", []),
        ("?q=%00", ["draft", "coming", "off", "first", "drafted", "door", "hall", "empty-room"]),
        ("?group=past", ["off", "first", "drafted", "door", "hall", "empty-room"]),
        ("?group=coming", ["coming"]),
        ("?group=drafts", ["draft"]),
        ("?group=now", []),
        ("?year=2026", ["empty-room"]),
        ("?year=2027&group=past&q=evening d", ["drafted", "door"]),
        ("?year=1", ["draft", "coming", "off", "first", "drafted", "door", "hall", "empty-room"]),
        ("?year=x&group=x&page=x", ["draft", "coming", "off", "first", "drafted", "door", "hall", "empty-room"]),
        ("?page=2", []),
    ],
)  # fmt: skip
def test_finding(client: Any, evenings: None, query: str, slugs: list[str]) -> None:
    page = page_of(client, query)
    assert (list(table(page)) if slugs else []) == slugs
    assert ("No event fits this." in page.text) == (not slugs)
    # The files hold what the page found, on all its pages.
    if "page" not in query:
        found = json.loads(file_of(client, f".json{query}").text)["events"]
        assert [row["event"] for row in found] == slugs


def test_without_any_event(client: Any, dora: int) -> None:
    assert "There is no event yet." in page_of(client).text
    assert json.loads(file_of(client, ".json").text)["events"] == []


def test_the_picture_has_a_column_for_each_known_audience(client: Any, evenings: None) -> None:
    text = page_of(client).text
    [picture] = re.findall(r'<figure class="columns">(.*?)</figure>', text, re.S)
    titles = [" ".join(title.split()) for title in re.findall(r"<title>(.*?)</title>", picture)]
    # Oldest first, and none for the hall, of which nobody knows.
    assert titles == [
        "Evening empty-room: 0",
        "Evening door: 2",
        "Evening drafted: 1",
        "Evening first: 3 to 5",
    ]
    sure = re.findall(r'class="sure"[^>]*height="([\d.]+)"', picture)
    assert [float(height) for height in sure] == [0, 40, 20, 60]
    up_to = re.findall(r'class="up-to"[^>]*height="([\d.]+)"', picture)
    assert [float(height) for height in up_to] == [0, 40, 20, 100]
    assert "the tallest is 5" in picture
    rates = re.findall(r'class="came" width="([\d.]+)"', text)
    assert [float(rate) for rate in rates] == [75, 50, 100, 0]


def test_three_columns_are_no_picture(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        for number in range(3):
            evening(f"e{number}", 9 + number, signed=1, came=1)
        db.session.commit()
    assert "<figure" not in page_of(client).text
    with app.app_context():
        evening("e3", 20, signed=1, came=1)
        db.session.commit()
    assert "<figure" in page_of(client).text


def rows_of(answer: Any) -> list[list[str]]:
    text = answer.get_data().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_the_csv_is_the_table_and_then_its_definitions(
    client: Any, app: Flask, evenings: None
) -> None:
    answer = file_of(client, ".csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="events-in-figures-2027-04-06.csv"'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    header, *lines = rows_of(answer)
    end = lines.index([])
    found = {line[0]: dict(zip(header, line, strict=True)) for line in lines[:end]}
    assert len(found) == 8
    assert found["first"] == {
        "event": "first", "title": "Evening first", "host": "Friends of Something", "state": "over",
        "sample": "no", "starts_at": "2027-03-17T17:00:00Z", "ends_at": "2027-03-17T18:45:00Z",
        "timezone": "Europe/London", "signed_up": "5", "confirmed": "4", "cancelled": "1",
        "attended": "3", "show_up_rate": "0.75", "people_low": "3", "people_high": "5", "peak": "5",
        "peak_at": "2027-03-17T17:00:00Z", "sources": "turnout", "report": "published",
        "report_version": "2", "report_published_at": "2027-03-20T17:00:00Z", "names_people": "yes",
        "deletion_due": "2027-04-16T18:45:00Z", "as_of": "2027-04-06T17:00:00Z",
        "method": "turnout-figures/1",
    }  # fmt: skip
    # Unknown and not begun are empty, never 0.
    assert [found["hall"][name] for name in ("attended", "show_up_rate", "people_low", "peak")] == [""] * 4  # fmt: skip
    assert (found["coming"]["attended"], found["coming"]["state"]) == ("", "before")
    assert (found["empty-room"]["attended"], found["empty-room"]["peak"]) == ("0", "")
    meanings = dict(lines[end + 2 :])
    assert list(meanings) == header
    assert all(meanings.values())


@pytest.mark.case("D40")
@pytest.mark.parametrize("title", ["=1+1", "+49 30", "-2+3", "@me", '=cmd|" /C calc"!A0'])
def test_a_title_is_text_in_a_spreadsheet(client: Any, app: Flask, dora: int, title: str) -> None:
    with app.app_context():
        make_event(title=title, host_name="=evil")
        db.session.commit()
    line = rows_of(file_of(client, ".csv"))[1]
    assert line[1] == f"'{title}".replace("|", "\\|")
    assert line[2] == "'=evil"


def test_the_json_says_the_same_with_its_types(client: Any, app: Flask, evenings: None) -> None:
    answer = file_of(client, ".json?group=past")
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"].endswith('2027-04-06.json"')
    found = json.loads(answer.text)
    assert found["as_of"] == "2027-04-06T17:00:00Z"
    assert found["method"] == "turnout-figures/1"
    assert found["asked"] == {"group": "past"}
    with app.test_request_context():
        assert found["definitions"] == definitions()
    by_slug = {row["event"]: row for row in found["events"]}
    assert all(set(row) == set(found["definitions"]) for row in found["events"])
    first = by_slug["first"]
    assert (first["attended"], first["show_up_rate"], first["names_people"]) == (3, 0.75, True)
    assert by_slug["hall"]["people_low"] is None
    assert by_slug["hall"]["report_version"] is None


def test_every_figure_is_the_one_of_the_event_itself(
    client: Any, app: Flask, evenings: None
) -> None:
    found = json.loads(file_of(client, ".json?q=first").text)["events"][0]
    with app.app_context():
        event = db.session.query(Event).filter_by(slug="first").one()
        own = figures(event, NOW)
    attendance = own["attendance"]
    assert found["attended"] == attendance["registered_attended"]
    assert found["show_up_rate"] == attendance["show_up_rate"]
    assert found["people_low"] == attendance["people"]["low"]
    assert found["people_high"] == attendance["people"]["high"]
    assert (found["peak"], found["peak_at"]) == (attendance["peak"]["people"], attendance["peak"]["at"])  # fmt: skip
    assert found["confirmed"] == own["signups"]["confirmed"]
    assert found["as_of"] == iso_z(NOW)


def test_figures_are_kept_and_all_else_is_asked_once(
    client: Any, app: Flask, dora: int, count_queries: Any
) -> None:
    """What is not figures takes the same number of queries for one event as for twenty-five."""

    def made(number: int, first: int) -> None:
        with app.app_context():
            for n in range(first, first + number):
                evening(f"e{n}", 5 + n, signed=2, came=1)
            db.session.commit()

    def asked() -> tuple[int, int]:
        """(queries of a first look, and of a second)."""
        app.extensions.get("figures_cache", {}).clear()
        counted = []
        for _ in range(2):
            with count_queries() as queries:
                page_of(client)
            counted.append(len(queries))
        return counted[0], counted[1]

    made(1, 0)
    cold_one, warm_one = asked()
    made(1, 1)
    cold_two, warm_two = asked()
    made(23, 2)
    cold_many, warm_many = asked()
    cold, warm = cold_two - cold_one, warm_two - warm_one
    assert warm < cold, "what was computed is kept"
    assert cold_many - cold_one == 24 * cold
    assert warm_many - warm_one == 24 * warm


def test_pages(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        for number in range(27):
            make_event(slug=f"e-{'abcdefghijklmnopqrstuvwxyz0'[number]}", starts_at=NOW - days(number))  # fmt: skip
        db.session.commit()
    first, second = page_of(client, "?q=evening"), page_of(client, "?q=evening&page=2")
    assert len(table(first)) == 25
    assert second.text.count("/attendance") == 2
    assert 'rel="next" href="/admin/statistics?page=2&amp;q=evening"' in first.text
    assert 'rel="prev"' in second.text
    assert 'rel="next"' not in second.text
    # A file has all of it.
    assert len(json.loads(file_of(client, ".json?q=evening").text)["events"]) == 27


@pytest.mark.case("D44")
def test_titles_are_text(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        for number in (1, 2):
            evening(f"e{number}", number, signed=1, came=1)
        db.session.query(Event).update({"title": "<script>alert(1)</script>"})
        db.session.commit()
    assert "<script>alert" not in page_of(client).text


def test_no_attendee_is_named(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        event = evening("evening", 2, signed=1, came=1)
        make_signup(event, "Zenobia Quark", email="zenobia@quark.example")
        make_visit(event, event.starts_at, name="Xanthippe", name_key="xanthippe", identity="name_only")  # fmt: skip
        db.session.commit()
    texts = [page_of(client).text, file_of(client, ".csv").text, file_of(client, ".json").text]
    for word in ("Zenobia", "quark", "Xanthippe"):
        assert all(word not in text for text in texts)


@pytest.mark.parametrize("name", ["", ".csv", ".json"])
def test_organisers_do_not_see_it(client: Any, app: Flask, name: str) -> None:
    path = f"/admin/statistics{name}"
    assert client.get(path).status_code == 302
    with app.app_context():
        ada = make_user("Ada").id
        db.session.commit()
    sign_in(client, ada)
    assert client.get(path).status_code == 404
