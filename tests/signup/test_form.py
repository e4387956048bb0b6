"""The form: what it asks, what it keeps, and what it never tells."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW, Page
from tests.forms import filled
from tests.signup.conftest import later
from webapp.db import db
from webapp.signup.models import Answer, Consent, Question


@pytest.mark.case("D55")
def test_one_form_one_place_one_mail(make: Any, visitor: Any, house: Any) -> None:
    slug = make()
    answer = visitor.send(slug)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/events/evening/signup/thanks"
    signup = house.signup()
    assert (signup.name, signup.email, signup.email_key) == ("Ana Álvarez", "ana@example.org", "ana@example.org")  # fmt: skip
    assert (signup.status, signup.confirmed_at, signup.proved_at) == ("confirmed", NOW, None)
    assert signup.name_key == "ana álvarez"
    (mail,) = house.mails()
    assert (mail.message, mail.to_address, mail.person) == ("confirmed", "ana@example.org", signup.public_id)  # fmt: skip
    assert mail.state == "queued"


def test_the_form_sent_takes_at_most_ten_statements(
    app: Flask, make: Any, visitor: Any, count_queries: Any
) -> None:
    slug = make(capacity=100)
    token = visitor.form(slug)
    with count_queries() as queries:
        assert visitor.send(slug, token=token).status_code == 303
    assert len(queries) <= 10, queries.statements
    # The form itself was read a moment ago: nothing is asked again.
    with count_queries() as queries:
        visitor.form(slug)
    assert queries.statements == []


def test_a_draft_and_no_event_look_alike(make: Any, visitor: Any) -> None:
    slug = make(state="draft")
    draft = visitor.client.get(f"/events/{slug}/signup")
    nothing = visitor.client.get("/events/nothing/signup")
    assert draft.status_code == nothing.status_code == 404
    assert draft.data == nothing.data


def test_what_was_typed_stays_and_each_fault_has_its_sentence(make: Any, visitor: Any) -> None:
    slug = make()
    answer = visitor.send(slug, name="", email="ana@", consent="", consent_friends="yes")
    assert answer.status_code == 422
    text = Page(answer).text
    assert "Please tell us what to call you." in text
    assert "That is not an e-mail address." in text
    assert "Without this we may not keep your name" in text
    assert 'value="ana@"' in text
    assert re.search(r'name="consent_friends" value="yes" checked', text)
    assert "Nothing is lost." in text


@pytest.mark.case("D25")
def test_an_old_page_shows_itself_again_filled_in(make: Any, visitor: Any, house: Any) -> None:
    slug = make()
    visitor.form(slug)
    answer = visitor.send(slug, token="old")
    assert answer.status_code == 400
    page = Page(answer)
    assert 'value="Ana Álvarez"' in page.text
    assert "had been open for long" in page.text
    assert house.signups() == []
    assert visitor.send(slug, token=page.field("csrf_token")).status_code == 303


@pytest.mark.case("D05")
def test_closing_while_the_form_is_open_keeps_what_was_written(
    make: Any, visitor: Any, house: Any, clock: Any
) -> None:
    slug = make(closes_at=later(minutes=5))
    token = visitor.form(slug)
    clock.move_to(later(minutes=6))
    answer = visitor.send(slug, token=token)
    assert answer.status_code == 409
    text = Page(answer).text
    assert "Sign-up is closed" in text
    assert "Ana Álvarez" in text
    assert "ana@example.org" in text
    assert house.signups() == []


@pytest.mark.parametrize(
    ("values", "heading"),
    [
        ({"opens_at": later(minutes=1)}, "Sign-up has not opened yet"),
        ({"closes_at": NOW}, "Sign-up is closed"),
        ({"state": "cancelled"}, "This event was called off"),
        ({"ended_at": NOW}, "This event is over"),
        ({"starts_at": later(hours=-4)}, "This event is over"),
    ],
)
def test_each_state_says_so_instead_of_the_form(
    make: Any, visitor: Any, house: Any, values: dict[str, Any], heading: str
) -> None:
    slug = make(**values)
    text = visitor.client.page(f"/events/{slug}/signup").text
    assert f"<h1>{heading}</h1>" in text
    assert 'name="email"' not in text
    assert house.signups() == []


@pytest.mark.case("D06")
def test_the_same_form_sent_twice_is_one_sign_up_and_one_mail(
    make: Any, visitor: Any, house: Any
) -> None:
    slug = make(capacity=1, waitlist=False)
    token = visitor.form(slug)
    first = visitor.send(slug, token=token)
    second = visitor.send(slug, token=token)
    assert (first.status_code, first.headers["Location"]) == (
        second.status_code,
        second.headers["Location"],
    )
    assert house.messages() == ["confirmed"]
    assert house.signup().status == "confirmed"


@pytest.mark.case("D06")
def test_a_form_sent_again_after_cancelling_does_not_sign_up_anew(
    make: Any, visitor: Any, house: Any
) -> None:
    slug = make()
    token = visitor.form(slug)
    visitor.send(slug, token=token)
    assert visitor.client.post(house.link("my", 0).split("?")[0] + "/cancel").status_code == 303
    assert visitor.send(slug, token=token).status_code == 303
    assert [signup.status for signup in house.signups()] == ["cancelled"]


@pytest.mark.case("D07")
def test_spellings_of_one_address_are_one_person(make: Any, visitors: Any, house: Any) -> None:
    slug = make()
    for email in ("Ana@Example.org", " ana@example.org ", "ana@EXAMPLE.ORG"):
        assert visitors().send(slug, email=email).status_code == 303
    assert house.signup().email == "Ana@example.org"
    for email in ("a.na@example.org", "ana+x@example.org"):
        visitors().send(slug, email=email)
    assert [s.email_key for s in house.signups()] == [
        "ana@example.org",
        "a.na@example.org",
        "ana+x@example.org",
    ]


@pytest.mark.case("D08")
def test_repeated_fields_are_one_sign_up(make: Any, visitor: Any, house: Any) -> None:
    slug = make()
    token = visitor.form(slug)
    body = "&".join(
        [f"csrf_token={token}", "consent=yes", "name=Ana", "name=Ben"]
        + [f"email=person{n}@example.org" for n in range(10)]
        + [f"email[]=other{n}@example.org" for n in range(10)]
    )
    answer = visitor.client.post(
        f"/events/{slug}/signup", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 303
    assert (house.signup().name, house.signup().email) == ("Ana", "person0@example.org")


@pytest.mark.case("D11")
def test_signing_up_again_after_leaving(make: Any, visitors: Any, house: Any) -> None:
    slug = make()
    visitors().send(slug)
    old = house.link("my")
    client = visitors().client
    assert client.post(old + "/cancel").status_code == 303
    assert client.get(old).status_code == 200
    visitors().send(slug)
    new = house.link("my")
    assert [s.status for s in house.signups()] == ["cancelled", "confirmed"]
    assert new != old
    assert client.get(old).status_code == 404
    assert client.post(old + "/come-back").status_code == 404
    assert client.get(new).status_code == 200


@pytest.mark.case("D28")
def test_a_known_address_gets_the_same_page_and_its_links_by_mail(
    make: Any, visitors: Any, house: Any
) -> None:
    slug = make()
    answers = [visitors().send(slug) for _ in range(2)]
    pages = []
    for person in (visitors(), visitors()):
        answer = person.send(slug, email="ana@example.org")
        assert answer.status_code == answers[0].status_code
        assert answer.headers["Location"] == answers[0].headers["Location"]
        pages.append(person.client.page(answer.headers["Location"]).text)
    fresh = visitors()
    answer = fresh.send(slug, email="new@example.org")
    page = fresh.client.page(answer.headers["Location"]).text
    assert page.replace("new@example.org", "ana@example.org") == pages[0] == pages[1]
    assert house.messages() == ["confirmed", "link_again", "link_again", "link_again", "confirmed"]
    assert house.link("my", 0) == house.link("my", 1)
    assert len(house.signups()) == 2


@pytest.mark.case("D28")
def test_when_full_known_and_unknown_addresses_see_the_same_page(
    make: Any, visitors: Any, house: Any
) -> None:
    slug = make(capacity=1, waitlist=False)
    known, unknown = visitors(), visitors()
    tokens = known.form(slug), unknown.form(slug)
    visitors().send(slug)
    answers = [
        known.send(slug, token=tokens[0]),
        unknown.send(slug, token=tokens[1], email="new@example.org"),
    ]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].data == answers[1].data
    assert "All places are taken" in answers[0].text
    # Whoever has the place still gets the link; nobody else gets anything.
    assert [(m.message, m.to_address) for m in house.mails()] == [
        ("confirmed", "ana@example.org"),
        ("link_again", "ana@example.org"),
    ]
    assert len(house.signups()) == 1
    house.forget()
    assert "All places are taken" in visitors().client.page(f"/events/{slug}/signup").text


@pytest.mark.case("D36")
def test_fields_that_nobody_asked_for_change_nothing(make: Any, visitor: Any, house: Any) -> None:
    slug = make(approval=True)
    visitor.send(
        slug, is_admin="1", event_id="99", status="confirmed", attended="true", is_crew="1",
        public_id="guess", id="7", person_key="1", proved_at="1", consent_stranger="yes",
    )  # fmt: skip
    signup = house.signup()
    assert (signup.status, signup.pending_reason, signup.is_crew) == ("pending", "approval", False)
    assert (signup.attended, signup.proved_at) == (None, None)
    assert signup.public_id != "guess"


@pytest.mark.case("D38")
def test_pages_of_a_person_are_kept_by_nobody(make: Any, visitor: Any) -> None:
    slug = make()
    for answer in (visitor.client.get(f"/events/{slug}/signup"), visitor.send(slug)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cookie" in answer.headers["Vary"]


@pytest.mark.case("D79")
def test_consent_is_kept_word_for_word(app: Flask, make: Any, visitor: Any) -> None:
    slug = make(host_name="Friends of Bolivia")
    text = visitor.client.page(f"/events/{slug}/signup").text
    assert "checked" not in text
    visitor.send(slug, consent_friends="yes")
    with app.app_context():
        event, contact = db.session.scalars(sa.select(Consent).order_by(Consent.id)).all()
        assert (event.kind, event.host_key, event.agreed_at) == ("event", None, NOW)
        assert event.wording in text
        assert len(event.version) == 16
        assert (contact.kind, contact.host_key) == ("contact", "friends")
        assert contact.wording == "Friends of Bolivia may write to me about other things later."
        assert contact.withdrawn_at is None


def test_the_source_of_a_link_is_kept(make: Any, visitor: Any, house: Any) -> None:
    slug = make()
    page = visitor.client.page(f"/events/{slug}/signup?from=news%3Cb%3Eletter-3")
    assert page.field("from") == "newsbletter-3"
    visitor.send(slug, token=page.field("csrf_token"), **{"from": "newsbletter-3"})
    assert house.signup().source == "newsbletter-3"


@pytest.fixture
def asking(app: Flask, make: Any) -> str:
    """An event with one question of each type; the last two hang on earlier ones."""
    slug: str = make()
    with app.app_context():
        rows: list[dict[str, Any]] = [
            {"key": "city", "label": "Your city", "type": "text", "required": True},
            {"key": "why", "label": "Why do you come?", "type": "paragraph"},
            {"key": "seat", "label": "Front or back?", "type": "choice", "choices": ["Front", "Back"]},
            {"key": "needs", "label": "What helps?", "type": "choices", "choices": ["Captions", "Ramp"]},
            {"key": "union", "label": "In a union?", "type": "yes_no"},
            {"key": "age", "label": "Age?", "type": "number"},
            {"key": "which", "label": "Which union?", "type": "text", "required": True, "show_if": {"key": "union", "equals": True}},
            {"key": "width", "label": "How wide?", "type": "number", "show_if": {"key": "needs", "equals": "Ramp"}},
        ]  # fmt: skip
        for position, row in enumerate(rows):
            db.session.add(Question(event_id=1, position=position, **row))
        db.session.commit()
    return slug


def _answers(app: Flask) -> dict[str, Any]:
    with app.app_context():
        rows = db.session.execute(
            sa.select(Question.key, Answer.value).join(Answer, Answer.question_id == Question.id)
        )
        return dict(rows.tuples().all())


@pytest.mark.parametrize(
    ("ends", "typed", "said", "sentence"),
    [
        ((0, 120), "-5", "A number from 0 to 120.", "Please give a number from 0 to 120."),
        ((None, 1200), "1201", "A number of at most 1,200.", "Please give a number of at most 1,200."),
        ((2.5, None), "2.4", "Un número de al menos 2,5.", "Escribe un número de al menos 2,5."),
    ],
)  # fmt: skip
def test_a_number_outside_is_refused_in_the_words_of_its_help(
    app: Flask, asking: str, visitor: Any, ends: Any, typed: str, said: str, sentence: str
) -> None:
    with app.app_context():
        low, high = ends
        db.session.execute(sa.update(Question).where(Question.key == "age").values(min=low, max=high))  # fmt: skip
        db.session.commit()
    path = f"/events/{asking}/signup?lang={'es' if said.startswith('Un ') else 'en'}"
    page = visitor.client.page(path)
    assert f'id="q_age-help">{said}</p>' in page.text
    fields = filled(page, "email") | {"name": "Ana", "email": "ana@example.org", "consent": "yes"}
    answer = visitor.client.post(path, data=fields | {"q_city": "La Paz", "q_age": typed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text
    # The ends themselves are among the numbers there may be.
    for end in (end for end in ends if end is not None):
        sent = {"q_city": "La Paz", "q_age": str(end), "email": f"a{end}@example.org"}
        assert visitor.send(asking, **sent).status_code == 303


@pytest.mark.case("D55")
def test_a_program_that_sends_every_field_is_asked_nothing_again(
    app: Flask, asking: str, visitor: Any
) -> None:
    sent = {
        "q_city": "Córdoba", "q_why": "Two\r\nlines", "q_seat": "Back", "q_needs": ["Captions", "Ramp"],
        "q_union": "yes", "q_age": "41,5", "q_which": "RMT", "q_width": "90",
    }  # fmt: skip
    assert visitor.send(asking, **sent).status_code == 303
    assert _answers(app) == {
        "city": "Córdoba", "why": "Two\nlines", "seat": "Back", "needs": ["Captions", "Ramp"],
        "union": True, "age": 41.5, "which": "RMT", "width": 90,
    }  # fmt: skip


def test_the_server_asks_again_where_an_answer_opens_a_question(
    app: Flask, asking: str, visitor: Any
) -> None:
    answer = visitor.send(asking, q_city="La Paz", q_union="yes")
    assert answer.status_code == 422
    assert Page(answer).text.count("Please answer this question.") == 1
    # What hangs on a question that was answered otherwise is not asked, and its answer is dropped.
    assert visitor.send(asking, q_city="La Paz", q_union="no", q_which="RMT", q_width="9").status_code == 303  # fmt: skip
    assert _answers(app) == {"city": "La Paz", "union": False}


def _sent(page: Page, **answers: Any) -> dict[str, Any]:
    """The form as a browser without JavaScript sends it. The values of one name come as a list."""
    fields = filled(page, "email")
    fields["asked"] = [
        element.get("value", "") for element in page.tree.iter("input")
        if element.get("name") == "asked" and element.get("disabled") is None
    ]  # fmt: skip
    return fields | answers


def _hidden(page: Page) -> dict[str, bool]:
    """By question: whether it is kept back."""
    return {
        element.get("data-show-key"): element.get("hidden") is not None
        for element in page.tree.iter()
        if isinstance(element.tag, str) and element.get("data-show-key")
    }


@pytest.mark.case("D55")
def test_without_javascript_the_server_asks_once_what_an_answer_opens(
    app: Flask, asking: str, visitor: Any, house: Any
) -> None:
    page = visitor.client.page(f"/events/{asking}/signup")
    assert _hidden(page) == {"q_union": True, "q_needs": True}
    person = {"name": "Ana", "email": "ana@example.org", "consent": "yes", "q_city": "La Paz"}
    again = visitor.client.post(
        f"/events/{asking}/signup", data=_sent(page, **person, q_union="yes", q_needs=["Ramp"])
    )
    assert again.status_code == 422
    assert house.signups() == []
    page = again.parsed
    # Filled in, with what is new, the optional one as well, and why.
    assert _hidden(page) == {"q_union": False, "q_needs": False}
    assert "After your answers there is more to ask." in page.text
    assert "Only if you answered “Yes” to “In a union?”." in page.text
    assert "Please answer this question." not in page.text
    assert "Nothing is lost." not in page.text
    sent = _sent(page)
    assert (sent["name"], sent["q_city"], sent["q_union"]) == ("Ana", "La Paz", "yes")
    # An answer that must be there is asked for by name; the other may stay empty.
    third = visitor.client.post(f"/events/{asking}/signup", data=sent)
    assert third.status_code == 422
    assert "After your answers" not in third.parsed.text
    assert third.parsed.text.count("Please answer this question.") == 1
    done = visitor.client.post(f"/events/{asking}/signup", data=_sent(third.parsed, q_which="RMT"))
    assert done.status_code == 303
    assert _answers(app) == {"city": "La Paz", "needs": ["Ramp"], "union": True, "which": "RMT"}


def test_what_opens_a_question_and_a_mistake_are_said_together(asking: str, visitor: Any) -> None:
    page = visitor.client.page(f"/events/{asking}/signup")
    answer = visitor.client.post(
        f"/events/{asking}/signup", data=_sent(page, name="Ana", consent="yes", q_union="yes")
    )
    assert "Nothing is lost. Please look at what is marked below. After your answers" in answer.parsed.text  # fmt: skip
    assert answer.parsed.text.count(" autofocus") == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("q_seat", "Middle", "Please choose from the list."),
        ("q_needs", "Everything", "Please choose from the list."),
        ("q_union", "maybe", "Please choose yes or no."),
        ("q_age", "NaN", "Please give a number"),
        ("q_city", "x" * 501, "at most 500 characters"),
        ("q_why", "a\x07b", "character in it that cannot be seen"),
    ],
)
def test_a_wrong_answer_gets_a_sentence(
    asking: str, visitor: Any, house: Any, field: str, value: str, sentence: str
) -> None:
    answer = visitor.send(asking, **{"q_city": "La Paz", field: value})
    assert answer.status_code == 422
    assert sentence in Page(answer).text
    assert house.signups() == []
