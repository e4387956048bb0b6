"""The event file: a whole event as JSON, in and out. Its form is part of the contract.

``load`` creates or updates by slug and says what changed; ``export`` gives a loaded file's content back.
Unknown keys are refused by name and place, so that a slip of the keyboard is never silently ignored.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import json
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from webapp.accounts.models import User
from webapp.agenda import operations as agenda
from webapp.agenda import queries as agenda_queries
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events import queries as event_queries
from webapp.events import rules, texts
from webapp.events.models import Event
from webapp.front import own_words
from webapp.mail.kinds import Text, declared
from webapp.signup import questions

_MOMENTS = ("starts_at", "ends_at", "opens_at", "closes_at")
_REQUIRED = ("slug", "title", "starts_at", "ends_at", "timezone")
# (types a value may have, what to call them)
Kind = tuple[tuple[type, ...], LazyString]
_TEXT: Kind = ((str,), _l("a text"))
_MAYBE_TEXT: Kind = ((str, type(None)), _l("a text or null"))
_NUMBER: Kind = ((int,), _l("a whole number"))
_MAYBE_NUMBER: Kind = ((int, type(None)), _l("a whole number or null"))
_YES_NO: Kind = ((bool,), _l("true or false"))
_LIST: Kind = ((list,), _l("a list"))
_OBJECT: Kind = ((dict,), _l("an object"))
_EVENT_KEYS: dict[str, Kind] = {
    "slug": _TEXT, "title": _TEXT, "summary": _TEXT, "description": _TEXT, "language": _TEXT,
    "starts_at": _TEXT, "ends_at": _TEXT, "timezone": _TEXT, "mode": _TEXT, "targets": _LIST,
    "capacity": _MAYBE_NUMBER, "approval": _YES_NO, "confirm_address": _YES_NO, "presence": _TEXT,
    "waitlist": _YES_NO, "offer_hours": _NUMBER,
    "host": _OBJECT, "cohosts": _LIST, "retention_days": _NUMBER, "min_stay_minutes": _MAYBE_NUMBER,
    "opens_at": _MAYBE_TEXT, "closes_at": _MAYBE_TEXT, "languages": _LIST, "access_needs": _LIST,
    "accent": _MAYBE_TEXT, "ask_companions": _YES_NO, "challenge": _YES_NO, "order_only": _YES_NO, "listed": _YES_NO, "invitation_only": _YES_NO,
}  # fmt: skip
_ROW_KEYS = {"targets": ("label", "url", "language"), "cohosts": ("key", "name", "url")}
_HOST_KEYS = ("key", "name", "url")


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """The event and one line for each thing that changed; ``created`` for a new one."""

    event: Event
    created: bool
    changes: list[str]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the file. JSON programs take the last of two equal keys and say nothing; a text in
    which somebody pasted a line twice should not lose one of them like that."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Refused(_("The key “%(key)s” stands twice in one object.", key=key), "json")
        found[key] = value
    return found


def _no_number(word: str) -> Any:
    raise Refused(_("%(word)s is not a number that JSON knows.", word=word), "json")


def parse(text: str) -> dict[str, Any]:
    """JSON text to data. Raises Refused naming line and column, or the key, of what cannot be read."""
    try:
        data = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise Refused(_("Line %(line)d, column %(column)d: %(what)s.", line=error.lineno, column=error.colno, what=error.msg), "json") from None  # fmt: skip
    except RecursionError:
        raise Refused(_("The file is nested too deeply to be an event file."), "json") from None
    except ValueError:
        # Python stops at numbers of some thousand digits.
        raise Refused(_("There is a number in the file that is far too long."), "json") from None
    if not isinstance(data, dict):
        raise Refused(_("The file must hold an object with the keys event, questions and agenda."), "json")  # fmt: skip
    return data


def _known(given: dict[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in given:
        if key in known:
            continue
        near = difflib.get_close_matches(key, known, n=1)
        path = f"{place}.{key}" if place else key
        if near:
            raise Refused(_("%(path)s is not a key of the event file; did you mean %(near)s?", path=path, near=near[0]), "key")  # fmt: skip
        raise Refused(_("%(path)s is not a key of the event file.", path=path), "key")


def _typed(value: Any, wanted: Kind, path: str) -> Any:
    types, name = wanted
    # True is an int to Python; it is no number to anybody else.
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise Refused(_("%(path)s must be %(what)s.", path=path, what=name), "type")
    return value


def _moment(text: str | None, path: str) -> dt.datetime | None:
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Refused(_("%(path)s is %(text)s: write a moment like 2027-03-17T19:00:00+01:00.", path=path, text=json.dumps(text)), "time") from None  # fmt: skip
    if moment.tzinfo is None:
        raise Refused(_("%(path)s has no offset: write 2027-03-17T19:00:00+01:00, or end it with Z.", path=path), "time")  # fmt: skip
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:
        raise Refused(_("%(path)s is %(text)s, which no calendar reaches.", path=path, text=json.dumps(text)), "time") from None  # fmt: skip
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _rows(rows: list[Any], name: str) -> list[dict[str, Any]]:
    for number, row in enumerate(rows):
        path = f"event.{name}[{number}]"
        _typed(row, _OBJECT, path)
        _known(row, _ROW_KEYS[name], path)
        for key, value in row.items():
            _typed(value, _MAYBE_TEXT, f"{path}.{key}")
    return rows


def _event_values(given: dict[str, Any]) -> dict[str, Any]:
    """The file's "event" object as the fields of an event."""
    _known(given, tuple(_EVENT_KEYS), "event")
    for key in _REQUIRED:
        if key not in given:
            raise Refused(_("event.%(key)s is missing.", key=key), "missing")
    values: dict[str, Any] = dict(rules.DEFAULTS)
    for key, value in given.items():
        path = f"event.{key}"
        _typed(value, _EVENT_KEYS[key], path)
        if key in _MOMENTS:
            values[key] = _moment(value, path)
        elif key in _ROW_KEYS:
            values[key] = _rows(value, key)
        elif key in ("languages", "access_needs"):
            values[key] = [
                _typed(entry, _TEXT, f"{path}[{number}]") for number, entry in enumerate(value)
            ]
        elif key == "host":
            _known(value, _HOST_KEYS, "event.host")
            for part in value:
                _typed(value[part], _MAYBE_TEXT, f"event.host.{part}")
            values["host_name"] = value.get("name") or ""
            values["host_key"] = value.get("key") or rules.key_from(values["host_name"], "")
            values["host_url"] = value.get("url")
        else:
            values[key] = value
    return values


def load(
    data: dict[str, Any], *, at: dt.datetime, by: User | str, owner: User | None = None
) -> Loaded:
    """Creates the event of the file or brings the one with its slug to the file, and publishes it.

    Raises Refused with one sentence that names the key; then nothing may be committed.
    """
    _known(data, ("event", "questions", "agenda", "translations", "mails"), "")
    if "event" not in data:
        raise Refused(_("The key event is missing."), "missing")
    values = _event_values(_typed(data["event"], _OBJECT, "event"))
    changes: list[str] = []
    try:
        event = event_queries.by_slug(rules.slug(values["slug"]))
        created = event is None
        if event is None:
            event = events.create(values, at=at, by=by, owner=owner)
        else:
            changed = events.update(event, values, at=at, by=by)
            changes += [_("%(field)s changed", field=name.replace("_", " ")) for name in changed]
    except Refused as refusal:
        known = refusal.code.split(".")[0] in values
        raise Refused(f"event.{refusal.code}: {refusal}" if known else str(refusal), refusal.code) from None  # fmt: skip
    if event.state == "draft":
        events.publish(event, at=at, by=by)
        changes.append(_("published"))
    if "questions" in data or not created:
        rows = _typed(data.get("questions", []), _LIST, "questions")
        for number, row in enumerate(rows):
            _typed(row, _OBJECT, f"questions[{number}]")
        changes += questions.replace(event, rows)
    items = _typed(data.get("agenda", []), _LIST, "agenda")
    changes += agenda.replace(event, items, at, by)
    said = _typed(data.get("translations", {}), _OBJECT, "translations")
    changes += _translate(event, said, at, by)
    words = _mails(_typed(data.get("mails", {}), _OBJECT, "mails"))
    if words or event.mail_texts:
        changes += own_words.replace(events.locked(event), words, at, by)
    db.session.flush()
    return Loaded(event, created, changes)


def _mails(given: dict[str, Any]) -> dict[tuple[str, str], Text]:
    """Organisers' own words for mails, by message and language. Without any, every mail has the default."""
    for language, messages in given.items():
        _known(
            _typed(messages, _OBJECT, f"mails.{language}"), tuple(declared()), f"mails.{language}"
        )
        for key, words in messages.items():
            path = f"mails.{language}.{key}"
            _known(_typed(words, _OBJECT, path), ("subject", "body"), path)
            for field in ("subject", "body"):
                if field not in words:
                    raise Refused(_("%(path)s is missing.", path=f"{path}.{field}"), "missing")
                _typed(words[field], _TEXT, f"{path}.{field}")
    return own_words.read(given)


def text_sources(event: Event) -> list[texts.Source]:
    """Everything of an event that can be said in another language, in the order people read it. Of the
    agenda what people see, and what is new in the organisers' draft."""
    public = agenda_queries.sources(agenda_queries.running_order(event))
    places = {source.place for source in public}
    draft = agenda_queries.sources(agenda_queries.draft(event))
    return [
        *texts.sources(event),
        *public,
        *(source for source in draft if source.place not in places),
        *questions.sources(questions.of_event(event.id)),
    ]


def _translate(event: Event, given: dict[str, Any], at: dt.datetime, by: User | str) -> list[str]:
    """The texts in other languages become those of the file: without any, there are none."""
    db.session.flush()
    of_event = text_sources(event)
    places = tuple(source.place for source in of_event)
    changes = []
    for language, said in given.items():
        path = f"translations.{language}"
        _known(_typed(said, _OBJECT, path), places, path)
        for place, text in said.items():
            _typed(text, _TEXT, f"{path}.{place}")
        try:
            if events.translate(event, language, said, of_event, at, by):
                changes.append(_("texts in %(language)s changed", language=language))
        except Refused as refusal:
            raise Refused(f"{path}.{refusal.code}: {refusal}", refusal.code) from None
    for language in set(texts.languages(event)) - set(given):
        if language != event.language and events.translate(event, language, {}, of_event, at, by):
            changes.append(_("texts in %(language)s dropped", language=language))
    return changes


def _local(moment: dt.datetime, event: Event) -> str:
    return moment.astimezone(ZoneInfo(event.timezone)).isoformat()


def _unusual(event: Event, field: str) -> Any:
    """What the event says, or None if that is what every event says that was not told otherwise."""
    value = getattr(event, field)
    return None if value == rules.DEFAULTS[field] else value


def export(event: Event) -> dict[str, Any]:
    """The event as a file. Times carry the offset of the event's zone; what was never set is left out."""
    host = {"key": event.host_key, "name": event.host_name}
    result: dict[str, Any] = {
        "slug": event.slug,
        "title": event.title,
        "summary": event.summary,
        "description": event.description,
        "language": event.language,
        "starts_at": _local(event.starts_at, event),
        "ends_at": _local(event.ends_at, event),
        "timezone": event.timezone,
        "mode": event.mode,
        "targets": [
            {name: value for name in ("label", "url", "language") if (value := getattr(row, name))}
            for row in event.targets
        ],
        "capacity": event.capacity,
        "approval": event.approval,
        "confirm_address": event.confirm_address,
        "presence": event.presence,
        "host": host | ({"url": event.host_url} if event.host_url else {}),
        "cohosts": [
            {"key": row.key, "name": row.name} | ({"url": row.url} if row.url else {})
            for row in event.cohosts
        ],
        "retention_days": event.retention_days,
    }
    optional: dict[str, Any] = {
        "min_stay_minutes": event.min_stay_minutes,
        "opens_at": _local(event.opens_at, event) if event.opens_at else None,
        "closes_at": _local(event.closes_at, event) if event.closes_at else None,
        "languages": event.languages or None,
        "access_needs": event.access_needs or None,
        "accent": event.accent,
        "ask_companions": event.ask_companions or None,
        "listed": _unusual(event, "listed"),
        "invitation_only": _unusual(event, "invitation_only"),
        "challenge": event.challenge or None,
        "order_only": event.order_only or None,
        "waitlist": _unusual(event, "waitlist"),
        "offer_hours": _unusual(event, "offer_hours"),
    }
    result |= {key: value for key, value in optional.items() if value is not None}
    items = agenda_queries.running_order(event)
    # Texts of items that only the draft has stay behind like the items themselves.
    unseen = {source.place for source in agenda_queries.sources(agenda_queries.draft(event))}
    unseen -= {source.place for source in agenda_queries.sources(items)}
    said = {
        code: {place: text for place, text in texts.of(event, code).items() if place not in unseen}
        for code in texts.languages(event)
    }
    translations = {code: found for code, found in said.items() if found}
    mails = own_words.as_file(event)
    return {
        "event": result,
        "questions": [
            {key: value for key, value in row.items() if key != "choices" or value}
            for row in questions.as_file(event.id)
        ],
        "agenda": agenda_queries.as_file(items),
        **({"translations": translations} if translations else {}),
        **({"mails": mails} if mails else {}),
    }
