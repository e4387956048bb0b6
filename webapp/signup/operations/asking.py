"""The verbs of the form builder: one change of an event's questions at a time.

Each takes ``seen``, the fingerprint of what the page showed. It is compared behind the lock, so that two
people who save at the same moment cannot overwrite one another unnoticed. What people answered is never
lost by accident: a question with answers keeps its type and the choices that were chosen, and goes only if
somebody says how many answers go with it.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import tokens
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db, from_ms, to_ms
from webapp.errors import Refused
from webapp.events import rules
from webapp.events.models import Event
from webapp.signup import questions
from webapp.signup.models import Answer, FormUndo, Question
from webapp.signup.operations import seats

CHANGED = "changed"
# More than that nobody answers; it keeps every page and every list within bounds.
MOST = 60
_FIELDS = ("key", "label", "help", "type", "choices", "required", "show_if", "min", "max")


def rows(event_id: int) -> list[Question]:
    """All questions, those on the form first, each part in its order."""
    return list(
        db.session.scalars(
            sa.select(Question)
            .where(Question.event_id == event_id)
            .order_by(Question.retired_at.is_not(None), Question.position, Question.id)
            .execution_options(populate_existing=True)
        )
    )


def answer_counts(event_id: int) -> dict[int, int]:
    """By question id: how many people have answered it."""
    found = db.session.execute(
        sa.select(Answer.question_id, sa.func.count())
        .join(Question, Question.id == Answer.question_id)
        .where(Question.event_id == event_id)
        .group_by(Answer.question_id)
    )
    return dict(found.tuples().all())


def state_of(row: Question) -> dict[str, Any]:
    """A question without its place: what can be brought back."""
    return {name: getattr(row, name) for name in _FIELDS} | {
        "retired_at": None if row.retired_at is None else to_ms(row.retired_at)
    }


def _digest(value: Any) -> str:
    return tokens.digest(json.dumps(value, sort_keys=True))


def fingerprint(found: Sequence[Question]) -> str:
    """What a page showed of the whole form, with its order."""
    return _digest([state_of(row) for row in found])


def fingerprint_of(row: Question) -> str:
    """What a page showed of one question."""
    return _digest(state_of(row))


def _behind_the_lock(event: Event) -> tuple[Event, list[Question]]:
    db.session.flush()
    return seats.lock_event(event.id), rows(event.id)


def _check_seen(is_same: bool) -> None:
    if not is_same:
        raise Refused(_("Somebody else changed this in the meantime."), CHANGED)


def _find(found: list[Question], question_id: int) -> Question:
    for row in found:
        if row.id == question_id:
            return row
    raise Refused(_("Somebody deleted this question in the meantime."), "gone")


def _check_conditions(found: Sequence[Question]) -> None:
    """That every question on the form hangs, if it hangs on one, on an answer that an earlier one can have."""
    before: dict[str, Question] = {}
    everywhere = {row.key: row for row in found}
    for row in (row for row in found if row.retired_at is None):
        if row.show_if:
            wanted, equals = row.show_if["key"], row.show_if["equals"]
            base = before.get(wanted)
            if base is None:
                other = everywhere[wanted].label if wanted in everywhere else wanted
                raise Refused(_("“%(label)s” is asked only after an answer to “%(other)s”, which must stand on the form before it. Change when it is asked first.", label=row.label, other=other), "condition")  # fmt: skip
            is_lost = base.type in ("choice", "choices") and equals not in base.choices
            if is_lost or (base.type == "yes_no") != isinstance(equals, bool):
                raise Refused(_("“%(label)s” is asked only after an answer to “%(other)s” that it would no longer have. Change when it is asked first.", label=row.label, other=base.label), "condition")  # fmt: skip
        before[row.key] = row


def _check_answers(row: Question, new: dict[str, Any]) -> None:
    """Raises Refused where ``new`` would leave answers without their meaning."""
    gone = set(row.choices or ()) - set(new["choices"])
    if new["type"] == row.type and not gone:
        return
    given = db.session.scalars(sa.select(Answer.value).where(Answer.question_id == row.id)).all()
    if given and new["type"] != row.type:
        raise Refused(
            ngettext(
                "%(num)s person has answered this question, so its type stays. Take it off the form, which keeps the answer, and ask a new one.",
                "%(num)s people have answered this question, so its type stays. Take it off the form, which keeps the answers, and ask a new one.",
                len(given),
            ),
            "type",
        )  # fmt: skip
    for choice in (choice for choice in row.choices if choice in gone):
        chosen = sum(choice in value if isinstance(value, list) else choice == value for value in given)  # fmt: skip
        if chosen:
            raise Refused(
                ngettext(
                    "%(num)s person has chosen “%(choice)s”, so it stays as it is written. Take the question off the form, which keeps the answers, and ask a new one.",
                    "%(num)s people have chosen “%(choice)s”, so it stays as it is written. Take the question off the form, which keeps the answers, and ask a new one.",
                    chosen, choice=choice,
                ),
                "choices",
            )  # fmt: skip


def _number(found: Sequence[Question]) -> None:
    for place, row in enumerate(found):
        row.position = place


def _write(
    event: Event, before: list[dict[str, Any]], at: dt.datetime, by: User, what: str
) -> None:
    """What every change ends with: it is checked, can be undone, and stands in the log."""
    db.session.flush()
    after = rows(event.id)
    _check_conditions(after)
    if [state_of(row) for row in after] == before:
        return
    undo = db.session.get(FormUndo, event.id) or FormUndo(event_id=event.id)
    undo.at, undo.before, undo.seen = at, before, fingerprint(after)
    db.session.add(undo)
    event.touch()
    audit.record(
        "form.changed", at=at, actor=by.email, actor_user_id=by.id, event_id=event.id, summary=what
    )
    db.session.flush()


def _free_key(label: str, found: Sequence[Question]) -> str:
    taken = {row.key for row in found}
    base = rules.key_from(label, "question")[:50].rstrip("-_") or "question"
    names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def add(event: Event, item: dict[str, Any], at: dt.datetime, by: User) -> Question:
    """Puts a new question at the end of the form; its key is made from its label. Raises Refused."""
    event, found = _behind_the_lock(event)
    before = [state_of(row) for row in found]
    asked = [row for row in found if row.retired_at is None]
    if len(asked) >= MOST:
        raise Refused(_("There are %(n)s questions already, and that is the most a form can have.", n=MOST), "label")  # fmt: skip
    checked = questions.checked(
        item | {"key": _free_key(str(item.get("label", "")), found)}, len(asked) + 1, {row.key for row in asked}
    )  # fmt: skip
    row = Question(event_id=event.id, **checked)
    _number([*asked, row, *(other for other in found if other.retired_at is not None)])
    db.session.add(row)
    _write(event, before, at, by, row.label)
    return row


def change(
    event: Event, question_id: int, item: dict[str, Any], seen: str, at: dt.datetime, by: User
) -> int:
    """Sets a question to what was typed; answers how many given numbers lie outside of its new ends (they
    stay), 0 if the ends are as they were. Raises Refused with the field that it is about as its code."""
    event, found = _behind_the_lock(event)
    row = _find(found, question_id)
    _check_seen(seen == fingerprint_of(row))
    before = [state_of(other) for other in found]
    earlier = {other.key for other in found[: found.index(row)]}
    new = questions.checked(item | {"key": row.key}, row.position + 1, earlier)
    _check_answers(row, new)
    ends = row.min, row.max
    for name, value in new.items():
        setattr(row, name, value)
    _write(event, before, at, by, row.label)
    return _outside(row) if (row.min, row.max) != ends else 0


def _outside(row: Question) -> int:
    """How many given numbers are smaller or larger than the question now takes."""
    low, high = (end if end is not None else sign * math.inf for end, sign in ((row.min, -1), (row.max, 1)))  # fmt: skip
    given = db.session.scalars(sa.select(Answer.value).where(Answer.question_id == row.id))
    return sum(isinstance(value, int | float) and not low <= value <= high for value in given)


def move(event: Event, question_id: int, step: int, seen: str, at: dt.datetime, by: User) -> None:
    """One place up (-1) or down (1); at the edge nothing happens. Raises Refused."""
    event, found = _behind_the_lock(event)
    _check_seen(seen == fingerprint(found))
    row = _find(found, question_id)
    asked = [other.id for other in found if other.retired_at is None]
    if row.retired_at is not None:
        return
    place = asked.index(row.id)
    asked.insert(min(max(place + step, 0), len(asked) - 1), asked.pop(place))
    _arrange(event, found, asked, at, by)


def arrange(event: Event, ids: Sequence[int], seen: str, at: dt.datetime, by: User) -> None:
    """Puts the questions of the form into the order of ``ids``. Raises Refused."""
    event, found = _behind_the_lock(event)
    _check_seen(seen == fingerprint(found))
    if sorted(ids) != sorted(row.id for row in found if row.retired_at is None):
        raise Refused(_("That is not the order of these questions."), "order")
    _arrange(event, found, ids, at, by)


def _arrange(event: Event, found: list[Question], ids: Sequence[int], at: dt.datetime, by: User) -> None:  # fmt: skip
    before = [state_of(row) for row in found]
    places = {question_id: place for place, question_id in enumerate(ids)}
    _number(sorted(found, key=lambda row: places.get(row.id, len(found) + row.position)))
    _write(event, before, at, by, _("order"))


def retire(event: Event, question_id: int, seen: str, at: dt.datetime, by: User) -> None:
    """Takes a question off the form. Its answers stay, in the list and in the file. Raises Refused."""
    event, found = _behind_the_lock(event)
    _check_seen(seen == fingerprint(found))
    row = _find(found, question_id)
    before = [state_of(other) for other in found]
    row.retired_at = row.retired_at or at
    _number([*(other for other in found if other is not row), row])
    _write(event, before, at, by, row.label)


def bring_back(event: Event, question_id: int, seen: str, at: dt.datetime, by: User) -> None:
    """Puts a question that was taken off the form at its end again. Raises Refused."""
    event, found = _behind_the_lock(event)
    _check_seen(seen == fingerprint(found))
    row = _find(found, question_id)
    before = [state_of(other) for other in found]
    row.retired_at = None
    asked = [other for other in found if other.retired_at is None and other is not row]
    _number([*asked, row, *(other for other in found if other.retired_at is not None)])
    _write(event, before, at, by, row.label)


def delete(
    event: Event, question_id: int, answers: int, seen: str, at: dt.datetime, by: User
) -> None:
    """Deletes a question for good, with its answers if there are exactly ``answers`` of them: somebody who
    says the number knows what they do. Raises Refused."""
    event, found = _behind_the_lock(event)
    row = _find(found, question_id)
    _check_seen(seen == fingerprint_of(row))
    given = answer_counts(event.id).get(row.id, 0)
    if given != answers:
        raise Refused(
            ngettext(
                "There is %(num)s answer. Type that number to delete it with the question.",
                "There are %(num)s answers. Type that number to delete them with the question.",
                given,
            ),
            "answers",
        )  # fmt: skip
    before = [state_of(other) for other in found]
    label = row.label
    db.session.execute(sa.delete(Answer).where(Answer.question_id == row.id))
    db.session.delete(row)
    _write(event, before, at, by, label)
    if given:
        # Answers do not come back, so neither does the question: it would look as if nobody had answered.
        db.session.execute(sa.delete(FormUndo).where(FormUndo.event_id == event.id))


def can_undo(event_id: int, found: Sequence[Question]) -> bool:
    """Whether the last change can be taken back: nothing else has happened to the form since."""
    undo = db.session.get(FormUndo, event_id)
    return undo is not None and undo.seen == fingerprint(found)


def undo(event: Event, seen: str, at: dt.datetime, by: User) -> None:
    """Makes the form what it was before the last change. Undone once more, that change is back. Raises
    Refused, also where people have answered since what would go."""
    event, found = _behind_the_lock(event)
    _check_seen(seen == fingerprint(found))
    kept = db.session.get(FormUndo, event.id, populate_existing=True)
    if kept is None or kept.seen != seen:
        raise Refused(_("There is no change to undo any more."), CHANGED)
    wanted: list[dict[str, Any]] = kept.before
    before = [state_of(row) for row in found]
    by_key = {row.key: row for row in found}
    given = answer_counts(event.id)
    for row in found:
        if row.key in {item["key"] for item in wanted}:
            continue
        if given.get(row.id):
            raise Refused(_("People have answered “%(label)s” since. Take it off the form instead, which keeps the answers.", label=row.label), "answered")  # fmt: skip
        db.session.delete(row)
    for place, item in enumerate(wanted):
        old = by_key.get(item["key"])
        if old is None:
            old = Question(event_id=event.id)
            db.session.add(old)
        else:
            _check_answers(old, item)
        for name in _FIELDS:
            # A state that was kept before numbers had ends has none.
            setattr(old, name, item.get(name))
        retired = item["retired_at"]
        old.position, old.retired_at = place, None if retired is None else from_ms(retired)
    _write(event, before, at, by, _("undone"))
