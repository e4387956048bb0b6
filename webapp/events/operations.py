"""The verbs of an event: make, change, publish, call off, start and end it. None commits."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.exc import IntegrityError

from webapp import tokens
from webapp.accounts.models import User
from webapp.audit import operations as audit
from webapp.db import db, lock_row
from webapp.errors import Refused
from webapp.events import rules, texts
from webapp.events.models import CoHost, Event, JoinTarget, Membership

# An End pressed by mistake can be taken back for this long.
UNDO = dt.timedelta(minutes=5)
# An early Start further away than this is a slip, not a start.
EARLIEST_START = dt.timedelta(hours=12)
# What calendars hold: a change to one of these makes them follow.
_IN_CALENDARS = frozenset({"starts_at", "ends_at", "timezone", "targets"})

By = User | str


def record(event: Event, action: str, at: dt.datetime, by: By, summary: str = "", **more: Any) -> None:  # fmt: skip
    """Writes an act on the event into the log."""
    audit.record(
        action,
        at=at,
        actor=by,
        event_id=event.id,
        summary=summary or event.title,
        **more,
    )


def locked(event: Event) -> Event:
    """The event's row as it is now, held until the commit: two presses at once are taken in order."""
    db.session.flush()
    locked: Event = db.session.execute(
        lock_row(sa.select(Event).where(Event.id == event.id)).execution_options(
            populate_existing=True
        )
    ).scalar_one()
    return locked


def _free_slug(wanted: str, at: dt.datetime) -> str:
    base = wanted or f"event-{at:%Y-%m-%d}"
    taken = set(db.session.scalars(sa.select(Event.slug).where(Event.slug.startswith(base))))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _taken(slug: str) -> Refused:
    return Refused(_("The address “%(slug)s” belongs to another event; please choose another.", slug=slug), "slug")  # fmt: skip


@contextmanager
def _slug_has_last_word(slug: str) -> Iterator[None]:
    """The unique constraint has the last word on an address; said in a sentence, and nothing of what
    was done inside stays."""
    try:
        with db.session.begin_nested():
            yield
            db.session.flush()
    except IntegrityError:
        raise _taken(slug) from None


def _checked(values: Mapping[str, Any], event: Event | None) -> dict[str, Any]:
    """The given fields, cleaned, judged together with what the event already has."""
    unknown = set(values) - set(rules.FIELDS) - {"targets", "cohosts"}
    if unknown:
        raise ValueError(f"not fields of an event: {', '.join(sorted(unknown))}")
    clean = {name: rules.FIELDS[name](values[name]) for name in rules.FIELDS if name in values}
    moments = {
        name: clean[name] if name in clean else getattr(event, name, None)
        for name in ("starts_at", "ends_at", "opens_at", "closes_at")
    }
    rules.times(moments)
    if "targets" in values:
        clean["targets"] = rules.targets(values["targets"])
    if "cohosts" in values:
        host_key = clean.get("host_key") or (event.host_key if event else "")
        clean["cohosts"] = rules.cohosts(values["cohosts"], host_key)
    return clean


def _rows(event: Event, name: str) -> list[dict[str, Any]]:
    if name == "targets":
        return [{"label": t.label, "url": t.url, "language": t.language} for t in event.targets]
    return [{"key": c.key, "name": c.name, "url": c.url} for c in event.cohosts]


def _replace_rows(event: Event, name: str, rows: list[dict[str, Any]]) -> None:
    """Rows are kept by position (targets) or key (co-hosts), so that others may point at them."""
    if name == "targets":
        spare = list(event.targets)
        event.targets = [
            _filled(spare.pop(0) if spare else JoinTarget(), row, position)
            for position, row in enumerate(rows)
        ]
    else:
        kept = {cohost.key: cohost for cohost in event.cohosts}
        event.cohosts = [
            _filled(kept.get(row["key"]) or CoHost(), row, position)
            for position, row in enumerate(rows)
        ]


def _filled(thing: Any, row: dict[str, Any], position: int) -> Any:
    for column, value in row.items():
        setattr(thing, column, value)
    thing.position = position
    return thing


def _keep_key(event: Event) -> None:
    """A form that opens only behind a secret link has one."""
    if event.invitation_only and not event.invitation_key:
        event.invitation_key = tokens.secret(16)


def new_invitation_key(event: Event, *, at: dt.datetime, by: By) -> None:
    """Another secret link to the form; the one before opens it no more. Raises Refused if there is none."""
    event = locked(event)
    if not event.invitation_only:
        raise Refused(_("The form is open to everybody; it has no secret link."), "open")
    event.invitation_key = tokens.secret(16)
    event.touch()
    record(event, "event.invitation_key", at, by)


def _made_host_key(host_name: str, owner: User | None, slug: str) -> str:
    """The key of a host who has neither chosen one nor said a name: this account's own. Under the key
    people end all mails of a host, and one host's list must not be another's. (Hosts of the same name are
    one host: whoever wants no more mail from it means each account that writes in its name.)"""
    whose = owner.email_key if owner else slug
    return (
        rules.key_from(host_name, "")[:60].rstrip("-_") or f"host-{tokens.mark('host', whose)[:8]}"
    )


# Who knows which hosts' keys must stay: they stand on floors above this one.
_needs_keys: list[Callable[[int], Collection[str]]] = []


def needs_keys(asker: Callable[[int], Collection[str]]) -> Callable[[int], Collection[str]]:
    """Registers a function that answers which hosts' keys of an event (by its id) must not go or change."""
    _needs_keys.append(asker)
    return asker


def _keep_hosts(event: Event, clean: Mapping[str, Any]) -> None:
    """Raises Refused where a key goes under which people agreed to something, or where the host's would be
    that of a co-host."""
    before = {event.host_key, *(cohost.key for cohost in event.cohosts)}
    host_key = clean.get("host_key") or event.host_key
    cohosts = {row["key"] for row in clean.get("cohosts", _rows(event, "cohosts"))}
    if host_key in cohosts:
        raise Refused(_("Two hosts have the key “%(key)s”; each needs its own.", key=host_key), "host_key")  # fmt: skip
    after = {host_key, *cohosts}
    gone = before - after
    needed = {key for asker in _needs_keys for key in asker(event.id)} if gone else set()
    if event.host_key in gone & needed:
        raise Refused(_("People agreed to hear from the host under the key “%(key)s”, so it stays.", key=event.host_key), "host_key")  # fmt: skip
    for key in sorted(gone & needed):
        raise Refused(_("People agreed to hear from the co-host with the key “%(key)s”, so it stays. On the page Hosts they can be taken out all the same.", key=key), "keys")  # fmt: skip


def against(values: Mapping[str, Any], event: Event | None) -> Iterator[Refused]:
    """What other events, and what has happened with this one, have against these fields: each with its
    field as its code."""
    slug = values.get("slug")
    if slug and (event is None or slug != event.slug):
        if event is not None and event.state != "draft":
            yield Refused(_("The address is fixed once an event is published: people have it in their mail."), "slug")  # fmt: skip
        elif db.session.scalar(sa.select(sa.true()).where(Event.slug == slug)):
            yield _taken(slug)
    if event is not None and {"host_key", "cohosts"} & set(values):
        try:
            _keep_hosts(event, values)
        except Refused as refusal:
            yield refusal


def create(values: Mapping[str, Any], *, at: dt.datetime, by: By, owner: User | None = None) -> Event:  # fmt: skip
    """A new draft. ``values`` are the fields of an event (moments aware), ``targets`` and ``cohosts``
    lists of dicts in order; without a ``slug`` one is made from the title. ``owner``, or else the user
    who did it, becomes its owner. Raises Refused with the field's name as its code."""
    given = {**rules.DEFAULTS, **values}
    given["slug"] = values.get("slug") or _free_slug(rules.slug_from(values["title"]), values["starts_at"])  # fmt: skip
    owner = owner or (by if isinstance(by, User) else None)
    if not given["host_key"]:
        given["host_key"] = _made_host_key(given["host_name"] or "", owner, given["slug"])
    clean = _checked(given, None)
    rows = {name: clean.pop(name) for name in ("targets", "cohosts")}
    event = Event(**clean, state="draft", created_at=at)
    _keep_key(event)
    for name, new in rows.items():
        _replace_rows(event, name, new)
    with _slug_has_last_word(event.slug):
        db.session.add(event)
    if owner is not None:
        db.session.add(Membership(event_id=event.id, user_id=owner.id, role="owner", created_at=at))
    record(event, "event.created", at, by)
    db.session.flush()
    return event


def take_over(source: Event, event: Event, at: dt.datetime) -> None:
    """Gives a new draft what another event has besides its settings: the team, and its texts in other
    languages. That of a title goes with the title it was made for. Who may no longer sign in is left out."""
    known = set(
        db.session.scalars(sa.select(Membership.user_id).where(Membership.event_id == event.id))
    )
    members = db.session.scalars(
        sa.select(Membership)
        .join(User, User.id == Membership.user_id)
        .where(Membership.event_id == source.id, User.disabled_at.is_(None))
        .order_by(Membership.id)
    )
    db.session.add_all(
        Membership(event_id=event.id, user_id=one.user_id, role=one.role, created_at=at)
        for one in members
        if one.user_id not in known
    )
    kept = copy.deepcopy(source.translations or {})
    if event.title != source.title:
        for said in kept.values():
            said["texts"].pop("title", None)
            said["of"].pop("title", None)
    event.translations = {code: said for code, said in kept.items() if said["texts"]}
    db.session.flush()


def update(event: Event, values: Mapping[str, Any], *, at: dt.datetime, by: By) -> list[str]:
    """Changes the given fields and answers the names of those that really changed. Raises Refused."""
    clean = _checked(values, event)
    # People have agreed, or ended mails, under the key that it has.
    clean["host_key"] = clean.get("host_key") or event.host_key
    changed = [
        name
        for name, new in clean.items()
        if new != (_rows(event, name) if name in ("targets", "cohosts") else getattr(event, name))
    ]
    if not changed:
        return []
    for refusal in against({name: clean[name] for name in changed}, event):
        raise refusal
    with _slug_has_last_word(clean.get("slug", event.slug)):
        for name in changed:
            if name in ("targets", "cohosts"):
                _replace_rows(event, name, clean[name])
            else:
                setattr(event, name, clean[name])
        _keep_key(event)
        if _IN_CALENDARS & set(changed):
            event.touch_calendar()
        else:
            event.touch()
    record(event, "event.changed", at, by, fields=changed)
    return changed


def faults_before_publishing(event: Event, at: dt.datetime) -> list[str]:
    """With what an event should not be published at ``at``; each in one sentence. The pages hold it back;
    whoever loads an event of the past from a file knows what they do."""
    found = []
    if not event.host_name:
        found.append(_("Who hosts it: people give their name and address to somebody."))
    if at >= event.closes_by:
        found.append(_("A time that is still to come: it would be over."))
    return found


def missing_before_publishing(event: Event) -> list[str]:
    """What a reader of the page would miss; each in one sentence. Nothing here forbids publishing."""
    found = []
    if not event.summary and not event.description:
        found.append(_("One reason to come, in about thirty words."))
    if event.mode != "in_person" and event.presence != "room" and not event.targets:
        found.append(_("Where people join: the address of the meeting or the stream."))
    return found


def publish(event: Event, *, at: dt.datetime, by: By) -> None:
    """The page becomes public. Raises Refused for an event that was called off."""
    event = locked(event)
    if event.state == "published":
        return
    if event.state == "cancelled":
        raise Refused(_("This event was called off; make a new one instead."), "cancelled")
    event.state = "published"
    event.touch()
    record(event, "event.published", at, by)


def unpublish(event: Event, *, signups: int, at: dt.datetime, by: By) -> None:
    """Back to a draft, as long as nobody has signed up (``signups`` of any status)."""
    if event.state != "published":
        return
    if signups:
        raise Refused(
            ngettext(
                "%(num)s person has signed up and would find nothing here: call the event off instead, then they are told.",
                "%(num)s people have signed up and would find nothing here: call the event off instead, then they are told.",
                signups,
            ),
            "signups",
        )
    if event.started_at is not None:
        raise Refused(_("This event has begun; it can no longer become a draft."), "started")
    event.state = "draft"
    event.touch()
    record(event, "event.unpublished", at, by)


def check_cancel(event: Event, at: dt.datetime) -> None:
    """Raises Refused where there is nothing to call off at ``at``."""
    if event.state == "cancelled":
        raise Refused(_("This event has been called off already."), "cancelled")
    if event.state == "draft":
        raise Refused(_("This is a draft that nobody has seen; there is nothing to call off."), "draft")  # fmt: skip
    if event.phase(at) == "over":
        raise Refused(_("This event is over; it can no longer be called off."), "over")


def cancel(event: Event, *, at: dt.datetime, by: By) -> None:
    """Calls the event off for good; calendars follow. Pressed again it changes nothing. Raises Refused
    for a draft or once it is over."""
    event = locked(event)
    if event.state == "cancelled":
        return
    check_cancel(event, at)
    event.state = "cancelled"
    event.touch_calendar()
    record(event, "event.cancelled", at, by)


def translate(
    event: Event,
    language: str,
    given: Mapping[str, str],
    of_event: Sequence[texts.Source],
    at: dt.datetime,
    by: By,
) -> bool:
    """Makes the event's texts in a language those ``given`` by place; answers whether that changed any.
    ``of_event`` are all the texts there are to translate: others are dropped. Raises Refused, whose code is
    the place of the text that cannot be kept."""
    event = locked(event)
    rules.language(language)
    if language == event.language:
        raise Refused(_("The event is written in this language already."), "language")
    kept = texts.checked(given, of_event)
    before = event.translations or {}
    if before.get(language, {}) == kept:
        return False
    rest = {code: found for code, found in before.items() if code != language}
    event.translations = {**rest, language: kept} if kept else rest
    event.touch()
    record(event, "event.translated", at, by, language=language)
    return True


def start(event: Event, at: dt.datetime, by: By) -> None:
    """Opens the door, early if need be. Pressed again it changes nothing. Raises Refused."""
    event = locked(event)
    phase = event.phase(at)
    if phase in ("draft", "cancelled"):
        raise Refused(_("Only a published event can start."), phase)
    if phase == "over":
        raise Refused(_("This event is over. Within five minutes of its end you can undo the end."), "over")  # fmt: skip
    if event.started_at is not None:
        return
    if event.starts_at - at > EARLIEST_START:
        raise Refused(_("This event is planned for a later day. If it really begins now, change its time first."), "early")  # fmt: skip
    event.started_at = at
    event.touch()
    record(event, "event.started", at, by)


def end(event: Event, at: dt.datetime, by: By) -> None:
    """Ends the evening for everybody. Pressed again it changes nothing; see ``undo_end``."""
    event = locked(event)
    if event.ended_at is not None:
        return
    phase = event.phase(at)
    if phase == "over":
        raise Refused(_("Nobody pressed End, and the event is over since an hour after its planned end."), "over")  # fmt: skip
    if phase != "live":
        raise Refused(_("This event has not begun, so it cannot end."), phase)
    event.ended_at = at
    event.touch()
    record(event, "event.ended", at, by)


def undo_end(event: Event, at: dt.datetime, by: By) -> None:
    """Takes an End back, within five minutes of it. Raises Refused."""
    event = locked(event)
    if event.ended_at is None:
        return
    if at - event.ended_at > UNDO:
        raise Refused(_("The end was more than five minutes ago and stays."), "too_late")
    event.ended_at = None
    event.touch()
    record(event, "event.end_undone", at, by)
