"""Who was never told how it was needs no mail that it changed."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.mailing import queries
from webapp.signup import mails
from webapp.signup.models import Signup, SignupChange

MOVED = NOW + dt.timedelta(hours=1)


def _told(event_id: int) -> set[str]:
    db.session.flush()
    selection = queries.told_by(event_id, MOVED, MOVED, is_back=False)
    return set(db.session.scalars(selection.statement(Signup.name)))


@pytest.mark.case("D22")
def test_only_those_who_knew_otherwise_are_told(context: Flask) -> None:
    event = make_event(starts_at=NOW + dt.timedelta(days=7))
    people = {
        name: make_signup(event, name, created_at=NOW, confirmed_at=NOW)
        for name in ("Came by the form", "By hand", "By hand, with a mail", "Told since")
    }
    for name in ("By hand", "By hand, with a mail"):
        db.session.add(
            SignupChange(signup_id=people[name].id, at=NOW, actor="Ada", what="added", details={})
        )
    mails.confirmed(event, people["By hand, with a mail"], NOW)
    mails.confirmed(event, people["Told since"], MOVED + queries.MARGIN)
    assert _told(event.id) == {"Came by the form", "By hand, with a mail"}
    db.session.query(OutgoingMail).delete()
    assert _told(event.id) == {"Came by the form", "Told since"}
