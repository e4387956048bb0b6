"""One mail as it goes over the wire: its headers, its parts and its bytes."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from email import policy
from email.charset import BASE64, QP, Charset
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

import flask_mail
from flask import current_app

from webapp.mail import signing
from webapp.mail.names import one_line

# Python would send long lines as they are. Quoted-printable keeps them below the 998 of the standard
# and readable in the raw mail; base64 keeps the folding of a calendar entry to the byte.
_TEXT = Charset("utf-8")
_TEXT.body_encoding = QP
_CALENDAR = Charset("utf-8")
_CALENDAR.body_encoding = BASE64


# The older of Python's two mail policies, because it takes ready-made Header objects: the newer one
# folds names with quotes and accents differently from one Python version to the next.
class _Wire(policy.Compat32):
    """Headers as Python folds them, but for links: a folded one begins on its second line, and not
    every program that looks for ``List-Unsubscribe: <`` unfolds first."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == "List-Unsubscribe":
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_WIRE = _Wire(linesep="\r\n")


def _text_header(text: str, name: str) -> Header:
    return Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=name)


def _address_header(name: str, address: str, header: str) -> Header | str:
    if not name:
        return address
    if name.isascii():
        # Quoted where it must be; without a bare CR or LF there is no second header in it.
        return Header(formataddr((name, address)), "us-ascii", header_name=header)
    value = Header(name, "utf-8", header_name=header)
    value.append(f" <{address}>", "us-ascii")
    return value


def _boundary(mail: Parcel, part: str) -> str:
    """What stands between two parts: the same at every try, so that a repeat is the same mail to the
    letter. "=_" never stands in an encoded part."""
    return f"=_{hashlib.sha256(f'{part} {mail.message_id}'.encode()).hexdigest()[:32]}"


def wire_address(address: str) -> str:
    """``address`` with its domain in ASCII. Raises UnicodeError for one that no header can carry."""
    local, _, domain = address.rpartition("@")
    local.encode("ascii")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"


@dataclasses.dataclass(frozen=True, slots=True)
class Parcel:
    """What the worker knows of a row while it sends it: plain values, so that no transaction stays
    open and nothing is read again while a mail server is talked to."""

    id: int
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str
    calendar: str | None
    calendar_method: str | None
    message_id: str
    tries: int
    created_at: dt.datetime
    give_up_at: dt.datetime | None
    expires_at: dt.datetime | None
    unsubscribe_url: str | None
    attempts: list[dict[str, Any]] | None


class Envelope(flask_mail.Message):
    """An outbox row as Flask-Mail sends it, with an invitation that calendar programs recognise.

    The calendar entry goes along twice, as Google and Outlook send their own: as an alternative of
    the text, ``text/calendar; method=REQUEST``, which Gmail, Outlook and Apple Mail turn into an
    invitation with buttons; and as a file, for programs that only know attachments. Both have the same
    UID, so nobody gets two entries. Flask-Mail's own message cannot give a part the method, which
    RFC 6047 requires, so this one makes its bytes itself.
    """

    def __init__(self, mail: Parcel) -> None:
        super().__init__(
            subject=one_line(mail.subject),
            recipients=[wire_address(mail.to_address)],
            sender=current_app.config["MAIL_DEFAULT_SENDER"],
        )
        self.msgId = mail.message_id
        self._mail = mail

    def as_bytes(self) -> bytes:
        mail = self._mail
        alternative = MIMEMultipart("alternative", boundary=_boundary(mail, "alternative"))
        alternative.attach(MIMEText(mail.text, "plain", _TEXT))  # type: ignore[arg-type]  # takes a Charset too
        alternative.attach(MIMEText(mail.html, "html", _TEXT))  # type: ignore[arg-type]  # takes a Charset too
        message: Any = alternative
        if mail.calendar:
            method = mail.calendar_method or "PUBLISH"
            entry = MIMEText(mail.calendar, "calendar", _CALENDAR)  # type: ignore[arg-type]  # takes a Charset too
            entry.set_param("method", method)
            alternative.attach(entry)
            message = MIMEMultipart("mixed", boundary=_boundary(mail, "mixed"))
            message.attach(alternative)
            attached = MIMEApplication(mail.calendar.encode(), "ics", name="invite.ics")
            attached.add_header("Content-Disposition", "attachment", filename="invite.ics")
            message.attach(attached)
        name, address = parseaddr(str(self.sender))
        message["From"] = _address_header(name, wire_address(address), "From")
        message["To"] = _address_header(one_line(mail.to_name), str(self.recipients[0]), "To")
        message["Subject"] = _text_header(self.subject, "Subject")
        # When it was written, not when it got through: a repeat is the same mail to the letter.
        message["Date"] = format_datetime(mail.created_at)
        message["Message-ID"] = mail.message_id
        signer = signing.signer()
        if mail.unsubscribe_url:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
            # A mail program may only press the button by itself if nobody could have put it there, and
            # if nobody listens (RFC 8058).
            if signer is not None and mail.unsubscribe_url.startswith("https://"):
                message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        # No out-of-office notes in answer to machines (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        plain = bytes(message.as_bytes(policy=_WIRE))
        return signer.header(plain) + plain if signer is not None else plain
