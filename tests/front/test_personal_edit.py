# ruff: noqa: F811 - the fixtures are those of the sign-up, imported by name
"""Changing one's own sign-up by the personal link, and agreeing to be written to once more."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.datastructures import MultiDict

from tests.conftest import NOW
from tests.factories import make_visit
from tests.signup.conftest import clock, house, make, visitor, visitors  # noqa: F401 - fixtures
from webapp.attendance.models import Visit
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import merging, queries, questions
from webapp.signup.forms import Entry
from webapp.signup.models import Consent, Question, Signup, SignupChange

ITEMS: list[dict[str, Any]] = [
    {"key": "city", "label": "Your city", "type": "text", "required": True},
    {"key": "first", "label": "Your first time?", "type": "yes_no"},
    {"key": "food", "label": "What do you eat?", "type": "choices", "choices": ["Rice", "Beans"],
     "show_if": {"key": "first", "equals": True}},
    {"key": "years", "label": "How many years?", "type": "number"},
]  # fmt: skip
SENT: dict[str, Any] = {
    "name": "Ana Álvarez", "q_city": "Sucre", "q_first": "yes", "q_food": ["Rice"], "q_years": "3",
    "access": ["Live captions"], "access_note": "A seat", "companions": "2",
}  # fmt: skip


@pytest.fixture
def signed_up(app: Flask, make: Any, visitor: Any, house: Any) -> Any:
    """Ana's browser after the form, and her link."""
    make(access_needs=["Live captions", "Sign language"], ask_companions=True)
    with app.app_context():
        questions.replace(db.session.get_one(Event, 1), ITEMS)
        db.session.commit()
    assert visitor.send(**SENT).status_code == 303
    return visitor.client, house.link("my")


def _answers(app: Flask) -> dict[str, Any]:
    with app.app_context():
        return queries.answers_by_key(db.session.get_one(Signup, 1))


def _changes(app: Flask) -> list[tuple[str, str, Any]]:
    with app.app_context():
        rows = db.session.scalars(
            sa.select(SignupChange).where(SignupChange.what != "proved").order_by(SignupChange.id)
        )
        return [(row.actor, row.what, row.details) for row in rows]


def test_the_form_comes_back_as_it_was_filled_in(app: Flask, signed_up: Any, house: Any) -> None:
    client, my = signed_up
    page = client.page(f"{my}/edit")
    assert page.field("name") == "Ana Álvarez"
    assert (page.field("q_city"), page.field("q_years")) == ("Sucre", "3")
    assert (page.field("access_note"), page.field("companions")) == ("A seat", "2")
    ticked = re.findall(r'value="([^"]+)" checked', page.text)
    assert ticked == ["yes", "Rice", "Live captions"]
    # Sent as it stands, it changes nothing.
    answer = client.post(f"{my}/edit", data=SENT)
    assert answer.headers["Location"] == f"{my}?said=edited"
    assert _changes(app) == []
    assert _answers(app) == {"city": "Sucre", "first": True, "food": ["Rice"], "years": 3}
    assert house.signup().proved_at == NOW


def test_everything_can_be_changed_and_is_noted(app: Flask, signed_up: Any, house: Any) -> None:
    client, my = signed_up
    client.post(
        f"{my}/edit",
        data={
            "name": " Ana  Quispe ", "q_city": "Oruro", "q_first": "no", "q_food": ["Beans"],
            "access": ["Sign language", "Forged"], "no_stay": "yes", "email": "eve@example.org",
            "status": "cancelled", "is_crew": "1",
        },
    )  # fmt: skip
    signup = house.signup()
    assert (signup.name, signup.name_key, signup.email) == ("Ana Quispe", "ana quispe", "ana@example.org")  # fmt: skip
    assert (signup.status, signup.is_crew) == ("confirmed", False)
    assert (signup.access_needs, signup.access_note) == (["Sign language"], None)
    assert (signup.companions, signup.no_stay) == (0, True)
    # What hangs on an answer that is no more is dropped with it.
    assert _answers(app) == {"city": "Oruro", "first": False}
    [(actor, what, details)] = _changes(app)
    assert (actor, what) == ("the person", "edited")
    assert details == {
        "name": ["Ana Álvarez", "Ana Quispe"],
        "access_needs": [["Live captions"], ["Sign language"]],
        "access_note": ["A seat", None],
        "companions": [2, 0],
        "no_stay": [False, True],
        "answers": {"city": ["Sucre", "Oruro"], "first": [True, False], "food": [["Rice"], None], "years": [3, None]},
    }  # fmt: skip
    page = client.page(f"{my}?said=edited").text
    for words in ("Saved.", "Ana Quispe", "Oruro", "Sign language", "is not recorded"):
        assert words in page, words


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": " "}, "Please tell us what to call you."),
        ({"q_city": ""}, "Please answer this question."),
        ({"q_years": "many"}, "Please give a number"),
        ({"companions": "many"}, "Please give a whole number from 0 to 20."),
    ],
)
def test_a_mistake_is_said_and_nothing_is_lost(
    app: Flask, signed_up: Any, house: Any, values: dict[str, str], sentence: str
) -> None:
    client, my = signed_up
    answer = client.post(f"{my}/edit", data=SENT | {"access_note": "By the door"} | values)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="By the door"' in answer.text
    assert house.signup().access_note == "A seat"
    assert _changes(app) == []


def test_what_is_off_the_form_stays(app: Flask, signed_up: Any) -> None:
    client, my = signed_up
    with app.app_context():
        row = db.session.scalars(sa.select(Question).where(Question.key == "years")).one()
        row.retired_at = NOW
        db.session.get_one(Event, 1).access_needs = []
        db.session.commit()
    page = client.page(f"{my}/edit").text
    assert "How many years?" not in page
    # A need that was said stays to be ticked off, though the event no longer offers it.
    assert 'value="Live captions" checked' in page
    assert "Sign language" not in page
    client.post(f"{my}/edit", data=SENT | {"q_years": "9"})
    assert _answers(app)["years"] == 3
    assert _changes(app) == []


def test_a_stay_that_was_recorded_is_dropped_when_they_ask(app: Flask, signed_up: Any) -> None:
    client, my = signed_up
    with app.app_context():
        event, signup = db.session.get_one(Event, 1), db.session.get_one(Signup, 1)
        make_visit(event, NOW, NOW + dt.timedelta(minutes=40), signup=signup)
        db.session.commit()
    client.post(f"{my}/edit", data=SENT)
    with app.app_context():
        assert db.session.scalars(sa.select(Visit.end_reason)).one() == "left"
    client.post(f"{my}/edit", data=SENT | {"no_stay": "yes"})
    with app.app_context():
        visit = db.session.scalars(sa.select(Visit)).one()
        assert (visit.started_at, visit.last_seen_at) == (NOW, NOW)
        assert (visit.ended_at, visit.end_reason) == (None, "unknown")


@pytest.mark.case("D79")
def test_a_consent_is_withdrawn_and_given_again(app: Flask, signed_up: Any) -> None:
    client, my = signed_up
    sentence = "Friends of Something may write to me about other things later."
    assert sentence in client.page(my).text
    assert client.post(f"{my}/agree", data={"host": "friends"}).status_code == 303
    client.post(f"{my}/agree", data={"host": "friends"})
    assert "Take this back" in client.page(my).text
    client.post(f"{my}/contact", data={"host": "friends"})
    client.post(f"{my}/contact", data={"host": "friends"})
    assert "I agree to that" in client.page(my).text
    client.post(f"{my}/agree", data={"host": "friends"})
    assert client.post(f"{my}/agree", data={"host": "strangers"}).status_code == 404
    with app.app_context():
        rows = db.session.scalars(
            sa.select(Consent).where(Consent.kind == "contact").order_by(Consent.id)
        ).all()
        assert [(row.host_key, row.wording, row.withdrawn_at) for row in rows] == [
            ("friends", sentence, NOW),
            ("friends", sentence, None),
        ]
        assert all(row.version and row.agreed_at == NOW for row in rows)
    assert [what for _actor, what, _details in _changes(app)] == [
        "consent_given", "consent_withdrawn", "consent_given",
    ]  # fmt: skip


@pytest.mark.case("D44")
def test_what_is_typed_is_text(signed_up: Any) -> None:
    client, my = signed_up
    evil = '"><script>alert(1)</script>'
    client.post(f"{my}/edit", data=SENT | {"name": evil, "q_city": evil, "access_note": evil})
    for path in (my, f"{my}/edit"):
        assert "<script>alert" not in client.page(path).text


@pytest.mark.case("D77")
def test_what_was_changed_goes_with_the_person(app: Flask, signed_up: Any) -> None:
    from webapp.privacy import operations as privacy

    client, my = signed_up
    client.post(f"{my}/edit", data=SENT | {"name": "Ana Quispe"})
    assert len(_changes(app)) == 1
    with app.app_context():
        privacy.erase_signup(db.session.get_one(Signup, 1), NOW, by="the person")
        db.session.commit()
    assert _changes(app) == []


@pytest.mark.case("D55")
def test_without_javascript_a_changed_answer_brings_up_what_hangs_on_it_once(
    app: Flask, signed_up: Any
) -> None:
    client, path = signed_up
    client.post(f"{path}/edit", data=SENT | {"q_first": "no", "q_food": []})
    page = client.page(f"{path}/edit")
    assert 'data-show-key="q_first" data-show-equals="yes" hidden' in page.text
    again = client.post(f"{path}/edit", data=SENT | {"q_food": [], "asked": [""]})
    assert again.status_code == 422
    assert "After your answers there is more to ask." in again.parsed.text
    assert 'data-show-key="q_first" data-show-equals="yes" hidden' not in again.parsed.text
    assert _answers(app)["first"] is False
    done = client.post(f"{path}/edit", data=SENT | {"q_food": [], "asked": ["", "q_food"]})
    assert done.status_code == 303
    assert _answers(app) == {"city": "Sucre", "first": True, "years": 3}


def test_two_pages_open_at_once_lose_nothing_and_ask_where_both_changed_the_same(
    app: Flask, signed_up: Any, house: Any
) -> None:
    client, my = signed_up
    shown = SENT | {"seen": client.page(f"{my}/edit").field("seen")}
    first = {"companions": "5", "access": ["Live captions", "Sign language"], "q_city": "Potosí"}
    assert client.post(f"{my}/edit", data=shown | first).status_code == 303
    # The older page changes the name alone: what the other saved stands.
    assert client.post(f"{my}/edit", data=shown | {"name": "Ana Quispe"}).status_code == 303
    now = house.signup()
    assert (now.name, now.companions) == ("Ana Quispe", 5)
    assert now.access_needs == ["Live captions", "Sign language"]
    assert _answers(app)["city"] == "Potosí"
    # Changed on both: neither is lost, both are shown, and pressing once more decides.
    answer = client.post(f"{my}/edit?lang=es", data=shown | {"companions": "1", "q_years": "4"})
    assert answer.status_code == 409
    page = answer.parsed
    assert "mientras esta estaba abierta" in page.text
    assert re.search(r'<dl class="theirs"><div><dt>[^<]+</dt><dd><bdi>5</bdi>', page.text)
    assert (page.field("companions"), page.field("q_years")) == ("1", "4")
    assert (page.field("name"), page.field("q_city")) == ("Ana Quispe", "Potosí")
    assert house.signup().companions == 5
    again = shown | {"seen": page.field("seen"), "name": "Ana Quispe", "q_city": "Potosí"}
    again |= {"access": ["Live captions", "Sign language"], "companions": "1"}
    assert client.post(f"{my}/edit", data=again).status_code == 303
    assert (house.signup().companions, _answers(app)["city"]) == (1, "Potosí")


def test_marks_that_no_page_of_ours_made_are_none() -> None:
    for seen in ("[" * 20_000, "[]", "{", '{"name": [1]}'):
        sent = MultiDict({"name": "Ana", "seen": seen})
        merged, both = merging.merge(sent, Entry(name="Ben"), ())
        assert merged["name"] == "Ana"
        assert set(both) <= {"name"}
