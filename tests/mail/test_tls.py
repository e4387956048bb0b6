"""Mail servers that want TLS: by STARTTLS or from the first byte, with a login, and with a name to prove."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from flask import Flask

import config
from tests.mail.conftest import deliver, put
from tests.receiver import CERTIFICATE, Receiver
from webapp.mail import queries
from webapp.mail.delivery import Tally

pytestmark = pytest.mark.usefixtures("context")

BOTH = pytest.mark.parametrize("tls", ["starttls", "implicit"], indirect=True)


@pytest.fixture
def tls(request: pytest.FixtureRequest, app: Flask) -> Iterator[Receiver]:
    kind: Literal["starttls", "implicit"] = request.param
    with Receiver(kind) as server:
        server.use(app)
        yield server


@pytest.fixture
def named(app: Flask, tls: Receiver, monkeypatch: pytest.MonkeyPatch) -> Receiver:
    """The server known by a name that leads here, so that its certificate must hold."""
    lookup = socket.getaddrinfo

    def here(host: Any, *rest: Any, **more: Any) -> Any:
        return lookup("127.0.0.1" if host.endswith(".test") else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    app.config["MAIL_SERVER"] = "mail.test"
    return tls


def trouble() -> tuple[str, str]:
    pause = queries.pause()
    assert pause is not None
    return pause.kind, pause.reason


@BOTH
def test_many_mails_leave_over_one_encrypted_connection(tls: Receiver) -> None:
    for number in range(5):
        put(f"p{number}@example.org")
    assert deliver() == Tally(sent=5)
    assert (tls.connections, tls.encrypted, len(tls.messages)) == (1, 5, 5)


@BOTH
def test_a_login_is_given_only_over_tls(app: Flask, tls: Receiver) -> None:
    tls.login = ("turnout", "right")
    app.config.update(MAIL_USERNAME="turnout", MAIL_PASSWORD="right")
    put()
    assert deliver() == Tally(sent=1)
    app.config["MAIL_PASSWORD"] = "wrong"
    put()
    assert deliver() == Tally(put_back=1)
    assert trouble()[1].startswith("535")


@BOTH
def test_a_certificate_that_nobody_vouches_for_is_refused(app: Flask, named: Receiver) -> None:
    mail = put()
    assert deliver() == Tally(put_back=1)
    kind, reason = trouble()
    assert kind == "refused"
    assert reason.startswith("The mail server's certificate is not good:")
    assert (mail.state, mail.tries, named.messages) == ("queued", 0, [])


@BOTH
def test_a_certificate_of_ones_own_is_taken_when_it_is_configured(
    app: Flask, named: Receiver
) -> None:
    app.config["MAIL_CA_FILE"] = str(CERTIFICATE)
    put()
    assert deliver() == Tally(sent=1)
    assert named.encrypted == 1


@BOTH
def test_a_certificate_for_another_name_is_refused(app: Flask, named: Receiver) -> None:
    app.config.update(MAIL_CA_FILE=str(CERTIFICATE), MAIL_SERVER="other.test")
    put()
    assert deliver() == Tally(put_back=1)
    assert "certificate is not valid for 'other.test'" in trouble()[1]


@pytest.mark.parametrize("tls", ["starttls"], indirect=True)
def test_without_tls_a_server_that_wants_it_says_so(app: Flask, tls: Receiver) -> None:
    app.config["MAIL_USE_TLS"] = False
    mail = put()
    assert deliver() == Tally(put_back=1)
    assert trouble() == ("refused", "530 Must issue a STARTTLS command first")
    assert (mail.state, mail.tries) == ("queued", 0)


def test_a_server_that_knows_no_starttls_gets_no_mail_in_the_clear(
    app: Flask, receiver: Receiver
) -> None:
    app.config["MAIL_USE_TLS"] = True
    put()
    assert deliver() == Tally(put_back=1)
    assert trouble()[0] == "refused"
    assert receiver.messages == []


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"TURNOUT_MAIL_USE_TLS": "1", "TURNOUT_MAIL_USE_SSL": "1"}, "set one of them"),
        ({"TURNOUT_MAIL_CA_FILE": "/nowhere.pem"}, "there is no file /nowhere.pem"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(
    tmp_path: Any, values: dict[str, str], sentence: str
) -> None:
    with pytest.raises(config.ConfigError, match=sentence):
        config.load("testing", values, tmp_path)
