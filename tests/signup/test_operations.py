"""The verbs: seats, proofs, approval, leaving and coming back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signup.conftest import later
from webapp import addresses
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.errors import Refused
from webapp.mail.models import OutgoingMail
from webapp.signup import operations, queries, statements, wording
from webapp.signup.models import Signup
from webapp.signup.people import Applicant


def applicant(name: str = "Ana", **values: Any) -> Applicant:
    return Applicant(
        name=name,
        address=addresses.parse(f"{name.lower()}@example.org"),
        agreements=(wording.for_event("Friends", 30),),
        **values,
    )


def _messages() -> list[tuple[str, str | None]]:
    rows = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id))
    return [(mail.message, mail.calendar_method) for mail in rows]


def _one() -> Signup:
    return db.session.scalars(sa.select(Signup).execution_options(populate_existing=True)).one()


def test_signing_up(context: Flask) -> None:
    event = make_event(capacity=1, waitlist=False)
    done = operations.sign_up(event.id, applicant(), NOW)
    assert done.outcome == "confirmed"
    assert _one().public_id == done.public_id
    assert operations.sign_up(event.id, applicant(), NOW).outcome == "full"
    assert operations.sign_up(event.id, applicant("Ben"), NOW).outcome == "full"
    assert queries.counts(event.id)["confirmed"] == 1
    assert queries.seats_taken(event.id) == 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"opens_at": later(seconds=1)}, "not_yet"),
        ({"closes_at": NOW}, "closed"),
        ({"state": "cancelled"}, "cancelled"),
        ({"state": "draft"}, "over"),
        ({"ended_at": NOW}, "over"),
    ],
)
def test_a_closed_event_refuses(context: Flask, values: dict[str, Any], code: str) -> None:
    event = make_event(**values)
    with pytest.raises(Refused) as refusal:
        operations.sign_up(event.id, applicant(), NOW)
    assert refusal.value.code == code
    with pytest.raises(Refused):
        operations.sign_up(99, applicant(), NOW)


def test_signing_up_while_it_is_on(context: Flask) -> None:
    event = make_event(starts_at=later(minutes=-10))
    assert operations.sign_up(event.id, applicant(), NOW).outcome == "confirmed"


@pytest.mark.case("D08")
def test_the_unique_index_has_the_last_word(
    context: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks before the write whether the address is there: the database says so."""
    event = make_event()
    looks = []
    look = statements.find_live
    monkeypatch.setattr(
        statements, "find_live", lambda *values: looks.append(values) or look(*values)
    )
    first = operations.sign_up(event.id, applicant(), NOW)
    assert looks == []
    again = operations.sign_up(event.id, applicant(), NOW)
    assert len(looks) == 1
    assert (again.outcome, again.public_id) == ("known", first.public_id)
    assert _one().status == "confirmed"
    assert [message for message, _ in _messages()] == ["confirmed", "link_again"]


@pytest.mark.case("D10")
def test_lowering_the_capacity_throws_nobody_out(context: Flask) -> None:
    event = make_event(capacity=3, waitlist=False)
    for name in ("Ana", "Ben", "Cleo"):
        operations.sign_up(event.id, applicant(name), NOW)
    event.capacity = 1
    db.session.flush()
    assert operations.sign_up(event.id, applicant("Dora"), NOW).outcome == "full"
    assert queries.counts(event.id)["confirmed"] == 3
    ana = db.session.scalars(sa.select(Signup).where(Signup.name == "Ana")).one()
    operations.cancel(ana, NOW)
    with pytest.raises(Refused) as refusal:
        operations.come_back(ana, NOW)
    assert refusal.value.code == "full"


def test_an_address_is_proved_by_the_button(context: Flask) -> None:
    event = make_event(confirm_address=True, capacity=1)
    assert operations.sign_up(event.id, applicant(), NOW).outcome == "confirm_address"
    ana = _one()
    assert (ana.status, ana.pending_reason, ana.confirmed_at) == ("pending", "address", None)
    assert queries.seats_taken(event.id) == 0
    operations.prove(ana, later(minutes=5))
    assert (ana.status, ana.pending_reason) == ("confirmed", None)
    assert (ana.proved_at, ana.confirmed_at) == (later(minutes=5), later(minutes=5))
    operations.prove(ana, later(minutes=6))
    assert ana.proved_at == later(minutes=5)
    assert _messages() == [("confirm_address", None), ("confirmed", "REQUEST")]


def test_a_proof_that_comes_when_all_places_are_taken(context: Flask) -> None:
    event = make_event(confirm_address=True, capacity=1, waitlist=False)
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    make_signup(event)
    with pytest.raises(Refused) as refusal:
        operations.prove(ana, NOW)
    assert refusal.value.code == "full"
    assert (ana.status, ana.proved_at) == ("pending", NOW)


def test_proof_first_then_approval(context: Flask) -> None:
    ada = make_user()
    event = make_event(confirm_address=True, approval=True)
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    operations.prove(ana, NOW)
    assert (ana.status, ana.pending_reason) == ("pending", "approval")
    operations.approve(ana, NOW, by=ada)
    assert ana.status == "confirmed"
    assert _messages() == [
        ("confirm_address", None),
        ("waiting_for_approval", None),
        ("approved", "REQUEST"),
    ]
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.actor, entry.details) == (
        "signup.approved",
        "ada@example.org",
        {"signup": ana.id},
    )


def test_declining_gives_the_reason(context: Flask) -> None:
    ada = make_user()
    event = make_event(approval=True)
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    operations.decline(ana, NOW, by=ada, reason=" Only for <members>. ")
    assert ana.status == "declined"
    mail = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
    assert mail is not None
    assert "Only for <members>." in mail.text
    assert "Only for &lt;members&gt;." in mail.html
    with pytest.raises(Refused):
        operations.approve(ana, NOW, by=ada)
    # Declined is not for ever: they may try again, and are looked at again.
    assert operations.sign_up(event.id, applicant(), NOW).outcome == "waiting_for_approval"


def test_approving_needs_a_seat(context: Flask) -> None:
    ada = make_user()
    event = make_event(approval=True, capacity=1, waitlist=False)
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    make_signup(event)
    with pytest.raises(Refused) as refusal:
        operations.approve(ana, NOW, by=ada)
    assert refusal.value.code == "full"
    assert ana.status == "pending"


def test_leaving_and_coming_back(context: Flask) -> None:
    event = make_event(capacity=1, waitlist=False)
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    operations.cancel(ana, NOW)
    operations.cancel(ana, later(minutes=1))
    assert (ana.status, ana.cancelled_at, ana.cancelled_by) == ("cancelled", NOW, "person")
    operations.come_back(ana, later(minutes=2))
    operations.come_back(ana, later(minutes=3))
    assert (ana.status, ana.cancelled_at, ana.cancelled_by) == ("confirmed", None, None)
    assert ana.confirmed_at == NOW
    assert _messages() == [("confirmed", "REQUEST"), ("cancelled", "CANCEL"), ("confirmed", "REQUEST")]  # fmt: skip


def test_coming_back_when_the_place_went_to_somebody_else(context: Flask) -> None:
    event = make_event(capacity=1, waitlist=False)
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    operations.cancel(ana, NOW)
    assert operations.sign_up(event.id, applicant("Ben"), NOW).outcome == "confirmed"
    with pytest.raises(Refused) as refusal:
        operations.come_back(ana, NOW)
    assert refusal.value.code == "full"
    assert ana.status == "cancelled"


def test_coming_back_after_a_newer_sign_up(context: Flask) -> None:
    event = make_event()
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    operations.cancel(ana, NOW)
    operations.sign_up(event.id, applicant(), NOW)
    with pytest.raises(Refused) as refusal:
        operations.come_back(ana, NOW)
    assert refusal.value.code == "replaced"


def test_what_an_organiser_took_back_a_link_does_not_return(context: Flask) -> None:
    ada = make_user()
    event = make_event()
    operations.sign_up(event.id, applicant(), NOW)
    ana = _one()
    operations.cancel(ana, NOW, by=ada, reason="Twice on the list")
    assert ana.cancelled_by == "organiser"
    with pytest.raises(Refused) as refusal:
        operations.come_back(ana, NOW)
    assert refusal.value.code == "no"
    mail = db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
    assert mail is not None
    assert "Twice on the list" in mail.text
    assert mail.calendar_method == "CANCEL"


def test_nothing_moves_once_it_is_over(context: Flask) -> None:
    event = make_event(ended_at=NOW)
    ana = make_signup(event)
    gone = make_signup(event, status="cancelled", cancelled_by="person")
    for verb, signup in ((operations.cancel, ana), (operations.come_back, gone)):
        with pytest.raises(Refused) as refusal:
            verb(signup, NOW)
        assert refusal.value.code == "over"


def test_sample_people_get_no_mail(context: Flask) -> None:
    event = make_event(is_sample=True)
    operations.sign_up(event.id, applicant(), NOW)
    mail = db.session.scalars(sa.select(OutgoingMail)).one()
    assert mail.state == "held"
    assert _one().is_sample


def test_no_mail_leaves_when_it_is_of_no_use_any_more(context: Flask) -> None:
    event = make_event()
    operations.sign_up(event.id, applicant(), NOW)
    mail = db.session.scalars(sa.select(OutgoingMail)).one()
    assert mail.expires_at == event.ends_at + dt.timedelta(minutes=60)


def test_the_door_proves_many_addresses_at_once(context: Flask) -> None:
    event = make_event()
    people = [make_signup(event) for _ in range(3)]
    ids = [person.public_id for person in people[:2]]
    assert operations.prove_ids(event.id, ids, NOW) == 2
    assert operations.prove_ids(event.id, ids, later(minutes=1)) == 0
    db.session.expire_all()
    assert [person.proved_at for person in people] == [NOW, NOW, None]
