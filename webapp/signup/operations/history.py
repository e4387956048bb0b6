"""What is written down about every later change of a sign-up. That it was made, its own row says."""

from __future__ import annotations

import datetime as dt
from typing import Any

from webapp.db import db
from webapp.signup.models import Signup, SignupChange

# Who it was where nobody with an account did it.
PERSON = "the person"


def note(signup: Signup, at: dt.datetime, actor: str, what: str, **details: Any) -> None:
    """Notes one change. ``details`` is whatever JSON can hold, usually [before, after] by field."""
    db.session.add(
        SignupChange(signup_id=signup.id, at=at, actor=actor[:254], what=what, details=details)
    )
