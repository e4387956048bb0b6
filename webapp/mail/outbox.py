"""The door through which every mail goes: rendered now, kept as a row, delivered by the worker."""

from __future__ import annotations

import datetime as dt
import json
import secrets as random
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from flask import current_app

from webapp.db import db, to_ms
from webapp.mail.letters import Letter
from webapp.mail.models import LANES, OutgoingMail
from webapp.mail.names import isolated, plain_name
from webapp.mail.rendering import render
from webapp.prepared import PreparedInsert

__all__ = ["isolated", "new_message_id", "plain_name", "post", "queue"]

Lane = Literal["own", "reminder", "blast"]
# A Message-ID column has 120 places; the random part, brackets and the at sign take 25.
_DOMAIN_LENGTH = 95


@lru_cache(maxsize=16)
def mail_domain(base_url: str) -> str:
    """The host of ``base_url`` as mail headers want it: ASCII, an IP address in brackets."""
    host = urlsplit(base_url).hostname or "localhost"
    if ":" in host:
        return f"[IPv6:{host}]"
    if host.replace(".", "").isdigit():
        return f"[{host}]"
    try:
        return host.encode("idna").decode()[-_DOMAIN_LENGTH:].lstrip(".-")
    except UnicodeError:
        return "localhost"


def new_message_id() -> str:
    """A random Message-ID under the site's own name. One for each row: a repeat can be recognised."""
    return f"<{random.token_urlsafe(16)}@{mail_domain(current_app.config['BASE_URL'])}>"


def _hidden(secrets: Sequence[str], unsubscribe_url: str | None) -> list[str]:
    """What is masked when an organiser reads the mail; ending a list is the person's own act too."""
    found = list(secrets)
    if unsubscribe_url and unsubscribe_url not in found:
        found.append(unsubscribe_url)
    return found


def queue(
    message: str,
    *,
    to_address: str,
    to_name: str = "",
    context: Mapping[str, Any],
    at: dt.datetime,
    event_id: int | None = None,
    person: str | None = None,
    lane: Lane = "own",
    calendar: str | None = None,
    calendar_method: Literal["REQUEST", "CANCEL"] | None = None,
    expires_at: dt.datetime | None = None,
    secrets: Sequence[str] = (),
    is_sample: bool = False,
    language: str | None = None,
    unsubscribe_url: str | None = None,
) -> OutgoingMail:
    """Renders ``templates/mail/<message>`` and adds the mail to the current transaction.

    It leaves after the commit, or never came to be. ``at`` (aware, UTC) is when it was asked for;
    from ``expires_at`` on it is of no use and is not sent. ``secrets`` are the links in it that open
    a door: they are masked wherever an organiser reads the mail. ``person`` is a sign-up's public id.
    The calendar entry goes along as an invitation with ``calendar_method``. Mail to sample people is
    held and never sent, whatever server is configured. A mail that is not about the person's own sign-up
    has the ``unsubscribe_url`` of its list (``unsubscribing.url``), which is also a secret.
    """
    subject, text, html = render(message, {"to_name": to_name, **context}, language)
    mail = OutgoingMail(
        event_id=event_id,
        person=person,
        message=message,
        lane=lane,
        lane_rank=LANES.index(lane),
        to_address=to_address.strip(),
        to_name=plain_name(to_name)[:200],
        subject=subject,
        text=text,
        html=html,
        calendar=calendar,
        calendar_method=calendar_method if calendar else None,
        message_id=new_message_id(),
        unsubscribe_url=unsubscribe_url,
        secrets=_hidden(secrets, unsubscribe_url),
        state="held" if is_sample else "queued",
        tries=0,
        created_at=at,
        next_try_at=at,
        expires_at=expires_at,
    )
    db.session.add(mail)
    return mail


_POST = PreparedInsert(OutgoingMail.__tablename__)


def post(
    message: str,
    letter: Letter,
    words: Mapping[str, str],
    *,
    to_address: str,
    to_name: str,
    at: dt.datetime,
    event_id: int | None,
    person: str | None,
    calendar: str | None = None,
    calendar_method: Literal["REQUEST", "CANCEL"] | None = None,
    lane: Lane = "own",
    expires_at: dt.datetime | None = None,
    secrets: Sequence[str] = (),
    is_sample: bool = False,
    unsubscribe_url: str | None = None,
) -> None:
    """As ``queue``, for a mail that many get: ``letter`` completed with each person's own ``words``."""
    subject, text, html = letter.completed(words)
    _POST.run(
        db.session.connection(),
        {
            "event_id": event_id,
            "person": person,
            "message": message,
            "lane": lane,
            "lane_rank": LANES.index(lane),
            "to_address": to_address,
            "to_name": plain_name(to_name)[:200],
            "subject": subject,
            "text": text,
            "html": html,
            "calendar": calendar,
            "calendar_method": calendar_method if calendar else None,
            "message_id": new_message_id(),
            "unsubscribe_url": unsubscribe_url,
            "secrets": json.dumps(_hidden(secrets, unsubscribe_url)),
            "state": "held" if is_sample else "queued",
            "tries": 0,
            "created_at": to_ms(at),
            "next_try_at": to_ms(at),
            "expires_at": to_ms(expires_at) if expires_at else None,
        },
    )
