"""What is known of one person beyond their row: what they answered, what was written about them, what happened."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from webapp.db import db
from webapp.events.texts import NO_TEXTS, Texts
from webapp.signup.models import Answer, Question, Signup, SignupChange, SignupNote


def answers_by_key(signup: Signup) -> dict[str, Any]:
    """What the person answered, by the key of the question."""
    rows = db.session.execute(
        sa.select(Question.key, Answer.value)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.signup_id == signup.id)
    )
    return dict(rows.tuples().all())


def answers_of(signup: Signup, texts: Texts = NO_TEXTS) -> list[tuple[str, Any]]:
    """(the question, what the person answered) in the order asked, in the words of ``texts`` where it has
    some. One query."""
    rows = db.session.execute(
        sa.select(Question.key, Question.label, Answer.value)
        .join(Question, Question.id == Answer.question_id)
        .where(Answer.signup_id == signup.id)
        .order_by(Question.position, Question.id)
    )
    return [
        (
            texts.get(f"questions/{key}/label", label),
            _said(f"questions/{key}/choices", value, texts),
        )
        for key, label, value in rows
    ]


def _said(place: str, value: Any, texts: Texts) -> Any:
    if isinstance(value, list):
        return [texts.get(f"{place}/{choice}", choice) for choice in value]
    return texts.get(f"{place}/{value}", value) if isinstance(value, str) else value


def notes_of(signup: Signup) -> list[SignupNote]:
    """What organisers wrote about the person, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(SignupNote).where(SignupNote.signup_id == signup.id).order_by(SignupNote.id)
        )
    )


def changes_of(signup: Signup) -> list[SignupChange]:
    """What happened to the sign-up after it was made, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(SignupChange)
            .where(SignupChange.signup_id == signup.id)
            .order_by(SignupChange.at, SignupChange.id)
        )
    )
