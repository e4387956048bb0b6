"""A mail about an event, for all who read the same language: in our words, or in the organisers' own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from webapp.events import texts
from webapp.events.models import Event
from webapp.mail import letters, placeholders, vocabulary
from webapp.mail import texts as own_texts
from webapp.mail.kinds import Kind, Text, declared
from webapp.mail.letters import Letter
from webapp.mail.placeholders import Values, Written
from webapp.templating import period, slug_url, zone_name

Own = tuple[str, Text]

# What a mail may lack that another one has.
_NOTHING = dict.fromkeys(
    (
        "my_url", "join_url", "cancel_url", "confirm_url", "remove_url", "erase_url", "invitation_url",
        "unsubscribe_url", "recording_url", "report_url", "reason", "local_time", "was_time", "own_was",
    ), "",
)  # fmt: skip


def stamp(event: Event) -> tuple[Hashable, ...]:
    """Everything of an event that its mails show: equal stamps, equal mails."""
    return (
        event.title, event.summary, event.starts_at, event.ends_at, event.timezone, event.mode,
        event.approval, event.host_name, event.host_url, event.slug, event.accent, event.presence,
    )  # fmt: skip


def letter(
    message: str,
    event: Event,
    words: dict[str, str],
    flags: Mapping[str, Any],
    language: str,
    *,
    key: str = "",
) -> Letter:
    """The mail in ``language``, as the event says it now. ``key`` is that of its ``Kind``, if it differs
    from the message. Only which of the person's ``words`` are empty counts here; ``flags`` are the same
    for many."""
    kind = declared()[key or message]
    own = own_texts.own(event, kind.key, language)
    return shown(kind, texts.shown(event, language), words, flags, language, own)


def shown(
    kind: Kind,
    event: Event,
    words: dict[str, str],
    flags: Mapping[str, Any],
    language: str,
    own: Own | None,
) -> Letter:
    """The same with words that are given: ``own`` and the language they are in, or ours."""
    public_url = slug_url("public.event", event.slug)
    seal = (stamp(event), public_url, tuple(flags.items()))
    if own is None:
        return letters.letter(
            kind.message,
            stamp=seal,
            context={"event": event, "public_url": public_url, **flags},
            words=words,
            language=language,
        )
    written_in, text = own
    told = texts.shown(event, written_in)

    def write(marks: Mapping[str, str]) -> Written:
        return _write(kind, text, told, public_url, marks, flags)

    return letters.letter(
        "_written",
        stamp=(*seal, told.title, told.summary, kind.key, text),
        context=_NOTHING
        | {**flags, "event": told, "public_url": public_url}
        | {"kind": kind.key, "page_button": kind.page_button},
        words=words,
        language=written_in if written_in in current_app.config["LANGUAGES"] else language,
        write=write,
    )


def words_of(event: Event, name: str) -> dict[str, str]:
    """What the words stand for that every mail has."""
    return {
        "name": name,
        "event": event.title,
        "when": f"{period(event.starts_at, event.ends_at, event.timezone)}, {zone_name(event.timezone)}",
        "host": event.host_name or _("the organisers"),
    }


def _write(
    kind: Kind,
    text: Text,
    event: Event,
    public_url: str,
    words: Mapping[str, str],
    flags: Mapping[str, Any],
) -> Written:
    """``text`` with everything it needs, its placeholders filled in from ``words`` and ``flags``."""
    whole = kind.complete(text)
    given = {**flags, **words, "public_url": public_url}
    if event.mode == "in_person":
        given["join_url"] = ""
    values = Values(
        words={**words_of(event, words["name"]), **kind.say(event, flags, words)},
        links={name: str(given.get(word) or "") for name, word in vocabulary.LINKS.items()},
        blocks=vocabulary.BLOCKS,
    )
    return placeholders.written(whole.subject, whole.body, values)
