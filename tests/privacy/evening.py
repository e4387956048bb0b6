"""An evening whose figures must not change, whatever is forgotten about the people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.conftest import NOW
from tests.factories import make_event, make_session, make_signup, make_visit
from webapp.attendance.figures import curve, figures
from webapp.attendance.models import Companions
from webapp.db import db
from webapp.events.models import Event
from webapp.privacy import queries
from webapp.signup.models import Answer, Question
from webapp.signup.people import name_key


def minute(number: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=number)


def _guest(event: Event, name: str, start: float) -> None:
    make_visit(
        event, minute(start), minute(start + 40), name=name, name_key=name_key(name),
        identity="name_only",
    )  # fmt: skip


def evening() -> Event:
    """An evening with every kind of person: who came and who did not, crew, somebody cancelled who came
    all the same, guests with and without names, some named like somebody who was there, two people of
    one name; answers, sources and languages; two items of an agenda."""
    event = make_event(starts_at=NOW, started_at=NOW, ended_at=minute(100), min_stay_minutes=30)
    make_session(event, "First", 40, started_at=NOW, ended_at=minute(45))
    make_session(event, "Second", 40, started_at=minute(45), ended_at=minute(100))
    # Written before the visits of the person they are named like.
    _guest(event, "Person 2", 3)
    _guest(event, "Twin", 4)
    came = [make_signup(event, f"Person {n}", source="letter") for n in range(4)]
    twins = [
        make_signup(event, "Twin", source="poster", language="es"),
        make_signup(event, "Twin", language="es"),
    ]
    make_signup(event, "Absent")
    cancelled = make_signup(event, "Cancelled", status="cancelled", source="letter")
    crew = make_signup(event, "Chair", is_crew=True)
    for number, signup in enumerate([*came, *twins, cancelled, crew]):
        # The first ones leave early.
        make_visit(event, minute(number), minute(20 + 10 * number), signup=signup)
    make_visit(event, minute(70), minute(75), signup=came[0])
    for name, start in (("Person 1", 5), ("Person 1", 8), ("Guest", 10), ("Guest", 20), ("Other", 30)):  # fmt: skip
        _guest(event, name, start)
    make_visit(event, minute(1), minute(2))
    db.session.add(Companions(event_id=event.id, person_key=came[0].person_key, count=3, at=NOW))
    again = Question(event_id=event.id, key="again", label="Again?", type="yes_no", position=1)
    topics = Question(
        event_id=event.id, key="topics", label="What about?", type="choices", choices=["Peace", "Bread"]
    )  # fmt: skip
    words = Question(event_id=event.id, key="why", label="Why?", type="text", position=2)
    db.session.add_all([again, topics, words])
    db.session.flush()
    for signup, question, value in (
        (came[0], again, True),
        (came[1], again, False),
        (cancelled, again, True),
        (came[0], topics, ["Peace", "Bread"]),
        (twins[0], topics, ["Bread"]),
        (came[3], words, "Because of Zamora"),
    ):
        db.session.add(Answer(signup_id=signup.id, question_id=question.id, value=value))
    db.session.commit()
    return event


def figures_of(event: Event) -> dict[str, Any]:
    """Everything that is counted: the contract's figures, the curve, and what people have in common."""
    at = minute(120)
    found = figures(event, at)
    return {
        **{key: found[key] for key in ("signups", "attendance", "sessions")},
        "curve": curve(event, at),
        "breakdowns": queries.breakdowns(event, for_organisers=True),
    }
