"""What an organiser writes to many: Markdown with named placeholders, filled in for each person."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from webapp.events import texts
from webapp.events.models import Event
from webapp.mail import letters, placeholders, vocabulary
from webapp.mail.letters import Letter
from webapp.mail.placeholders import Values, Written
from webapp.mail.vocabulary import (
    CANCEL_LINK,
    EVENT_PAGE,
    EVERYWHERE,
    JOIN_BUTTON,
    JOIN_LINK,
    MY_PAGE,
    NAME,
)
from webapp.mailing.models import Mailing, MailingText
from webapp.signup import lettering
from webapp.signup.choosing import Choice
from webapp.templating import absolute_url

PLACEHOLDERS = placeholders.known(
    NAME, *EVERYWHERE, JOIN_LINK, MY_PAGE, CANCEL_LINK, EVENT_PAGE, JOIN_BUTTON
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


def letter(
    text: MailingText, event: Event, words: dict[str, str], flags: Mapping[str, Any]
) -> Letter:
    """The mail for all who get ``text``. ``words`` are a person's own: their name, and the addresses that
    lead to their page, to the door and to giving their place back."""
    event = texts.shown(event, text.language)
    public_url = absolute_url("public.event", slug=event.slug)

    def write(marks: Mapping[str, str]) -> Written:
        given = {**marks, "public_url": public_url}
        values = Values(
            words=lettering.words_of(event, marks["name"]),
            links={
                name: given[vocabulary.LINKS[name]]
                for name, one in PLACEHOLDERS.items()
                if one.kind == "link"
            },
            blocks=frozenset({JOIN_BUTTON.name}),
        )
        return placeholders.written(text.subject, text.body, values)

    stamp = (lettering.stamp(event), public_url, tuple(flags.items()), text.subject, text.body)
    context = {"event": event, "public_url": public_url, **flags}
    return letters.letter(
        "blast", stamp=stamp, context=context, words=words, language=text.language, write=write
    )


def subject_problems(subject: str) -> list[str]:
    return placeholders.subject_problems(subject, PLACEHOLDERS)


def body_problems(body: str) -> list[str]:
    return placeholders.body_problems(body, PLACEHOLDERS)


def for_language(mailing: Mailing, event: Event, language: str) -> MailingText:
    """What somebody who reads ``language`` gets: in it, else in the event's, else what there is. Raises
    ValueError for a mailing without a text."""
    found = {text.language: text for text in mailing.texts}
    for wanted in (language, event.language):
        if wanted in found:
            return found[wanted]
    if not mailing.texts:
        raise ValueError(_("This mail has no text yet."))
    return mailing.texts[0]
