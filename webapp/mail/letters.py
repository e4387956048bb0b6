"""One mail for many people: rendered once for each state of an event, completed with each person's words.

Rendering three templates costs more than all the rest of a sign-up together. What differs between two
people is a name and a few links, so the templates are rendered with marks in their places and kept; for
each person the marks are replaced, escaped as their place needs it.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from flask import current_app
from markupsafe import escape

from webapp.mail.names import one_line
from webapp.mail.placeholders import Written
from webapp.mail.rendering import SUBJECT_LENGTH, in_language, render, spoken

# Not guessable, so nobody can write a mark into their own name.
_MARK = f"zq{secrets.token_hex(6)}"
_MARKS = re.compile(rf"{_MARK}(\w+?)qz")
_KEPT = 200

Parts = tuple[str, ...]
Write = Callable[[Mapping[str, str]], Written]


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """The three texts of a mail in parts: what is the same for everybody at the even places, and the
    name of somebody's own word at the odd ones."""

    subject: Parts
    text: Parts
    html: Parts

    def completed(self, words: Mapping[str, str]) -> tuple[str, str, str]:
        """(subject, text, HTML) with ``words`` by name, as plain text: they are escaped here."""
        plain = {
            name: one_line(word) if name in self.subject else word for name, word in words.items()
        }
        marked = {name: str(escape(word)) for name, word in plain.items()}
        return (
            _joined(self.subject, plain)[:SUBJECT_LENGTH],
            _joined(self.text, plain),
            _joined(self.html, marked),
        )

    def named(self, kind: str) -> Letter:
        """The same with a word in front of its subject."""
        return dataclasses.replace(self, subject=(f"{kind}: {self.subject[0]}", *self.subject[1:]))


@dataclasses.dataclass(frozen=True, slots=True)
class Composed:
    """One person's mail as it would leave: for the outbox, or to be looked at."""

    message: str
    letter: Letter
    words: dict[str, str]
    secrets: tuple[str, ...]
    post: Callable[[], None]

    def texts(self) -> tuple[str, str, str]:
        """(subject, text, HTML)."""
        return self.letter.completed(self.words)


def _joined(parts: Parts, words: Mapping[str, str]) -> str:
    return "".join([words[part] if place % 2 else part for place, part in enumerate(parts)])


def _parted(text: str) -> Parts:
    return tuple(_MARKS.split(text))


def letter(
    message: str,
    *,
    stamp: Hashable,
    context: Mapping[str, Any],
    words: Mapping[str, str],
    language: str | None,
    write: Write | None = None,
) -> Letter:
    """``templates/mail/<message>`` in ``language``, from this process's memory if it was asked for before
    with an equal ``stamp``: that must hold everything in ``context`` that the templates show.

    Only which of ``words`` are empty counts here (a template may ask); what they say comes with
    ``completed``.

    ``write`` makes what the templates call ``written`` out of the marks of all words, in the mail's
    language; its source belongs into ``stamp``.
    """
    cache: dict[Hashable, Letter] = current_app.extensions.setdefault("mail_cache", {})
    given = tuple([name for name, word in words.items() if word])
    key = (message, language, stamp, given)
    kept = cache.get(key)
    if kept is None:
        marks = {name: f"{_MARK}{name}qz" if word else "" for name, word in words.items()}
        context = {**context, **marks}
        if write is not None:
            with in_language(spoken(language)):
                context["written"] = write(marks)
        kept = Letter(*map(_parted, render(message, context, language)))
        if len(cache) >= _KEPT:
            cache.clear()
        cache[key] = kept
    return kept
