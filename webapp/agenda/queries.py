"""Reading the running order: draft and published, what is planned, what really happened, what comes next, what was said."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from webapp.agenda.models import AgendaRelease, Note, Session, SessionSpeaker, Speaker
from webapp.db import db
from webapp.events.models import Event, Phase
from webapp.events.texts import Source, Texts


@dataclasses.dataclass(frozen=True, slots=True)
class Who:
    """A person in an agenda item, with the part they play in it."""

    speaker_id: int
    name: str
    role: str
    title: str
    affiliation: str
    bio: str
    url: str | None
    say: str = ""
    intro: str = ""

    @property
    def about(self) -> str:
        """Title and affiliation in one line: "General Secretary, Campaign for Nuclear Disarmament"."""
        return ", ".join(part for part in (self.title, self.affiliation) if part)


@dataclasses.dataclass(frozen=True, slots=True)
class Entered:
    """Of a time that nobody pressed: when it was written down (UTC), and by whom."""

    at: dt.datetime
    by: str


@dataclasses.dataclass(frozen=True, slots=True)
class Happened:
    """What really happened to an item: the row of its record, the actual times (UTC) with who entered them
    afterwards, and since when it is said that it does not take place."""

    id: int = 0
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None
    skipped_at: dt.datetime | None = None
    started_entered: Entered | None = None
    ended_entered: Entered | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """An agenda item. Times are aware UTC; the planned ones follow from the event's start and the
    minutes before it, the actual ones are as the chair pressed them (None: not yet, or never)."""

    id: int
    key: str
    title: str
    summary: str
    kind: str
    minutes: int
    planned_start: dt.datetime
    planned_end: dt.datetime
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    speakers: tuple[Who, ...]
    skipped_at: dt.datetime | None = None
    started_entered: Entered | None = None
    ended_entered: Entered | None = None

    @property
    def is_to_come(self) -> bool:
        """Whether it may still start: it has not, and nobody said that it will not."""
        return self.started_at is None and self.skipped_at is None

    @property
    def is_on(self) -> bool:
        return self.started_at is not None and self.ended_at is None

    @property
    def lead(self) -> Who | None:
        """Whose item it is: the first speaker, otherwise whoever leads through it."""
        for role in ("speaker", "moderator", "chair"):
            for who in self.speakers:
                if who.role == role:
                    return who
        return None

    @property
    def heading(self) -> str:
        """What a chair calls it: the name where one or two people speak, the title otherwise."""
        if self.kind in ("break", "questions"):
            return self.title
        names = [who.name for who in self.speakers if who.role == "speaker"]
        if not names and self.lead:
            names = [self.lead.name]
        return " & ".join(names) if 1 <= len(names) <= 2 else self.title


@dataclasses.dataclass(frozen=True, slots=True)
class Forecast:
    """When the evening ends if everybody keeps to their minutes from here on."""

    ends_at: dt.datetime
    minutes_over: int
    """Against the planned end; negative when there is time in hand."""


_HAPPENED = (
    Session.id,
    Session.started_at,
    Session.ended_at,
    Session.skipped_at,
    Session.started_entered_at,
    Session.started_entered_by,
    Session.ended_entered_at,
    Session.ended_entered_by,
)


def _happened(
    id_: int,
    started_at: dt.datetime | None,
    ended_at: dt.datetime | None,
    skipped_at: dt.datetime | None,
    started_entered_at: dt.datetime | None,
    started_by: str,
    ended_entered_at: dt.datetime | None,
    ended_by: str,
) -> Happened:
    return Happened(
        id_,
        started_at,
        ended_at,
        skipped_at,
        Entered(started_entered_at, started_by) if started_entered_at else None,
        Entered(ended_entered_at, ended_by) if ended_entered_at else None,
    )


def draft(event: Event) -> list[Item]:
    """The organisers' working copy in order, two queries whatever its length. Always read afresh, so
    that it may be called again after a verb (or after a lock was waited for) in the same transaction."""
    sessions = db.session.execute(
        sa.select(
            *_HAPPENED,
            Session.key,
            Session.title,
            Session.summary,
            Session.kind,
            Session.minutes,
        )
        .where(Session.event_id == event.id, ~Session.taken_out)
        .order_by(Session.position, Session.id)
    ).all()
    people = db.session.execute(
        sa.select(
            SessionSpeaker.session_id,
            Speaker.id,
            Speaker.name,
            SessionSpeaker.role,
            Speaker.title,
            Speaker.affiliation,
            Speaker.bio,
            Speaker.url,
            Speaker.say,
            Speaker.intro,
        )
        .join(Speaker, SessionSpeaker.speaker_id == Speaker.id)
        .where(Speaker.event_id == event.id)
        .order_by(SessionSpeaker.position, SessionSpeaker.id)
    )
    by_session: dict[int, list[Who]] = {}
    for session_id, *who in people:
        by_session.setdefault(session_id, []).append(Who(*who))
    return _cascade(
        event.starts_at,
        [
            (
                _happened(*row[: len(_HAPPENED)]),
                tuple(row[len(_HAPPENED) :]),
                by_session.get(row.id, ()),
            )
            for row in sessions
        ],
    )


def _cascade(
    start: dt.datetime, entries: Iterable[tuple[Happened, tuple[Any, ...], Iterable[Who]]]
) -> list[Item]:
    """Items from what happened to them, (key, title, summary, kind, minutes) and their people."""
    items = []
    for been, (key, title, summary, kind, minutes), people in entries:
        end = start + dt.timedelta(minutes=minutes)
        items.append(
            Item(
                been.id, key, title, summary, kind, minutes, start, end, been.started_at, been.ended_at,
                tuple(people), been.skipped_at, been.started_entered, been.ended_entered,
            )
        )  # fmt: skip
        start = end
    return items


def kept(items: Sequence[Item]) -> list[dict[str, Any]]:
    """As ``as_file``, each person with the id of their row: what a release keeps."""
    return [
        {
            **words,
            "speakers": [
                {**who, "id": of.speaker_id}
                for who, of in zip(words["speakers"], item.speakers, strict=True)
            ],
        }
        for words, item in zip(as_file(items), items, strict=True)
    ]


def read_kept(
    entries: Iterable[dict[str, Any]],
    starts_at: dt.datetime,
    happened: Mapping[str, Happened] | None = None,
) -> list[Item]:
    """What ``kept`` wrote, as items again. ``happened``: what really did, by key."""
    happened = happened or {}
    return _cascade(
        starts_at,
        [
            (
                happened.get(entry["key"], Happened()),
                (
                    entry["key"],
                    entry["title"],
                    entry.get("summary", ""),
                    entry["kind"],
                    entry["minutes"],
                ),
                [
                    Who(
                        who["id"],
                        who["name"],
                        who["role"],
                        who.get("title", ""),
                        who.get("affiliation", ""),
                        who.get("bio", ""),
                        who.get("url"),
                        who.get("say", ""),
                        who.get("intro", ""),
                    )
                    for who in entry["speakers"]
                ],
            )
            for entry in entries
        ],
    )


def running_order(event: Event) -> list[Item]:
    """The agenda that people see: the latest release, with what really happened; two queries whatever
    its length, always read afresh. Nobody sees an event that is a draft itself: its running order is the
    organisers' draft, which is published with it."""
    if event.state == "draft":
        return draft(event)
    entries = db.session.scalar(
        sa.select(AgendaRelease.items)
        .where(AgendaRelease.event_id == event.id)
        .order_by(AgendaRelease.version.desc())
        .limit(1)
    )
    happened = db.session.execute(
        sa.select(Session.key, *_HAPPENED).where(Session.event_id == event.id)
    )
    return read_kept(
        entries or (),
        event.starts_at,
        {key: _happened(*rest) for key, *rest in happened},
    )


def sources(items: Sequence[Item]) -> list[Source]:
    """What there is to translate."""
    found = []
    for item in items:
        place = f"agenda/{item.key}"
        found += [
            Source(f"{place}/title", item.title, 200),
            Source(f"{place}/summary", item.summary, 5000, lines=True),
        ]
    people = {who.name: who for item in items for who in item.speakers}
    for name, who in people.items():
        found += [
            Source(f"speakers/{name}/title", who.title, 200),
            Source(f"speakers/{name}/bio", who.bio, 5000, lines=True),
        ]
    return [source for source in found if source.text]


def _said(who: Who, texts: Texts) -> Who:
    return dataclasses.replace(
        who,
        title=texts.get(f"speakers/{who.name}/title", who.title),
        bio=texts.get(f"speakers/{who.name}/bio", who.bio),
    )


def in_language(items: Sequence[Item], texts: Texts) -> list[Item]:
    """The running order with the event's texts in a language."""
    if not texts:
        return list(items)
    return [
        dataclasses.replace(
            item,
            title=texts.get(f"agenda/{item.key}/title", item.title),
            summary=texts.get(f"agenda/{item.key}/summary", item.summary),
            speakers=tuple(_said(who, texts) for who in item.speakers),
        )
        for item in items
    ]


def current(items: Sequence[Item]) -> Item | None:
    """The item that was started last and not ended. None before the first and after the end."""
    on = [item for item in items if item.is_on]
    return max(on, key=lambda item: item.started_at or item.planned_start) if on else None


def upcoming(items: Sequence[Item]) -> Item | None:
    """What *Next* starts: the first item after the current one that is still to come.

    Items before it that never started were passed over; they stay reachable by starting them by name.
    """
    now = current(items)
    if now:
        after = list(items)[list(items).index(now) + 1 :]
        return next((item for item in after if item.is_to_come), None)
    started = [n for n, item in enumerate(items) if item.started_at is not None]
    after = list(items)[started[-1] + 1 :] if started else list(items)
    return next((item for item in after if item.is_to_come), None)


def now_and_next(
    items: Sequence[Item], at: dt.datetime, phase: Phase
) -> tuple[Item | None, Item | None]:
    """What is on and what follows. As pressed; where nobody presses, by the plan while it is live."""
    if phase not in ("before", "live"):
        return None, None
    if any(item.started_at for item in items):
        return current(items), upcoming(items)
    items = [item for item in items if item.skipped_at is None]
    if phase == "before":
        return None, items[0] if items else None
    planned = [n for n, item in enumerate(items) if item.planned_start <= at < item.planned_end]
    if not planned:
        return None, None
    following = planned[0] + 1
    return items[planned[0]], items[following] if following < len(items) else None


def forecast(event: Event, items: Sequence[Item], at: dt.datetime) -> Forecast:
    """When it will end at ``at``: the running item takes its planned minutes (or until now, if it is
    over them), everything after it its own. Before the first press it is the plan, later if late."""
    now = current(items)
    if now and now.started_at:
        ends_at = max(at, now.started_at + dt.timedelta(minutes=now.minutes))
        rest = list(items)[list(items).index(now) + 1 :]
    else:
        ends_at = max(at, event.starts_at)
        rest = list(items)
    ends_at += dt.timedelta(minutes=sum(item.minutes for item in rest if item.is_to_come))
    if event.ended_at:
        ends_at = event.ended_at
    return Forecast(ends_at, round((ends_at - event.ends_at).total_seconds() / 60))


def about(person: Who | Speaker) -> dict[str, str]:
    """What is known of a person beside the name, in the words of the event file; what is empty is left out."""
    names = ("title", "affiliation", "bio", "url", "say", "intro")
    return {name: value for name in names if (value := getattr(person, name))}


def as_file(items: Sequence[Item]) -> list[dict[str, Any]]:
    """The running order in the words of the event file; what is empty is left out."""
    return [
        {
            "key": item.key,
            "title": item.title,
            **({"summary": item.summary} if item.summary else {}),
            "kind": item.kind,
            "minutes": item.minutes,
            "speakers": [
                {
                    "name": who.name,
                    "role": who.role,
                    **about(who),
                }
                for who in item.speakers
            ],
        }
        for item in items
    ]


def fingerprint(items: Sequence[Item]) -> str:
    """Changes when somebody edits these items or their order; what was pressed does not change it."""
    text = json.dumps(as_file(items), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_fingerprint(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{16}", text))


def notes(event_id: int) -> list[Note]:
    """Every point and quote of the event, in the order they were written."""
    return list(
        db.session.scalars(
            sa.select(Note).where(Note.event_id == event_id).order_by(Note.at, Note.id)
        )
    )


def speakers(event_id: int) -> list[Speaker]:
    """Everybody who has a part in the draft, in the order they first appear."""
    first = (
        sa.select(SessionSpeaker.speaker_id, sa.func.min(Session.position).label("position"))
        .join(Session, SessionSpeaker.session_id == Session.id)
        .where(Session.event_id == event_id, ~Session.taken_out)
        .group_by(SessionSpeaker.speaker_id)
        .subquery()
    )
    return list(
        db.session.scalars(
            sa.select(Speaker)
            .join(first, first.c.speaker_id == Speaker.id)
            .order_by(first.c.position, Speaker.id)
        )
    )


def everybody(event_id: int) -> dict[int, Speaker]:
    """By id: all who have, or had, a part; who no longer has one is here because of what they said."""
    found = db.session.scalars(sa.select(Speaker).where(Speaker.event_id == event_id))
    return {row.id: row for row in found}


def who(row: Speaker, role: str) -> Who:
    """The person of a row, in a part."""
    return Who(
        row.id, row.name, role, row.title, row.affiliation, row.bio, row.url, row.say, row.intro
    )


def speaker(event_id: int, speaker_id: int) -> Speaker | None:
    """That speaker, if they belong to that event."""
    return db.session.scalar(
        sa.select(Speaker).where(Speaker.id == speaker_id, Speaker.event_id == event_id)
    )
