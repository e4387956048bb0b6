"""What people have in common, for organisers and for everybody else."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.factories import make_event, make_signup, make_user, make_visit
from tests.privacy.evening import evening, minute
from tests.signin import sign_in
from webapp.db import db
from webapp.events.models import Event, Membership
from webapp.privacy.queries import breakdowns
from webapp.signup.models import Answer, Question


def table(event: Event, key: str, *, for_organisers: bool = True) -> list[tuple[Any, ...]]:
    (found,) = [b for b in breakdowns(event, for_organisers=for_organisers) if b.key == key]
    return [
        (row.value, row.counts.signed_up, row.counts.attended, row.counts.stayed)
        for row in found.rows
    ]


def test_questions_in_their_order_then_source_and_language(context: Flask) -> None:
    event = evening()
    found = breakdowns(event, for_organisers=True)
    assert [(one.key, one.title, one.is_several, one.is_yes_no) for one in found] == [
        ("question:topics", "What about?", True, False),
        ("question:again", "Again?", False, True),
        ("source", "Where they came from", False, False),
        ("language", "Language", False, False),
    ]
    assert table(event, "question:topics") == [
        ("Peace", 1, 1, 0),
        ("Bread", 2, 2, 1),
        ("", 6, 5, 5),
    ]
    assert table(event, "question:again") == [("yes", 1, 1, 0), ("no", 1, 1, 1), ("", 6, 5, 5)]
    assert table(event, "source") == [("letter", 4, 4, 3), ("", 3, 2, 2), ("poster", 1, 1, 1)]
    assert table(event, "language") == [("en", 6, 5, 4), ("es", 2, 2, 2)]


def test_a_choice_nobody_made_is_a_row(context: Flask) -> None:
    event = make_event()
    db.session.add(
        Question(event_id=event.id, key="where", label="Where?", type="choice", choices=["A", "B"])
    )
    make_signup(event)
    assert table(event, "question:where") == [("A", 0, 0, None), ("B", 0, 0, None), ("", 1, 0, None)]  # fmt: skip


def test_small_groups_stay_in_the_circle(context: Flask) -> None:
    event = make_event(starts_at=minute(0), started_at=minute(0), ended_at=minute(100))
    question = Question(event_id=event.id, key="q", label="?", type="choice", choices=["A", "B", "C"])  # fmt: skip
    db.session.add(question)
    db.session.flush()
    # 20 said A: 14 came, 8 of them stayed. 12 said B: 6 came, none stayed. 3 said C.
    for answer, people, came, stayed in (("A", 20, 14, 8), ("B", 12, 6, 0), ("C", 3, 1, 1)):
        for number in range(people):
            signup = make_signup(event)
            db.session.add(Answer(signup_id=signup.id, question_id=question.id, value=answer))
            if number < came:
                make_visit(event, minute(0), minute(50 if number < stayed else 1), signup=signup)
    db.session.commit()
    assert table(event, "question:q") == [("A", 20, 14, 8), ("B", 12, 6, 0), ("C", 3, 1, 1)]
    assert table(event, "question:q", for_organisers=False) == [
        ("A", 20, 14, None),
        ("B", None, None, None),
        ("C", None, None, None),
    ]


def test_the_page_of_the_organisers(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        event, ada = evening(), make_user("Ada")
        db.session.add(
            Membership(event_id=event.id, user_id=ada.id, role="owner", created_at=minute(0))
        )
        db.session.commit()
        sign_in(client, ada)
        slug = event.slug
    page = client.page(f"/manage/events/{slug}/attendance/groups")
    assert '<th scope="row">Yes</th><td>1</td><td>1</td><td>0</td>' in page.text
    assert '<th scope="row">Spanish</th><td>2</td><td>2</td><td>2</td>' in page.text
    assert '<th scope="row">No answer</th><td>6</td>' in page.text
    assert "attendance/groups" in client.page(f"/manage/events/{slug}/attendance").text


def test_the_page_before_anybody_signed_up(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        ada = make_user("Ada")
        make_event(ada, slug="empty")
        db.session.commit()
        sign_in(client, ada)
    assert "Nobody has signed up yet." in client.page("/manage/events/empty/attendance/groups").text
