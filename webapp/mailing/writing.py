"""What an organiser writes to many: Markdown with named placeholders, filled in for each person."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.events.models import Event
from webapp.mail import placeholders
from webapp.mail.placeholders import Placeholder, Values, Written
from webapp.mailing.models import Mailing, MailingText
from webapp.signup.choosing import Choice
from webapp.templating import period, zone_name

PLACEHOLDERS = placeholders.known(
    Placeholder("name", "word", _l("the person's name")),
    Placeholder("title", "word", _l("what the event is called")),
    Placeholder("when", "word", _l("day and time, in the event's zone")),
    Placeholder("host", "word", _l("who hosts it")),
    Placeholder("join_link", "link", _l("the person's own link to join")),
    Placeholder("my_link", "link", _l("the person's own page")),
    Placeholder("cancel_link", "link", _l("where they give their place back")),
    Placeholder("event_link", "link", _l("the public page, to pass on")),
    Placeholder("join_button", "block", _l("the button to join, on a line of its own")),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Whom:
    """Which of the people: a choice of sign-ups, and of those who came, were absent, or stayed so many
    minutes."""

    choice: Choice
    attendance: str = ""
    minutes: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """What was written in one language."""

    subject: str
    body: str


def write(text: MailingText, event: Event, public_url: str, words: Mapping[str, str]) -> Written:
    """The text with ``words`` (a person's own, or what stands for them) in their places."""
    when = period(event.starts_at, event.ends_at, event.timezone)
    values = Values(
        words={
            "name": words["name"],
            "title": event.title,
            "when": f"{when} ({zone_name(event.timezone)})",
            "host": event.host_name,
        },
        links={
            "join_link": words["join_url"],
            "my_link": words["my_url"],
            "cancel_link": words["cancel_url"],
            "event_link": public_url,
        },
        blocks=frozenset({"join_button"}),
    )
    return placeholders.written(text.subject, text.body, values)


def subject_problems(subject: str) -> list[str]:
    return placeholders.subject_problems(subject, PLACEHOLDERS)


def body_problems(body: str) -> list[str]:
    return placeholders.body_problems(body, PLACEHOLDERS)


def for_language(mailing: Mailing, event: Event, language: str) -> MailingText:
    """What somebody who reads ``language`` gets: in it, else in the event's, else what there is. Raises
    ValueError for a mailing without a text."""
    texts = {text.language: text for text in mailing.texts}
    for wanted in (language, event.language):
        if wanted in texts:
            return texts[wanted]
    if not mailing.texts:
        raise ValueError(_("This mail has no text yet."))
    return mailing.texts[0]
