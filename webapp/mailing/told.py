"""What people know of an event's when and where: kept when they are told, so that a later mail can say
truly what changed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

from webapp.db import from_ms, to_ms
from webapp.events.models import Event


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """When and where. ``place`` is the address of the first join target, empty without one: who goes where
    after it (an overflow) is nothing that people must know beforehand."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    timezone: str
    mode: str
    place: str
    sequence: int

    @classmethod
    def of(cls, event: Event) -> Facts:
        place = event.targets[0].url if event.targets else ""
        return cls(
            event.starts_at, event.ends_at, event.timezone, event.mode, place, event.ics_sequence
        )

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Facts:
        return cls(
            from_ms(kept["starts_at"]), from_ms(kept["ends_at"]), kept["timezone"], kept["mode"],
            kept["place"], kept["sequence"],
        )  # fmt: skip

    def kept(self) -> dict[str, Any]:
        return {
            "starts_at": to_ms(self.starts_at), "ends_at": to_ms(self.ends_at), "timezone": self.timezone,
            "mode": self.mode, "place": self.place, "sequence": self.sequence,
        }  # fmt: skip

    def moved(self, before: Facts) -> bool:
        """Whether it takes place at another time. The same moment named in another zone is the same time."""
        return (self.starts_at, self.ends_at) != (before.starts_at, before.ends_at)

    def elsewhere(self, before: Facts) -> bool:
        """Whether people come to another place: online instead of in a room, or another meeting."""
        if self.mode != before.mode:
            return True
        is_online = self.mode != "in_person"
        return is_online and bool(self.place and before.place) and self.place != before.place

    def differs(self, before: Facts) -> bool:
        return self.moved(before) or self.elsewhere(before)
