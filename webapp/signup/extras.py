"""What the form asks beside the event's own questions: access needs, companions, and whether a stay may be
recorded. The form and the personal page ask it in the same words."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from webapp import clock
from webapp.events.models import Event
from webapp.signup.questions import line

FIELDS = ("access", "access_note", "companions", "no_stay", "timezone")
MOST_COMPANIONS = 20
LONGEST_NOTE = 500
# More boxes than that no event offers.
_MOST_NEEDS = 50


@dataclasses.dataclass(frozen=True, slots=True)
class Extras:
    access_needs: tuple[str, ...] = ()
    access_note: str | None = None
    companions: int = 0
    no_stay: bool = False
    timezone: str | None = None

    def columns(self) -> dict[str, Any]:
        """As the columns of a sign-up, for a statement that goes past the models."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "access_needs": json.dumps(self.access_needs) if self.access_needs else None
        }


def asks_about_stay(event: Event) -> bool:
    """Whether there is a stay to be recorded: with the door only, nobody knows it anyway."""
    return event.presence in ("room", "platform") and event.mode != "in_person"


def read(event: Event, raw: Mapping[str, list[str]], kept: tuple[str, ...] = ()) -> tuple[Extras, dict[str, str]]:  # fmt: skip
    """What was sent, and one sentence for each field that needs another look. What the event does not ask
    is ignored. ``kept`` are needs that somebody has said before and the event no longer offers."""
    errors: dict[str, str] = {}

    def first(name: str) -> str:
        values = raw.get(name)
        return values[0].strip() if values else ""

    offered = (*event.access_needs, *kept)
    note, companions = None, 0
    if offered:
        try:
            note = line(first("access_note"), LONGEST_NOTE) or None
        except ValueError as error:
            errors["access_note"] = str(error)
    if event.ask_companions and (said := first("companions")):
        is_number = said.isascii() and said.isdigit() and len(said) < 4
        if is_number and int(said) <= MOST_COMPANIONS:
            companions = int(said)
        else:
            errors["companions"] = _("Please give a whole number from 0 to %(n)s.", n=MOST_COMPANIONS)  # fmt: skip
    zone = first("timezone")
    chosen = set(raw.get("access", []))
    return Extras(
        access_needs=tuple(need for need in dict.fromkeys(offered) if need in chosen)[:_MOST_NEEDS],
        access_note=note,
        companions=companions,
        no_stay=bool(first("no_stay")) and asks_about_stay(event),
        # Filled in by a script; whatever else somebody sends is as good as nothing.
        timezone=zone if len(zone) <= 60 and clock.is_zone(zone) else None,
    ), errors
