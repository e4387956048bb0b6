"""The organisers' own words for the messages of an event, and the defaults they fall back to.

An event carries a seal over all its texts: nothing for an event without any, so that the mails of most
events ask nothing; and texts kept in memory under their seal can never be old.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Protocol

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _

from webapp.db import db
from webapp.errors import Refused
from webapp.mail.kinds import Text
from webapp.mail.models import MailText
from webapp.mail.placeholders import clean

# Earlier versions that are kept of a text.
KEPT_VERSIONS = 20
CHANGED = "changed"
_KEPT = 200


class Texted(Protocol):
    """What is asked of an event here."""

    @property
    def id(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def mail_texts(self) -> str | None: ...


def languages(event: Texted) -> list[str]:
    """The languages that an event's mails are read in: its own first, then what else the site speaks."""
    return list(dict.fromkeys([event.language, *current_app.config["LANGUAGES"]]))


Texts = Mapping[tuple[str, str], Text]


def _read(event_id: int) -> dict[tuple[str, str], Text]:
    rows = db.session.execute(
        sa.select(MailText.key, MailText.language, MailText.subject, MailText.body).where(
            MailText.event_id == event_id, MailText.is_current, MailText.body.is_not(None)
        )
    )
    return {(row.key, row.language): Text(row.subject, row.body) for row in rows}


def _seal(texts: Texts) -> str | None:
    if not texts:
        return None
    lines = sorted([*place, text.subject, text.body] for place, text in texts.items())
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:32]


def of_event(event: Texted) -> Texts:
    """All texts of the event, by key and language. Asks nothing if there are none, or if this process has
    seen them."""
    if event.mail_texts is None:
        return {}
    cache: dict[tuple[int, str], Texts] = current_app.extensions.setdefault("mail_texts", {})
    place = (event.id, event.mail_texts)
    kept = cache.get(place)
    if kept is None:
        kept = _read(event.id)
        # Somebody may have changed them since the event was read: then this is newer than its seal.
        if _seal(kept) == event.mail_texts:
            if len(cache) >= _KEPT:
                cache.clear()
            cache[place] = kept
    return kept


def own(event: Texted, key: str, language: str) -> tuple[str, Text] | None:
    """The organisers' words for a message to somebody who reads ``language``, and the language they are
    in; None for the default. An event in a language that the site does not speak is read in its own."""
    found = of_event(event)
    for one in (language, event.language):
        if (key, one) in found:
            return one, found[key, one]
        if event.language in current_app.config["LANGUAGES"]:
            break
    return None


def current(event_id: int, key: str, language: str) -> MailText | None:
    """The latest version; None if nobody has written anything."""
    return db.session.scalar(
        sa.select(MailText).where(
            MailText.event_id == event_id, MailText.key == key,
            MailText.language == language, MailText.is_current,
        )
    )  # fmt: skip


def versions(event_id: int, key: str, language: str) -> list[MailText]:
    """Every version that is kept, the latest first."""
    return list(
        db.session.scalars(
            sa.select(MailText)
            .where(MailText.event_id == event_id, MailText.key == key, MailText.language == language)
            .order_by(MailText.revision.desc())
        )
    )  # fmt: skip


def written(event_id: int) -> list[MailText]:
    """The latest version of every text of the event that is not the default."""
    return list(
        db.session.scalars(
            sa.select(MailText).where(
                MailText.event_id == event_id, MailText.is_current, MailText.body.is_not(None)
            )
        )
    )


def save(
    event_id: int,
    key: str,
    language: str,
    text: Text | None,
    *,
    seen: int,
    at: dt.datetime,
    by: str,
) -> tuple[bool, str | None]:
    """Writes a new version, or goes back to the default (None). ``seen`` is the revision that whoever
    writes had before their eyes, 0 for none. The caller holds the event's lock.

    Answers whether anything changed, and the event's new seal. Raises Refused for somebody who comes
    second.
    """
    now = current(event_id, key, language)
    if seen != (now.revision if now else 0):
        raise Refused(_("Somebody else changed this text while you were writing."), CHANGED)
    new = None if text is None else Text(clean(text.subject), clean(text.body))
    old = Text(now.subject, now.body) if now and now.subject and now.body else None
    if new == old:
        return False, _seal(_read(event_id))
    if now is not None:
        now.is_current = False
        db.session.flush()
    revision = (now.revision if now else 0) + 1
    db.session.add(
        MailText(
            event_id=event_id, key=key, language=language, revision=revision, is_current=True,
            subject=new.subject if new else None, body=new.body if new else None,
            changed_at=at, changed_by=by,
        )
    )  # fmt: skip
    db.session.flush()
    db.session.execute(
        sa.delete(MailText).where(
            MailText.event_id == event_id, MailText.key == key, MailText.language == language,
            MailText.revision <= revision - KEPT_VERSIONS,
        )
    )  # fmt: skip
    return True, _seal(_read(event_id))


def copy(source_id: int, event_id: int, *, at: dt.datetime, by: str) -> str | None:
    """Gives a new event, whose lock the caller holds, the words of another one's mails as they are now;
    answers its seal."""
    db.session.add_all(
        MailText(
            event_id=event_id, key=text.key, language=text.language, revision=1, is_current=True,
            subject=text.subject, body=text.body, changed_at=at, changed_by=by,
        )
        for text in written(source_id)
    )  # fmt: skip
    db.session.flush()
    return _seal(_read(event_id))
