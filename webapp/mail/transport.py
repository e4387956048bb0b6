"""One mail on its way out: its bytes, the connection, and what the server's answers mean."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import smtplib
import socket
import ssl
from email import policy
from email.charset import BASE64, QP, Charset
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any, Literal

import flask_mail
from flask import current_app

from webapp.mail.names import one_line
from webapp.mail.outbox import mail_domain

Kind = Literal["retry", "refused", "ours", "lost", "unreachable"]

REPLY_LENGTH = 500
# What failures of a conversation with a server look like; anything else is a fault of ours.
ANSWERS = (smtplib.SMTPException, OSError)

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


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What a failed try means. ``words`` are the server's own, on one line.

    ``retry``: try this mail again later. ``refused``: never again; ``suppress`` if the address itself
    is bad. ``ours``: the server does not want *us*, so nobody's mail would pass. ``lost``: the
    connection died in the middle; it may have arrived. ``unreachable``: there was no connection.
    ``tried`` says that the server looked at this one mail, so it has used up one of its tries.
    """

    kind: Kind
    words: str
    suppress: bool = False
    tried: bool = True


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
        alternative = MIMEMultipart("alternative")
        alternative.attach(MIMEText(mail.text, "plain", _TEXT))  # type: ignore[arg-type]
        alternative.attach(MIMEText(mail.html, "html", _TEXT))  # type: ignore[arg-type]
        message: Any = alternative
        if mail.calendar:
            method = mail.calendar_method or "PUBLISH"
            entry = MIMEText(mail.calendar, "calendar", _CALENDAR)  # type: ignore[arg-type]
            entry.set_param("method", method)
            alternative.attach(entry)
            message = MIMEMultipart("mixed")
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
        if mail.unsubscribe_url:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        # No out-of-office notes in answer to machines (RFC 3834).
        message["Auto-Submitted"] = "auto-generated"
        return bytes(message.as_bytes(policy=_WIRE))


class _Remembers(smtplib.SMTP):
    """Keeps what Flask-Mail does not pass on: whether the text of a mail went out, and the last word."""

    text_sent = False
    accepted = ""

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.text_sent = True
        code, words = super().data(msg)
        self.accepted = said(code, words)
        return code, words


class _RemembersSSL(_Remembers, smtplib.SMTP_SSL):
    pass


def _tls(server: str) -> ssl.SSLContext:
    """The server must prove its name, except on this machine, where nobody stands in between."""
    context = ssl.create_default_context()
    if server == "localhost" or server.startswith("127.") or server == "::1":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Connection(flask_mail.Connection):
    """Flask-Mail's connection with a time-out, a checked certificate and a quiet good-bye.

    Flask-Mail itself waits for a silent server for ever.
    """

    host: _Remembers | None

    def configure_host(self) -> _Remembers:
        mail = self.mail
        # The name is said in EHLO; asking the resolver for our own can take longer than the mail.
        name = mail_domain(current_app.config["BASE_URL"])
        timeout: float = current_app.config["MAIL_TIMEOUT"]
        tls = _tls(mail.server) if mail.use_ssl or mail.use_tls else None
        host: _Remembers
        if mail.use_ssl:
            host = _RemembersSSL(
                mail.server, mail.port, local_hostname=name, timeout=timeout, context=tls
            )
        else:
            host = _Remembers(mail.server, mail.port, local_hostname=name, timeout=timeout)
        try:
            if mail.use_tls:
                host.starttls(context=tls)
            if mail.username and mail.password:
                host.login(mail.username, mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *_: object) -> None:
        if self.host is None:
            return
        try:
            self.host.quit()
        except (smtplib.SMTPException, OSError):
            self.host.close()

    def post(self, mail: Parcel) -> str:
        """Sends one row; answers the server's word of acceptance. Raises what smtplib raises."""
        if self.host is not None:
            self.host.text_sent = False
        self.send(Envelope(mail))
        return self.host.accepted if self.host is not None else ""

    @property
    def text_sent(self) -> bool:
        """Whether the text of the last mail went out, so that it may have arrived."""
        return self.host is not None and self.host.text_sent


def connection() -> Connection:
    """A connection by the settings as they are now; opened by ``with``."""
    app = current_app
    state = flask_mail.Mail().init_mail(app.config, app.debug, app.testing)
    return Connection(state)  # type: ignore[arg-type]  # it is made like this by Flask-Mail as well


def _short(words: str) -> str:
    return one_line(words)[:REPLY_LENGTH]


def said(code: int, text: bytes | str) -> str:
    """A server's reply on one line: "550 5.1.1 Unknown user"."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return _short(f"{code} {words}")


def _enhanced(words: str) -> str:
    """The enhanced status code of a reply (RFC 3463) without its class: "1.1", or empty."""
    match = re.match(r"\d{3}[ -][245]\.(\d{1,3}\.\d{1,3})\b", words)
    return match[1] if match else ""


def of_recipient(code: int, text: bytes | str) -> Verdict:
    """What the answer to RCPT means for one mail.

    5.1.x is about the address, as are 550, 551 and 553 where the server gives no finer code; 5.7.x
    and demands for a login are about us; any other 5xx refuses this mail without condemning the address.
    """
    words = said(code, text)
    status = _enhanced(words)
    if code < 500:
        return Verdict("retry", words)
    if status.startswith("7.") or code in (530, 534, 535, 538):
        return Verdict("ours", words)
    bad_address = status.startswith("1.") or (not status and code in (550, 551, 553))
    return Verdict("refused", words, suppress=bad_address)


def _of_text(code: int, text: bytes | str) -> Verdict:
    """What the answer after the text means: nothing said there condemns an address."""
    words = said(code, text)
    if code < 500:
        return Verdict("retry", words)
    if _enhanced(words).startswith("7."):
        return Verdict("ours", words)
    return Verdict("refused", words)


def _of_sender(code: int, text: bytes | str) -> Verdict:
    """What the answer to MAIL FROM means: it is about us, except that the size is said there too."""
    words = said(code, text)
    if code == 552 or _enhanced(words) == "3.4":
        return Verdict("refused", words)
    return Verdict("ours", words, tried=False)


def of_error(error: Exception) -> Verdict:
    """What an exception from sending one mail over an open connection means."""
    code, text = _answer(error)
    # 421 is the server closing the door, not an answer about anybody.
    if code == 421:
        return Verdict("lost", said(code, text))
    match error:
        case smtplib.SMTPRecipientsRefused():
            return of_recipient(code, text)
        case smtplib.SMTPSenderRefused():
            return _of_sender(code, text)
        case smtplib.SMTPDataError():
            return _of_text(code, text)
        case smtplib.SMTPServerDisconnected() | OSError():
            return Verdict("lost", _short(f"The connection broke off: {error}"))
        case smtplib.SMTPResponseException():
            return Verdict("retry", said(code, text))
        case UnicodeError():
            return Verdict("refused", "The address has characters that a mail cannot carry.")
    return Verdict("retry", _short(f"{type(error).__name__}: {error}"))


def _answer(error: Exception) -> tuple[int, bytes | str]:
    """The server's code and words in a failure, or 0 where it said nothing."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answer: tuple[int, bytes] = next(iter(error.recipients.values()))
        return answer
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, error.smtp_error
    return 0, ""


def of_connecting(error: Exception) -> Verdict:
    """What an exception from opening the connection means: no mail has been tried."""
    code, text = _answer(error)
    match error:
        case smtplib.SMTPResponseException():
            return Verdict("ours" if code >= 500 else "unreachable", said(code, text), tried=False)
        case smtplib.SMTPNotSupportedError():
            return Verdict("ours", _short(str(error)), tried=False)
        case ssl.SSLCertVerificationError():
            words = f"The mail server's certificate is not good: {error.verify_message}"
            return Verdict("ours", _short(words), tried=False)
        case socket.gaierror():
            words = "There is no server of that name."
        case TimeoutError():
            words = "The mail server does not answer in time."
        case ConnectionRefusedError():
            words = "The mail server refuses the connection."
        case _:
            words = str(error) or type(error).__name__
    return Verdict("unreachable", _short(words), tried=False)
