"""The form builder: asking, ordering, taking off the form, deleting, undoing, and two people at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import make_signup
from tests.signin import sign_in
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import questions
from webapp.signup.models import Answer, Question

PATH = "/manage/events/evening/form"
ITEMS: list[dict[str, Any]] = [
    {"key": "city", "label": "Your city", "type": "text"},
    {"key": "first", "label": "Is it your first time?", "type": "yes_no"},
    {"key": "food", "label": "What do you eat?", "type": "choices", "choices": ["Rice", "Beans"],
     "show_if": {"key": "first", "equals": True}},
]  # fmt: skip


class Builder:
    """Ada at her form builder."""

    def __init__(self, client: Any, app: Flask) -> None:
        self.client, self.app = client, app

    def of(self, key: str) -> str:
        with self.app.app_context():
            found = db.session.scalar(sa.select(Question.id).where(Question.key == key))
            return f"{PATH}/questions/{found}"

    def asked(self) -> list[str]:
        with self.app.app_context():
            return [ask.key for ask in questions.of_event(1)]

    def row(self, key: str) -> Question:
        with self.app.app_context():
            found = db.session.scalars(sa.select(Question).where(Question.key == key)).one()
            db.session.expunge(found)
            return found

    def answers(self) -> int:
        with self.app.app_context():
            return db.session.scalar(sa.select(sa.func.count()).select_from(Answer)) or 0

    def save(self, path: str, **values: Any) -> Any:
        """Opens the page of a question and sends it as it stands, with ``values`` in it."""
        page = self.client.page(path)
        sent = {name: page.field(name) for name in ("csrf_token", "seen", "label")}
        text = page.text
        sent |= {name: page.field(name) for name in ("min", "max")}
        sent["help"] = re.search(r'name="help"[^>]*>\s*(.*?)</textarea>', text, re.S)[1]
        sent["choices"] = re.search(r'name="choices"[^>]*>\s*(.*?)</textarea>', text, re.S)[1]
        for name in ("type", "show_if"):
            options = re.search(rf'<select[^>]*name="{name}".*?</select>', text, re.S)[0]
            chosen = re.search(r'<option selected value="([^"]*)"', options)
            sent[name] = (chosen[1] if chosen else "").replace("&#34;", '"')
        if re.search(r'<input checked[^>]*name="required"', text):
            sent["required"] = "y"
        return self.client.post(path, data=sent | values)

    def press(self, path: str, *, seen: str | None = None, **values: Any) -> Any:
        page = self.client.page(PATH)
        seen = page.field("seen") if seen is None else seen
        return self.client.post(
            path, data={"csrf_token": page.field("csrf_token"), "seen": seen, **values}
        )


@pytest.fixture
def builder(app: Flask, make: Any, visitors: Any) -> Builder:
    make(ada=True)
    with app.app_context():
        event = db.session.get_one(Event, 1)
        questions.replace(event, ITEMS)
        db.session.commit()
    client = visitors().client
    sign_in(client, 1)
    return Builder(client, app)


def _answer(builder: Builder, key: str, *values: Any) -> None:
    with builder.app.app_context():
        event = db.session.get_one(Event, 1)
        question = db.session.scalars(sa.select(Question).where(Question.key == key)).one()
        for value in values:
            signup = make_signup(event)
            db.session.add(Answer(signup_id=signup.id, question_id=question.id, value=value))
        db.session.commit()


def test_an_empty_form_teaches(app: Flask, make: Any, visitors: Any) -> None:
    make(ada=True)
    client = visitors().client
    sign_in(client, 1)
    assert "Here your own questions will stand" in client.page(PATH).text


def test_a_question_is_added_with_help_and_condition(builder: Builder) -> None:
    done = builder.save(
        f"{PATH}/new", label="Túpac or Áñez?", help="One word is  enough.\nReally.", type="choice",
        choices="Túpac\n\n Áñez \n", show_if='["food", "Rice"]', required="y",
    )  # fmt: skip
    assert done.status_code == 303
    assert builder.asked() == ["city", "first", "food", "tupac-or-anez"]
    row = builder.row("tupac-or-anez")
    assert (row.type, row.choices, row.required) == ("choice", ["Túpac", "Áñez"], True)
    assert row.help == "One word is enough. Really."
    assert row.show_if == {"key": "food", "equals": "Rice"}
    assert "Only if “What do you eat?” is “Rice”" in builder.client.page(PATH).text
    with builder.app.app_context():
        assert questions.as_file(1)[-1]["help"] == "One word is enough. Really."


def test_people_read_the_help(builder: Builder, visitor: Any) -> None:
    builder.save(builder.of("city"), help="The one you <b>live</b> in.")
    builder.save(builder.of("food"), help="All of it.")
    page = visitor.client.page("/events/evening/signup").text
    assert 'aria-describedby="q_city-help"' in page
    assert "The one you &lt;b&gt;live&lt;/b&gt; in." in page
    assert re.search(r'<fieldset[^>]*aria-describedby="q_food-help"', page)


def test_a_question_can_be_duplicated(builder: Builder) -> None:
    like = builder.of("food").rpartition("/")[2]
    assert builder.save(f"{PATH}/new?like={like}").status_code == 303
    assert builder.asked() == ["city", "first", "food", "what-do-you-eat"]
    assert builder.row("what-do-you-eat").choices == ["Rice", "Beans"]


def test_the_ends_of_a_number_are_kept_shown_and_can_be_undone(builder: Builder) -> None:
    builder.save(f"{PATH}/new", label="How many seats?", type="number", min="1", max="2,5")
    key = "how-many-seats"
    row = builder.row(key)
    assert (row.min, row.max) == (1, 2.5)
    assert "A number from 1 to 2.5" in builder.client.page(PATH).text
    page = builder.client.page(builder.of(key))
    assert (page.field("min"), page.field("max")) == ("1", "2.5")
    builder.save(builder.of(key), min="")
    assert builder.row(key).min is None
    builder.press(f"{PATH}/undo")
    assert builder.row(key).min == 1
    # Another type has none, whatever was typed.
    builder.save(builder.of(key), type="text")
    assert (builder.row(key).min, builder.row(key).max) == (None, None)


def test_given_answers_outside_of_new_ends_are_counted_and_stay(builder: Builder) -> None:
    builder.save(f"{PATH}/new", label="Seats", type="number")
    with builder.app.app_context():
        event = db.session.get_one(Event, 1)
        question = db.session.scalars(sa.select(Question.id).where(Question.key == "seats")).one()
        for value in (1, 4.5, 5, 10, 11):
            signup = make_signup(event, f"P{value}")
            db.session.add(Answer(signup_id=signup.id, question_id=question, value=value))
        db.session.commit()
    said = "3 answers that were given lie outside of these numbers. They stay as they are."
    saved = builder.save(builder.of("seats"), min="5", max="10")
    assert said in builder.client.page(saved.headers["Location"]).text
    assert builder.answers() == 5
    # What has been said once is not said again with every other change.
    saved = builder.save(builder.of("seats"), help="Whole rows")
    assert "lie outside" not in builder.client.page(saved.headers["Location"]).text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"label": " "}, "What do you want to ask?"),
        ({"type": "choice", "choices": " \n"}, "Write the choices here"),
        ({"type": "choices", "choices": "A\nA"}, "stands there twice"),
        ({"type": "number", "min": "few"}, "Please give a number, like 3 or 2.5."),
        ({"type": "number", "min": "5", "max": "4,5"}, "must not be below the smallest"),
        ({"show_if": '["never", "was"]'}, "show_if must name"),
        ({"show_if": '["first", "perhaps"]'}, "that it would no longer have"),
        ({"type": "date"}, "Not a valid choice"),
    ],
)
def test_mistakes_are_said_and_nothing_is_lost(
    builder: Builder, values: dict[str, str], sentence: str
) -> None:
    answer = builder.save(f"{PATH}/new", **({"label": "Kept as typed", "help": "So is this"} | values))  # fmt: skip
    assert answer.status_code == 400
    assert sentence in answer.text
    assert "So is this" in answer.text
    assert len(builder.asked()) == 3


def test_up_and_down(builder: Builder) -> None:
    moved = builder.press(builder.of("city") + "/move", to="down")
    assert moved.status_code == 303
    assert moved.location.endswith("#question-" + builder.of("city").rpartition("/")[2])
    assert builder.asked() == ["first", "city", "food"]
    builder.press(builder.of("city") + "/move", to="up")
    builder.press(builder.of("city") + "/move", to="up")
    assert builder.asked() == ["city", "first", "food"]


def test_a_question_cannot_pass_the_one_it_hangs_on(builder: Builder) -> None:
    answer = builder.press(builder.of("food") + "/move", to="up")
    assert answer.status_code == 409
    assert "asked only after an answer to “Is it your first time?”" in answer.text
    assert builder.asked() == ["city", "first", "food"]


def test_dragging_sends_the_whole_order(builder: Builder) -> None:
    ids = {key: builder.of(key).rpartition("/")[2] for key in ("city", "first", "food")}
    assert builder.press(f"{PATH}/order", order=[ids["first"], ids["food"], ids["city"]]).status_code == 303  # fmt: skip
    assert builder.asked() == ["first", "food", "city"]
    for order in ([], [ids["city"]], [ids["city"]] * 3, [*ids.values(), "9"], ["x", "٣", ""]):
        assert builder.press(f"{PATH}/order", order=order).status_code == 409
    assert builder.asked() == ["first", "food", "city"]


def test_off_the_form_answers_stay(builder: Builder, visitor: Any) -> None:
    _answer(builder, "food", ["Rice"], ["Rice", "Beans"])
    assert builder.press(builder.of("food") + "/retire").status_code == 303
    assert builder.asked() == ["city", "first"]
    assert "What do you eat?" not in visitor.client.page("/events/evening/signup").text
    assert builder.answers() == 2
    page = builder.client.page(PATH).text
    assert "Off the form" in page
    assert "2 answers" in page
    token = builder.client.page(PATH).field("csrf_token")
    exported = builder.client.post(
        "/manage/events/evening/signups/export", data={"csrf_token": token}
    )
    assert "What do you eat?" in exported.text
    assert "Rice; Beans" in exported.text
    builder.press(builder.of("food") + "/bring-back")
    assert builder.asked() == ["city", "first", "food"]


def test_what_others_hang_on_stays_on_the_form(builder: Builder) -> None:
    answer = builder.press(builder.of("first") + "/retire")
    assert answer.status_code == 409
    assert "Change when it is asked first." in answer.text
    assert builder.asked() == ["city", "first", "food"]


def test_an_event_file_leaves_what_is_off_the_form_alone(builder: Builder) -> None:
    _answer(builder, "food", ["Rice"])
    builder.press(builder.of("food") + "/retire")
    with builder.app.app_context():
        event = db.session.get_one(Event, 1)
        assert questions.replace(event, ITEMS[:2]) == []
        assert questions.replace(event, ITEMS) == ["question “food” changed"]
        db.session.commit()
    assert builder.asked() == ["city", "first", "food"]
    assert builder.answers() == 1


def test_type_and_chosen_choices_stay_where_there_are_answers(builder: Builder) -> None:
    _answer(builder, "food", ["Rice"], ["Rice"])
    _answer(builder, "city", "Sucre")
    refused = builder.save(builder.of("food"), choices="Beans\nMaize")
    assert refused.status_code == 400
    assert "2 people have chosen “Rice”" in refused.text
    assert "Maize" in refused.text
    refused = builder.save(builder.of("city"), type="paragraph")
    assert refused.status_code == 400
    assert "1 person has answered this question, so its type stays." in refused.text
    assert builder.save(builder.of("food"), choices="Rice\nMaize").status_code == 303
    assert builder.row("food").choices == ["Rice", "Maize"]
    assert builder.row("city").type == "text"


def test_deleting_needs_the_number_of_answers(builder: Builder) -> None:
    _answer(builder, "city", "Sucre", "Oruro")
    path = builder.of("city") + "/delete"
    page = builder.client.page(path)
    assert "2 people have answered it." in page.text
    sent = {name: page.field(name) for name in ("csrf_token", "seen")}
    for wrong in ("", "0", "3", "all"):
        assert builder.client.post(path, data=sent | {"answers": wrong}).status_code == 400
    assert builder.answers() == 2
    assert builder.client.post(path, data=sent | {"answers": "2"}).status_code == 303
    assert builder.answers() == 0
    assert builder.asked() == ["first", "food"]
    # What cannot come back whole does not come back.
    assert "Undo the last change" not in builder.client.page(PATH).text


def test_an_answer_that_came_meanwhile_is_not_deleted(builder: Builder) -> None:
    path = builder.of("city") + "/delete"
    page = builder.client.page(path)
    sent = {name: page.field(name) for name in ("csrf_token", "seen", "answers")}
    assert sent["answers"] == "0"
    _answer(builder, "city", "Sucre")
    refused = builder.client.post(path, data=sent)
    assert refused.status_code == 400
    assert "There is 1 answer." in refused.text
    assert builder.answers() == 1


def test_the_last_change_can_be_undone_and_done_again(builder: Builder) -> None:
    assert "Undo the last change" not in builder.client.page(PATH).text
    path = builder.of("city") + "/delete"
    page = builder.client.page(path)
    sent = {name: page.field(name) for name in ("csrf_token", "seen", "answers")}
    builder.client.post(path, data=sent)
    assert builder.asked() == ["first", "food"]
    builder.press(f"{PATH}/undo")
    assert builder.asked() == ["city", "first", "food"]
    builder.press(f"{PATH}/undo")
    assert builder.asked() == ["first", "food"]
    builder.save(builder.of("food"), choices="Maize")
    builder.press(f"{PATH}/undo")
    assert builder.row("food").choices == ["Rice", "Beans"]


def test_an_undo_loses_no_answers(builder: Builder) -> None:
    builder.save(f"{PATH}/new", label="Newest", type="text", show_if="")
    _answer(builder, "newest", "An answer")
    refused = builder.press(f"{PATH}/undo")
    assert refused.status_code == 409
    assert "People have answered “Newest” since." in refused.text
    assert builder.asked()[-1] == "newest"


def test_nothing_is_undone_that_an_event_file_has_changed(builder: Builder) -> None:
    builder.press(builder.of("city") + "/move", to="down")
    seen = builder.client.page(PATH).field("seen")
    with builder.app.app_context():
        questions.replace(db.session.get_one(Event, 1), ITEMS)
        db.session.commit()
    assert "Undo the last change" not in builder.client.page(PATH).text
    assert builder.press(f"{PATH}/undo", seen=seen).status_code == 409
    assert builder.asked() == ["city", "first", "food"]


def test_two_who_edit_at_once(builder: Builder) -> None:
    path = builder.of("city")
    page = builder.client.page(path)
    sent = {name: page.field(name) for name in ("csrf_token", "seen")} | {"type": "text"}
    builder.save(path, label="Your town")
    late = builder.client.post(path, data=sent | {"label": "Your village", "help": "Or hamlet"})
    assert late.status_code == 409
    assert "Somebody else changed this question" in late.text
    assert "Your town" in late.text
    assert "Your village" in late.text
    assert "Or hamlet" in late.text
    assert builder.row("city").label == "Your town"
    again = {"seen": late.parsed.field("seen"), "label": "Your village"}
    assert builder.client.post(path, data=sent | again).status_code == 303
    assert builder.row("city").label == "Your village"


@pytest.mark.parametrize("act", ["move", "retire", "bring-back"])
def test_a_button_of_an_old_page_changes_nothing(builder: Builder, act: str) -> None:
    seen = builder.client.page(PATH).field("seen")
    builder.save(builder.of("city"), label="Your town")
    late = builder.press(f"{builder.of('city')}/{act}", seen=seen, to="down")
    assert late.status_code == 409
    assert "Somebody else changed this in the meantime. Nothing was changed" in late.text
    assert builder.asked() == ["city", "first", "food"]


def test_a_question_deleted_while_it_was_edited_can_be_put_in_again(builder: Builder) -> None:
    path = builder.of("city")
    page = builder.client.page(path)
    sent = {name: page.field(name) for name in ("csrf_token", "seen")}
    deleting = builder.client.page(path + "/delete")
    builder.client.post(
        path + "/delete",
        data={name: deleting.field(name) for name in ("csrf_token", "seen", "answers")},
    )
    late = builder.client.post(path, data=sent | {"label": "Your village", "type": "text"})
    assert late.status_code == 409
    assert "Somebody deleted this question in the meantime." in late.text
    assert f'action="{PATH}/new"' in late.text
    assert "Your village" in late.text


def test_the_preview_is_the_form_and_sends_nothing(builder: Builder) -> None:
    text = builder.client.page(f"{PATH}/preview").text
    assert "Is it your first time?" in text
    assert 'name="email"' in text
    form = re.search(r"<form[^>]*data-preview[^>]*>.*?</form>", text, re.S)
    assert form
    assert "method" not in form[0].partition(">")[0]
    assert re.search(r'<button[^>]*type="button" disabled', form[0])


def test_a_draft_has_a_preview_too(app: Flask, make: Any, visitors: Any) -> None:
    make(ada=True, state="draft")
    client = visitors().client
    sign_in(client, 1)
    assert 'name="email"' in client.page(f"{PATH}/preview").text


def test_a_question_deleted_while_somebody_fills_in_the_form(builder: Builder, visitor: Any, house: Any) -> None:  # fmt: skip
    token = visitor.form("evening")
    deleting = builder.client.page(builder.of("city") + "/delete")
    builder.client.post(
        builder.of("city") + "/delete",
        data={name: deleting.field(name) for name in ("csrf_token", "seen", "answers")},
    )
    answer = visitor.send(token=token, q_city="Sucre")
    assert answer.status_code == 409
    assert "The form was changed while you were filling it in." in answer.text
    assert "Your city" not in answer.text
    assert house.signups() == []
    assert visitor.send(token=token).status_code == 303
    assert house.signup().email == "ana@example.org"


@pytest.mark.case("D44")
def test_what_an_organiser_writes_is_text(builder: Builder, visitor: Any) -> None:
    evil = '"><script>alert(1)</script>'
    builder.save(builder.of("city"), label=evil, help=evil)
    for page in (PATH, f"{PATH}/preview", builder.of("city"), builder.of("city") + "/delete"):
        assert "<script>alert" not in builder.client.page(page).text
    assert "<script>alert" not in visitor.client.page("/events/evening/signup").text
