"""What a mail server's answers mean, for one mail and for all of them."""

from __future__ import annotations

import dataclasses
import re
import smtplib
import socket
import ssl
from typing import Literal

from webapp.mail.names import one_line

Kind = Literal["retry", "refused", "ours", "lost", "unreachable"]

REPLY_LENGTH = 500
# What failures of a conversation with a server look like; anything else is a fault of ours.
ANSWERS = (smtplib.SMTPException, OSError)


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


# A bad address of ours, by its form or its domain.
_OUR_ADDRESS = ("1.7", "1.8")


def of_recipient(code: int, text: bytes | str) -> Verdict:
    """What the answer to RCPT means for one mail.

    5.1.x is about the address, as are 550, 551 and 553 where the server gives no finer code; 5.7.x,
    5.1.7 and 5.1.8 (our own address) and demands for a login are about us; any other 5xx refuses this
    mail without condemning the address.
    """
    words = said(code, text)
    status = _enhanced(words)
    if code < 500:
        return Verdict("retry", words)
    if status.startswith("7.") or status in _OUR_ADDRESS or code in (530, 534, 535, 538):
        return Verdict("ours", words)
    return Verdict("refused", words, suppress=condemns(status, code))


def condemns(status: str, code: int) -> bool:
    """Whether a refusal with this enhanced status (without its class, "1.1") or, where there is none,
    this code says that the address itself is bad."""
    if status:
        return status.startswith("1.") and status not in _OUR_ADDRESS
    return code in (550, 551, 553)


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
