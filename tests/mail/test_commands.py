from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask

from tests.mail.conftest import put
from tests.receiver import Receiver
from webapp import clock, jobs
from webapp.db import db
from webapp.mail.models import OutgoingMail


@pytest.fixture
def waiting(app: Flask) -> None:
    with app.app_context():
        for number in range(3):
            put(f"p{number}@example.org", at=clock.now() - dt.timedelta(minutes=1))


@pytest.mark.usefixtures("waiting")
def test_deliver_sends_and_says_what_became_of_it(app: Flask, receiver: Receiver) -> None:
    app.config["MAIL_BATCH"] = 2
    receiver.script("p0@example.org", "550 5.1.1 No")
    result = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert result.output == (
        "Sent 2, to be tried again 0, refused 1, given up 0, address refused before 0, too late 0.\n"
    )
    assert result.exit_code == 0
    assert len(receiver.messages) == 2


@pytest.mark.usefixtures("waiting")
def test_deliver_without_a_server_says_so(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert result.exit_code == 1
    assert result.output == (
        "Error: No mail server is configured (TURNOUT_MAIL_SERVER), so mail stays in the outbox.\n"
    )


@pytest.mark.usefixtures("waiting")
def test_deliver_says_that_delivery_is_paused(app: Flask, receiver: Receiver) -> None:
    receiver.close()
    result = app.test_cli_runner().invoke(args=["mail", "deliver"])
    assert result.exit_code == 1
    assert "Error: Delivery is paused until " in result.output
    assert "The mail server refuses the connection." in result.output
    receiver.open()


@pytest.mark.usefixtures("waiting")
def test_the_worker_has_a_job_for_it(app: Flask, receiver: Receiver) -> None:
    [job] = [job for job in jobs.registered() if job.name == "mail"]
    assert job.every == 1.0
    assert jobs.run_once(app, job) == 3
    assert jobs.run_once(app, job) == 0
    with app.app_context():
        assert {mail.state for mail in db.session.query(OutgoingMail)} == {"sent"}
