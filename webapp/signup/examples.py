"""What a mail looks like, for whoever writes its words: with a real person's data, and with links that
open nothing."""

from __future__ import annotations

import datetime as dt

from flask_babel import force_locale

from webapp.events import texts
from webapp.events.models import Event
from webapp.mail import outbox
from webapp.mail.kinds import Kind, Text
from webapp.mail.letters import Letter
from webapp.mail.masking import HIDDEN
from webapp.signup import lettering, local_times
from webapp.signup.people import Person
from webapp.templating import token_url

_LINKS = {
    "my_url": ("personal.show", ""), "join_url": ("attendance.join", ""),
    "cancel_url": ("personal.show", "/cancel"), "confirm_url": ("confirming.confirm", ""),
    "remove_url": ("remove_address.show", ""), "erase_url": ("personal.erase", ""),
    "invitation_url": ("invitation.show", ""), "unsubscribe_url": ("unsubscribe.show", ""),
}  # fmt: skip


def letter(
    kind: Kind,
    text: Text | None,
    language: str,
    event: Event,
    person: Person,
    at: dt.datetime,
    *,
    links_lead_to: str = "",
) -> tuple[Letter, dict[str, str]]:
    """A mail as ``person`` would get it in ``language``, with ``text`` or else the default, and the words
    that complete it. It opens no door: the links in it are cut short, or all lead to one address."""
    event = texts.shown(event, language)
    with force_locale(language):
        example = kind.example(event, person, at)
        words = {
            name: links_lead_to or token_url(endpoint, HIDDEN) + end
            for name, (endpoint, end) in _LINKS.items()
        }
        words |= {
            "name": outbox.isolated(outbox.plain_name(person.name or "")),
            "local_time": local_times.period(
                event.starts_at, event.ends_at, event.timezone, person, language
            ),
            "reason": "", "was_time": "", "own_was": "",
        }  # fmt: skip
        words |= example.words
        if not kind.is_first:
            words["remove_url"] = ""
        if not kind.is_news:
            words["unsubscribe_url"] = ""
    own = None if text is None else (language, text)
    return lettering.shown(kind, event, words, example.flags, language, own), words
