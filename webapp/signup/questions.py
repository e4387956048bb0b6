"""The event's own questions: reading them, reading the answers, and replacing them from an event file."""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from babel.numbers import format_decimal
from flask_babel import gettext as _

from webapp import i18n
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.events.texts import Source, Texts
from webapp.signup.models import QUESTION_TYPES, Answer, Question

LONGEST = {"text": 500, "paragraph": 5000}
LONGEST_HELP = 1000
LARGEST = 1e15
FIELD = "q_"
# Controls (a line break is kept in paragraphs), characters that turn the reading direction around, and
# halves of a pair, which cannot be written down.
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Ask:
    """A question as the form needs it, free of the database."""

    id: int
    key: str
    label: str
    type: str
    choices: tuple[str, ...]
    required: bool
    show_key: str | None
    show_equals: Any
    help: str = ""
    # Of a number: the smallest and the largest there may be.
    min: int | float | None = None
    max: int | float | None = None
    # What a page calls a choice, where that is not as it was written.
    called: Mapping[str, str] = dataclasses.field(default_factory=dict, compare=False)

    @property
    def field(self) -> str:
        return FIELD + self.key

    def said(self, choice: str) -> str:
        """A choice as people read it; what is sent and kept is the choice as it was written."""
        return self.called.get(choice, choice)

    @property
    def said_range(self) -> str:
        """Which numbers there may be, in words; empty where any may."""
        return said_range(self.min, self.max)

    def said_all(self, choices: Iterable[str]) -> list[str]:
        return [self.said(choice) for choice in choices]


def _said(number: float | None) -> str:
    return "" if number is None else str(format_decimal(number, "#,##0.######", locale=i18n.dates()))  # fmt: skip


def said_range(smallest: float | None, largest: float | None) -> str:
    """Which numbers there may be, in words; empty where any may."""
    low, high = _said(smallest), _said(largest)
    if low and high:
        return _("A number from %(low)s to %(high)s.", low=low, high=high)
    if low:
        return _("A number of at least %(low)s.", low=low)
    return _("A number of at most %(high)s.", high=high) if high else ""


def sources(asks: Iterable[Ask]) -> list[Source]:
    """What there is to translate."""
    found = []
    for ask in asks:
        place = f"questions/{ask.key}"
        found += [
            Source(f"{place}/label", ask.label, 500),
            Source(f"{place}/help", ask.help, LONGEST_HELP),
            *(Source(f"{place}/choices/{choice}", choice, 200) for choice in ask.choices),
        ]
    return [source for source in found if source.text]


def in_language(asks: Iterable[Ask], texts: Texts) -> tuple[Ask, ...]:
    """The questions with the event's texts in a language."""
    if not texts:
        return tuple(asks)
    return tuple(
        dataclasses.replace(
            ask,
            label=texts.get(f"questions/{ask.key}/label", ask.label),
            help=texts.get(f"questions/{ask.key}/help", ask.help),
            called={
                choice: said
                for choice in ask.choices
                if (said := texts.get(f"questions/{ask.key}/choices/{choice}"))
            },
        )
        for ask in asks
    )


def of_event(event_id: int, *, retired: bool = False) -> tuple[Ask, ...]:
    """The questions of an event in the order they are asked; with ``retired`` also those that stand on
    the form no more but may have answers. One query."""
    statement = (
        sa.select(Question)
        .where(Question.event_id == event_id)
        .order_by(Question.position, Question.id)
    )
    if not retired:
        statement = statement.where(Question.retired_at.is_(None))
    rows = db.session.scalars(statement)
    return tuple(
        Ask(
            id=row.id,
            key=row.key,
            label=row.label,
            type=row.type,
            choices=tuple(row.choices or ()),
            required=row.required,
            show_key=(row.show_if or {}).get("key"),
            show_equals=(row.show_if or {}).get("equals"),
            help=row.help,
            min=plain(row.min),
            max=plain(row.max),
        )
        for row in rows
    )


def is_asked(ask: Ask, given: Mapping[str, Any]) -> bool:
    """Whether the question stands, going by the answers ``given`` so far (by key). One that hangs on
    a question that was not asked is not asked either."""
    if ask.show_key is None:
        return True
    if ask.show_key not in given:
        return False
    value, wanted = given[ask.show_key], ask.show_equals
    if isinstance(value, list):
        return wanted in value
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return bool(value == wanted)


def _text(raw: str, longest: int) -> str:
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if UNSEEN.search(text):
        raise ValueError(_("There is a character in it that cannot be seen. Please type it anew."))
    if len(text) > longest:
        raise ValueError(_("That is too long: at most %(n)s characters.", n=longest))
    return text


def line(raw: str, longest: int) -> str:
    """One line of text. Raises ValueError with a sentence."""
    return _text(raw.replace("\n", " ").replace("\r", " ").replace("\t", " "), longest)


def paragraph(raw: str, longest: int) -> str:
    """Text that may have several lines. Raises ValueError with a sentence."""
    return _text(raw, longest)


def plain(number: float | None) -> int | float | None:
    """A number as people write it: a whole one without a point."""
    return int(number) if number is not None and number == int(number) else number


def number(raw: str) -> int | float:
    """A number as it is kept. Raises ValueError with a sentence."""
    text = raw.strip().replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > LARGEST or not text.isascii():
        raise ValueError(_("Please give a number, like 3 or 2.5."))
    return plain(value) or 0


def _in_range(ask: Ask, value: int | float) -> int | float:
    is_low = ask.min is not None and value < ask.min
    if not is_low and (ask.max is None or value <= ask.max):
        return value
    low, high = _said(ask.min), _said(ask.max)
    if low and high:
        raise ValueError(_("Please give a number from %(low)s to %(high)s.", low=low, high=high))
    if low:
        raise ValueError(_("Please give a number of at least %(low)s.", low=low))
    raise ValueError(_("Please give a number of at most %(high)s.", high=high))


def value(ask: Ask, raw: list[str]) -> Any:
    """One answer in its type, or None for none. Raises ValueError with a sentence."""
    first = raw[0] if raw else ""
    if ask.type == "choices":
        wanted = [choice for choice in ask.choices if choice in raw]
        if any(choice not in ask.choices for choice in raw if choice):
            raise ValueError(_("Please choose from the list."))
        return wanted or None
    if not first.strip():
        return None
    if ask.type == "choice":
        if first not in ask.choices:
            raise ValueError(_("Please choose from the list."))
        return first
    if ask.type == "yes_no":
        if first not in ("yes", "no"):
            raise ValueError(_("Please choose yes or no."))
        return first == "yes"
    if ask.type == "number":
        return _in_range(ask, number(first))
    if ask.type == "text":
        return line(first, LONGEST["text"]) or None
    return _text(first, LONGEST[ask.type]) or None


def read(
    asks: Iterable[Ask], raw: Mapping[str, list[str]]
) -> tuple[dict[int, Any], dict[str, str]]:
    """Answers by question id, and one sentence for each field that needs another look.

    The browser may have hidden what does not apply, or not: what counts is decided here. An answer to
    a question that does not apply is dropped.
    """
    answers: dict[int, Any] = {}
    given: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for ask in asks:
        if not is_asked(ask, given):
            continue
        try:
            found = value(ask, raw.get(ask.field, []))
        except ValueError as error:
            errors[ask.field] = str(error)
            continue
        if found is None:
            if ask.required:
                errors[ask.field] = _("Please answer this question.")
            continue
        answers[ask.id] = given[ask.key] = found
    return answers, errors


def applying(asks: Iterable[Ask], raw: Mapping[str, list[str]]) -> frozenset[str]:
    """The fields of the questions that stand, going by the answers as they were sent; among them those
    that need another look."""
    given: dict[str, Any] = {}
    found = set()
    for ask in asks:
        if not is_asked(ask, given):
            continue
        found.add(ask.field)
        try:
            answer = value(ask, raw.get(ask.field, []))
        except ValueError:
            continue
        if answer is not None:
            given[ask.key] = answer
    return frozenset(found)


def as_file(event_id: int) -> list[dict[str, Any]]:
    """The questions as the event file has them."""
    return [
        {
            "key": ask.key,
            "label": ask.label,
            "type": ask.type,
            "choices": list(ask.choices),
            "required": ask.required,
            "show_if": None
            if ask.show_key is None
            else {"key": ask.show_key, "equals": ask.show_equals},
        }
        | ({"help": ask.help} if ask.help else {})
        | {name: end for name, end in (("min", ask.min), ("max", ask.max)) if end is not None}
        for ask in of_event(event_id)
    ]


def _is_answer(value: Any) -> bool:
    """Whether anybody's answer could equal it: a text, a number, yes or no."""
    if isinstance(value, str):
        return not UNSEEN.search(value)
    return isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value))


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and abs(value) <= LARGEST


def checked(item: Mapping[str, Any], number: int, before: set[str]) -> dict[str, Any]:
    """One question of an event file, every key checked. Raises Refused naming the question."""
    key = item.get("key")
    named = _("Question %(number)s (%(key)s)", number=number, key=key or "?")
    if not isinstance(key, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", key):
        raise Refused(_("%(question)s: the key may have small letters, digits, - and _.", question=named))  # fmt: skip
    if key in before:
        raise Refused(_("%(question)s: this key stands twice.", question=named))
    unknown = set(item) - {
        "key",
        "label",
        "type",
        "choices",
        "required",
        "show_if",
        "help",
        "min",
        "max",
    }
    if unknown:
        raise Refused(_("%(question)s: unknown key “%(unknown)s”.", question=named, unknown=sorted(unknown)[0]))  # fmt: skip
    label = item.get("label")
    if not isinstance(label, str) or not label.strip() or len(label) > 500 or UNSEEN.search(label):
        raise Refused(_("%(question)s: the label must be a text of 1 to 500 characters.", question=named))  # fmt: skip
    help_ = item.get("help", "")
    if not isinstance(help_, str) or len(help_) > LONGEST_HELP or UNSEEN.search(help_):
        raise Refused(_("%(question)s: the help must be a text of at most %(n)s characters.", question=named, n=LONGEST_HELP))  # fmt: skip
    kind = item.get("type")
    if kind not in QUESTION_TYPES:
        raise Refused(_("%(question)s: the type must be one of %(types)s.", question=named, types=", ".join(QUESTION_TYPES)))  # fmt: skip
    choices = item.get("choices") or []
    has_choices = kind in ("choice", "choices")
    if (
        not isinstance(choices, list)
        or not all(
            isinstance(c, str) and c.strip() and len(c) <= 200 and not UNSEEN.search(c)
            for c in choices
        )
        or len(set(choices)) != len(choices)
        or len(choices) > 100
        or has_choices != bool(choices)
    ):
        raise Refused(_("%(question)s: choices must be a list of different texts, for the types choice and choices only.", question=named))  # fmt: skip
    if not isinstance(item.get("required", False), bool):
        raise Refused(_("%(question)s: required must be true or false.", question=named))
    show_if = item.get("show_if")
    if show_if is not None and (
        not isinstance(show_if, dict)
        or set(show_if) != {"key", "equals"}
        or not isinstance(show_if["key"], str)
        or show_if["key"] not in before
        or not _is_answer(show_if["equals"])
    ):
        raise Refused(_("%(question)s: show_if must name the key of an earlier question and what it equals.", question=named))  # fmt: skip
    ends = [item.get(name) for name in ("min", "max")]
    if any(end is not None and (kind != "number" or not _is_number(end)) for end in ends):
        raise Refused(_("%(question)s: min and max must be numbers, for the type number only.", question=named))  # fmt: skip
    low, high = ends
    if low is not None and high is not None and low > high:
        raise Refused(_("%(question)s: min must not be above max.", question=named))
    return {
        "key": key,
        "label": unicodedata.normalize("NFC", label.strip()),
        "help": unicodedata.normalize("NFC", help_.strip()),
        "type": kind,
        "choices": list(choices),
        "required": bool(item.get("required", False)),
        "show_if": show_if,
        "min": low,
        "max": high,
    }


def replace(event: Event, items: list[dict[str, Any]]) -> list[str]:
    """Makes the event's questions those of the list (as in the event file); answers what changed.

    Rows are kept by key, so answers stay with their question. Raises Refused, naming the question: also
    for one that has answers and would be dropped or change its type. One that was taken off the form
    stays off it, unless the list names it.
    """
    wanted: dict[str, dict[str, Any]] = {}
    for number, item in enumerate(items, 1):
        question = checked(item, number, set(wanted))
        wanted[question["key"]] = question
    rows = {
        row.key: row
        for row in db.session.scalars(sa.select(Question).where(Question.event_id == event.id))
    }
    answered = set(
        db.session.scalars(
            sa.select(Answer.question_id)
            .where(Answer.question_id.in_([row.id for row in rows.values()]))
            .distinct()
        )
        if rows
        else ()
    )
    changes: list[str] = []
    for key, row in rows.items():
        new = wanted.get(key)
        is_dropped = new is None and row.retired_at is None
        if row.id in answered and (is_dropped or (new and new["type"] != row.type)):
            raise Refused(_("People have answered “%(label)s”; it cannot be dropped or change its type.", label=row.label), "answered")  # fmt: skip
        if new is None and row.retired_at is not None:
            continue
        if new is None:
            db.session.delete(row)
            changes.append(_("question “%(key)s” dropped", key=key))
    for position, (key, new) in enumerate(wanted.items()):
        kept = rows.get(key)
        if kept is None:
            db.session.add(Question(event_id=event.id, position=position, **new))
            changes.append(_("question “%(key)s” added", key=key))
            continue
        before = {name: getattr(kept, name) for name in new} | {"position": kept.position}
        if before != new | {"position": position} or kept.retired_at is not None:
            kept.position, kept.retired_at = position, None
            for name, value in new.items():
                setattr(kept, name, value)
            changes.append(_("question “%(key)s” changed", key=key))
    if changes:
        event.touch()
    db.session.flush()
    return changes
