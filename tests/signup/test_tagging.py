"""Tags and notes: the organisers' own words about people."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.signup import operations, queries
from webapp.signup.models import Signup, SignupChange, SignupNote, Tag
from webapp.signup.operations import tagging

PATH = "/manage/events/evening/signups"


def _history(signup: Signup) -> list[tuple[str, str, Any]]:
    return [(row.actor, row.what, row.details) for row in queries.changes_of(signup)]


def test_a_tag_is_one_however_it_is_written_and_goes_with_the_last_who_has_it(
    context: Flask,
) -> None:
    event, ada = make_event(), make_user()
    ana, ben = make_signup(event, "Ana"), make_signup(event, "Ben")
    assert operations.tag(event, [ana.id, ben.id], "Press", NOW, by=ada) == 2
    assert operations.tag(event, [ana.id], "PRESS", NOW, by=ada) == 0
    assert queries.tags_of([ana.id, ben.id]) == {ana.id: ["Press"], ben.id: ["Press"]}
    assert _history(ana) == [("ada@example.org", "tagged", {"tag": "Press"})]
    assert operations.untag(event, [ana.id], "press", NOW, by=ada) == 1
    assert operations.untag(event, [ana.id], "press", NOW, by=ada) == 0
    assert queries.tags(event.id) == ["Press"]
    operations.untag(event, [ana.id, ben.id], "Press", NOW, by=ada)
    assert queries.tags(event.id) == []
    assert db.session.scalars(sa.select(Tag)).all() == []
    acts = [(row.action, row.details) for row in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]  # fmt: skip
    assert acts == [
        ("signup.tagged", {"people": 2}),
        ("signup.untagged", {"people": 1, "signup": ana.id}),
        ("signup.untagged", {"people": 1, "signup": ben.id}),
    ]


@pytest.mark.case("D31")
def test_a_tag_reaches_nobody_of_another_event_and_nobody_who_is_gone(context: Flask) -> None:
    event, ada = make_event(), make_user()
    stranger = make_signup(make_event(), "Xenia")
    gone = make_signup(event, "Gone", erased_at=None)
    gone.name = gone.name_key = gone.email = gone.email_key = gone.person_key = None
    gone.erased_at = NOW
    db.session.flush()
    assert operations.tag(event, [stranger.id, gone.id], "Press", NOW, by=ada) == 0
    assert queries.tags(event.id) == []
    assert db.session.scalars(sa.select(SignupChange)).all() == []


def test_what_is_no_tag(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert operations.tag_names(" Press,  VIP , press,,Old  friend ") == [
        "Press",
        "VIP",
        "Old friend",
    ]
    for raw in ("", " , ", "x" * 41, "a\u202eb", "x\x00"):
        with pytest.raises(Refused):
            operations.tag_names(raw)
    monkeypatch.setattr(tagging, "MOST", 2)
    event = make_event()
    ana = make_signup(event)
    operations.tag(event, [ana.id], "One", NOW, by="a test")
    operations.tag(event, [ana.id], "Two", NOW, by="a test")
    with pytest.raises(Refused, match="There are 2 tags already"):
        operations.tag(event, [ana.id], "Three", NOW, by="a test")
    operations.tag(event, [ana.id], "two", NOW, by="a test")


@pytest.fixture
def ada(app: Flask, make: Any, visitors: Any) -> Any:
    make(ada=True)
    client = visitors().client
    sign_in(client, 1)
    return client


def _person(app: Flask, **values: Any) -> str:
    with app.app_context():
        signup = make_signup(db.session.get_one(Event, 1), "Ana", **values)
        db.session.commit()
        return signup.public_id


def test_tags_and_notes_on_the_page_of_a_person(app: Flask, ada: Any) -> None:
    path = f"{PATH}/{_person(app)}"

    def post(where: str, **data: str) -> None:
        token = ada.page(path).field("csrf_token")
        answer = ada.post(f"{path}/{where}", data={"csrf_token": token, **data})
        assert (answer.status_code, answer.headers["Location"]) == (303, path)

    post("tags", tag="Press, Old friend")
    assert "Old friend" in ada.page(path).text
    # It stands in the list as well, and finds them there.
    assert "Press" in ada.page(PATH).text
    assert "<bdi>Ana</bdi>" in ada.page(f"{PATH}?tag=press").text
    assert "Nobody matches this." in ada.page(f"{PATH}?tag=nobody").text
    post("tags", tag=" ")
    assert "Please say which tag." in ada.page(path).text
    post("tags/remove", tag="Press")
    post("notes", text="Asked for\na front seat")
    post("notes", text="  ")
    page = ada.page(path)
    assert "There is nothing in this note yet." in page.text
    assert "Asked for\na front seat" in page.text
    with app.app_context():
        (note,) = db.session.scalars(sa.select(SignupNote)).all()
        assert (note.author, note.at) == ("ada@example.org", NOW)
        assert queries.tags(1) == ["Old friend"]
        number = note.id
    post(f"notes/{number}/delete")
    assert "Asked for" not in ada.page(path).text


@pytest.mark.case("D31")
def test_a_note_of_another_person_is_not_deleted_in_passing(app: Flask, ada: Any) -> None:
    mine, other = _person(app), _person(app)
    with app.app_context():
        theirs = queries.by_public_id(1, other)
        assert theirs is not None
        number = operations.add_note(theirs, "Stays", NOW, by="ada@example.org").id
        db.session.commit()
    token = ada.page(PATH).field("csrf_token")
    answer = ada.post(f"{PATH}/{mine}/notes/{number}/delete", data={"csrf_token": token})
    assert answer.status_code == 404
    assert "Stays" in ada.page(f"{PATH}/{other}").text


@pytest.mark.case("D44")
def test_nothing_that_somebody_typed_becomes_markup(app: Flask, ada: Any) -> None:
    nasty = '"><img src=x onerror=alert(1)>'
    path = f"{PATH}/{_person(app, source='x')}"
    with app.app_context():
        signup = db.session.get_one(Signup, 1)
        signup.name = f"<script>alert(1)</script>{nasty}"
        event = db.session.get_one(Event, 1)
        operations.tag(event, [1], nasty, NOW, by="<b>Ada</b>")
        operations.add_note(signup, nasty, NOW, by="<b>Ada</b>")
        operations.cancel(signup, NOW, by="<b>Ada</b>", reason=nasty)
        db.session.commit()
    for text in (ada.page(path).text, ada.page(PATH).text, ada.page(f"{PATH}?tag=%22%3E%3Cimg").text):  # fmt: skip
        assert "<img" not in text
        assert "<script>alert" not in text
        assert "<b>Ada" not in text
