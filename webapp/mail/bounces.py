"""What comes back after a server had taken a mail: which mail it is about, and what that means.

Every mail leaves with a sender's address of its own, so that a report says by where it arrives which mail
it is about. The address is signed, and a Message-ID counts only together with its recipient: nobody can
make us give up an address that they do not read themselves.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import re
from typing import Literal, Protocol

import sqlalchemy as sa
from flask import current_app

from webapp import addresses, tokens
from webapp.db import LARGEST_ID, db, lock_row
from webapp.mail import notices, operations, verdicts
from webapp.mail.models import OutgoingMail
from webapp.mail.notices import Fate, Notice

Kind = Literal["bounced", "delayed", "nothing_new", "unknown", "no_report"]

_ADDRESS = re.compile(r"\+(\d{1,10})-([a-z2-7]{24})@")


class Sent(Protocol):
    """What an address of its own is made from."""

    @property
    def id(self) -> int: ...
    @property
    def message_id(self) -> str: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What a report changed. ``mail_id`` is the mail it is about, if there is one."""

    kind: Kind
    mail_id: int | None = None
    words: str = ""


def _signatures(mail: Sent) -> list[str]:
    """Letters and digits in one case: servers on the way may change it. 120 bits each."""
    return [
        base64.b32encode(bytes.fromhex(mark)).decode().lower()[:24]
        for mark in tokens.marks("bounce", f"{mail.id} {mail.message_id}")
    ]


def sender(mail: Sent) -> str | None:
    """The address in the envelope that a report about this mail goes to, or None for the usual one."""
    local, _, domain = str(current_app.config["BOUNCE_ADDRESS"]).rpartition("@")
    if not local:
        return None
    return f"{local}+{mail.id}-{_signatures(mail)[0]}@{domain}"


def _locked(where: sa.ColumnElement[bool]) -> OutgoingMail | None:
    statement = lock_row(sa.select(OutgoingMail).where(where))
    mail: OutgoingMail | None = db.session.scalar(
        statement.execution_options(populate_existing=True)
    )
    return mail


def _by_address(notice: Notice) -> OutgoingMail | None:
    for text in notice.addresses:
        for number, signature in _ADDRESS.findall(text.casefold()):
            mail = _locked(OutgoingMail.id == int(number)) if int(number) <= LARGEST_ID else None
            if mail is not None and any(tokens.same(s, signature) for s in _signatures(mail)):
                return mail
    return None


def _by_message_id(notice: Notice) -> OutgoingMail | None:
    recipients = {addresses.key(text) for fate in notice.fates for text in fate.recipients}
    for text in notice.message_ids:
        mail = _locked(OutgoingMail.message_id == text.strip())
        if mail is not None and addresses.key(mail.to_address) in recipients:
            return mail
    return None


def _fate(notice: Notice, mail: OutgoingMail) -> Fate:
    """What the report says about this mail: about its own recipient if it names them, and the worst."""
    key = addresses.key(mail.to_address)
    about = [f for f in notice.fates if key in map(addresses.key, f.recipients)] or notice.fates
    order = ("failed", "delayed", "other")
    return min(about, key=lambda fate: order.index(fate.action))


def take(raw: bytes, at: dt.datetime) -> Outcome:
    """Writes down what the report in ``raw`` says, in the caller's transaction.

    Failed for good: the mail has bounced, and if the address itself is bad, nothing is sent there until
    it is edited. Delayed: only noted. Anything else, repeated, late, forged or foreign, changes nothing.
    """
    notice = notices.read(raw)
    if notice is None:
        return Outcome("no_report")
    mail = _by_address(notice) or _by_message_id(notice)
    if mail is None:
        return Outcome("unknown")
    fate = _fate(notice, mail)
    # A server's words hold the address; of a person who was erased there is none to keep.
    words = fate.words if mail.to_address else fate.status
    if fate.action == "other" or mail.state not in ("queued", "sending", "sent"):
        return Outcome("nothing_new", mail.id, words)
    if fate.action == "delayed":
        if mail.returned is not None:
            return Outcome("nothing_new", mail.id, words)
        mail.returned, mail.returned_at = words, at
        return Outcome("delayed", mail.id, words)
    mail.returned, mail.returned_at = words, at
    if mail.to_address and verdicts.condemns(fate.status, fate.code):
        operations.suppress(mail.to_address, words, at)
    # Still in our hands only if a worker died between the server's yes and our commit: then its next
    # try finds the address suppressed, or the mail goes once more, and comes back once more.
    if mail.state == "sent":
        mail.state = "bounced"
    return Outcome("bounced", mail.id, words)
