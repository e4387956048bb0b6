"""What a person changes of their own sign-up later: the name, the answers, and what would help them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from webapp.db import db
from webapp.signup.models import Answer, Signup
from webapp.signup.operations import history, seats
from webapp.signup.people import Edited, name_key

_EXTRAS = ("access_needs", "access_note", "companions", "no_stay")


def edit(signup: Signup, edited: Edited, at: dt.datetime, *, actor: str = history.PERSON) -> bool:
    """Sets the sign-up to what was typed, and notes what was different; answers whether anything was.

    Answers to questions that were not asked (they are off the form by now) stay. Raises Refused if the
    sign-up is gone.
    """
    event = seats.lock(signup)
    changed: dict[str, Any] = {}
    if edited.name != signup.name:
        changed["name"] = [signup.name, edited.name]
        signup.name, signup.name_key = edited.name, name_key(edited.name)
    for name in _EXTRAS:
        before, after = getattr(signup, name), getattr(edited.extras, name)
        if name == "access_needs":
            after = list(after) or None
        if before != after:
            changed[name] = [before, after]
            setattr(signup, name, after)
    if edited.language and edited.language != signup.language:
        changed["language"] = [signup.language, edited.language]
        signup.language = edited.language
    if edited.has_zone and edited.extras.timezone != signup.timezone:
        changed["timezone"] = [signup.timezone, edited.extras.timezone]
        signup.timezone = edited.extras.timezone
    answers = _answer(signup, edited)
    if answers:
        changed["answers"] = answers
    if changed:
        history.note(signup, at, actor, "edited", **changed)
        event.touch()
    db.session.flush()
    return bool(changed)


def _answer(signup: Signup, edited: Edited) -> dict[str, list[Any]]:
    """[before, after] by the question's key."""
    asked = {ask.id: ask.key for ask in edited.asks}
    given = {
        row.question_id: row
        for row in db.session.scalars(
            sa.select(Answer).where(Answer.signup_id == signup.id, Answer.question_id.in_(asked))
        )
    }
    changed: dict[str, list[Any]] = {}
    for question_id, key in asked.items():
        row, new = given.get(question_id), edited.answers.get(question_id)
        old = None if row is None else row.value
        if old == new and type(old) is type(new):
            continue
        changed[key] = [old, new]
        if row is not None and new is not None:
            row.value = new
        elif row is not None:
            db.session.delete(row)
        else:
            db.session.add(Answer(signup_id=signup.id, question_id=question_id, value=new))
    return changed
