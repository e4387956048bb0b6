"""What is written down about every later change of a sign-up. That it was made, its own row says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from webapp.accounts.models import User
from webapp.db import db
from webapp.signup.models import Signup, SignupChange

# Who it was where nobody with an account did it: the person, by a link of theirs, or time and free seats.
PERSON = "the person"
HOUSE = "itself"
# With which a sign-up begins that came by a list from elsewhere.
IMPORTED = "imported"


def note(signup: Signup, at: dt.datetime, actor: User | str, what: str, **details: Any) -> None:
    """Notes one change. ``details`` is whatever JSON can hold, usually [before, after] by field; ``to`` is
    the status that it led to, where that was not sure."""
    name = actor if isinstance(actor, str) else actor.email
    db.session.add(
        SignupChange(signup_id=signup.id, at=at, actor=name[:254], what=what, details=details)
    )


def note_all(
    signup_ids: Iterable[int], at: dt.datetime, actor: User | str, what: str, **details: Any
) -> None:
    """The same of many at once."""
    name = actor if isinstance(actor, str) else actor.email
    rows = [
        {"signup_id": id_, "at": at, "actor": name[:254], "what": what, "details": details}
        for id_ in signup_ids
    ]
    if rows:
        db.session.execute(sa.insert(SignupChange), rows)
