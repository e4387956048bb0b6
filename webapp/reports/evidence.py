"""What a report is written from, gathered once: the figures, the running order as it was, the notes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from webapp.agenda import queries as agenda_queries
from webapp.agenda import releases
from webapp.agenda.queries import Item, Who
from webapp.attendance import figures as attendance_figures
from webapp.events.models import Event


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """One note: what somebody said in an item. ``speaker`` is None if the note names nobody."""

    item_key: str
    speaker: Who | None
    kind: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """``items`` stand in the order in which they really happened. ``curve`` is people present by minute
    (aware UTC), None where presence is unknown. ``figures`` are the contract's, as of ``at``."""

    at: dt.datetime
    figures: dict[str, Any]
    curve: list[tuple[dt.datetime, int]] | None
    items: tuple[Item, ...]
    notes: tuple[Said, ...]
    agenda_version: int | None = None
    """The published version of the agenda that the figures by session follow."""

    def session(self, key: str) -> dict[str, Any] | None:
        """The figures of one agenda item."""
        return next((row for row in self.figures["sessions"] if row["key"] == key), None)

    def said_in(self, key: str) -> list[Said]:
        return [note for note in self.notes if note.item_key == key]

    @property
    def was_recorded(self) -> bool:
        """Whether anybody pressed Next: otherwise the planned times are all we have."""
        return any(item.started_at for item in self.items)


def as_it_was(items: Sequence[Item]) -> list[Item]:
    """The items in their actual order. One that was never started stays behind the item it was planned
    to follow."""
    ordered: list[Item] = []
    for item in items:
        if item.started_at is None:
            ordered.append(item)
            continue
        place = len(ordered)
        for n, other in enumerate(ordered):
            if other.started_at and other.started_at > item.started_at:
                place = n
                break
        ordered.insert(place, item)
    return ordered


def gather(event: Event, at: dt.datetime) -> Evidence:
    """Everything a report needs, as of ``at`` (aware)."""
    items = agenda_queries.running_order(event)
    by_id = {item.id: item for item in items}
    # Who was replaced afterwards has still said it.
    others = agenda_queries.everybody(event.id)
    notes = []
    for note in agenda_queries.notes(event.id):
        item = by_id.get(note.session_id)
        if item is None:
            continue
        who = next((w for w in item.speakers if w.speaker_id == note.speaker_id), None)
        if who is None and note.speaker_id in others:
            who = agenda_queries.who(others[note.speaker_id], "speaker")
        notes.append(Said(item.key, who, note.kind, note.text))
    return Evidence(
        at=at,
        figures=attendance_figures.figures(event, at),
        curve=attendance_figures.curve(event, at),
        items=tuple(as_it_was(items)),
        notes=tuple(notes),
        agenda_version=releases.latest_version(event),
    )
