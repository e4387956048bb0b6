"""People who are asked to come. The mails to them are tested with the mailings."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from tests.signup.test_imports import WHERE, people
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.models import OutgoingMail
from webapp.mailing import commands as mailing_job
from webapp.mailing import operations as mailings
from webapp.mailing.models import Mailing
from webapp.privacy import operations as privacy
from webapp.signup import operations as verbs
from webapp.signup.imports import operations as imports
from webapp.signup.invitations import commands, links, operations
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import BlockedAddress, Signup

ADA = "ada@example.org"
LATER = NOW + dt.timedelta(minutes=10)


def invite(event: Event, count: int = 3, at: dt.datetime = NOW) -> list[Invitation]:
    operations.add_typed(event, people(count).decode(), at, by=ADA)
    return invited(event)


def invited(event: Event) -> list[Invitation]:
    return list(db.session.scalars(sa.select(Invitation).where(Invitation.event_id == event.id).order_by(Invitation.id)))  # fmt: skip


def mails() -> list[OutgoingMail]:
    return list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))


# Inviting


def test_a_list_of_people_to_be_invited(context: Flask) -> None:
    event = make_event()
    row = imports.start(event, "friends.csv", people(4) + b"\nAgain,p1@example.org\n", NOW, by=ADA)
    imports.store(row, event, "invite", WHERE, NOW, by=ADA)
    assert [i.state for i in invited(event)] == ["listed"] * 4
    assert (row.figures["made_invitations"], row.figures["repeated"]) == (4, 1)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Signup)) == 0
    invited(event)[0].invited_at = NOW
    imports.undo(row, NOW, by=ADA)
    assert [i.email for i in invited(event)] == ["p0@example.org"]


# The link


def test_the_form_is_filled_in_and_the_address_needs_no_proof(app: Flask, client: Any) -> None:
    with app.app_context():
        event = make_event(slug="quetzal", confirm_address=True)
        link = links.token_of(invite(event, 2)[0])
        db.session.commit()
    with time_machine.travel(NOW, tick=False):
        page = client.page(f"/invitation/{link}")
        assert page.field("name") == "Person 0"
        assert page.field("email") == "p0@example.org"
        with app.app_context():
            assert [i.state for i in db.session.scalars(sa.select(Invitation))] == ["listed"] * 2
    with time_machine.travel(NOW + dt.timedelta(seconds=30), tick=False):
        data = {"csrf_token": page.field("csrf_token"), "invitation": page.field("invitation"), "name": "Person 0", "email": "P0@example.org", "consent": "yes"}  # fmt: skip
        assert client.post("/events/quetzal/signup", data=data).status_code == 303
    with app.app_context():
        signup = db.session.scalars(sa.select(Signup)).one()
        assert (signup.status, signup.source) == ("confirmed", None)
        assert signup.proved_at is not None
        assert [i.state for i in db.session.scalars(sa.select(Invitation).order_by(Invitation.id))] == ["answered", "listed"]  # fmt: skip
        assert [m.message for m in mails()] == ["confirmed"]


def test_another_address_is_not_proved_by_it(app: Flask, client: Any) -> None:
    with app.app_context():
        event = make_event(slug="quetzal", confirm_address=True)
        link = links.token_of(invite(event, 1)[0])
        db.session.commit()
    with time_machine.travel(NOW, tick=False):
        page = client.page(f"/invitation/{link}")
    with time_machine.travel(NOW + dt.timedelta(seconds=30), tick=False):
        data = {"csrf_token": page.field("csrf_token"), "invitation": link, "name": "Eve", "email": "eve@example.org", "consent": "yes"}  # fmt: skip
        assert client.post("/events/quetzal/signup", data=data).status_code == 303
    with app.app_context():
        signup = db.session.scalars(sa.select(Signup)).one()
        assert (signup.status, signup.pending_reason, signup.proved_at) == ("pending", "address", None)  # fmt: skip


@pytest.mark.case("D39")
def test_links_that_open_nothing(app: Flask, client: Any) -> None:
    with app.app_context():
        event = make_event(slug="quetzal")
        one, two = invite(event, 2)
        good, withdrawn = links.token_of(one), links.token_of(two)
        operations.withdraw(two, NOW)
        db.session.commit()
        over = event.ends_at + dt.timedelta(hours=2)
    with time_machine.travel(NOW, tick=False):
        assert client.get(f"/invitation/{good}").status_code == 200
        for wrong in (withdrawn, good[:-1], "A" + good, good + good):
            assert client.get(f"/invitation/{wrong}").status_code == 404
    with time_machine.travel(over, tick=False):
        assert client.get(f"/invitation/{good}").status_code == 404


@pytest.mark.case("D17")
def test_one_press_takes_an_address_off(app: Flask, client: Any) -> None:
    with app.app_context():
        event = make_event(slug="quetzal")
        link = links.token_of(invite(event, 1)[0])
        mailings.approve(event, "invite", NOW, ADA)
        db.session.commit()
        mailing_job.run(LATER)
    with time_machine.travel(LATER, tick=False):
        client.page(f"/invitation/{link}/remove")
        with app.app_context():
            assert db.session.scalars(sa.select(Invitation.email)).one() == "p0@example.org"
        assert client.post(f"/invitation/{link}/remove").status_code == 200
        assert client.get(f"/invitation/{link}").status_code == 404
    with app.app_context():
        assert db.session.scalars(sa.select(Invitation.email)).one() is None
        assert db.session.scalar(sa.select(sa.func.count()).select_from(BlockedAddress)) == 1
        assert [(m.to_address, m.state) for m in mails()] == [("", "expired")]
        event = db.session.scalars(sa.select(Event)).one()
        assert operations.add_typed(event, "p0@example.org", LATER, by=ADA) == {"blocked": 1}


@pytest.mark.case("D77")
def test_who_never_answered_is_forgotten_when_it_is_over(context: Flask) -> None:
    event = make_event()
    invite(event, 3)
    mailings.approve(event, "invite", NOW, ADA)
    db.session.commit()
    mailing_job.run(LATER)
    commands.forget(event.ends_at)
    assert [i.email for i in invited(event)] == [f"p{n}@example.org" for n in range(3)]
    commands.forget(event.ends_at + dt.timedelta(hours=1))
    assert {(i.email, i.name, i.email_key) for i in invited(event)} == {(None, None, None)}
    assert {(m.to_address, m.text) for m in mails()} == {("", "")}


def test_erasing_a_person_forgets_that_they_were_invited(context: Flask) -> None:
    event = make_event()
    invite(event, 2)
    signup = make_signup(event, email="p0@example.org")
    db.session.flush()
    privacy.erase_signup(signup, NOW, by="the person")
    assert [i.email for i in invited(event)] == [None, "p1@example.org"]


# The pages


@pytest.fixture
def ada(app: Flask, client: Any) -> Any:
    with app.app_context():
        make_event(make_user("Ada"), slug="quetzal")
        db.session.commit()
    with time_machine.travel(NOW, tick=False):
        sign_in(client, 1)
        yield client


HERE = "/manage/events/quetzal/signups/invitations"


def test_by_hand_from_the_list_to_the_outbox(app: Flask, ada: Any) -> None:
    answer = ada.send(HERE, {"people": "Ana Flores <ana@example.org>\nBea <bea@example.org>\nnobody\n"})  # fmt: skip
    assert answer.status_code == 303
    page = ada.page(HERE)
    assert "Send 2 invitations" in page.text
    schedule = "/manage/events/quetzal/mail/schedule"
    page = ada.page(f"{schedule}/offer/invite")
    assert "You are invited: An evening about something" in page.text
    assert "Hello" in page.text
    assert not re.search(r"turnout\.test/invitation/\w", page.text), (
        "links that open a door are masked"
    )
    assert ada.send(f"{schedule}/offer/invite").status_code == 302
    assert "Goes to 2 people (who is on the list of invitations, and was not asked yet)" in ada.page(schedule).text  # fmt: skip
    # The offer leads to the one that is held: pressed twice it is one.
    held = ada.get(f"{schedule}/offer/invite").headers["Location"]
    ada.send(f"{held}/stop", at=held)
    assert "Stopped. Nobody gets this mail." in ada.page(schedule).text
    with app.app_context():
        assert db.session.scalars(sa.select(Mailing.state).where(Mailing.kind == "invite")).one() == "stopped"  # fmt: skip
        assert mails() == []
    refused = ada.send(HERE, {"people": "ana@example.org"})
    assert refused.status_code == 422
    assert "Nobody new is among them: line 1: here already (ana@example.org)." in refused.parsed.text  # fmt: skip


def test_several_on_one_line_and_what_is_left_out_is_named(app: Flask, ada: Any) -> None:
    with app.app_context():
        event = db.session.scalars(sa.select(Event)).one()
        verbs.block(event, "eva@example.net", NOW)
        verbs.remember_erased(event, "fay@example.net", NOW)
        db.session.commit()
    lines = (
        "ina@gmial.com, Jo <jo@example.net>",
        'Kit; kit@example.net; "Flores, Lea" <lea@example.net>, Max, oops@',
        "no one",
        "jo@example.net",
        "eva@example.net; fay@example.net",
    )
    ada.send(HERE, {"people": "\n".join(lines)})
    with app.app_context():
        found = db.session.execute(
            sa.select(Invitation.name, Invitation.email).order_by(Invitation.id)
        )
        assert [tuple(row) for row in found] == [
            ("", "ina@gmial.com"), ("Jo", "jo@example.net"), ("Kit", "kit@example.net"),
            ("Flores, Lea", "lea@example.net"),
        ]  # fmt: skip
    said = html.unescape(ada.page(HERE).text)
    assert (
        "4 people are on the list now. 5 were left out. To look at: "
        "line 1: ina@gmial.com looks like a slip: ina@gmail.com?; "
        "line 2: not an e-mail address (Max <oops@>); line 3: not an e-mail address (no one); "
        "line 4: the same address as in line 1 (jo@example.net); "
        "line 5: erased at their own wish (fay@example.net); "
        "line 5: the owner of this address wants nothing of this event (eva@example.net)."
    ) in said


def test_the_number_of_queries_stays(app: Flask, ada: Any, count_queries: Any) -> None:
    ada.send(HERE, {"people": people(3).decode()})
    with count_queries() as few:
        ada.page(HERE)
    ada.send(HERE, {"people": people(120).decode()})
    with count_queries() as many:
        ada.page(HERE)
    assert len(many) == len(few)
