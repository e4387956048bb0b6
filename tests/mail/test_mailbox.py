"""Reading the mailbox that reports come back to, against a small IMAP server of ours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

import config
from tests.conftest import NOW
from tests.imap import Mailbox
from tests.mail.conftest import deliver, put
from tests.mail.test_bounces import HARD, report
from tests.receiver import Receiver
from webapp import jobs
from webapp.db import db
from webapp.mail import mailbox as reading
from webapp.mail.models import BounceMailbox, OutgoingMail

pytestmark = pytest.mark.usefixtures("context")

PRIVATE = b"From: ana@example.org\r\nTo: turnout@example.net\r\nContent-Type: text/plain\r\n\r\nDear Ada, between us\r\n"


@pytest.fixture
def mailbox(app: Flask) -> Iterator[Mailbox]:
    with Mailbox() as server:
        server.use(app, BOUNCE_ADDRESS="bounce@example.net")
        yield server


def sent(*addresses: str) -> list[OutgoingMail]:
    mails = [put(address) for address in addresses]
    deliver()
    return mails


def run(minutes: float = 0) -> int:
    return reading.run(NOW + dt.timedelta(minutes=minutes))


def kept() -> tuple[int, int, str | None]:
    row = db.session.query(BounceMailbox).one()
    db.session.refresh(row)
    return row.uid_validity, row.last_uid, row.problem


def states(mails: list[OutgoingMail]) -> list[str]:
    for mail in mails:
        db.session.refresh(mail)
    return [mail.state for mail in mails]


def test_reports_are_taken_once_and_private_mail_is_left_alone(
    receiver: Receiver, mailbox: Mailbox
) -> None:
    mails = sent("ana@example.org", "ben@example.org")
    mailbox.put(PRIVATE)
    mailbox.put(report(mails[1]))
    assert run() == 2
    assert states(mails) == ["sent", "bounced"]
    assert mails[1].returned == HARD
    assert mailbox.fetched_whole == [2]
    assert kept() == (7, 2, None)
    # Nothing new: "3:*" answers with the last mail all the same.
    assert run(1) == 0
    assert mailbox.fetched_whole == [2]
    mailbox.put(report(mails[0]))
    assert run(2) == 1
    assert states(mails) == ["bounced", "bounced"]
    assert {"STORE", "SELECT", "UID STORE", "EXPUNGE"}.isdisjoint(mailbox.heard)


def test_a_large_mailbox_is_read_in_batches(
    receiver: Receiver, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH", 2)
    mails = sent(*(f"p{number}@example.org" for number in range(5)))
    for mail in mails:
        mailbox.put(report(mail))
    assert [run(), run(), run(), run()] == [2, 2, 1, 0]
    assert states(mails) == ["bounced"] * 5


def test_a_mailbox_that_was_made_anew_is_read_from_its_start(
    receiver: Receiver, mailbox: Mailbox
) -> None:
    [mail] = sent("ana@example.org")
    for _ in range(3):
        mailbox.put(PRIVATE)
    run()
    mailbox.validity, mailbox.mails = 8, {}
    mailbox.put(report(mail))
    assert run(1) == 1
    assert kept() == (8, 1, None)
    assert states([mail]) == ["bounced"]


def test_a_crash_after_a_report_repeats_it_harmlessly(
    receiver: Receiver, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    [mail] = sent("ana@example.org")
    mailbox.put(report(mail))
    run()
    row = db.session.query(BounceMailbox).one()
    row.last_uid = 0
    db.session.commit()
    assert run(1) == 1
    assert (states([mail]), kept()) == (["bounced"], (7, 1, None))


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("password", "Invalid credentials"),
        ("folder", "No such folder"),
        ("gone", "refused"),
        ("silent", "timed out"),
    ],
)
def test_what_is_wrong_with_the_mailbox_is_kept_for_an_admin(
    app: Flask, mailbox: Mailbox, what: str, words: str
) -> None:
    if what == "password":
        app.config["BOUNCE_IMAP_PASSWORD"] = "wrong"
    elif what == "folder":
        mailbox.say["EXAMINE"] = "NO No such folder"
    elif what == "gone":
        app.config["BOUNCE_IMAP_PORT"] = 1
    else:
        app.config["MAIL_TIMEOUT"] = 0.2
        mailbox.is_silent = True
    assert run() == 0
    problem = kept()[2]
    assert problem is not None
    assert words in problem
    assert "right" not in problem
    assert "wrong" not in problem


def test_once_it_can_be_read_again_the_problem_is_gone(app: Flask, mailbox: Mailbox) -> None:
    app.config["BOUNCE_IMAP_PASSWORD"] = "wrong"
    run()
    app.config["BOUNCE_IMAP_PASSWORD"] = "right"
    assert run(1) == 0
    assert kept()[2] is None
    assert db.session.query(BounceMailbox).one().checked_at == NOW + dt.timedelta(minutes=1)


def test_a_password_is_not_sent_in_the_clear_to_another_machine(
    app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.mail.transport.is_here", lambda server: False)
    assert run() == 0
    assert kept()[2] == "The server speaks no TLS, so the password is not sent to it."
    assert "LOGIN" not in mailbox.heard


def test_over_tls(app: Flask, receiver: Receiver) -> None:
    [mail] = sent("ana@example.org")
    with Mailbox(tls=True) as mailbox:
        mailbox.use(app)
        mailbox.put(report(mail))
        assert run() == 1
        # On another machine its certificate must hold.
        app.config["BOUNCE_IMAP_SERVER"] = "0.0.0.0"
        assert run(1) == 0
    problems = [row.problem or "" for row in db.session.query(BounceMailbox).order_by("id")]
    assert problems[0] == ""
    assert problems[1].startswith("The certificate is not good:")
    assert states([mail]) == ["bounced"]


def test_without_a_mailbox_the_job_does_nothing(app: Flask) -> None:
    [job] = [job for job in jobs.registered() if job.name == "bounces"]
    assert job.every == 60.0
    assert jobs.run_once(app, job) == 0
    assert db.session.query(BounceMailbox).count() == 0


def test_a_mailbox_without_a_user_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="TURNOUT_BOUNCE_IMAP_USERNAME is missing"):
        config.load("testing", {"TURNOUT_BOUNCE_IMAP_SERVER": "imap.example.org"}, tmp_path)
