from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.reports.evening import AFTER, make_evening
from webapp.db import db
from webapp.events.models import Event
from webapp.reports import operations, queries


def published(app: Flask, **values: Any) -> None:
    with app.app_context():
        event = make_evening(**values)
        operations.draft(event, at=AFTER, by="Ben Hayes")
        operations.publish(event, at=AFTER, by="Ben Hayes")
        db.session.commit()


def corrected(app: Flask) -> None:
    published(app)
    with app.app_context():
        event = db.session.query(Event).one()
        report = queries.report(event.id)
        assert report is not None
        operations.save(
            event, {"closing": "Put right."}, headline="doors", left_out=[],
            revision=report.revision, at=AFTER, by="Ada",
        )  # fmt: skip
        operations.correct(event, at=AFTER, by="Ada", note="The closing was wrong.")
        db.session.commit()


def test_the_article(app: Flask, client: Any) -> None:
    published(app)
    text = client.page("/events/bolivia/report").text
    for words in (
        "Report from Friends of Bolivia",
        "Three voices on “Bolivia Shows There Is An Alternative”",
        "By Ben Hayes, Friends of Bolivia",
        '<strong class="num">5–7</strong>',
        "Between 5 and 7 people joined <em>Bolivia Shows There Is An Alternative: Putting People",
        "5 people were in the room while Claudia Turbet-Delof spoke.",
        "“an inspiration around the world”",
        'href="https://friends.example.org/"',
        "How we counted",
        "Who was there when",
        'src="/events/bolivia/report/curve-1.svg"',
        "The most at one moment were 5 at 19:22.",
        "5 (83 %)",
        "Version 1, published",
    ):
        assert words in text, words
    assert text.index("Claudia Turbet-Delof</h2>") < text.index("Tim Young</h2>")


def test_door_only_says_so_and_has_no_curve(app: Flask, client: Any) -> None:
    published(app, presence="door")
    text = client.page("/events/bolivia/report").text
    assert "We know who came through the door, not who was in the room when" in text
    assert "curve-1" not in text
    assert "people were in the room" not in text
    assert client.get("/events/bolivia/report/curve-1.svg").status_code == 404
    assert client.get("/events/bolivia/report/curve-1-wide.svg").status_code == 404


@pytest.mark.parametrize(
    "end", ["", ".json", ".md", ".pdf", "/v/1", "/v/1.json", "/curve-1.svg", "/curve-1-wide.svg"]
)
def test_nothing_is_there_before_it_is_published(app: Flask, client: FlaskClient, end: str) -> None:
    with app.app_context():
        operations.draft(make_evening(), at=AFTER, by="Ada")
        db.session.commit()
    assert client.get(f"/events/bolivia/report{end}").status_code == 404
    assert client.get(f"/events/nowhere/report{end}").status_code == 404


def test_an_event_taken_back_to_draft_hides_its_report(app: Flask, client: FlaskClient) -> None:
    published(app)
    assert client.get("/events/bolivia/report").status_code == 200
    with app.app_context():
        db.session.query(Event).one().state = "draft"
        db.session.commit()
    assert client.get("/events/bolivia/report").status_code == 404
    assert client.get("/events/bolivia/report.json").status_code == 404


def test_the_json_is_exactly_what_was_hashed(app: Flask, client: FlaskClient) -> None:
    published(app)
    answer = client.get("/events/bolivia/report.json")
    digest = hashlib.sha256(answer.get_data()).hexdigest()
    assert answer.headers["Turnout-Content-SHA256"] == digest
    assert answer.headers["ETag"] == f'"{digest}"'
    assert answer.mimetype == "application/json"
    assert json.loads(answer.get_data())["version"] == 1


@pytest.mark.parametrize("end", ["", ".json", ".md", ".pdf", "/v/1", "/curve-1.svg"])
def test_unchanged_is_304(app: Flask, client: FlaskClient, end: str) -> None:
    published(app)
    first = client.get(f"/events/bolivia/report{end}")
    assert first.headers["Cache-Control"].startswith("public, max-age=")
    second = client.get(
        f"/events/bolivia/report{end}", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (second.status_code, second.get_data()) == (304, b"")


def test_a_correction_stands_on_the_page_and_leads_to_the_old_version(
    app: Flask, client: Any
) -> None:
    corrected(app)
    new = client.page("/events/bolivia/report").text
    assert "<strong>Corrected.</strong> The closing was wrong." in new
    assert 'href="/events/bolivia/report/v/1"' in new
    assert "7 people pressed Join for <em>" in new
    old = client.page("/events/bolivia/report/v/1").text
    assert "This is version 1. It was replaced by a corrected one." in old
    assert "Put right." not in old
    assert json.loads(client.get("/events/bolivia/report/v/1.json").get_data())["version"] == 1
    assert json.loads(client.get("/events/bolivia/report.json").get_data())["version"] == 2
    assert client.get("/events/bolivia/report/v/3").status_code == 404
    assert client.get("/events/bolivia/report/v/1.exe").status_code == 404


def test_the_curve_is_a_file_of_its_own(app: Flask, client: FlaskClient) -> None:
    published(app)
    for shape, width in (("curve-1", 360), ("curve-1-wide", 720)):
        answer = client.get(f"/events/bolivia/report/{shape}.svg")
        assert answer.mimetype == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")  # fmt: skip
        assert f'viewBox="0 0 {width} ' in answer.get_data(as_text=True)


@pytest.mark.case("D47")
@pytest.mark.parametrize(
    ("title", "plain", "full"),
    [
        ('A "quoted" evening', "A-quoted-evening-report.pdf", "A%20quoted%20evening%2C%20report.pdf"),
        ("One\r\nSet-Cookie: x=1", "One-Set-Cookie-x-1-report.pdf", "One%20Set-Cookie%20x%3D1%2C%20report.pdf"),
        ("../../etc/passwd", "etc-passwd-report.pdf", "etc%20passwd%2C%20report.pdf"),
        ("Fête 🎉", "Fete-report.pdf", "F%C3%AAte%20%F0%9F%8E%89%2C%20report.pdf"),
        ("🎉", "report-report.pdf", "%F0%9F%8E%89%2C%20report.pdf"),
    ],
)  # fmt: skip
def test_file_names(app: Flask, client: FlaskClient, title: str, plain: str, full: str) -> None:
    published(app, title=title)
    answer = client.get("/events/bolivia/report.pdf")
    assert answer.headers["Content-Disposition"] == (
        f"inline; filename=\"{plain}\"; filename*=UTF-8''{full}"
    )
    assert "Set-Cookie" not in answer.headers
