"""Saying a number: which words a figure allows. The rules are DESIGN section 5, *Saying it*.

"Over N" only if the lower end is really above N, with N rounded down; otherwise the exact number, the
range, or "about" where both ends are within one percent of the same round number. Nobody known only
from the door is ever said to have been in the room.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.templating import number, percent

CHOICES = ("people", "doors", "registered_attended", "peak")

# A range wider than this share of its lower end is given as a range: "over" would hide half of it.
WIDEST_OVER = 0.10
# "Over N" may give away this share of what is known. Beyond it, a nearer word is the truer one.
DEAREST_OVER = 0.05
NEAREST_ABOUT = 0.01
SMALLEST_ROUND = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """How a count may be put. ``low`` and ``high`` are the numbers that stand in the words."""

    kind: Literal["none", "exact", "over", "about", "range"]
    low: int
    high: int


def step(count: int) -> int:
    """What a count is rounded to: two leading digits stay. 1,214 to hundreds, 264 to tens."""
    return int(10 ** max(0, len(str(count)) - 2))


def floor(count: int) -> int:
    """The round number below ``count``, strictly: 1,214 gives 1,200, and 1,200 itself gives 1,100."""
    size = step(count)
    down = count // size * size
    return down if down < count else count - size


def say(low: int, high: int) -> Said:
    """The words for a count that is at least ``low`` and at most ``high`` (the same if it is known).

    Raises ValueError if the ends are crossed or negative.
    """
    if not 0 <= low <= high:
        raise ValueError(f"no such range of people: {low} to {high}")
    if high == 0:
        return Said("none", 0, 0)
    over = floor(low) if low >= SMALLEST_ROUND else None
    cheap = over is not None and low - over <= DEAREST_OVER * low
    if low == high:
        return Said("over", over, over) if over and cheap else Said("exact", low, low)
    if over and cheap and high - low <= WIDEST_OVER * low:
        return Said("over", over, over)
    if low >= SMALLEST_ROUND:
        size = step(low)
        near = (low + high + size) // (2 * size) * size
        if max(abs(low - near), abs(high - near)) <= NEAREST_ABOUT * low:
            return Said("about", near, near)
    if over and high - low <= WIDEST_OVER * low:
        return Said("over", over, over)
    return Said("range", low, high)


def people(said: Said) -> str:
    """ "over 1,200 people", "between 40 and 900 people", "1 person", "nobody"."""
    if said.kind == "none":
        return str(_("nobody"))
    counted = number(said.low)
    if said.kind == "over":
        return str(_("over %(n)s people", n=counted))
    if said.kind == "about":
        return str(_("about %(n)s people", n=counted))
    if said.kind == "range" and said.low == 0:
        return str(ngettext("at most %(n)s person", "at most %(n)s people", said.high, n=number(said.high)))  # fmt: skip
    if said.kind == "range":
        return str(_("between %(low)s and %(high)s people", low=counted, high=number(said.high)))
    return str(ngettext("%(n)s person", "%(n)s people", said.low, n=counted))


def figure(low: int, high: int) -> str:
    """The number as it stands large on the page: "1,214", or both ends, "1,131–1,214"."""
    return number(low) if low == high else f"{number(low)}–{number(high)}"


def is_measured(figures: Mapping[str, Any]) -> bool:
    """Whether any source measured who was there when. With the door alone nobody can say."""
    return figures["attendance"]["peak"] is not None


def value(figures: Mapping[str, Any], choice: str) -> tuple[int, int] | None:
    """The ends of the figure named by ``choice``; None if it is not known."""
    attendance = figures["attendance"]
    if choice == "people":
        return attendance["people"]["low"], attendance["people"]["high"]
    if choice == "peak":
        peak = attendance["peak"]
        return (peak["people"], peak["people"]) if peak else None
    if choice in CHOICES:
        return attendance[choice], attendance[choice]
    raise ValueError(f"{choice!r} is not a headline number; choose one of {', '.join(CHOICES)}")


def name(choice: str) -> str:
    return str({
        "people": _("People who came"),
        "doors": _("People who pressed Join"),
        "registered_attended": _("Signed up and came"),
        "peak": _("Most people at one moment"),
    }[choice])  # fmt: skip


def definition(figures: Mapping[str, Any], choice: str) -> str:
    """What the number counts, in one or two sentences."""
    counts = figures["attendance"]["people"]
    if choice == "people":
        text = (
            _("Everyone who was in the room at least once, each counted once.")
            if is_measured(figures)
            else _("Everyone who came through the door at least once, each counted once.")
        )
        if counts["low"] == counts["high"]:
            return str(text)
        return f"{text} " + str(
            _(
                "%(low)s could be told apart for certain; up to %(more)s more came without a name, or under one that was there already, and may be the same people again.",
                low=number(counts["low"]),
                more=number(counts["high"] - counts["low"]),
            )
        )
    return str({
        "doors": _("Everyone who pressed Join, by personal link or as a guest, each counted once. It does not say how long they stayed."),
        "registered_attended": _("People with a confirmed sign-up who came. Guests without a sign-up are not in it."),
        "peak": _("The most people who were there at one and the same instant, counted to the second."),
    }[choice])  # fmt: skip


def short_definition(figures: Mapping[str, Any], choice: str) -> str:
    """The definition as the second half of a sentence: "1,214 *people joined live: …*"."""
    return str({
        "people": _("people joined live") if is_measured(figures) else _("people came through the door"),
        "doors": _("people pressed Join"),
        "registered_attended": _("people who had signed up came"),
        "peak": _("people were there at one moment"),
    }[choice])  # fmt: skip


def clause(figures: Mapping[str, Any], choice: str) -> str:
    """The figure with its verb, ready for the name of the event: "over 1,200 people joined"."""
    ends = value(figures, choice)
    if ends is None:
        return str(_("an unknown number of people joined"))
    said = say(*ends)
    who = people(said)
    if choice == "people":
        return str(_("%(people)s joined", people=who)) if is_measured(figures) else str(_("%(people)s came through the door to", people=who))  # fmt: skip
    if choice == "doors":
        return str(_("%(people)s pressed Join for", people=who))
    if choice == "registered_attended":
        return str(_("%(people)s who had signed up came to", people=who))
    if said.high == 1:
        return str(_("at the fullest moment, %(people)s was at", people=who))
    return str(_("at the fullest moment, %(people)s were together at", people=who))


def listed(names: Sequence[str]) -> str:
    """ "Ada", "Ada and Ben", "Ada, Ben and Cleo"."""
    if len(names) < 2:
        return "".join(names)
    return str(_("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1]))


def in_the_room(session: Mapping[str, Any] | None, names: Sequence[str]) -> str:
    """ "1,061 people were in the room while Tim Young spoke." Empty where presence was not measured."""
    if session is None or session["people"] is None:
        return ""
    count = session["people"]
    if names:
        text = ngettext(
            "%(n)s person was in the room while %(names)s spoke.",
            "%(n)s people were in the room while %(names)s spoke.",
            count, n=number(count), names=listed(names),
        )  # fmt: skip
    else:
        text = ngettext(
            "%(n)s person was in the room for this.",
            "%(n)s people were in the room for this.",
            count, n=number(count),
        )  # fmt: skip
    if session["started_at"] is None:
        text = _("By the planned times, %(sentence)s", sentence=text)
    return str(text)


def words(figures: Mapping[str, Any], choice: str) -> dict[str, str]:
    """What the placeholders of a report's text stand for, by name. ``{Number}`` begins a sentence."""
    attendance, unknown = figures["attendance"], str(_("an unknown number of"))
    ends = value(figures, choice)
    minutes = attendance["minutes"]
    median = minutes["median"] if minutes else None
    known = {
        "headline": clause(figures, choice),
        "number": people(say(*ends)) if ends else str(_("an unknown number of people")),
        "meaning": definition(figures, choice),
        "signed_up": number(figures["signups"]["confirmed"]),
        "came": number(attendance["registered_attended"]),
        "rate": percent(attendance["show_up_rate"]),
        "guests": number(attendance["guests"]),
        "doors": number(attendance["doors"]),
        "peak": number(attendance["peak"]["people"]) if attendance["peak"] else unknown,
        "minutes": number(median) if median is not None else unknown,
    }
    return known | {key[0].upper() + key[1:]: capital(text) for key, text in known.items()}


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


PLACEHOLDERS = (
    "headline", "number", "meaning", "signed_up", "came", "rate", "guests", "doors", "peak", "minutes",
)  # fmt: skip
_KNOWN = "|".join((*PLACEHOLDERS, *(capital(word) for word in PLACEHOLDERS), "room"))
_PLACEHOLDER = re.compile(rf"([ \t]*)(\\?)(\{{({_KNOWN})\}})")


def fill(template: str, values: Mapping[str, str]) -> str:
    """The text with its figures. Only our own named placeholders are replaced; any other braces stay as
    they were typed, and so does a placeholder with a backslash before it."""

    def put(match: re.Match[str]) -> str:
        space, escape, typed, word = match.groups()
        if escape or word not in values:
            return str(space + typed)
        # A sentence that has nothing to say leaves no gap.
        return space + values[word] if values[word] else ""

    return _PLACEHOLDER.sub(put, template).strip()


def plain(text: str) -> str:
    """Text from the data for a template: a name that looks like a placeholder stays a name."""
    return _PLACEHOLDER.sub(r"\1\\\2\3", text)
