"""Placeholders in the words that organisers write for their mails: ``{name}``, ``{join_button}``.

A placeholder is a known name in single braces and nothing else. Nothing is computed: whatever looks like
the language of some template (``{{7*7}}``, ``{0.__class__}``, ``%(x)s``, ``${7*7}``) stays the text that it is.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Mapping
from typing import Any, Literal

from flask_babel import gettext as _

from webapp.mail import writing

LONGEST_SUBJECT = 200
LONGEST_BODY = 20_000
# A name that is so much like a known one is a slip of the keyboard (1 is the same).
NEAR = 0.7

_NAME = r"[A-Za-z][A-Za-z0-9_]{0,39}"
_PLACEHOLDER = re.compile(rf"(?<![{{$])\{{({_NAME})\}}(?!\}})")
# Other systems' ways to write one; people who come from there are told ours.
_FOREIGN = re.compile(
    rf"\{{\{{\s*({_NAME})\s*\}}\}}|\$\{{({_NAME})\}}|%\(({_NAME})\)s|\{{\s+({_NAME})\s*\}}|\{{({_NAME})\s+\}}"
    rf"|\{{({_NAME}(?:[ -]{_NAME})+)\}}"
)
# What has both its braces, and beside it a brace that lost its other half at a word.
_WHOLE = re.compile(r"\{+[^{}\n]*\}+")
_HALF = re.compile(r"\{+\s*[A-Za-z]\w*|\w*[A-Za-z]\s*\}+")
# Characters that nobody sees, direction overrides, halves of a pair.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ADDRESS = re.compile(r"(https?://|mailto:)\S", re.IGNORECASE)

# "word": a few words, anywhere. "link": an address, in a text or as where a link leads. "block": a button or
# a box that stands on a line of its own.
Kind = Literal["word", "link", "block"]


@dataclasses.dataclass(frozen=True, slots=True)
class Placeholder:
    name: str
    kind: Kind
    # For organisers, in their language (a lazy text will do).
    what: Any

    def __str__(self) -> str:
        return f"{{{self.name}}}"


_ORDER = {"word": 0, "link": 1, "block": 2}


def known(*placeholders: Placeholder) -> dict[str, Placeholder]:
    """By name: words first, then links, then what stands on a line of its own."""
    return {one.name: one for one in sorted(placeholders, key=lambda one: _ORDER[one.kind])}


def names(text: str) -> list[str]:
    """The placeholders that stand in ``text``, known or not, each once and in order."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def in_general(text: str) -> str:
    """A subject where it stands for a whole mailing, not for one person's mail: "News for …"."""
    return _PLACEHOLDER.sub("…", text)


def clean(text: str | None) -> str:
    """What was typed, with plain line ends and without space around it."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _unknown(name: str, allowed: Mapping[str, Placeholder]) -> str:
    written = re.sub("[ -]", "_", name.lower())
    near = difflib.get_close_matches(written, allowed, n=1, cutoff=NEAR)
    if near:
        return _("There is no placeholder {%(name)s} here; did you mean {%(near)s}?", name=name, near=near[0])  # fmt: skip
    known = ", ".join(map(str, allowed.values()))
    return _("There is no placeholder {%(name)s} here. There are: %(list)s.", name=name, list=known)


def _names_problems(text: str, allowed: Mapping[str, Placeholder]) -> list[str]:
    found = [_unknown(name, allowed) for name in names(text) if name not in allowed]
    for match in _FOREIGN.finditer(text):
        name = next(filter(None, match.groups()))
        if match[6]:
            found.append(_unknown(name, allowed))
        elif name in allowed:
            found.append(_("“%(written)s” would stay as it is. Write {%(name)s}.", written=match[0], name=name))  # fmt: skip
        elif "{" in match[0] and name not in names(text):
            found.append(_unknown(name, allowed))
    for number, line in enumerate(text.split("\n"), 1):
        # Spaces in the place of what is whole, so that nothing new is joined.
        rest = _WHOLE.sub(lambda match: " " * len(match[0]), line)
        found += [
            _("Line %(n)d: “%(written)s” lacks one of its braces, and people would read it as it is. Write it whole, as {name}, or without a brace.", n=number, written=half[0])
            for half in _HALF.finditer(rest)
        ]  # fmt: skip
    if _UNSEEN.search(text):
        found.append(_("There is a character in it that cannot be seen. Please type it anew."))
    return found


def subject_problems(text: str, allowed: Mapping[str, Placeholder]) -> list[str]:
    """What stands in the way of ``text`` as a subject, each in one sentence. Only words can stand there."""
    found = []
    if not text.strip():
        found.append(_("A mail needs a subject."))
    if len(text) > LONGEST_SUBJECT:
        found.append(_("That is too long: at most %(n)s characters.", n=LONGEST_SUBJECT))
    if "\n" in text:
        found.append(_("A subject is one line."))
    return found + _names_problems(text, {k: one for k, one in allowed.items() if one.kind == "word"})  # fmt: skip


def body_problems(text: str, allowed: Mapping[str, Placeholder]) -> list[str]:
    """What stands in the way of ``text`` as the body of a mail, each in one sentence."""
    if not text.strip():
        return [_("A mail needs a text.")]
    if len(text) > LONGEST_BODY:
        return [_("That is too long: at most %(n)s characters.", n=LONGEST_BODY)]
    found = _names_problems(text, allowed)
    blocks = {name for name, one in allowed.items() if one.kind == "block"}
    for part in writing.split(text, blocks):
        if part.block:
            continue
        found += [
            _("{%(name)s} needs a line of its own.", name=name)
            for name in names(part.source)
            if name in blocks
        ]
        for address in writing.addresses(part.source, _PLACEHOLDER):
            found += _address_problems(address, allowed)
    return list(dict.fromkeys(found))


def _address_problems(address: writing.Address, allowed: Mapping[str, Placeholder]) -> list[str]:
    """Of where a link leads: one placeholder for a link, or an address of the organiser's own."""
    rest = address.rest
    if address.first:
        one = allowed.get(address.first)
        if one is not None and one.kind != "link":
            return [_("{%(name)s} is no address, so a link cannot lead there.", name=address.first)]
    elif not _ADDRESS.match(rest):
        return [_("A link needs its whole address, with https:// in front: “%(address)s”.", address=rest)]  # fmt: skip
    return [_("{%(name)s} cannot be part of an address.", name=name) for name in address.inside]


@dataclasses.dataclass(frozen=True, slots=True)
class Written:
    """The words of a mail, made: what a template draws as ``written``."""

    subject: str
    parts: tuple[writing.Part, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Values:
    """What the placeholders of one mail stand for, by name. ``words`` and ``links`` are plain text: they
    are escaped here, and no Markdown in them counts. A link that is empty takes its paragraph with it.
    People's own names come as ``outbox.plain_name`` gives them, or mail programs make links of them."""

    words: Mapping[str, str]
    links: Mapping[str, str] = dataclasses.field(default_factory=dict)
    blocks: frozenset[str] = frozenset()


def filled(text: str, values: Values) -> str:
    """One line with its words filled in. A placeholder without a value stays as it is written."""
    found = _PLACEHOLDER.sub(lambda m: values.words.get(m[1], m[0]), text)
    return " ".join(found.split())


def written(subject: str, body: str, values: Values) -> Written:
    """A mail's words with the values in their places. The body comes in parts, in the order they stand:
    Markdown made to HTML and to text, and the names of blocks, which the template draws."""
    parts = writing.parts(body, values.blocks, _PLACEHOLDER, words=values.words, links=values.links)
    return Written(filled(subject, values), parts)
