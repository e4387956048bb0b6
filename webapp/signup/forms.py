"""The shape of the sign-up form: reading what was sent, keeping all of it, and who looks like a robot."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_wtf.csrf import validate_csrf
from itsdangerous.encoding import base64_decode, bytes_to_int
from werkzeug.datastructures import MultiDict
from wtforms import ValidationError

from webapp import addresses, i18n, tokens
from webapp.clock import UTC
from webapp.events.models import Event
from webapp.signup import extras, questions
from webapp.signup.facts import Facts
from webapp.signup.models import Signup
from webapp.signup.people import Applicant, Edited, clean_name, clean_source
from webapp.signup.questions import Ask
from webapp.signup.wording import Agreement

# People never see this field; robots fill in everything.
TRAP = "homepage"
# The questions that hang on others and that the page showed; one that is empty says that it is our form.
ASKED = "asked"
PERSON_AGE = dt.timedelta(hours=2)
LONGEST_AGREED = 500
# More than this of a field is not worth showing again.
_LONGEST_KEPT = 5000
_LONGEST_INVITATION = 500
_LONGEST_SECRET = 64
_NOT_IN_PAGES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


@dataclasses.dataclass(slots=True)
class Entry:
    """A form, empty or as it was sent. ``errors`` has one sentence for each field that needs a look."""

    name: str = ""
    email: str = ""
    consent: bool = False
    contact: frozenset[str] = frozenset()
    source: str = ""
    # Of the secret link, where the form opens only behind one.
    key: str = ""
    # The link of a personal invitation, if they came by one.
    invitation: str = ""
    # As sent, for the event's own questions: field name to all its values.
    raw: Mapping[str, list[str]] = dataclasses.field(default_factory=dict)
    trap: str = ""
    person: str = ""
    # A fresh one for the page, where the event asks for work.
    puzzle: str = ""
    errors: dict[str, str] = dataclasses.field(default_factory=dict)
    # The questions that stand after these answers, by field, and those of them that the page had not shown:
    # they are asked before anything is done.
    applying: frozenset[str] = frozenset()
    opened: tuple[str, ...] = ()
    applicant: Applicant | None = None
    # The forgery token, if it is good, and when the form it came with was opened.
    token: str | None = None
    opened_at: dt.datetime | None = None

    def first(self, field: str) -> str:
        values = self.raw.get(field)
        return values[0] if values else ""


def _opened_at(token: str) -> dt.datetime | None:
    """When a good forgery token was made (whole seconds): it is signed with its time."""
    try:
        seconds = bytes_to_int(base64_decode(token.rsplit(".", 2)[1]))
        return dt.datetime.fromtimestamp(seconds, UTC)
    except (IndexError, ValueError, OverflowError):
        return None


def shown(text: str) -> str:
    """What was typed, fit to be shown again: without the characters that no page may hold."""
    return _NOT_IN_PAGES.sub("", text[:_LONGEST_KEPT])


def _look_for_opened(entry: Entry, asks: Iterable[Ask], sent: MultiDict[str, str]) -> None:
    """Finds the questions that somebody's answers have opened and that stood on no page before them. Once
    they were shown, an empty answer is an answer. Nothing is asked of a program that sends the fields."""
    entry.applying = questions.applying(asks, entry.raw)
    asked = sent.getlist(ASKED)
    if not asked:
        return
    entry.opened = tuple(
        ask.field
        for ask in asks
        if ask.show_key
        and ask.field in entry.applying
        and ask.field not in asked
        and not any(value.strip() for value in entry.raw.get(ask.field, ()))
    )
    for field in entry.opened:
        # Nobody has left it out yet.
        entry.errors.pop(field, None)


def empty(source: str | None, key: str | None = None) -> Entry:
    return Entry(source=clean_source(source) or "", key=(key or "")[:_LONGEST_SECRET])


def frame_token(event_id: int) -> str:
    """What a form inside another site's page carries in place of the session's token: it is signed, for
    this event, with the time it was opened, and tied to no cookie."""
    return tokens.sign("form", ["frame", event_id, tokens.secret(9)])


def _check_frame_token(token: str, event_id: int) -> dt.datetime:
    """When the form was opened. Raises ValidationError."""
    limit = dt.timedelta(seconds=current_app.config["WTF_CSRF_TIME_LIMIT"])
    try:
        found = tokens.read("form", token, limit)
    except tokens.TokenError:
        raise ValidationError from None
    match found.payload:
        case ["frame", int(known), str()] if known == event_id:
            return found.made_at
    raise ValidationError


def read(facts: Facts, sent: MultiDict[str, str], *, framed: bool = False) -> Entry:
    """What was sent, with ``applicant`` set if nothing is missing. Unknown fields are ignored, and of
    repeated ones the first counts. ``framed``: it was sent from another site's page."""
    fields = (*(ask.field for ask in facts.asks), *extras.FIELDS)
    raw = {field: sent.getlist(field)[:200] for field in fields}
    entry = Entry(
        name=shown(sent.get("name", "")),
        email=shown(sent.get("email", "")),
        consent=bool(sent.get("consent")),
        contact=frozenset(
            agreement.host_key or ""
            for agreement in facts.contacts
            if sent.get(f"consent_{agreement.host_key}")
        ),
        source=clean_source(sent.get("from")) or "",
        key=shown(sent.get("key", ""))[:_LONGEST_SECRET],
        invitation=shown(sent.get("invitation", ""))[:_LONGEST_INVITATION],
        raw={field: [shown(value) for value in values] for field, values in raw.items()},
        trap=sent.get(TRAP, ""),
        person=sent.get("person", ""),
    )
    token = sent.get("form_token" if framed else "csrf_token", "")
    try:
        if framed:
            entry.opened_at = _check_frame_token(token, facts.event.id)
            entry.token = token
        elif current_app.config["WTF_CSRF_ENABLED"]:
            validate_csrf(token)
            entry.token, entry.opened_at = token, _opened_at(token)
    except ValidationError:
        entry.errors["csrf_token"] = _("The page had been open for long. Please send it once more.")
    name = address = None
    try:
        name = clean_name(sent.get("name", ""))
    except ValueError as error:
        entry.errors["name"] = str(error)
    try:
        address = addresses.parse(sent.get("email", ""))
    except ValueError as error:
        entry.errors["email"] = str(error)
    answers, wrong = questions.read(facts.asks, raw)
    entry.errors |= wrong
    _look_for_opened(entry, facts.asks, sent)
    more, wrong = extras.read(facts.event, raw)
    entry.errors |= wrong
    if not entry.consent:
        entry.errors["consent"] = _("Without this we may not keep your name and address, and so cannot sign you up.")  # fmt: skip
    if name and address and not entry.errors and not entry.opened:
        agreed = [a for a in facts.contacts if (a.host_key or "") in entry.contact]
        entry.applicant = Applicant(
            name=name,
            address=address,
            agreements=(facts.consent, *agreed),
            answers=answers,
            language=i18n.language(),
            source=entry.source or None,
            nonce=entry.token,
            key=entry.key,
            extras=more,
        )
    return entry


def of_signup(asks: Sequence[Ask], signup: Signup, given: Mapping[str, Any]) -> Entry:
    """The form as somebody once filled it in; ``given`` are their answers by key."""
    raw: dict[str, list[str]] = {}
    for ask in asks:
        value = given.get(ask.key)
        if isinstance(value, bool):
            raw[ask.field] = ["yes" if value else "no"]
        elif value is not None:
            raw[ask.field] = [str(part) for part in value] if isinstance(value, list) else [str(value)]  # fmt: skip
    raw["access"] = list(signup.access_needs or ())
    raw["access_note"] = [signup.access_note or ""]
    raw["companions"] = [str(signup.companions or "")]
    raw["no_stay"] = ["yes"] if signup.no_stay else []
    raw["timezone"] = [signup.timezone or ""]
    raw["language"] = [signup.language]
    return Entry(name=signup.name or "", raw=raw, applying=questions.applying(asks, raw))


def read_edited(
    event: Event, asks: Sequence[Ask], sent: MultiDict[str, str], kept: tuple[str, ...]
) -> tuple[Entry, Edited | None]:
    """What somebody changed of their own sign-up; None beside the sentences if something is wrong.
    ``kept`` are needs they have named and the event no longer offers."""
    raw = {field: sent.getlist(field)[:200] for field in (*(a.field for a in asks), *extras.FIELDS)}
    raw["language"] = sent.getlist("language")[:1]
    entry = Entry(
        name=shown(sent.get("name", "")),
        raw={field: [shown(value) for value in values] for field, values in raw.items()},
    )
    answers, entry.errors = questions.read(asks, raw)
    _look_for_opened(entry, asks, sent)
    more, wrong = extras.read(event, raw, kept)
    entry.errors |= wrong
    try:
        name = clean_name(sent.get("name", ""))
    except ValueError as error:
        entry.errors["name"] = str(error)
    if entry.errors or entry.opened:
        return entry, None
    language = entry.first("language")
    return entry, Edited(
        name=name, asks=asks, answers=answers, extras=more,
        language=language if language in i18n.languages() else None,
        has_zone="timezone" in sent,
    )  # fmt: skip


def read_added(asks: Sequence[Ask], sent: MultiDict[str, str]) -> Entry:
    """What an organiser typed in for somebody else, with ``applicant`` set if nothing is missing. Where that
    person agreed (``agreed``) becomes the wording of the consent."""
    raw = {field: sent.getlist(field)[:200] for field in (*(a.field for a in asks), "agreed")}
    entry = Entry(
        name=shown(sent.get("name", "")),
        email=shown(sent.get("email", "")),
        raw={field: [shown(value) for value in values] for field, values in raw.items()},
    )
    answers, entry.errors = questions.read(asks, raw)
    name = address = None
    agreed = ""
    try:
        name = clean_name(sent.get("name", ""))
    except ValueError as error:
        entry.errors["name"] = str(error)
    try:
        address = addresses.parse(sent.get("email", ""))
    except ValueError as error:
        entry.errors["email"] = str(error)
    try:
        agreed = questions.paragraph(sent.get("agreed", ""), LONGEST_AGREED)
    except ValueError as error:
        entry.errors["agreed"] = str(error)
    if not agreed:
        entry.errors.setdefault("agreed", _("Without their consent we may not keep their name and address. Please say where they gave it."))  # fmt: skip
    language = sent.get("language", "")
    if name and address and not entry.errors:
        entry.applicant = Applicant(
            name=name,
            address=address,
            agreements=(Agreement("event", None, agreed),),
            answers=answers,
            language=language if language in i18n.languages() else i18n.languages()[0],
        )
    return entry


def person_token(event_id: int, entry: Entry) -> str:
    """What the button "I'm a person" sends along: good for this event and this form."""
    return tokens.sign("form", [event_id, tokens.digest(entry.token or "")[:16]])


def is_person(event_id: int, entry: Entry) -> bool:
    """Whether somebody pressed "I'm a person" behind this very form."""
    try:
        said = tokens.read("form", entry.person, PERSON_AGE).payload
    except tokens.TokenError:
        return False
    return bool(said == [event_id, tokens.digest(entry.token or "")[:16]])


def looks_like_a_robot(event_id: int, entry: Entry, at: dt.datetime) -> bool:
    """The trap is filled, or the form came back faster than anybody types. Never means "no": one more
    click, and the form goes through."""
    if entry.person:
        return not is_person(event_id, entry)
    if entry.trap:
        return True
    fastest = dt.timedelta(seconds=current_app.config["SIGNUP_MIN_SECONDS"])
    return entry.opened_at is not None and at - entry.opened_at < fastest
