"""Connections that break, servers that hang, workers that lose their lease: nothing lost, nothing doubled."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event
from tests.mail.conftest import TEMPLATES, deliver, put
from tests.receiver import Receiver
from webapp.db import db
from webapp.mail import delivery, queries
from webapp.mail.delivery import Tally
from webapp.signup.models import Signup

pytestmark = pytest.mark.usefixtures("context")


def test_a_connection_that_breaks_after_the_answer_costs_the_next_mail_nothing(
    receiver: Receiver,
) -> None:
    receiver.script("ana@example.org", "accept-then-drop")
    put("ana@example.org")
    ben = put("ben@example.org")
    assert deliver() == Tally(sent=2)
    assert [m.to for m in receiver.messages] == ["ana@example.org", "ben@example.org"]
    assert (ben.tries, receiver.connections) == (1, 2)


def test_a_connection_that_breaks_before_the_answer_is_a_try_and_the_others_go_on(
    receiver: Receiver,
) -> None:
    receiver.script("ana@example.org", "drop-before-reply", "ok")
    ana = put("ana@example.org")
    put("ben@example.org")
    assert deliver() == Tally(retried=1, sent=1)
    assert (ana.state, ana.tries) == ("queued", 1)
    assert "broke off" in (ana.last_reply or "")
    assert deliver(minutes=1) == Tally(sent=1)
    assert [m.to for m in receiver.messages] == ["ben@example.org", "ana@example.org"]


def test_a_server_that_breaks_off_again_and_again_is_left_alone(receiver: Receiver) -> None:
    for number in range(5):
        receiver.script(f"p{number}@example.org", "drop-before-reply")
        put(f"p{number}@example.org")
    assert deliver() == Tally(retried=3, put_back=2)
    trouble = queries.pause()
    assert trouble is not None
    assert trouble.kind == "unreachable"
    assert sum(receiver.tries.values()) == 3


def test_a_server_that_hangs_is_given_up_on(app: Flask, receiver: Receiver) -> None:
    app.config["MAIL_TIMEOUT"] = 0.3
    receiver.hang_seconds = 30
    receiver.script("ana@example.org", "hang", "ok")
    ana = put("ana@example.org")
    put("ben@example.org")
    assert deliver() == Tally(retried=1, sent=1)
    assert (ana.state, ana.tries) == ("queued", 1)


def test_a_server_closing_its_door_is_no_answer_about_anybody(receiver: Receiver) -> None:
    receiver.script("ana@example.org", "421 4.3.2 Shutting down", "ok")
    ana = put()
    assert deliver() == Tally(retried=1)
    assert ana.last_reply == "421 4.3.2 Shutting down"
    assert deliver(minutes=1) == Tally(sent=1)


def test_a_slow_round_gives_back_what_it_cannot_send_within_its_lease(
    app: Flask, receiver: Receiver
) -> None:
    app.config["MAIL_LEASE_SECONDS"] = 600
    mails = [put(f"p{number}@example.org") for number in range(3)]
    # Each mail takes 200 seconds.
    tally = delivery.deliver(NOW, stopwatch=lambda: 200.0 * len(receiver.messages))
    assert tally == Tally(sent=2, put_back=1)
    assert [mail.state for mail in mails] == ["sent", "sent", "queued"]
    assert mails[1].sent_at == NOW + dt.timedelta(seconds=400)
    assert mails[2].next_try_at == NOW


def test_a_worker_that_lost_its_lease_changes_nothing(app: Flask, receiver: Receiver) -> None:
    mail = put()

    def steal(name: str) -> None:
        if name == "accepted":
            mail.leased_by = "somebody else"
            db.session.commit()

    app.extensions["mail_checkpoint"] = steal
    assert deliver() == Tally()
    assert (mail.state, mail.leased_by) == ("sending", "somebody else")


@pytest.mark.case("D23")
def test_a_template_edited_while_mails_wait_changes_only_later_ones(
    app: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(f"old{number}@example.org")
    monkeypatch.setitem(TEMPLATES, "mail/sample/body.txt", "New text")
    monkeypatch.setitem(TEMPLATES, "mail/sample/subject.txt", "New subject")
    monkeypatch.setitem(TEMPLATES, "mail/sample/body.html", "<p>New page</p>")
    app.extensions["mail_templates"].cache.clear()
    for number in range(3):
        put(f"new{number}@example.org")
    app.extensions["mail_templates"].cache.clear()
    assert deliver() == Tally(sent=6)
    for got in receiver.messages:
        new = [got.subject == "New subject", got.text == "New text\n", "New page" in got.html]
        assert new == [got.to.startswith("new")] * 3


def test_checkpoints_do_nothing_outside_the_tests(app: Flask, receiver: Receiver) -> None:
    app.extensions["mail_checkpoint"] = lambda name: pytest.fail(f"stopped at {name}")
    app.config["TESTING"] = False
    app.config["MAIL_SUPPRESS_SEND"] = False
    put()
    assert deliver() == Tally(sent=1)


@pytest.mark.case("D12")
def test_people_sign_up_during_an_outage_and_get_their_mail_once_after_it(
    app: Flask, client: Any, receiver: Receiver
) -> None:
    make_event(slug="evening")
    db.session.commit()
    receiver.close()
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(3):
            person = {"name": "Ana", "email": f"p{number}@example.org", "consent": "yes"}
            answer = client.send("/events/evening/signup", person)
            assert answer.location.endswith("/events/evening/signup/thanks")
            deliver(minutes=number)
            clock.shift(60)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Signup)) == 3
    db.session.commit()
    for minute in range(3, 120, 3):
        assert deliver(minutes=minute).settled == 0
    receiver.open()
    assert deliver(minutes=120).sent == 3
    assert deliver(minutes=121) == Tally()
    assert sorted(m.to for m in receiver.messages) == [f"p{n}@example.org" for n in range(3)]
