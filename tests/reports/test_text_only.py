"""Whatever people type is text on every form of a report: page, picture, Markdown, JSON."""

from __future__ import annotations

import json
from typing import Any

import html5lib
import pytest
import sqlalchemy as sa
from flask import Flask
from markdown_it import MarkdownIt

from tests.factories import publish_agenda
from tests.reports.evening import AFTER, make_evening
from webapp.agenda.models import Note, Speaker
from webapp.db import db
from webapp.reports import operations

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "[click](javascript:alert(1))",
    "**bold** _it_ `code` # head",
    "&lt;b&gt; &amp;",
    "a | b \\| c",
)
LITERAL = ("{{7*7}}", "{0.__class__}", "%(x)s", "${7*7}", "%s %d", "{headline}")


def published(app: Flask, payload: str) -> None:
    with app.app_context():
        event = make_evening(host_name=payload, title=f"T {payload}")
        db.session.execute(
            sa.update(Speaker).values(name=payload, title=payload, affiliation=payload)
        )
        db.session.execute(sa.update(Note).values(text=payload))
        db.session.expire_all()
        publish_agenda(event)
        report = operations.draft(event, at=AFTER, by=payload).report
        own = {} if payload == "{headline}" else {"headline": payload, "quote": payload}
        operations.save(
            event, own, headline="people", left_out=[],
            revision=report.revision, at=AFTER, by="Ada",
        )  # fmt: skip
        operations.publish(event, at=AFTER, by="Ada")
        db.session.commit()


def check_tree(html: str, payload: str) -> None:
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    body = tree.find("body")
    assert body is not None
    for element in body.iter():
        if not isinstance(element.tag, str):
            continue
        assert element.tag not in ("script", "svg"), element.tag
        assert not [name for name in element.attrib if name.startswith("on")]
        assert not (element.get("href") or "").startswith("javascript:")
        if element.tag == "img":
            assert "/curve-" in (element.get("src") or "")
    shown = " ".join("".join(body.itertext()).split())
    assert " ".join(payload.split()) in shown


@pytest.mark.case("D44")
@pytest.mark.case("D45")
@pytest.mark.parametrize("payload", [*PAYLOADS, *LITERAL])
def test_on_the_page(app: Flask, client: Any, payload: str) -> None:
    published(app, payload)
    check_tree(client.page("/events/bolivia/report").text, payload)


@pytest.mark.case("D44")
@pytest.mark.case("D45")
@pytest.mark.parametrize("payload", [*PAYLOADS, *LITERAL])
def test_in_the_markdown_file(app: Flask, client: Any, payload: str) -> None:
    published(app, payload)
    text = client.get("/events/bolivia/report.md").get_data(as_text=True)
    # The least careful program there is: raw HTML switched on.
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    check_tree(f"<!doctype html><title>x</title><body>{html}", payload)


@pytest.mark.case("D44")
@pytest.mark.case("D45")
@pytest.mark.parametrize("payload", [*PAYLOADS, *LITERAL])
def test_in_the_json(app: Flask, client: Any, payload: str) -> None:
    published(app, payload)
    answer = client.get("/events/bolivia/report.json")
    document = json.loads(answer.get_data())
    assert answer.mimetype == "application/json"
    assert document["event"]["host"]["name"] == payload
    assert document["text"]["sections"][0]["people"][0]["name"] == payload


def test_an_organisers_raw_html_stays_text_in_the_file(app: Flask, client: Any) -> None:
    with app.app_context():
        event = make_evening()
        report = operations.draft(event, at=AFTER, by="Ada").report
        operations.save(
            event, {"closing": "So <script>x</script> and <https://ok.example/>."}, headline="people",
            left_out=[], revision=report.revision, at=AFTER, by="Ada",
        )  # fmt: skip
        operations.publish(event, at=AFTER, by="Ada")
        db.session.commit()
    text = client.get("/events/bolivia/report.md").get_data(as_text=True)
    html = MarkdownIt("commonmark", {"html": True}).render(text)
    assert "<script>" not in html
    assert '<a href="https://ok.example/">' in html
