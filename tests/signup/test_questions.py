"""Questions in the event file: kept by key, refused by name."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.factories import make_event, make_signup
from webapp.db import db
from webapp.errors import Refused
from webapp.signup import questions
from webapp.signup.models import Answer

TWO: list[dict[str, Any]] = [
    {"key": "city", "label": "Your city", "type": "text", "required": True},
    {"key": "needs", "label": "What helps?", "type": "choices", "choices": ["Captions", "Ramp"], "show_if": {"key": "city", "equals": "La Paz"}},
]  # fmt: skip


def test_out_as_in(context: Flask) -> None:
    event = make_event()
    revision = event.revision
    assert questions.replace(event, TWO) == ["question “city” added", "question “needs” added"]
    assert event.revision == revision + 1
    assert questions.replace(event, questions.as_file(event.id)) == []
    assert event.revision == revision + 1
    assert questions.as_file(event.id) == [
        {"key": "city", "label": "Your city", "type": "text", "choices": [], "required": True, "show_if": None},
        {"key": "needs", "label": "What helps?", "type": "choices", "choices": ["Captions", "Ramp"], "required": False, "show_if": {"key": "city", "equals": "La Paz"}},
    ]  # fmt: skip


def test_rows_are_kept_by_key(context: Flask) -> None:
    event = make_event()
    questions.replace(event, TWO)
    (city, _needs) = questions.of_event(event.id)
    signup = make_signup(event)
    db.session.add(Answer(signup_id=signup.id, question_id=city.id, value="Sucre"))
    db.session.flush()
    changes = questions.replace(event, [TWO[0] | {"label": "Where are you?"}])
    assert changes == ["question “needs” dropped", "question “city” changed"]
    assert [ask.id for ask in questions.of_event(event.id)] == [city.id]
    for items in ([], [TWO[0] | {"type": "number"}]):
        with pytest.raises(Refused, match="People have answered “Where are you\\?”"):
            questions.replace(event, items)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"key": "No Key"}, "the key may have"),
        ({"type": "date"}, "the type must be one of"),
        ({"label": ""}, "the label must be"),
        ({"choices": ["A"]}, "choices must be"),
        ({"type": "choice"}, "choices must be"),
        ({"required": "yes"}, "required must be true or false"),
        ({"show_if": {"key": "later", "equals": 1}}, "show_if must name"),
        ({"min": 1}, "min and max must be numbers"),
        ({"type": "number", "min": True}, "min and max must be numbers"),
        ({"type": "number", "max": float("nan")}, "min and max must be numbers"),
        ({"type": "number", "min": 2, "max": 1}, "min must not be above max"),
        ({"colour": "red"}, "unknown key “colour”"),
    ],
)
def test_faults_name_the_question(context: Flask, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=r"Question 1 \(.*\).*" + sentence):
        questions.replace(make_event(), [TWO[0] | change])


def test_a_key_stands_once(context: Flask) -> None:
    with pytest.raises(Refused, match=r"Question 2 \(city\): this key stands twice"):
        questions.replace(make_event(), [TWO[0], TWO[0]])
