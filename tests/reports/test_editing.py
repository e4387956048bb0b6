"""The organiser's pages, as two people at two desks use them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import html5lib
import pytest
import time_machine
from flask import Flask

from tests.conftest import PageClient
from tests.factories import make_user
from tests.reports.evening import AFTER, NOW, make_evening, minute
from tests.signin import sign_in
from webapp.db import db
from webapp.events.models import Event, Membership
from webapp.reports import operations, queries

EDIT = "/manage/events/bolivia/report"


@pytest.fixture(autouse=True)
def morning_after() -> Iterator[None]:
    with time_machine.travel(AFTER, tick=False):
        yield


@pytest.fixture
def desks(app: Flask) -> tuple[Any, Any]:
    """Ada owns the event, Ben organises it; each at a browser of their own."""
    app.test_client_class = PageClient
    with app.app_context():
        ada, ben = make_user("Ada"), make_user("Ben")
        event = make_evening(ada)
        db.session.add(
            Membership(event_id=event.id, user_id=ben.id, role="organiser", created_at=NOW)
        )
        db.session.commit()
        people = ada.id, ben.id
    clients = []
    for user_id in people:
        client = app.test_client()
        sign_in(client, user_id)
        clients.append(client)
    return clients[0], clients[1]


def draft(client: Any) -> None:
    answer = client.send(f"{EDIT}/draft", at=EDIT)
    assert answer.status_code == 302


def fields(client: Any) -> dict[str, str]:
    """Everything the edit page's form would send."""
    tree = html5lib.parse(client.page(EDIT).text, namespaceHTMLElements=False)
    form = next(f for f in tree.iter("form") if f.get("class") == "writing")
    data: dict[str, str] = {}
    for element in form.iter():
        name = element.get("name") if isinstance(element.tag, str) else None
        if not name or element.tag == "button":
            continue
        if element.tag == "textarea":
            data[name] = (element.text or "").lstrip("\r\n")
        elif element.get("type") in ("radio", "checkbox"):
            if element.get("checked") is not None:
                data[name] = element.get("value") or "y"
        else:
            data[name] = element.get("value") or ""
    return data


def blocks(app: Flask) -> dict[str, str]:
    with app.app_context():
        report = queries.report(db.session.query(Event).one().id)
        assert report is not None
        content: dict[str, str] = report.content["blocks"]
        return content


def test_the_empty_page_teaches_and_one_button_writes_the_draft(
    app: Flask, desks: tuple[Any, Any]
) -> None:
    ada, _ben = desks
    assert "Write the draft from the data" in ada.page(EDIT).text
    draft(ada)
    text = ada.page(EDIT).text
    assert "{Headline} *Bolivia Shows" in text
    assert "Said as: “between 5 and 7 people”." in text
    assert "{room} stands for: 6 people were in the room while Tim Young spoke." in text
    assert blocks(app)["byline_name"] == "Ada"


def test_save_keeps_every_text(app: Flask, desks: tuple[Any, Any]) -> None:
    ada, _ben = desks
    draft(ada)
    data = fields(ada) | {
        "headline": "  A   year\tafter ",
        "number": "doors",
        "section_1": "Hers.\r\n\r\nIn *two* paragraphs.\x00",
        "leave_2": "y",
    }
    answer = ada.post(EDIT, data=data)
    assert answer.status_code == 302
    stored = blocks(app)
    assert stored["headline"] == "A year after"
    assert stored["section:claudia"] == "Hers.\n\nIn *two* paragraphs."
    page = ada.page(f"{EDIT}/preview").text
    assert "<em>two</em>" in page
    assert "Tim Young</h2>" not in page
    assert "7 people pressed Join for" in page


def test_save_and_look_at_it(desks: tuple[Any, Any]) -> None:
    ada, _ben = desks
    draft(ada)
    answer = ada.post(EDIT, data=fields(ada) | {"preview": "1"})
    assert answer.headers["Location"] == f"{EDIT}/preview"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"headline": ""}, "A report needs a headline."),
        ({"action_url": "javascript:alert(1)"}, "Please give the whole address"),
        ({"recording": "https://x.example/\"><img>"}, "Please give the whole address"),
        ({"csrf_token": "old"}, "please send it once more"),
        ({"number": "crowd"}, "Nothing is lost."),
    ],
)  # fmt: skip
def test_bad_input_gets_a_sentence_and_loses_nothing(
    app: Flask, desks: tuple[Any, Any], wrong: dict[str, str], sentence: str
) -> None:
    ada, _ben = desks
    draft(ada)
    before = blocks(app)
    answer = ada.post(EDIT, data=fields(ada) | {"closing": "My long closing."} | wrong)
    assert answer.status_code == 400
    assert sentence in answer.get_data(as_text=True)
    assert "My long closing." in answer.get_data(as_text=True)
    assert blocks(app) == before


def test_two_editors_see_both_texts_and_lose_nothing(app: Flask, desks: tuple[Any, Any]) -> None:
    ada, ben = desks
    draft(ada)
    adas, bens = fields(ada), fields(ben)
    assert ada.post(EDIT, data=adas | {"closing": "Ada’s closing."}).status_code == 302
    answer = ben.post(EDIT, data=bens | {"closing": "Ben’s closing.", "thanks": "Ben thanks."})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Ada saved this report while you were writing." in text
    assert "Ada’s closing." in text
    assert "Ben’s closing." in text
    assert blocks(app)["closing"] == "Ada’s closing."
    # Pressing Save again, with Ada's text in sight, is Ben's decision.
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    revision = next(e.get("value") for e in tree.iter("input") if e.get("name") == "revision")
    again = bens | {"closing": "Ben’s closing.", "revision": revision}
    assert ben.post(EDIT, data=again).status_code == 302
    assert blocks(app)["closing"] == "Ben’s closing."


def test_writing_again_asks_before_it_replaces_anybodys_words(
    app: Flask, desks: tuple[Any, Any]
) -> None:
    ada, _ben = desks
    draft(ada)
    ada.post(EDIT, data=fields(ada) | {"closing": "My own closing."})
    asked = ada.send(f"{EDIT}/draft", at=EDIT)
    assert asked.status_code == 200
    assert "My own closing." in asked.get_data(as_text=True)
    assert "Kate Hudson closed the evening." in asked.get_data(as_text=True)
    assert blocks(app)["closing"] == "My own closing."
    kept = ada.send(f"{EDIT}/draft", {"asked": "1"}, at=EDIT)
    assert kept.status_code == 302
    assert blocks(app)["closing"] == "My own closing."
    ada.send(f"{EDIT}/draft", {"asked": "1", "replace": "closing"}, at=EDIT)
    assert blocks(app)["closing"] == "Kate Hudson closed the evening. Unity and solidarity."


def test_publish_and_correct(app: Flask, desks: tuple[Any, Any]) -> None:
    ada, ben = desks
    draft(ada)
    page = ada.page(f"{EDIT}/publish").text
    assert "Publish the report</button>" in page
    assert "What does this version correct?" not in page
    assert ada.send(f"{EDIT}/publish", {"revision": "1"}).status_code == 302
    assert ben.page("/events/bolivia/report").status == 200
    assert "Published: version 1" in ben.page(EDIT).text
    assert "Publish the correction</button>" in ben.page(f"{EDIT}/publish").text
    ben.post(EDIT, data=fields(ben) | {"closing": "Put right."})
    refused = ben.send(f"{EDIT}/publish", {"revision": "2"})
    assert refused.status_code == 400
    assert "Say in one sentence what this version corrects." in refused.get_data(as_text=True)
    done = ben.send(f"{EDIT}/publish", {"revision": "2", "correction": "The closing was wrong."})
    assert done.status_code == 302
    assert "<strong>Corrected.</strong> The closing was wrong." in ben.page("/events/bolivia/report").text  # fmt: skip


def test_publishing_what_somebody_changed_meanwhile_is_refused(
    app: Flask, desks: tuple[Any, Any]
) -> None:
    ada, ben = desks
    draft(ada)
    ben.post(EDIT, data=fields(ben) | {"headline": "Ben’s headline"})
    refused = ada.send(f"{EDIT}/publish", {"revision": "1"})
    assert refused.status_code == 400
    assert "Ben saved this report while you were writing." in refused.get_data(as_text=True)
    assert ada.get("/events/bolivia/report").status_code == 404


def test_the_preview_is_the_public_page_before_it_is_public(desks: tuple[Any, Any]) -> None:
    ada, _ben = desks
    draft(ada)
    text = ada.page(f"{EDIT}/preview").text
    assert "A preview: nothing is published." in text
    assert "Between 5 and 7 people joined" in text
    for end in ("/preview/curve.svg", "/preview/curve.svg?shape=wide"):
        assert ada.get(f"{EDIT}{end}").mimetype == "image/svg+xml"
    assert ada.get(f"{EDIT}/preview.pdf").get_data()[:5] == b"%PDF-"


def test_looking_writes_nothing(app: Flask, desks: tuple[Any, Any]) -> None:
    ada, _ben = desks
    draft(ada)
    for path in (EDIT, f"{EDIT}/preview", f"{EDIT}/publish", f"{EDIT}/preview.pdf"):
        assert ada.get(path).status_code == 200
    with app.app_context():
        event = db.session.query(Event).one()
        report = queries.report(event.id)
        assert report is not None
        assert report.revision == 1
        assert operations.queries.latest(event) is None


def test_text_of_an_item_that_is_gone_is_kept(app: Flask, desks: tuple[Any, Any]) -> None:
    ada, _ben = desks
    draft(ada)
    with app.app_context():
        report = queries.report(db.session.query(Event).one().id)
        assert report is not None
        texts = report.content["blocks"] | {"section:gone": "What was said there."}
        report.content = report.content | {"blocks": texts}
        db.session.commit()
    assert "What was said there." in ada.page(EDIT).text
    ada.post(EDIT, data=fields(ada))
    assert blocks(app)["section:gone"] == "What was said there."
    assert "What was said there." not in ada.page(f"{EDIT}/preview").text


def test_while_the_event_is_live_the_figures_are_called_preliminary(
    app: Flask, desks: tuple[Any, Any]
) -> None:
    """Who writes while others still speak knows beforehand that publishing has to wait."""
    ada, _ben = desks
    with app.app_context():
        event = db.session.query(Event).one()
        event.ended_at = None
        db.session.commit()
    with time_machine.travel(minute(40), tick=False):
        sign_in(ada, 1)
        assert "figures are preliminary" in ada.page(EDIT).text
        draft(ada)
        page = ada.page(EDIT).text
        assert "these figures are preliminary" in page
        assert "Preliminary, as of" in page
    # An hour after its planned end it is over by itself.
    page = ada.page(EDIT).text
    assert "reliminary" not in page
    assert "As of" in page
