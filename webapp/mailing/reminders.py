"""When a reminder goes out, and whether it still makes sense."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Literal

from webapp.events.models import Event
from webapp.mailing.models import Mailing

Anchor = Literal["start", "end"]
# From so long before it on there is time to give a place back, and the mail asks; later it leads to the door.
ASKING_FROM = 180
SHORTEST, LONGEST = 5, 60 * 24 * 60


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """So many minutes before the planned start or end."""

    minutes: int
    anchor: Anchor = "start"

    @property
    def lead(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.minutes)

    @property
    def asks(self) -> bool:
        """Whether it asks "still coming?" rather than leading to the door."""
        return self.anchor == "start" and self.minutes >= ASKING_FROM

    def due(self, event: Event) -> dt.datetime:
        anchor = event.starts_at if self.anchor == "start" else event.ends_at
        return anchor - self.lead

    def is_of_use(self, event: Event, at: dt.datetime) -> bool:
        """Whether somebody who gets it at ``at`` can still do what it says."""
        phase = event.phase(at)
        if self.anchor == "start":
            return phase == "before"
        return phase in ("before", "live") and at < event.ends_at

    def expires_at(self, event: Event) -> dt.datetime:
        """From when on the mail is of no use: who is asked whether they come must have time to answer;
        the link to the door is good until the evening is over."""
        return event.live_from if self.asks else event.closes_by


DEFAULTS = (Rule(24 * 60), Rule(60))


def rule_of(mailing: Mailing) -> Rule:
    return Rule(mailing.number, "end" if mailing.anchor == "end" else "start")
