"""People who are asked to come, and mails to many that wait before they leave: each once, whoever runs it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from tests.signup.test_imports import WHERE, bring_in, people
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mail.unsubscribing import MailList
from webapp.privacy import operations as privacy
from webapp.signup import operations as verbs
from webapp.signup.imports import operations as imports
from webapp.signup.invitations import commands, links, operations
from webapp.signup.invitations.models import HeldMailing, Invitation
from webapp.signup.models import BlockedAddress, Signup

ADA = "ada@example.org"
LATER = NOW + operations.HOLD


def invite(event: Event, count: int = 3, at: dt.datetime = NOW) -> list[Invitation]:
    operations.add_typed(event, people(count).decode(), at, by=ADA)
    return invited(event)


def invited(event: Event) -> list[Invitation]:
    return list(db.session.scalars(sa.select(Invitation).where(Invitation.event_id == event.id).order_by(Invitation.id)))  # fmt: skip


def mails() -> list[OutgoingMail]:
    return list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))


def arrive() -> None:
    for mail in mails():
        mail.state = "sent"
    db.session.flush()


# The first mail of those whom a list brought in


def test_their_confirmation_waits_ten_minutes_and_leaves_once(context: Flask) -> None:
    event = make_event(capacity=4)
    row = bring_in(event, people(5))
    held = operations.hold(event, "confirm", NOW, by=ADA, import_id=row.id)
    assert operations.hold(event, "confirm", NOW, by=ADA, import_id=row.id) is held
    assert held.people == 5
    db.session.commit()
    commands.send(LATER - dt.timedelta(milliseconds=1))
    assert mails() == []
    for _turn in range(3):
        commands.send(LATER)
    assert sorted((m.message, m.to_address) for m in mails()) == [
        *(("confirmed", f"p{n}@example.org") for n in range(4)), ("waitlisted", "p4@example.org"),
    ]  # fmt: skip
    first = mails()[0]
    assert (first.lane, first.calendar_method) == ("blast", "REQUEST")
    assert "/my/" in first.text
    assert "/join/" in first.text
    assert "/remove/" in first.text
    db.session.refresh(held)
    assert (held.queued, held.done_at) == (5, LATER)
    with pytest.raises(Refused) as caught:
        operations.hold(event, "confirm", LATER, by=ADA, import_id=row.id)
    assert caught.value.code == "nobody"


def test_a_cancelled_mailing_sends_nothing(context: Flask) -> None:
    event = make_event()
    row = bring_in(event, people(2))
    held = operations.hold(event, "confirm", NOW, by=ADA, import_id=row.id)
    operations.cancel(held, NOW, by=ADA)
    db.session.commit()
    commands.send(LATER)
    assert mails() == []
    assert operations.hold(event, "confirm", LATER, by=ADA, import_id=row.id).id != held.id


def test_who_wants_none_or_has_had_one_is_left_out(context: Flask) -> None:
    event = make_event()
    row = bring_in(event, b"Email,subscription status\na@example.org,unsubscribed\nb@example.org,subscribed\nc@example.org,\nd@example.org,\n")  # fmt: skip
    by_mail = {s.email: s for s in db.session.scalars(sa.select(Signup))}
    privacy.erase_signup(by_mail["d@example.org"], NOW, by=ADA)
    verbs.cancel(by_mail["c@example.org"], NOW, by="person")
    db.session.execute(sa.delete(OutgoingMail))
    assert operations.reach(event, "confirm", row.id) == (1, 1)
    operations.hold(event, "confirm", NOW, by=ADA, import_id=row.id)
    db.session.commit()
    commands.send(LATER)
    assert [m.to_address for m in mails()] == ["b@example.org"]


class Killed(Exception):
    pass


@pytest.mark.parametrize("kill_at", range(4))
@pytest.mark.parametrize("before_commit", [True, False])
def test_a_killed_worker_writes_to_nobody_twice(context: Flask, monkeypatch: pytest.MonkeyPatch, kill_at: int, before_commit: bool) -> None:  # fmt: skip
    monkeypatch.setattr(operations, "BATCH", 5)
    event = make_event()
    row = bring_in(event, people(17))
    operations.hold(event, "confirm", NOW, by=ADA, import_id=row.id)
    db.session.commit()
    batch, turns = operations.queue_batch, iter(range(99))

    def killed(held_id: int, at: dt.datetime) -> int:
        turn = next(turns)
        if not before_commit and turn == kill_at:
            raise Killed
        done = batch(held_id, at)
        if before_commit and turn == kill_at:
            raise Killed
        return done

    monkeypatch.setattr(operations, "queue_batch", killed)
    with pytest.raises(Killed):
        commands.send(LATER)
    db.session.rollback()
    monkeypatch.setattr(operations, "queue_batch", batch)
    commands.send(LATER)
    assert sorted(m.to_address for m in mails()) == sorted(f"p{n}@example.org" for n in range(17))


def test_nothing_leaves_for_a_draft_or_after_the_event(context: Flask) -> None:
    event = make_event(state="draft")
    row = bring_in(event, people(1))
    with pytest.raises(Refused):
        operations.hold(event, "confirm", NOW, by=ADA, import_id=row.id)
    event.state = "published"
    held = operations.hold(event, "confirm", event.ends_at, by=ADA, import_id=row.id)
    db.session.commit()
    commands.send(event.ends_at + dt.timedelta(hours=3))
    db.session.refresh(held)
    assert mails() == []
    assert held.cancelled_at is not None


# Inviting


def test_each_is_invited_once_and_reminded_once(context: Flask) -> None:
    event = make_event()
    make_signup(event, email="p0@example.org")
    verbs.block(event, "p1@example.org", NOW)
    db.session.flush()
    found = operations.add_typed(event, people(6).decode() + "\nno address\n", NOW, by=ADA)
    assert found == {"made": 4, "known": 1, "blocked": 1, "unusable": 1}
    assert operations.add_typed(event, people(6).decode(), NOW, by=ADA)["known"] == 5
    assert mails() == []
    unsubscribing.end(unsubscribing.read(unsubscribing.url(MailList(event.host_key, event.id), "p2@example.org").rpartition("/")[2]), NOW)  # fmt: skip
    assert operations.reach(event, "invite") == (3, 1)
    operations.hold(event, "invite", NOW, by=ADA)
    db.session.commit()
    for _turn in range(2):
        commands.send(LATER)
    assert [m.to_address for m in mails()] == ["p3@example.org", "p4@example.org", "p5@example.org"]
    mail = mails()[0]
    assert mail.subject == "You are invited: An evening about something"
    assert mail.lane == "blast"
    assert mail.unsubscribe_url is not None
    assert mail.unsubscribe_url in mail.text
    assert mail.unsubscribe_url in mail.html
    with pytest.raises(Refused):
        operations.hold(event, "remind", LATER, by=ADA)
    arrive()
    # One has signed up by the ordinary form: they have answered, too.
    make_signup(event, email="p4@example.org")
    assert operations.reach(event, "remind") == (2, 0)
    operations.hold(event, "remind", LATER, by=ADA)
    db.session.commit()
    for _turn in range(2):
        commands.send(LATER + operations.HOLD)
    assert [m.to_address for m in mails()][3:] == ["p3@example.org", "p5@example.org"]
    assert mails()[3].subject.startswith("Will you come?")
    arrive()
    assert operations.reach(event, "remind") == (0, 0)


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
        operations.hold(event, "invite", NOW, by=ADA)
        db.session.commit()
        commands.send(LATER)
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
    operations.hold(event, "invite", NOW, by=ADA)
    db.session.commit()
    commands.send(LATER)
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
    page = ada.page(f"{HERE}/invite")
    assert "You are invited: An evening about something" in page.text
    assert "Hello" in page.text
    assert not re.search(r"turnout\.test/invitation/\w", page.text), (
        "links that open a door are masked"
    )
    assert ada.send(f"{HERE}/invite").status_code == 303
    page = ada.page(f"{HERE}/invite")
    assert "The invitations of 2 people leave at" in page.text
    with app.app_context():
        held_id = db.session.scalars(sa.select(HeldMailing.id)).one()
    ada.post(f"/manage/events/quetzal/signups/held/{held_id}/cancel", data={"csrf_token": page.field("csrf_token")})  # fmt: skip
    assert "Cancelled. No mail was sent." in ada.page(HERE).text
    with app.app_context():
        assert db.session.scalars(sa.select(HeldMailing.cancelled_at)).one() == NOW
    refused = ada.send(HERE, {"people": "ana@example.org"})
    assert refused.status_code == 422
    assert "Nobody new is among them" in refused.parsed.text


def test_the_number_of_queries_stays(app: Flask, ada: Any, count_queries: Any) -> None:
    ada.send(HERE, {"people": people(3).decode()})
    with count_queries() as few:
        ada.page(HERE)
    ada.send(HERE, {"people": people(120).decode()})
    with count_queries() as many:
        ada.page(HERE)
    assert len(many) == len(few)
