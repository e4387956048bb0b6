"""The one definition of a filter over sign-ups."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_visit
from webapp import tokens
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.signup import choosing
from webapp.signup.choosing import ANY_NEED, Choice, chosen
from webapp.signup.models import Answer, Consent, Question, Signup, SignupTag, Tag


def _mail(signup: Signup, state: str) -> None:
    db.session.add(
        OutgoingMail(
            event_id=signup.event_id, person=signup.public_id, message="confirmed",
            to_address="x@example.org", subject="x", text="x", html="x", state=state, created_at=NOW,
            message_id=f"<{tokens.public_id()}@x>", next_try_at=NOW,
        )
    )  # fmt: skip
    db.session.flush()


def _gone(event: Event, **values: Any) -> Signup:
    signup = make_signup(event, **values)
    signup.name = signup.name_key = signup.email = signup.email_key = signup.person_key = None
    signup.erased_at = NOW
    db.session.flush()
    return signup


def _tag(name: str, *signups: Signup) -> None:
    tag = Tag(event_id=signups[0].event_id, name=name, key=name.casefold())
    db.session.add(tag)
    db.session.flush()
    db.session.add_all([SignupTag(signup_id=signup.id, tag_id=tag.id) for signup in signups])
    db.session.flush()


def _ask(event: Event, key: str, kind: str, *answers: tuple[Signup, Any]) -> None:
    choices = ["Ramp", 'A "quiet" room', "Captions"] if kind.startswith("choice") else []
    question = Question(event_id=event.id, key=key, label=key, type=kind, choices=choices)
    db.session.add(question)
    db.session.flush()
    for signup, value in answers:
        db.session.add(Answer(signup_id=signup.id, question_id=question.id, value=value))
    db.session.flush()


@pytest.fixture
def event(context: Flask) -> Event:
    return make_event()


def _found(event: Event, **asked: str) -> str:
    """The first letters of the names of who is found, in order."""
    choice = Choice.from_args(Choice(**asked).as_args())
    assert choice == Choice(**asked)
    rows = db.session.scalars(chosen(event.id, choice).order_by(None).order_by(Signup.id))
    return "".join((row.name or "-")[0] for row in rows)


def test_an_address_says_what_was_asked_and_nothing_else() -> None:
    full = Choice(
        search="ana", status="confirmed", reason="click", source="flyer", language="es", tag="Press",
        not_tag="Old friend", contact="friends", need="Captions", question="why", answer="Because",
        crew="no", proved="yes", mail="lost", joined="no",
    )  # fmt: skip
    assert None not in dataclasses.astuple(full), "every field is tried"
    assert len(full.as_args()) == len(dataclasses.fields(Choice))
    assert Choice.from_args(full.as_args()) == full
    assert Choice.from_args({}) == Choice()
    assert Choice().as_args() == {}
    assert Choice.from_args({"status": "nonsense", "mail": "x", "joined": "maybe", "id": "7"}) == Choice()  # fmt: skip
    # Half a question asks nothing.
    assert Choice.from_args({"question": "why"}) == Choice() == Choice.from_args({"answer": "x"})
    assert Choice.from_args({"q": "  a\x00\u202eb\n "}) == Choice(search="ab")
    assert len(Choice.from_args({"q": "x" * 5000}).search) == 200


def test_what_stands_in_the_row_itself(event: Event) -> None:
    make_signup(event, "Ana Álvarez", source="flyer", proved_at=NOW, access_needs=["Captions"])
    make_signup(event, "Ben", email="ben@example.net", language="es", is_crew=True)
    make_signup(event, "Cleo", status="pending", pending_reason="address", access_note="A chair")
    make_signup(event, "Dan", status="pending", pending_reason="click", access_needs=["Cap"])
    _gone(event)
    make_signup(make_event(), "Xenia", source="flyer", language="es", is_crew=True)
    assert _found(event) == "ABCD"
    assert _found(event, search="ÁLV") == "A"
    assert _found(event, search="example.net") == "B"
    assert _found(event, search="%") == _found(event, search="_en") == ""
    assert _found(event, status="pending") == "CD"
    assert _found(event, status="confirmed") == "AB"
    assert _found(event, reason="click") == "D"
    assert _found(event, source="flyer") == "A"
    assert _found(event, language="es") == "B"
    assert (_found(event, crew="yes"), _found(event, crew="no")) == ("B", "ACD")
    assert (_found(event, proved="yes"), _found(event, proved="no")) == ("A", "BCD")
    assert (_found(event, need="Captions"), _found(event, need="Cap")) == ("A", "D")
    assert _found(event, need=ANY_NEED) == "ACD"
    assert _found(event, status="pending", need=ANY_NEED, search="cleo") == "C"


def test_tags_consents_and_visits(event: Event) -> None:
    ana, ben, cleo = (make_signup(event, name) for name in ("Ana", "Ben", "Cleo"))
    other = make_signup(make_event(), "Xenia")
    gone = _gone(event, attended=True)
    _tag("Press", ana, gone)
    _tag("Straße", ben)
    _tag("Only there", other)
    assert (_found(event, tag="PRESS"), _found(event, not_tag="press")) == ("A", "BC")
    assert _found(event, tag="strasse") == "B"
    assert (_found(event, tag="nobody's"), _found(event, tag="Only there")) == ("", "")
    assert _found(event, tag="press", not_tag="press") == ""
    for signup, withdrawn in ((ana, None), (ben, NOW)):
        db.session.add(
            Consent(
                signup_id=signup.id, kind="contact", host_key="friends", wording="x", version="1",
                agreed_at=NOW, withdrawn_at=withdrawn,
            )
        )  # fmt: skip
    db.session.flush()
    assert (_found(event, contact="friends"), _found(event, contact="others")) == ("A", "")
    make_visit(event, event.starts_at, event.starts_at + dt.timedelta(minutes=5), signup=ana)
    cleo.attended, cleo.untied_at = True, NOW
    db.session.flush()
    assert (_found(event, joined="yes"), _found(event, joined="no")) == ("AC", "B")


@pytest.mark.parametrize("few", [3000, 0])
def test_what_became_of_the_latest_mail(
    event: Event, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Where mails of that kind are many it is asked in another way, and finds the same people."""
    monkeypatch.setattr(choosing, "_FEW_MAILS", few)
    ana, ben, cleo = (make_signup(event, name) for name in ("Ana", "Ben", "Cleo"))
    make_signup(event, "Dan")
    _mail(ana, "bounced")
    _mail(ana, "sent")
    _mail(ben, "sent")
    _mail(ben, "refused")
    _mail(cleo, "queued")
    assert _found(event, mail="sent") == "A"
    assert _found(event, mail="refused") == _found(event, mail="lost") == "B"
    assert _found(event, mail="bounced") == ""
    assert _found(event, mail="waiting") == "C"
    assert _found(event, mail="none") == "D"
    assert _found(event, mail="expired") == ""


def test_answers_of_every_kind(event: Event) -> None:
    ana, ben, cleo = (make_signup(event, name) for name in ("Ana", "Ben", "Cleo"))
    _ask(event, "town", "text", (ana, "Zürich"), (ben, "no"), (cleo, "3"))
    _ask(event, "help", "choices", (ana, ["Ramp", "Captions"]), (ben, ['A "quiet" room']))
    _ask(event, "one", "choice", (cleo, 'A "quiet" room'))
    _ask(event, "first", "yes_no", (ana, True), (ben, False))
    _ask(event, "kids", "number", (ana, 3), (ben, 2.5), (cleo, 30))
    other = make_event()
    _ask(other, "town", "text", (make_signup(other, "Xenia"), "Zürich"))

    def said(question: str, answer: str) -> str:
        return _found(event, question=question, answer=answer)

    assert (said("town", "Zürich"), said("town", "no"), said("town", "Zür")) == ("A", "B", "")
    assert (said("help", "Ramp"), said("help", "Captions")) == ("A", "A")
    assert (said("help", 'A "quiet" room'), said("help", "quiet")) == ("B", "")
    assert said("one", 'A "quiet" room') == "C"
    assert (said("first", "yes"), said("first", "no")) == ("A", "B")
    assert (said("kids", "3"), said("kids", "3.0"), said("kids", "2.5")) == ("A", "A", "B")
    assert said("kids", "nan") == said("kids", "inf") == said("nothing", "3") == ""
