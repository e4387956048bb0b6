"""Counting people by what they have in common, before it is forgotten who they were."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from webapp.db import db
from webapp.privacy.models import Tally
from webapp.signup.models import Answer, Question, Signup

# The types whose answers can be counted: nobody's own words.
CLOSED = ("choice", "choices", "yes_no")
QUESTION = "question:"
_CHUNK = 500

Key = tuple[str, str]


@dataclasses.dataclass(slots=True)
class Count:
    signed_up: int = 0
    attended: int = 0
    stayed: int = 0

    def add(self, other: Count) -> None:
        self.signed_up += other.signed_up
        self.attended += other.attended
        self.stayed += other.stayed


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """A confirmed sign-up, as far as it is counted."""

    id: int
    source: str | None
    language: str
    came: bool
    stayed: bool


def closed_questions(event_id: int) -> Sequence[Question]:
    return db.session.scalars(
        sa.select(Question)
        .where(Question.event_id == event_id, Question.type.in_(CLOSED))
        .order_by(Question.position, Question.id)
    ).all()


def _values(answer: Any) -> list[str]:
    """What an answer counts for; one that was not given counts as that."""
    if isinstance(answer, bool):
        return ["yes" if answer else "no"]
    if isinstance(answer, list):
        return [str(value) for value in answer] or [""]
    return [str(answer or "")]


def count(event_id: int, people: Sequence[Person]) -> dict[Key, Count]:
    """The people by dimension and value. Two queries, and one more for each 500 people."""
    found: dict[Key, Count] = {}

    def one(dimension: str, value: str, person: Person) -> None:
        found.setdefault((dimension, value), Count()).add(
            Count(1, int(person.came), int(person.came and person.stayed))
        )

    questions = {question.id: question.key for question in closed_questions(event_id)}
    answers: dict[tuple[int, int], Any] = {}
    for start in range(0, len(people) if questions else 0, _CHUNK):
        ids = [person.id for person in people[start : start + _CHUNK]]
        rows = db.session.execute(
            sa.select(Answer.signup_id, Answer.question_id, Answer.value).where(
                Answer.signup_id.in_(ids), Answer.question_id.in_(questions)
            )
        )
        answers |= {(row.signup_id, row.question_id): row.value for row in rows}
    for person in people:
        one("source", person.source or "", person)
        one("language", person.language, person)
        for question_id, key in questions.items():
            for value in _values(answers.get((person.id, question_id))):
                one(QUESTION + key, value, person)
    return found


def people(rows: Iterable[Signup], came: Mapping[int, bool], stayed: frozenset[int]) -> list[Person]:  # fmt: skip
    """Those of the sign-ups that are counted. ``came`` is by the sign-up's id."""
    return [
        Person(row.id, row.source, row.language, came=came[row.id], stayed=row.person_key in stayed)
        for row in rows
        if row.status == "confirmed"
    ]


def kept(event_id: int) -> dict[Key, Count]:
    """What was counted so far of people whose ties are cut."""
    rows = db.session.scalars(sa.select(Tally).where(Tally.event_id == event_id))
    return {
        (row.dimension, row.value): Count(row.signed_up, row.attended, row.stayed) for row in rows
    }


def keep(event_id: int, counts: Mapping[Key, Count]) -> None:
    """Adds counts to those that are kept. Needs the event's lock."""
    rows = {
        (row.dimension, row.value): row
        for row in db.session.scalars(sa.select(Tally).where(Tally.event_id == event_id))
    }
    for (dimension, value), more in counts.items():
        row = rows.get((dimension, value))
        if row is None:
            row = Tally(
                event_id=event_id, dimension=dimension, value=value, signed_up=0, attended=0, stayed=0
            )  # fmt: skip
            db.session.add(row)
        row.signed_up += more.signed_up
        row.attended += more.attended
        row.stayed += more.stayed
    db.session.flush()
