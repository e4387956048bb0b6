"""The verbs of the agenda editor: one change at a time, noticed when a colleague was quicker.

Each takes ``seen``, the fingerprint of what the page showed. It is compared after the lock, so two
people who save at the same moment cannot overwrite one another unnoticed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from webapp.agenda import differences, drafting, queries
from webapp.agenda import items as shape
from webapp.agenda.drafting import By, locked
from webapp.agenda.models import Speaker
from webapp.agenda.queries import Item
from webapp.audit import operations as audit
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.tokens import digest

CHANGED = "changed"
# What may be said about a person, in characters.
LONGEST = {
    "name": 200,
    "title": 200,
    "affiliation": 200,
    "bio": shape.MAX_TEXT,
    "url": 500,
    "say": 200,
    "intro": shape.MAX_INTRO,
}


def _find(items: list[Item], key: str) -> int:
    place = next((n for n, item in enumerate(items) if item.key == key), None)
    if place is None:
        raise Refused(_("Somebody took this item out of the agenda in the meantime."), "gone")
    return place


def _somebody() -> Refused:
    return Refused(_("Somebody else changed this in the meantime."), CHANGED)


def _write(
    event: Event, wanted: list[dict[str, Any]], at: dt.datetime, by: By, moved: str = ""
) -> list[str]:
    before = queries.draft(event)
    changes = drafting.write(event, wanted, moved)
    if changes:
        drafting.remember(event, before, changes, at, by)
        audit.record(
            "agenda.changed",
            at=at,
            event_id=event.id,
            summary=" ".join(changes),
            actor=by,
        )
    return changes


def _with_what_is_known(event: Event, speakers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:  # fmt: skip
    """What a form does not know of its people is as it was, also of those who have no part in the draft."""
    known = {
        shape.name_key(row.name): queries.about(row) for row in queries.everybody(event.id).values()
    }
    return [{**known.get(shape.name_key(str(who["name"])), {}), **who} for who in speakers]


def add_item(event: Event, item: dict[str, Any], at: dt.datetime, by: By) -> list[str]:
    """Puts a new item at the end; its key is made from its title."""
    event = locked(event)
    wanted = queries.as_file(queries.draft(event))
    item = {**item, "speakers": _with_what_is_known(event, item.get("speakers") or ())}
    return _write(event, [*wanted, item], at, by)


def _as_seen(event: Event, key: str, seen: str) -> tuple[list[dict[str, Any]], int]:
    """The agenda as the event file has it, and the item's place in it. Raises Refused if the item is not
    what the page showed."""
    items = queries.draft(event)
    place = _find(items, key)
    if queries.fingerprint([items[place]]) != seen:
        raise _somebody()
    return queries.as_file(items), place


def change_item(
    event: Event, key: str, item: dict[str, Any], seen: str, at: dt.datetime, by: By
) -> list[str]:
    """Sets an item to what was typed. What the form does not know of its people stays as it is."""
    event = locked(event)
    wanted, place = _as_seen(event, key, seen)
    speakers = _with_what_is_known(event, item["speakers"])
    wanted[place] = {**item, "key": key, "speakers": speakers}
    return _write(event, wanted, at, by)


def arrange(
    event: Event,
    keys: Sequence[str],
    minutes: Mapping[str, int],
    seen: str,
    at: dt.datetime,
    by: By,
    moved: str = "",
) -> list[str]:
    """Puts the items into the order of ``keys`` and gives them these minutes, in one change: what is
    dragged, moved by keyboard or by button, and typed into the list. ``seen`` is ``order`` of what the
    page showed, ``moved`` the key of what was taken to another place. Raises Refused."""
    event = locked(event)
    items = queries.draft(event)
    if order(items) != seen or sorted(keys) != sorted(item.key for item in items):
        raise _somebody()
    wanted = {entry["key"]: entry for entry in queries.as_file(items)}
    return _write(event, [{**wanted[key], "minutes": minutes.get(key, wanted[key]["minutes"])} for key in keys], at, by, moved)  # fmt: skip


def undo(event: Event, step_id: int, at: dt.datetime, by: By) -> list[str]:
    """Takes the last change back, whoever made it; says what that changed. Raises Refused if another
    change is the last by now."""
    changes = drafting.undo(event, step_id)
    audit.record("agenda.undone", at=at, event_id=event.id, summary=" ".join(changes), actor=by)
    return changes


def remove_item(event: Event, key: str, seen: str, at: dt.datetime, by: By) -> list[str]:
    """Takes an item out. Raises Refused if it has started, or is not what the page showed."""
    event = locked(event)
    wanted, place = _as_seen(event, key, seen)
    del wanted[place]
    return _write(event, wanted, at, by)


def order(items: list[Item]) -> str:
    """What the list was looking at: the keys in their order, and the minutes."""
    return digest(" ".join(f"{item.key}:{item.minutes}" for item in items))[:16]


def person_seen(row: Speaker) -> str:
    """What the form about a person was looking at."""
    parts = [row.name, row.title, row.affiliation, row.bio, row.url or "", row.say, row.intro]
    return digest("\0".join(parts))[:16]


def change_speaker(
    event: Event,
    speaker_id: int,
    values: Mapping[str, str],
    seen: str,
    at: dt.datetime,
    by: By,
) -> None:
    """Sets name, title, affiliation, bio, url, say and intro of a person of this event, wherever they speak.

    Raises Refused, with the field's name as its code.
    """
    event = locked(event)
    row = queries.speaker(event.id, speaker_id)
    if row is None:
        raise Refused(_("This person has no part in the agenda any more."), "gone")
    db.session.refresh(row)
    if person_seen(row) != seen:
        raise _somebody()
    name = shape.line(values["name"])
    if not name:
        raise Refused(_("A speaker needs a name."), "name")
    for field, longest in LONGEST.items():
        if len(values.get(field, "")) > longest:
            raise Refused(_("At most %(n)d characters, please.", n=longest), field)
    for other in queries.speakers(event.id):
        if other.id != row.id and shape.name_key(other.name) == shape.name_key(name):
            raise Refused(
                _("There already is a %(name)s in this agenda. Give that person the item instead.", name=other.name),
                "name",
            )  # fmt: skip
    before = queries.draft(event)
    try:
        url = shape.web_address(values["url"])
    except ValueError:
        raise Refused(
            _("That must be an address that begins with https:// or http://."), "url"
        ) from None
    row.name, row.url = name, url
    row.title, row.affiliation = shape.line(values["title"]), shape.line(values["affiliation"])
    row.bio = shape.paragraphs(values["bio"])
    row.say = shape.line(values.get("say", ""))
    row.intro = shape.paragraphs(values.get("intro", ""))
    db.session.flush()
    changes = differences.between(before, queries.draft(event))
    if changes:
        drafting.remember(event, before, changes, at, by)
    audit.record("speaker.changed", at=at, event_id=event.id, summary=row.name, actor=by)
    db.session.flush()
