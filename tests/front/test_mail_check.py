"""The admins' page about the sending domain: nothing is asked without a press, and a test mail goes to me."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import make_user
from tests.nameserver import NameServer
from tests.receiver import Receiver
from tests.signin import sign_in
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.mail.models import OutgoingMail

PAGE = "/admin/mail/check"


@pytest.fixture
def names(app: Flask) -> Iterator[NameServer]:
    app.config["MAIL_DEFAULT_SENDER"] = "Friends <mail@example.org>"
    with NameServer({("example.org", "TXT"): ["v=spf1 <b>a</b> -all"]}) as server:
        app.extensions["dns_resolver"] = server.resolver()
        yield server
        del app.extensions["dns_resolver"]


@pytest.fixture
def dora(app: Flask, client: Any) -> Any:
    with app.app_context():
        admin = make_user("Dora", role="admin").id
        db.session.commit()
    sign_in(client, admin)
    return client


def test_nothing_is_asked_before_the_press(dora: Any, names: NameServer) -> None:
    dora.page(PAGE)
    assert names.asked == []
    page = dora.send(PAGE).parsed
    assert ("example.org", "TXT") in names.asked
    # What a stranger's record says stands there as text.
    assert "v=spf1 &lt;b&gt;a&lt;/b&gt; -all" in page.text
    assert "_dmarc.example.org" in page.text


def test_a_test_goes_to_me_and_shows_the_servers_answer(app: Flask, dora: Any) -> None:
    with Receiver() as receiver:
        receiver.use(app)
        page = dora.send(f"{PAGE}/test", at=PAGE).parsed
        (mail,) = receiver.messages
    assert mail.to == "dora@example.org"
    assert "250 2.0.0 Ok" in page.text
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == 0
        actions = db.session.scalars(sa.select(AuditEntry.action)).all()
        assert "mail.test_sent" in actions


@pytest.mark.parametrize("word", ["550 5.7.1 Not you", "DATA 554 5.7.1 Spam"])
def test_what_the_server_refuses_stands_there_in_its_words(app: Flask, dora: Any, word: str) -> None:  # fmt: skip
    with Receiver() as receiver:
        receiver.use(app)
        receiver.script("dora@example.org", word)
        page = dora.send(f"{PAGE}/test", at=PAGE).parsed
    assert "The test did not leave:" in page.text
    assert word.removeprefix("DATA ") in page.text


def test_a_server_that_is_away(app: Flask, dora: Any) -> None:
    with Receiver() as receiver:
        receiver.use(app)
        receiver.close()
        page = dora.send(f"{PAGE}/test", at=PAGE).parsed
    assert "The mail server refuses the connection." in page.text


def test_without_a_server_there_is_no_button(app: Flask, dora: Any) -> None:
    page = dora.page(PAGE)
    assert "/check/test" not in page.text
    assert "no test can be sent" in page.text
