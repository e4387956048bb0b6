"""Organisers' own words for the mails of an event: saving them, and taking all of them in and out as a
part of the event file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail import texts
from webapp.mail.kinds import Kind, Text, declared

Words = Mapping[tuple[str, str], Text]


def save(
    event: Event, kind: Kind, language: str, text: Text | None, *, seen: int, at: dt.datetime, by: User | str
) -> bool:  # fmt: skip
    """Writes them, or goes back to the default (None); answers whether that changed anything. ``seen`` as
    in ``texts.save``. The caller holds the event's lock. Raises Refused for somebody who comes second."""
    name = by if isinstance(by, str) else by.email
    changed, seal = texts.save(event.id, kind.key, language, text, seen=seen, at=at, by=name)
    if changed:
        event.mail_texts = seal
        event.touch()
        audit.record(
            "mail.text_default" if text is None else "mail.text_written",
            at=at, actor=by, event_id=event.id, summary=f"{kind.title} ({language})",
        )  # fmt: skip
    return changed


def of_event(event: Event) -> dict[tuple[str, str], Text]:
    """What organisers have written, by message and language, in the order of the messages. Words in a
    language that nobody reads any more, because the event's own was changed, are not among it."""
    found = texts.of_event(event)
    return {
        (key, language): found[key, language]
        for language in texts.languages(event)
        for key in declared()
        if (key, language) in found
    }


def as_file(event: Event) -> dict[str, dict[str, dict[str, str]]]:
    """The same as a part of the event file: by language and message."""
    made: dict[str, dict[str, dict[str, str]]] = {}
    for (key, language), text in of_event(event).items():
        made.setdefault(language, {})[key] = {"subject": text.subject, "body": text.body}
    return made


def replace(event: Event, given: Words, at: dt.datetime, by: User | str) -> list[str]:
    """The words become those that are given, and every other mail has the default again; answers one line
    for each that changed. Raises Refused, with the message and its language, for words that cannot be
    sent. The caller holds the event's lock, or has just made it."""
    readable = texts.languages(event)
    for (key, language), text in given.items():
        if language not in readable:
            raise Refused(_("mails.%(language)s: no mail of this event is read in it; there are %(list)s.", language=language, list=", ".join(readable)), "mails")  # fmt: skip
        for field, problems in declared()[key].problems(text).items():
            raise Refused(f"mails.{language}.{key}.{field}: {problems[0]}", "mails")
    changes = []
    for place in dict.fromkeys([*of_event(event), *given]):
        key, language = place
        kind, now = declared()[key], texts.current(event.id, key, language)
        seen = now.revision if now else 0
        if save(event, kind, language, given.get(place), seen=seen, at=at, by=by):
            what = _("written anew") if place in given else _("the default again")
            changes.append(f"{kind.title} ({language}): {what}")
    return changes


def read(given: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[tuple[str, str], Text]:
    """The part of a file whose shape has been looked at, by message and language."""
    return {
        (key, language): Text(words["subject"], words["body"])
        for language, messages in given.items()
        for key, words in messages.items()
    }
