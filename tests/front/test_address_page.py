"""Correcting an address: the right one gets new links, the wrong one holds nothing but dead ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from webapp import tokens
from webapp.addresses import parse
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail import queries as mail_queries
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.signup import links, mails, operations
from webapp.signup.models import Signup, SignupChange

LINKS = re.compile(r"http://turnout\.test(/(?:my|join|confirm|remove)/\S+)")


@pytest.fixture
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def evening(app: Flask, clock: Any) -> Any:
    """Ada's evening with Ana, whose mail is in the outbox; answers (Ana's public id, the paths in it)."""
    with app.app_context():
        event = make_event(make_user("Ada"), slug="evening")
        ana = make_signup(event, "Ana", email="ana@exampel.org", proved_at=NOW)
        mails.confirmed(event, ana, NOW, first=True)
        db.session.commit()
        (mail,) = db.session.scalars(sa.select(OutgoingMail))
        return ana.public_id, LINKS.findall(mail.text)


@pytest.fixture
def ada(app: Flask, evening: Any, client: Any) -> Any:
    sign_in(client, 1)
    return client


def _page(public_id: str) -> str:
    return f"/manage/events/evening/signups/{public_id}/address"


def _only(app: Flask) -> Signup:
    with app.app_context():
        signup = db.session.scalars(sa.select(Signup)).one()
        db.session.expunge(signup)
        return signup


def _outbox(app: Flask) -> list[OutgoingMail]:
    with app.app_context():
        found = list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))
        db.session.expunge_all()
        return found


def test_a_corrected_address_gets_new_links_and_the_old_ones_are_foreign(
    app: Flask, ada: Any, evening: Any
) -> None:
    public_id, old = evening
    assert len(old) >= 3
    for path in old:
        assert ada.get(path).status_code == 200
    answer = ada.send(_page(public_id), {"email": " Ana@Example.org "})
    ana = _only(app)
    assert answer.location.endswith(f"/signups/{ana.public_id}")
    assert ana.public_id != public_id
    assert (ana.email, ana.email_key, ana.status, ana.proved_at) == ("Ana@example.org", "ana@example.org", "confirmed", None)  # fmt: skip
    with app.app_context():
        nobody = tokens.sign_lasting("my", [1, "nobody"])
    foreign = ada.get(f"/my/{nobody}").get_data()
    for path in old:
        page = ada.get(path)
        assert (page.status_code, page.get_data()) == (404, foreign), path
    first, second = _outbox(app)
    # The mail that had not left never does, and the story of the person still has it.
    assert (first.state, first.last_reply, first.person) == ("suppressed", "corrected", ana.public_id)  # fmt: skip
    assert (second.to_address, second.state, second.message) == ("Ana@example.org", "queued", "confirmed")  # fmt: skip
    for path in LINKS.findall(second.text):
        assert ada.get(path).status_code == 200, path
    page = ada.page(f"/manage/events/evening/mail/{first.id}")
    assert "the address was corrected before it left" in page.text


def test_what_was_changed_is_written_down(app: Flask, ada: Any, evening: Any) -> None:
    ada.send(_page(evening[0]), {"email": "ana@example.org"})
    with app.app_context():
        change = db.session.scalars(sa.select(SignupChange)).one()
        assert (change.actor, change.what) == ("ada@example.org", "address_corrected")
        assert change.details == {"email": ["ana@exampel.org", "ana@example.org"]}
        entry = db.session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action == "signup.address_corrected")
        ).one()
        assert "@" not in str(entry.details)


def test_another_persons_address_is_refused(app: Flask, ada: Any, evening: Any) -> None:
    with app.app_context():
        make_signup(db.session.get_one(Event, 1), "Ben", email="ben@example.org")
        db.session.commit()
    answer = ada.send(_page(evening[0]), {"email": "BEN@example.org"})
    assert answer.status_code == 422
    assert "Somebody has signed up with this address already." in answer.parsed.text
    assert 'value="BEN@example.org"' in answer.parsed.text
    with app.app_context():
        ana = db.session.scalars(sa.select(Signup).where(Signup.name == "Ana")).one()
        assert (ana.public_id, ana.email) == (evening[0], "ana@exampel.org")


def test_an_address_whose_owner_wants_nothing_is_refused(app: Flask, ada: Any, evening: Any) -> None:  # fmt: skip
    with app.app_context():
        operations.block(operations.lock_event(1), "zoe@example.org", NOW)
        db.session.commit()
    answer = ada.send(_page(evening[0]), {"email": "zoe@example.org"})
    assert answer.status_code == 422
    assert "wants no mail about this event" in answer.parsed.text


def test_a_slip_is_asked_about_once(app: Flask, ada: Any, evening: Any) -> None:
    page = ada.send(_page(evening[0]), {"email": "ana@gmial.com"}).parsed
    assert "ana@gmail.com" in page.text
    asked = page.field("asked")
    token = page.field("csrf_token")
    assert _only(app).email == "ana@exampel.org"
    ada.post(_page(evening[0]), data={"csrf_token": token, "asked": asked, "email": "ana@gmial.com"})  # fmt: skip
    assert _only(app).email == "ana@gmial.com"


@pytest.mark.parametrize("typed", ["", "ana", "ana@@example.org", "ana@example.org\r\nBcc: x@example.org"])  # fmt: skip
def test_what_is_no_address_is_refused(app: Flask, ada: Any, evening: Any, typed: str) -> None:
    assert ada.send(_page(evening[0]), {"email": typed}).status_code == 422
    assert _only(app).public_id == evening[0]


def test_the_old_address_stays_refused_and_the_new_one_is_lifted(
    app: Flask, ada: Any, evening: Any
) -> None:
    with app.app_context():
        for key in ("ana@exampel.org", "ana@example.org"):
            db.session.add(SuppressedAddress(address_key=key, reason="550 5.1.1 No", at=NOW))
        db.session.commit()
    assert "550 5.1.1 No" in ada.page(_page(evening[0])).text
    ada.send(_page(evening[0]), {"email": "ana@example.org"})
    with app.app_context():
        assert [row.address_key for row in mail_queries.suppressed()] == ["ana@exampel.org"]


def test_the_same_address_sent_as_it_stands_keeps_its_links(
    app: Flask, ada: Any, evening: Any
) -> None:
    with app.app_context():
        db.session.add(SuppressedAddress(address_key="ana@exampel.org", reason="550", at=NOW))
        db.session.commit()
    ada.send(_page(evening[0]), {"email": "ana@exampel.org"})
    assert _only(app).public_id == evening[0]
    assert [mail.state for mail in _outbox(app)] == ["queued", "queued"]
    with app.app_context():
        assert mail_queries.suppressed() == []
        assert db.session.scalar(sa.select(sa.func.count()).select_from(SignupChange)) == 0


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        ("pending", "address", "confirm_address"),
        ("pending", "approval", "waiting_for_approval"),
        ("pending", "click", None),
        ("waitlisted", None, "waitlisted"),
        ("confirmed", None, "confirmed"),
    ],
)
def test_the_mail_fits_the_status(
    context: Flask, clock: Any, status: str, reason: str | None, message: str | None
) -> None:
    event = make_event()
    ana = make_signup(
        event, status=status, pending_reason=reason, waitlisted_at=NOW if status == "waitlisted" else None
    )  # fmt: skip
    operations.correct_address(ana, parse("right@example.org"), NOW, by=make_user())
    assert (ana.status, ana.pending_reason) == (status, reason)
    found = db.session.scalars(sa.select(OutgoingMail.message)).all()
    assert found == ([message] if message else [])


def test_who_is_no_longer_on_gets_no_mail(context: Flask, clock: Any) -> None:
    ana = make_signup(make_event(), status="cancelled", cancelled_by="person", cancelled_at=NOW)
    for verb in (
        lambda: operations.correct_address(ana, parse("a@example.org"), NOW, by=make_user()),
        lambda: operations.send_links(ana, NOW, by="the person"),
    ):
        with pytest.raises(Refused) as refused:
            verb()
        assert refused.value.code == "not_live"


def test_sending_the_links_again_keeps_them(app: Flask, ada: Any, evening: Any) -> None:
    person = f"/manage/events/evening/signups/{evening[0]}"
    assert ada.send(f"{person}/links", at=person).status_code == 303
    _first, again = _outbox(app)
    assert (again.message, again.to_address) == ("link_again", "ana@exampel.org")
    common = set(LINKS.findall(again.text)) & set(evening[1])
    assert len(common) >= 2


def test_a_mail_to_an_earlier_address_is_not_sent_again(app: Flask, ada: Any, evening: Any) -> None:  # fmt: skip
    ada.send(_page(evening[0]), {"email": "ana@example.org"})
    first = _outbox(app)[0]
    with app.app_context():
        db.session.execute(sa.update(OutgoingMail).values(state="sent", sent_at=NOW))
        db.session.commit()
    page = f"/manage/events/evening/mail/{first.id}"
    ada.send(f"{page}/resend", at=page)
    assert "this mail is out of date" in ada.page(page).text
    assert len(_outbox(app)) == 2


def test_the_calendar_entry_of_the_new_address_is_its_own(
    app: Flask, ada: Any, evening: Any
) -> None:
    ada.send(_page(evening[0]), {"email": "ana@example.org"})
    old, new = (re.search(r"UID:(\S+)", mail.calendar or "")[1] for mail in _outbox(app))  # type: ignore[index]  # both have one
    assert old != new


def test_a_draft_of_links_reads_the_person_under_the_new_id(context: Flask, clock: Any) -> None:
    event = make_event(confirm_address=True)
    ana = make_signup(event, status="pending", pending_reason="address", confirmed_at=None)
    before = links.confirm_url(ana).rpartition("/")[2]
    operations.correct_address(ana, parse("right@example.org"), NOW, by=make_user())
    with pytest.raises(tokens.TokenForeign):
        links.open_confirm(before, NOW)
    signup, _event = links.open_confirm(links.confirm_url(ana).rpartition("/")[2], NOW)
    operations.prove(signup, NOW)
    assert (ana.status, ana.proved_at) == ("confirmed", NOW)
