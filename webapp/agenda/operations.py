"""The verbs of the running order: writing it, running the evening by it, noting what was said."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Literal

import sqlalchemy as sa
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.agenda import drafting, queries, releases, rows
from webapp.agenda import items as shape
from webapp.agenda.drafting import By as By
from webapp.agenda.drafting import locked
from webapp.agenda.models import Note, Press, Session
from webapp.agenda.queries import Item
from webapp.audit import operations as audit
from webapp.db import MILLISECOND, db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events.models import Event

Act = Literal["start", "back", "skip", "unskip", "end", "undo_end"]
ACTS: tuple[Act, ...] = ("start", "back", "skip", "unskip", "end", "undo_end")
_PRESS_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
MAX_NOTE = 5_000
MAX_ANNOUNCEMENT = 500


def replace(
    event: Event, items: Sequence[dict[str, Any]], at: dt.datetime, by: By = ""
) -> list[str]:
    """Makes ``items`` (in the words of the event file) the agenda, draft and public alike; says what
    changed of the draft, a line for each. The agenda of an event that is a draft itself is published with
    it. Raises Refused for a bad item, naming it, and if one that has already started would be dropped."""
    before = queries.draft(event)
    changes = drafting.write(event, items)
    if changes:
        drafting.remember(event, before, changes, at, by)
    if event.state != "draft":
        releases.publish(event, at, by)
    return changes


@dataclasses.dataclass(frozen=True, slots=True)
class PressResult:
    """What became of a press. ``first`` is what became of it the first time: "applied" or "stale";
    ``current_key`` is the item that is on now (None before the first and after the end)."""

    outcome: Literal["applied", "repeated", "stale"]
    current_key: str | None
    first: str


def press(
    event: Event,
    *,
    press_id: str,
    act: str,
    session_key: str | None = None,
    expected_key: str | None = None,
    at: dt.datetime,
    received_at: dt.datetime,
    by: By,
) -> PressResult:
    """One press of Start or Next ("start" with the item's key), Back, End or its undo; or "skip" with the key
    of an item that will not take place, and "unskip", which takes that back.

    *Next* means "item 5 starts at 19:43": the page names the item, and the one it believed to be on
    (``expected_key``). So a press that arrives twice (same ``press_id``), late, or after somebody else's
    changes nothing and skips nobody. A skip names what it skips, so it fits whatever is on, as long as that
    item has not begun. ``at`` is when the finger was on the button, UTC; it is taken no
    later than ``received_at`` and always after the running item's start. Raises Refused where no press
    makes sense (a draft, a cancelled event, one that is over).
    """
    if act not in ACTS or not _PRESS_ID.fullmatch(press_id):
        raise Refused(_("That press did not arrive whole. Please reload the page."), "press")
    event = locked(event)
    known = db.session.scalar(sa.select(Press).where(Press.press_id == press_id))
    items = queries.running_order(event)
    now = queries.current(items)
    if known is not None:
        if known.event_id != event.id:
            raise Refused(_("That press did not arrive whole. Please reload the page."), "press")
        return PressResult("repeated", now.key if now else None, known.outcome)
    at = min(at, received_at)
    if now and now.started_at:
        # Strictly later, so that every start has its own instant and Back knows the one before.
        at = max(at, now.started_at + MILLISECOND)
    elif event.started_at and event.ended_at is None:
        at = max(at, event.started_at)
    expected_key = expected_key or None
    fits = expected_key == (now.key if now else None)
    if act in ("skip", "unskip"):
        fits = _skip(event, items, session_key, act, at)
    elif fits and act == "start":
        fits = _start(event, items, session_key, at, by)
    elif fits and act == "back":
        fits = _back(event, items)
    elif fits and act == "end":
        fits = _end(event, now, at, by)
    elif fits:
        fits = _undo_end(event, items, received_at, by)
    outcome: Literal["applied", "stale"] = "applied" if fits else "stale"
    db.session.add(
        Press(
            press_id=press_id,
            event_id=event.id,
            act=act,
            session_key=(session_key or None) if act in ("start", "skip", "unskip") else None,
            expected_key=expected_key,
            at=at,
            received_at=received_at,
            by=(by.email if isinstance(by, User) else by)[:254],
            outcome=outcome,
        )
    )
    if fits:
        rows.put_back(event)
        event.touch()
    db.session.flush()
    now = queries.current(queries.running_order(event))
    return PressResult(outcome, now.key if now else None, outcome)


def _times(item: Item, **values: Any) -> None:
    # What is pressed now is no longer what somebody entered.
    for name in ("started", "ended"):
        if f"{name}_at" in values:
            values |= {f"{name}_entered_at": None, f"{name}_entered_by": ""}
    db.session.execute(sa.update(Session).where(Session.id == item.id).values(**values))


def _start(event: Event, items: Sequence[Item], key: str | None, at: dt.datetime, by: By) -> bool:
    item = next((item for item in items if item.key == key), None)
    if item is None or not item.is_to_come or event.ended_at is not None:
        return False
    # Refuses for a draft, a cancelled event and one that is over; opens the door if it is the first.
    events.start(event, at, by)
    now = queries.current(items)
    if now:
        _times(now, ended_at=at)
    _times(item, started_at=at)
    return True


def _skip(event: Event, items: Sequence[Item], key: str | None, act: str, at: dt.datetime) -> bool:
    phase = event.phase(at)
    if phase in ("draft", "cancelled"):
        raise Refused(_("Only a published event can start."), phase)
    item = next((item for item in items if item.key == key), None)
    fits = item and (item.is_to_come if act == "skip" else item.skipped_at is not None)
    if item is None or not fits or event.ended_at is not None:
        return False
    _times(item, skipped_at=at if act == "skip" else None)
    return True


def _back(event: Event, items: Sequence[Item]) -> bool:
    """Undoes the last start: the item before it goes on as if nothing had happened."""
    now = queries.current(items)
    if now is None or event.ended_at is not None:
        return False
    _times(now, started_at=None, ended_at=None)
    before = [item for item in items if item.ended_at and item.ended_at == now.started_at]
    if before:
        _times(before[0], ended_at=None)
    elif event.started_at == now.started_at:
        # It was this press that had opened the evening.
        event.started_at = None
    return True


def _end(event: Event, now: Item | None, at: dt.datetime, by: By) -> bool:
    if event.ended_at is not None:
        return False
    events.end(event, at, by)
    if now:
        _times(now, ended_at=at)
    return True


def _undo_end(event: Event, items: Sequence[Item], at: dt.datetime, by: By) -> bool:
    if event.ended_at is None:
        return False
    ended_at = event.ended_at
    events.undo_end(event, at, by)
    last = max((i for i in items if i.ended_at == ended_at), key=_started, default=None)
    if last:
        _times(last, ended_at=None)
    return True


def _started(item: Item) -> dt.datetime:
    return item.started_at or item.planned_start


def add_note(
    event: Event,
    *,
    kind: str,
    session_key: str,
    text: str,
    author: str,
    at: dt.datetime,
    speaker_id: int | None = None,
) -> Note:
    """Keeps a "point" somebody made, or a "quote": their exact words. ``speaker_id`` must be one of the
    item's speakers; None is the item itself. Raises Refused."""
    item = next((i for i in queries.running_order(event) if i.key == session_key), None)
    if item is None:
        raise Refused(_("That item is no longer in the agenda."), "session")
    if speaker_id is not None and speaker_id not in [who.speaker_id for who in item.speakers]:
        raise Refused(_("That person does not speak in this item."), "speaker")
    text = shape.paragraphs(text)
    if not text:
        raise Refused(_("There is nothing written yet."), "text")
    if len(text) > MAX_NOTE:
        raise Refused(_("A note has at most %(n)d characters.", n=MAX_NOTE), "text")
    if kind not in ("point", "quote"):
        raise Refused(_("A note is a point or a quote."), "kind")
    note = Note(
        event_id=event.id,
        session_id=item.id,
        speaker_id=speaker_id,
        kind=kind,
        text=text,
        author=author[:254],
        at=at,
    )
    db.session.add(note)
    db.session.flush()
    rows.put_back(event)
    return note


def delete_note(event: Event, note_id: int, author: str) -> None:
    """Takes back one's own note. Raises Refused for somebody else's, and for one that is not there."""
    note = db.session.scalar(sa.select(Note).where(Note.id == note_id, Note.event_id == event.id))
    if note is None:
        raise Refused(_("That note is no longer there."), "gone")
    if note.author != author:
        raise Refused(_("Only %(author)s can take this note back.", author=note.author), "foreign")
    db.session.delete(note)
    db.session.flush()


def announce(event: Event, text: str, at: dt.datetime, by: By) -> bool:
    """Says ``text`` to everybody in the room until it is replaced; empty takes it back. Answers whether
    that changed anything. Raises Refused if it is too long."""
    text = shape.line(text)
    if len(text) > MAX_ANNOUNCEMENT:
        raise Refused(
            _("An announcement has at most %(n)d characters.", n=MAX_ANNOUNCEMENT), "announcement"
        )
    event = locked(event)
    if (event.announcement or "") == text:
        return False
    event.announcement = text or None
    event.touch()
    audit.record(
        "event.announced" if text else "event.announcement_withdrawn",
        at=at,
        event_id=event.id,
        summary=text or event.title,
        actor=by,
    )
    db.session.flush()
    return True
