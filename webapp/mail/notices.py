"""Reading what mail servers send back about a mail (RFC 3464), whatever shape it arrives in.

Anybody can send us anything here, so reading never fails: what is no report is None, and what a field
does not say is empty.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string, policy
from email.message import Message
from typing import Literal

from webapp.mail.names import one_line

Action = Literal["failed", "delayed", "other"]

# More than any server returns of a mail; the rest of a larger one is not read.
LONGEST = 2 * 1024 * 1024
_WORDS = 500
# Where a server writes whom it delivered the report to.
_ARRIVED_AT = (
    "To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "Apparently-To",
)  # fmt: skip
_STATUS = re.compile(r"(?:\d{3}[ -])?[245]\.(\d{1,3}\.\d{1,3})\b")
_CODE = re.compile(r"([245]\d\d)\b")


@dataclasses.dataclass(frozen=True, slots=True)
class Fate:
    """What became of the mail for one recipient. ``status`` is the enhanced code without its class
    ("1.1"), ``code`` the plain one or 0; ``words`` the distant server's own, on one line."""

    action: Action
    recipients: tuple[str, ...]
    status: str
    code: int
    words: str


@dataclasses.dataclass(frozen=True, slots=True)
class Notice:
    """One report. ``addresses`` are where it arrived, ``message_ids`` of the mail it is about."""

    fates: tuple[Fate, ...]
    addresses: tuple[str, ...]
    message_ids: tuple[str, ...]


def _text(message: Message, name: str) -> list[str]:
    """Every header of that name on one line; encoded ones as they stand."""
    return [one_line(str(value)) for value in message.get_all(name, [])]


def _first(message: Message, name: str) -> str:
    return next(iter(_text(message, name)), "")


def _typed(value: str) -> str:
    """The value of a field like "rfc822; ana@example.org"."""
    return value.partition(";")[2].strip() if ";" in value else value.strip()


def _fate(block: Message) -> Fate | None:
    action = _first(block, "Action").casefold()
    if not action:
        return None
    said = _typed(_first(block, "Diagnostic-Code"))
    # The distant server's own code says it more exactly than the reporting one's summary.
    status = _STATUS.match(said) or _STATUS.match(_first(block, "Status"))
    code = _CODE.match(said)
    kind: Action = "failed" if action == "failed" else "delayed" if action == "delayed" else "other"
    return Fate(
        action=kind,
        recipients=tuple(
            _typed(value).strip("<>")
            for name in ("Original-Recipient", "Final-Recipient")
            for value in _text(block, name)
        ),
        status=status[1] if status and status[1] != "0.0" else "",
        code=int(code[1]) if code else 0,
        words=(said or one_line(f"{_first(block, 'Status')} {action}"))[:_WORDS],
    )


def _returned(part: Message) -> Iterator[Message]:
    """The mail that came back, whole or its headers only."""
    payload = part.get_payload()
    if part.get_content_type() == "message/rfc822":
        if isinstance(payload, list):
            yield from (inner for inner in payload if isinstance(inner, Message))
    elif isinstance(payload, str):
        yield message_from_string(payload, policy=policy.compat32)


def read(raw: bytes) -> Notice | None:
    """The report in ``raw``, or None for any other mail. Never raises."""
    try:
        return _read(raw)
    except RecursionError:
        # Thousands of parts within parts: no server writes that.
        return None


def _read(raw: bytes) -> Notice | None:
    message = message_from_bytes(raw[:LONGEST], policy=policy.compat32)
    fates: list[Fate] = []
    found: list[str] = []
    addresses = [value for name in _ARRIVED_AT for value in _text(message, name)]
    for part in message.walk():
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind == "message/delivery-status" and isinstance(payload, list):
            blocks = [block for block in payload if isinstance(block, Message)]
            fates += [fate for fate in map(_fate, blocks) if fate is not None]
            for block in blocks:
                addresses += _text(block, "Original-Envelope-Id")
        elif kind in ("message/rfc822", "text/rfc822-headers"):
            for inner in _returned(part):
                found += _text(inner, "Message-ID")
                addresses += _text(inner, "Return-Path")
    if not fates:
        return None
    return Notice(tuple(fates), tuple(addresses), tuple(found))
