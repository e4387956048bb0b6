"""What a mail of a sign-up looks like, for whoever writes its words: with a real person's data, and with
links that open nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask_babel import force_locale

from webapp.events import texts
from webapp.events.models import Event
from webapp.mail import outbox
from webapp.mail.letters import Letter
from webapp.mail.masking import HIDDEN
from webapp.mail.texts import Text
from webapp.signup import local_times, mail_texts
from webapp.signup.mails import letter_of
from webapp.signup.people import Person
from webapp.templating import token_url

_LINKS = {
    "my_url": ("personal.show", ""), "join_url": ("attendance.join", ""),
    "cancel_url": ("personal.show", "/cancel"), "confirm_url": ("confirming.confirm", ""),
    "remove_url": ("remove_address.show", ""),
}  # fmt: skip
# May be the first mail to an address, and then ask whether it came to the right one.
_FIRST = ("confirm_address", "confirmed", "waiting_for_approval", "waitlisted")
# Of the texts that a template chooses from, the one that most people get.
_FLAGS: dict[str, dict[str, Any]] = {
    "confirmed": {"returning": False},
    "waitlisted": {"approved": False},
    "gave_back": {"by": "person", "had_place": True},
    "taken_back": {"by": "organiser", "had_place": True},
}


def letter(
    key: str,
    text: Text | None,
    language: str,
    event: Event,
    person: Person,
    at: dt.datetime,
    *,
    reason: str = "",
    links_lead_to: str = "",
) -> tuple[Letter, dict[str, str]]:
    """A mail as ``person`` would get it in ``language``, with ``text`` or else the default, and the words
    that complete it. It opens no door: the links in it are cut short, or all lead to one address."""
    kind = mail_texts.KINDS[key]
    with force_locale(language):
        words = {
            name: links_lead_to or token_url(endpoint, HIDDEN) + end
            for name, (endpoint, end) in _LINKS.items()
        } | {
            "name": outbox.isolated(outbox.plain_name(person.name or "")),
            "local_time": local_times.period(
                event.starts_at, event.ends_at, event.timezone, person
            ),
            "deadline": local_times.moment(at + dt.timedelta(hours=24), event, person),
            "reason": reason if mail_texts.REASON.name in kind.placeholders else "",
        }
        if key not in _FIRST:
            words["remove_url"] = ""
    flags = {**_FLAGS.get(key, {})}
    own = None if text is None else (language, text)
    told = texts.shown(event, language)
    return letter_of(kind.message, told, words, flags, language, key, own), words
