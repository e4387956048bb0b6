"""Reports about mail that did not arrive: what counts, what does not, and that nobody can use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

import config
from tests.conftest import NOW
from tests.factories import make_event, make_signup
from tests.mail.conftest import deliver, put
from tests.receiver import Receiver
from webapp.db import db
from webapp.mail import bounces, notices, operations, queries
from webapp.mail.delivery import Tally
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.privacy import operations as privacy

pytestmark = pytest.mark.usefixtures("context")

HARD = "550 5.1.1 <ana@example.org>: Recipient address rejected: User unknown"
REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@relay.example.net (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="AAA"

This is a MIME-encapsulated message.

--AAA
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--AAA
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example.net
X-Postfix-Sender: rfc822; turnout@example.net
Arrival-Date: Tue,  6 Apr 2027 17:00:00 +0000 (UTC)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; {diagnostic}

--AAA
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

From: Turnout <turnout@localhost>
To: Ana <ana@example.org>
Message-ID: {message_id}

--AAA--
"""


def report(mail: OutgoingMail, **values: Any) -> bytes:
    """What Postfix sends back about ``mail``, with ``values`` in place of its own."""
    fields = {
        "to": bounces.sender(mail) or "turnout@localhost",
        "recipient": mail.to_address,
        "action": "failed",
        "status": "5.1.1",
        "diagnostic": HARD,
        "message_id": mail.message_id,
    } | values
    return REPORT.format(**fields).replace("\n", "\r\n").encode()


@pytest.fixture
def bounce_address(app: Flask) -> None:
    app.config["BOUNCE_ADDRESS"] = "Bounce@example.net"


@pytest.fixture
def mail(receiver: Receiver, bounce_address: None) -> OutgoingMail:
    """A mail that the server has taken."""
    row = put()
    assert deliver() == Tally(sent=1)
    return row


def fate(mail: OutgoingMail) -> tuple[str, str | None]:
    db.session.flush()
    db.session.refresh(mail)
    return mail.state, mail.returned


def suppressed() -> list[str]:
    return [row.address_key for row in db.session.query(SuppressedAddress).all()]


@pytest.mark.usefixtures("bounce_address")
def test_each_mail_leaves_with_an_address_of_its_own(receiver: Receiver) -> None:
    mails = [put("ana@example.org"), put("ben@example.org")]
    deliver()
    for mail, got in zip(mails, receiver.messages, strict=True):
        local, _, domain = got.sender.rpartition("@")
        assert domain == "example.net"
        assert local.startswith(f"Bounce+{mail.id}-")
        assert len(local) <= 64
        assert got.message["From"] == "Turnout <turnout@localhost>"
    assert receiver.messages[0].sender != receiver.messages[1].sender


def test_without_one_the_sender_is_the_usual(receiver: Receiver) -> None:
    put()
    deliver()
    assert receiver.messages[0].sender == "turnout@localhost"


def test_a_mail_that_came_back_says_so_and_its_address_is_spared(
    receiver: Receiver, mail: OutgoingMail
) -> None:
    outcome = bounces.take(report(mail), NOW)
    db.session.commit()
    assert (outcome.kind, outcome.mail_id) == ("bounced", mail.id)
    assert fate(mail) == ("bounced", HARD)
    assert (mail.returned_at, mail.last_reply) == (NOW, "250 2.0.0 Ok")
    assert queries.suppressed_among(["ana@example.org"]) == {"ana@example.org": HARD}
    put("Ana@example.org")
    assert deliver() == Tally(suppressed=1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "5.0.0", "diagnostic": "550 No such user here"}, "550 No such user here"),
        ({"status": "5.1.2", "diagnostic": "X-host unknown"}, "X-host unknown"),
        ({"status": "5.1.1 (bad mailbox)", "diagnostic": ""}, "5.1.1 (bad mailbox) failed"),
        ({"action": "FAILED", "diagnostic": "551-5.1.6 Moved"}, "551-5.1.6 Moved"),
    ],
)
def test_what_condemns_an_address(mail: OutgoingMail, values: dict[str, str], words: str) -> None:
    assert bounces.take(report(mail, **values), NOW).kind == "bounced"
    assert fate(mail) == ("bounced", words)
    assert suppressed() == ["ana@example.org"]


@pytest.mark.parametrize(
    "values",
    [
        {"status": "5.7.1", "diagnostic": "550 5.7.1 Looks like spam"},
        {"status": "5.2.2", "diagnostic": "552 5.2.2 Mailbox full"},
        {"status": "5.1.8", "diagnostic": "550 5.1.8 Your domain does not exist"},
        {"status": "4.4.7", "diagnostic": "451 4.4.7 Given up after five days"},
        {"status": "5.0.0", "diagnostic": "554 No"},
    ],
)
def test_what_came_back_for_another_reason_condemns_nobody(
    mail: OutgoingMail, values: dict[str, str]
) -> None:
    assert bounces.take(report(mail, **values), NOW).kind == "bounced"
    assert fate(mail) == ("bounced", values["diagnostic"])
    assert suppressed() == []


def test_a_delay_is_only_noted_and_may_end_in_a_bounce(mail: OutgoingMail) -> None:
    later = report(mail, action="delayed", status="4.4.1", diagnostic="connect: timed out")
    assert bounces.take(later, NOW).kind == "delayed"
    assert fate(mail) == ("sent", "connect: timed out")
    assert bounces.take(later, NOW).kind == "nothing_new"
    assert suppressed() == []
    assert bounces.take(report(mail), NOW).kind == "bounced"
    assert fate(mail) == ("bounced", HARD)
    assert bounces.take(later, NOW).kind == "nothing_new"
    assert fate(mail) == ("bounced", HARD)


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "", "nonsense"])
def test_other_news_changes_nothing(mail: OutgoingMail, action: str) -> None:
    outcome = bounces.take(report(mail, action=action, status="2.0.0"), NOW)
    assert outcome.kind == ("nothing_new" if action else "no_report")
    assert fate(mail) == ("sent", None)


def test_the_same_report_again_changes_nothing_that_was_done_since(mail: OutgoingMail) -> None:
    bounces.take(report(mail), NOW)
    db.session.commit()
    [row] = queries.suppressed()
    assert operations.allow_again(row.id) == "ana@example.org"
    assert bounces.take(report(mail), NOW).kind == "nothing_new"
    assert suppressed() == []


def test_a_late_report_is_about_the_old_address_not_the_new(mail: OutgoingMail) -> None:
    put("ana@new.example.org")
    bounces.take(report(mail), NOW)
    assert suppressed() == ["ana@example.org"]


def test_by_message_id_where_all_reports_go_to_one_address(app: Flask, receiver: Receiver) -> None:
    ana, ben = put("Ana@example.org"), put("ben@example.org")
    deliver()
    # Ben's server may not tell us that Ana's mail came back.
    assert bounces.take(report(ana, recipient="ben@example.org"), NOW).kind == "unknown"
    assert bounces.take(report(ana, message_id="<guessed@turnout.test>"), NOW).kind == "unknown"
    assert bounces.take(report(ana, recipient="ANA@Example.ORG"), NOW).mail_id == ana.id
    assert (fate(ana)[0], fate(ben)[0]) == ("bounced", "sent")


def test_by_the_whole_mail_that_came_back(receiver: Receiver) -> None:
    mail = put()
    deliver()
    raw = report(mail).replace(b"text/rfc822-headers", b"message/rfc822")
    assert bounces.take(raw, NOW).mail_id == mail.id


@pytest.mark.parametrize(
    "header", ["Delivered-To", "X-Original-To", "Envelope-To", "Original-Envelope-Id"]
)
def test_by_what_a_mail_server_writes_down_about_where_it_arrived(
    mail: OutgoingMail, header: str
) -> None:
    """Forwarded to somebody else's mailbox, in other letters, with another recipient's name."""
    sender = (bounces.sender(mail) or "").upper()
    raw = report(mail, to="postmaster@example.net", recipient="a.b@elsewhere.example", message_id="<x@y>")  # fmt: skip
    if header == "Original-Envelope-Id":
        raw = raw.replace(b"Reporting-MTA:", f"{header}: {sender}\r\nReporting-MTA:".encode())
    else:
        raw = f"{header}: <{sender}>\r\n".encode() + raw
    assert bounces.take(raw, NOW).kind == "bounced"
    assert suppressed() == ["ana@example.org"]


@pytest.mark.parametrize("forgery", ["signature", "number", "huge number", "other mail"])
def test_a_forged_address_changes_nothing(mail: OutgoingMail, forgery: str) -> None:
    other = put("ben@example.org")
    sender = bounces.sender(mail) or ""
    end = sender.index("@")
    to = {
        "signature": sender[: end - 1] + ("a" if sender[end - 1] != "a" else "b") + sender[end:],
        "number": sender.replace(f"+{mail.id}-", f"+{other.id}-"),
        "huge number": sender.replace(f"+{mail.id}-", "+9999999999-"),
        "other mail": "Bounce+1-" + "a" * 24 + "@example.net",
    }[forgery]
    assert bounces.take(report(mail, to=to, message_id="<x@y>"), NOW).kind == "unknown"
    assert (fate(mail)[0], fate(other)[0], suppressed()) == ("sent", "queued", [])


def test_a_number_that_is_used_again_is_not_the_old_mail(mail: OutgoingMail) -> None:
    """SQLite gives the number of a deleted row to the next one."""
    raw = report(mail)
    old = mail.id
    db.session.delete(mail)
    db.session.commit()
    new = put("ben@example.org")
    new.id = old
    db.session.commit()
    assert bounces.take(raw, NOW).kind == "unknown"


def test_a_report_that_overtakes_our_commit(receiver: Receiver, mail: OutgoingMail) -> None:
    """The worker died between the server's yes and its commit: the mail waits for its repeat."""
    mail.state, mail.sent_at, mail.next_try_at = "queued", None, NOW
    db.session.commit()
    assert bounces.take(report(mail), NOW).kind == "bounced"
    db.session.commit()
    assert fate(mail) == ("queued", HARD)
    assert deliver() == Tally(suppressed=1)


def test_of_somebody_erased_nothing_is_learnt_anew(
    receiver: Receiver, bounce_address: None
) -> None:
    event = make_event()
    ana = make_signup(event, "Ana", email="ana@example.org")
    mail = put(event_id=event.id, person=ana.public_id)
    deliver()
    raw = report(mail)
    privacy.erase_signup(ana, NOW, by="ana")
    db.session.commit()
    assert bounces.take(raw, NOW).kind == "bounced"
    assert fate(mail) == ("bounced", "1.1")
    assert suppressed() == []


def test_the_worst_of_several_recipients_counts_but_ones_own_first(mail: OutgoingMail) -> None:
    more = b"\r\nFinal-Recipient: rfc822; list@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    own = report(mail, action="delivered", status="2.0.0", diagnostic="250 Ok")
    raw = own.replace(b"\r\n--AAA\r\nContent-Description: Undelivered", more + b"\r\n--AAA\r\nContent-Description: Undelivered")  # fmt: skip
    assert bounces.take(raw, NOW).kind == "nothing_new"
    raw = raw.replace(b"ana@example.org", b"somebody@example.org")
    assert bounces.take(raw, NOW).kind == "bounced"


def test_other_mail_is_no_report(mail: OutgoingMail) -> None:
    away = f"To: {bounces.sender(mail)}\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n"
    for raw in (away.encode(), b"", b"\0\xff\xfe", b"\r\n\r\n"):
        assert bounces.take(raw, NOW).kind == "no_report"
    assert fate(mail) == ("sent", None)


def test_a_mail_of_parts_within_parts_is_no_report() -> None:
    part = b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'
    deep = b"".join(part % (number, number) for number in range(5000))
    assert notices.read(deep) is None
    assert notices.read(b"Content-Type: message/rfc822\r\n\r\n" * 20_000) is None


LINES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(REPORT.encode().split(b"\n")),
    st.builds(
        lambda name, value: name + b": " + value,
        st.sampled_from(
            [b"Action", b"Status", b"Diagnostic-Code", b"Final-Recipient", b"Message-ID", b"To", b"Content-Type"]
        ),
        st.one_of(st.binary(max_size=40), st.sampled_from([b"failed", b"5.1.1", b"smtp; 550 \xc3\xa9\xff", b"=?utf-8?q?=00?="])),
    ),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=60))
@example(REPORT.encode().split(b"\n"))
def test_reading_never_fails(lines: list[bytes]) -> None:
    notice = notices.read(b"\n".join(lines))
    for fate in notice.fates if notice else ():
        assert len(fate.words) <= 500
        assert fate.words.isprintable() or "\N{REPLACEMENT CHARACTER}" in fate.words


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(st.binary(max_size=80))
@example(b"550 5.1.1 \x00\xff\xfe\r evil")
@example("550 5.1.1 żółć \ud83d\ude00".encode("utf-16-le", "surrogatepass"))
def test_any_words_can_be_kept(mail: OutgoingMail, words: bytes) -> None:
    mail.state = "sent"
    db.session.query(SuppressedAddress).delete()
    raw = report(mail, diagnostic="WORDS").replace(b"WORDS", words.replace(b"\n", b" "))
    bounces.take(raw, NOW)
    db.session.commit()
    db.session.refresh(mail)
    assert mail.state in ("sent", "bounced")


def bounce(app: Flask, raw: bytes) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["mail", "bounce"], input=raw)
    return result.exit_code, result.output


def test_a_mail_server_pipes_reports_to_us(app: Flask, mail: OutgoingMail) -> None:
    db.session.commit()
    assert bounce(app, report(mail)) == (0, f"Mail {mail.id} came back: {HARD}\n")
    assert bounce(app, report(mail)) == (0, f"Mail {mail.id}: nothing new.\n")
    assert fate(mail)[0] == "bounced"
    unknown = report(mail, to="x@example.net", message_id="<x@y>")
    assert bounce(app, unknown) == (0, "A report about no mail of ours; nothing changed.\n")
    assert bounce(app, b"Hello") == (
        0,
        "That is no report about an undelivered mail; nothing changed.\n",
    )


@pytest.mark.parametrize("fault", [OperationalError, ProgrammingError])
def test_while_the_database_is_away_the_mail_server_keeps_the_report(
    app: Flask, monkeypatch: pytest.MonkeyPatch, fault: type[DBAPIError]
) -> None:
    """Or has no tables, which PostgreSQL calls the program's fault."""

    def away(*_: Any) -> None:
        raise fault("SELECT", {}, Exception("connection refused"))

    monkeypatch.setattr(bounces, "take", away)
    assert bounce(app, b"Hello") == (75, "The database does not answer: connection refused\n")


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("bounce@example.org", True),
        ("Bounce Desk <bounce@example.org>", False),
        ("bounce", False),
        ("b" * 21 + "@example.org", False),
        ("böunce@example.org", False),
    ],
)
def test_the_configured_address_must_leave_room(tmp_path: Path, address: str, good: bool) -> None:
    values = {"TURNOUT_BOUNCE_ADDRESS": address}
    if good:
        assert config.load("testing", values, tmp_path)["BOUNCE_ADDRESS"] == address
    else:
        with pytest.raises(config.ConfigError, match="TURNOUT_BOUNCE_ADDRESS must be an address"):
            config.load("testing", values, tmp_path)
