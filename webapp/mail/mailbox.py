"""Fetching reports about undelivered mail from the mailbox they go to, by IMAP.

The mailbox may be one that people read too: it is opened for reading only, nothing in it is marked or
moved, and of a mail that is no report only the headers are fetched. How far we are is kept with us.
"""

from __future__ import annotations

import datetime as dt
import imaplib
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from typing import Any

import sqlalchemy as sa
from flask import current_app

from webapp import jobs
from webapp.db import db
from webapp.mail import bounces, notices, transport
from webapp.mail.models import BounceMailbox
from webapp.mail.names import one_line

log = logging.getLogger(__name__)

BATCH = 50
# A mailbox that is new to us is read from this far back.
_AT_FIRST = dt.timedelta(days=7)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADERS = "(UID BODY.PEEK[HEADER.FIELDS (CONTENT-TYPE TO)])"
_WHOLE = f"(UID BODY.PEEK[]<0.{notices.LONGEST}>)"
_UID = re.compile(rb"UID (\d+)")


class MailboxError(Exception):
    """The mailbox cannot be read; the message is one line for an admin."""


def name() -> str:
    """Which mailbox is configured, or empty."""
    config = current_app.config
    if not config["BOUNCE_IMAP_SERVER"]:
        return ""
    return f"{config['BOUNCE_IMAP_USERNAME']} at {config['BOUNCE_IMAP_SERVER']}, {config['BOUNCE_IMAP_FOLDER']}"


def _connect() -> imaplib.IMAP4:
    config = current_app.config
    server, port = config["BOUNCE_IMAP_SERVER"], config["BOUNCE_IMAP_PORT"]
    context, patience = transport.tls(server), config["MAIL_TIMEOUT"]
    if config["BOUNCE_IMAP_USE_SSL"]:
        return imaplib.IMAP4_SSL(server, port, ssl_context=context, timeout=patience)
    connection = imaplib.IMAP4(server, port, timeout=patience)
    if "STARTTLS" in connection.capabilities:
        connection.starttls(context)
    elif not transport.is_here(server):
        connection.shutdown()
        raise MailboxError("The server speaks no TLS, so the password is not sent to it.")
    return connection


@contextmanager
def _opened() -> Iterator[imaplib.IMAP4]:
    """The folder, open for reading only. Raises MailboxError, also for what breaks within."""
    config = current_app.config
    connection: imaplib.IMAP4 | None = None
    try:
        connection = _connect()
        connection.login(config["BOUNCE_IMAP_USERNAME"], config["BOUNCE_IMAP_PASSWORD"])
        folder = config["BOUNCE_IMAP_FOLDER"].replace("\\", "\\\\").replace('"', '\\"')
        _ok(connection.select(f'"{folder}"', readonly=True))
        yield connection
    except ssl.SSLCertVerificationError as error:
        raise MailboxError(f"The certificate is not good: {error.verify_message}") from None
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxError(one_line(str(error))[:300] or type(error).__name__) from None
    finally:
        if connection is not None:
            connection.shutdown()


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    """What the server sent along with its yes. Raises imaplib's error with its words otherwise."""
    kind, data = answer
    if kind != "OK":
        words = data[0] if data and isinstance(data[0], bytes) else b""
        raise imaplib.IMAP4.error(words.decode("utf-8", "replace") or kind)
    return data


def _uids(connection: imaplib.IMAP4, after: int, at: dt.datetime) -> list[int]:
    """The numbers of mails not read yet, oldest first."""
    if after:
        found = _ok(connection.uid("SEARCH", f"UID {after + 1}:*"))
    else:
        day = at - _AT_FIRST
        found = _ok(
            connection.uid("SEARCH", f"SINCE {day.day}-{_MONTHS[day.month - 1]}-{day.year}")
        )
    numbers = found[0].split() if found and isinstance(found[0], bytes) else []
    # "n:*" always has the last mail in it, even if that is an old one.
    return sorted(int(number) for number in numbers if int(number) > after)


def _fetch(connection: imaplib.IMAP4, uids: list[int], what: str) -> dict[int, bytes]:
    if not uids:
        return {}
    parts = _ok(connection.uid("FETCH", ",".join(map(str, uids)), what))
    found: dict[int, bytes] = {}
    for part in parts:
        if isinstance(part, tuple):
            number = _UID.search(part[0])
            if number:
                found[int(number[1])] = part[1]
    return found


def _may_be_a_report(head: bytes) -> bool:
    headers = message_from_bytes(head, policy=policy.compat32)
    return headers.get_content_type() == "multipart/report"


def _kept(at: dt.datetime) -> BounceMailbox:
    row = db.session.scalar(sa.select(BounceMailbox).where(BounceMailbox.name == name()))
    if row is None:
        row = BounceMailbox(name=name(), uid_validity=0, last_uid=0, checked_at=at)
        db.session.add(row)
    return row


def _move_on(validity: int, uid: int, at: dt.datetime, problem: str | None = None) -> None:
    row = _kept(at)
    if row.uid_validity != validity:
        row.uid_validity, row.last_uid = validity, 0
    row.last_uid = max(row.last_uid, uid)
    row.checked_at, row.problem = at, problem


def read(at: dt.datetime) -> int:
    """Takes the reports that came since the last time, one commit for each; answers how many mails it
    looked at. Read twice, a report changes nothing more. Raises MailboxError."""
    with _opened() as connection:
        [answer] = connection.response("UIDVALIDITY")[1] or [b"1"]
        validity = int(answer or b"1")
        row = _kept(at)
        after = row.last_uid if row.uid_validity == validity else 0
        db.session.commit()
        uids = _uids(connection, after, at)[:BATCH]
        heads = _fetch(connection, uids, _HEADERS)
        for uid in uids:
            if _may_be_a_report(heads.get(uid, b"")):
                raw = _fetch(connection, [uid], _WHOLE).get(uid, b"")
                outcome = bounces.take(raw, at)
                log.info(
                    "a report in the bounce mailbox: %s, mail %s", outcome.kind, outcome.mail_id
                )
            _move_on(validity, uid, at)
            db.session.commit()
        _move_on(validity, after, at)
        db.session.commit()
    return len(uids)


@jobs.every(60.0, "bounces")
def run(at: dt.datetime) -> int:
    """The job: reads the mailbox, if one is configured, and writes down why it could not."""
    if not current_app.config["BOUNCE_IMAP_SERVER"]:
        return 0
    try:
        return read(at)
    except MailboxError as error:
        db.session.rollback()
        log.warning("the bounce mailbox cannot be read: %s", error)
        row = _kept(at)
        row.checked_at, row.problem = at, str(error)
        db.session.commit()
        return 0
