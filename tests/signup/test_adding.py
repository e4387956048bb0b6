"""Signing somebody up by hand."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import make_event, make_signup
from tests.signin import sign_in
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import queries
from webapp.signup.models import Answer, Consent, Question, Signup
from webapp.signup.operations import blocking

PATH = "/manage/events/evening/signups/add"


@pytest.fixture
def ada(app: Flask, make: Any, visitors: Any) -> Any:
    make(ada=True, host_name="Friends")
    client = visitors().client
    sign_in(client, 1)
    return client


def _send(client: Any, **values: str) -> Any:
    token = client.page(PATH).field("csrf_token")
    typed = {"name": "Ana Álvarez", "email": "ana@example.org", "agreed": "Rang on 3 May"}
    return client.post(PATH, data={"csrf_token": token, **typed, **values})


def test_what_was_typed_is_kept_and_nothing_is_sent_unasked(app: Flask, ada: Any, house: Any) -> None:  # fmt: skip
    with app.app_context():
        db.session.add(Question(event_id=1, key="town", label="Town?", type="text", required=True))
        db.session.add(Question(event_id=1, key="why", label="Why?", type="text", required=True))
        db.session.commit()
    answer = _send(ada, q_town="Sucre", language="es")
    assert answer.status_code == 303
    signup = house.signup()
    assert answer.headers["Location"].endswith(f"/signups/{signup.public_id}")
    assert (signup.status, signup.name, signup.email_key, signup.language, signup.proved_at) == (
        "confirmed", "Ana Álvarez", "ana@example.org", "es", None,
    )  # fmt: skip
    assert house.messages() == []
    with app.app_context():
        (consent,) = db.session.scalars(sa.select(Consent)).all()
        assert (consent.kind, consent.wording) == ("event", "Rang on 3 May")
        assert db.session.scalars(sa.select(Answer.value)).all() == ["Sucre"]
        entry = db.session.scalars(sa.select(AuditEntry)).one()
        assert (entry.action, entry.details) == ("signup.added", {"signup": signup.id})
    text = ada.page(answer.headers["Location"]).text
    assert "Added by hand by ada@example.org. They have a place." in text
    assert "Rang on 3 May" in text


def test_the_mail_goes_only_with_the_tick(ada: Any, house: Any) -> None:
    _send(ada, send="yes")
    assert house.messages() == ["confirmed"]
    assert "/remove/" in house.mails()[0].text


def test_what_is_missing_is_said_and_nothing_is_lost(ada: Any, house: Any) -> None:
    answer = _send(ada, agreed=" ", name="", q_nothing="x")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Please say where they gave it." in text
    assert "Please tell us what to call you." in text
    assert 'value="ana@example.org"' in text
    assert "not an e-mail address" in _send(ada, email="ana").get_data(as_text=True)
    assert house.signups() == []


def test_a_slip_in_the_address_is_asked_about_once(ada: Any, house: Any) -> None:
    answer = _send(ada, email="ana@gmial.com")
    assert "Did you mean ana@gmail.com?" in answer.get_data(as_text=True)
    assert house.signups() == []
    assert _send(ada, email="ana@gmial.com", asked="ana@gmial.com").status_code == 303


def test_nobody_gets_a_place_that_is_not_there_without_a_tick(ada: Any, house: Any, app: Flask) -> None:  # fmt: skip
    house.change(capacity=1, waitlist=False)
    with app.app_context():
        make_signup(db.session.get_one(Event, 1), "Ben")
        db.session.commit()
    assert "The one place is taken" in ada.page(PATH).text
    answer = _send(ada)
    assert answer.status_code == 422
    assert "All places are taken." in answer.get_data(as_text=True)
    assert len(house.signups()) == 1
    assert _send(ada, beyond="yes").status_code == 303
    assert [signup.status for signup in house.signups()] == ["confirmed", "confirmed"]
    house.change(waitlist=True)
    _send(ada, email="cleo@example.org", send="yes")
    assert house.signups()[-1].status == "waitlisted"
    assert house.messages() == ["waitlisted"]


def test_an_address_that_is_there_or_wants_nothing(app: Flask, ada: Any, house: Any) -> None:
    with app.app_context():
        event = db.session.get_one(Event, 1)
        known = make_signup(event, "Ana", email="ana@example.org").public_id
        blocking.block(event, "ben@example.org", event.created_at)
        db.session.commit()
    text = _send(ada, email="ANA@example.org").get_data(as_text=True)
    assert "Somebody has signed up with this address already." in text
    assert f"/signups/{known}" in text
    text = _send(ada, email="ben@example.org").get_data(as_text=True)
    assert "wants no mail about this event" in text
    assert len(house.signups()) == 1


def test_also_while_the_form_is_closed_but_not_after_the_event(ada: Any, house: Any) -> None:
    with ada.application.app_context():
        event = db.session.get_one(Event, 1)
        closes_at, ended_at = event.created_at, event.starts_at.replace(year=2026)
    house.change(closes_at=closes_at)
    assert _send(ada).status_code == 303
    house.change(ended_at=ended_at)
    assert "not over" in _send(ada, email="ben@example.org").get_data(as_text=True)


@pytest.mark.case("D36")
def test_more_fields_than_the_form_has_are_ignored(app: Flask, ada: Any, house: Any) -> None:
    with app.app_context():
        make_event(slug="other")
        db.session.commit()
    _send(ada, event_id="2", status="cancelled", is_crew="1", attended="true", id="77", proved_at="1")  # fmt: skip
    signup = house.signup()
    assert (signup.event_id, signup.status, signup.is_crew, signup.attended, signup.proved_at) == (
        1, "confirmed", False, None, None,
    )  # fmt: skip
    assert signup.id != 77


def test_a_sample_event_stays_one(app: Flask, ada: Any, house: Any) -> None:
    house.change(is_sample=True)
    _send(ada, send="yes")
    assert house.signup().is_sample
    assert [mail.state for mail in house.mails()] == ["held"]
    with app.app_context():
        assert queries.counts(1)["confirmed"] == 1
        assert db.session.scalars(sa.select(Signup.source)).all() == [None]
