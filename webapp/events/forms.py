"""The shape of what is typed into an event's settings. What a value must be is asked of ``rules``."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Optional

from webapp.errors import Refused
from webapp.events import local_times, rules
from webapp.events.models import Event

MOMENTS = ("starts_at", "ends_at", "opens_at", "closes_at")
LISTS = ("targets",)
_LIST_NAMES = {"targets": _l("Where people join")}
MAX_ROWS = 20
_NOT_IN_HTML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_ROW_ACT = re.compile(r"(?P<what>add|up|out):(?P<list>targets)(:(?P<row>[0-9]{1,3}))?")
_LINES = ("languages", "access_needs")
_PLAIN = (
    "title", "slug", "summary", "description", "language", "timezone", "mode", "presence", "capacity",
    "approval", "confirm_address", "ask_companions", "challenge", "order_only", "listed", "invitation_only", "waitlist", "offer_hours", "host_name", "host_key",
    "host_url", "retention_days", "min_stay_minutes", "accent",
)  # fmt: skip


class _Cleaned:
    """A field that shows what was typed without the characters that no page may hold: nobody can see
    them, and whoever sends the page once more should not have to search for them."""

    def _value(self) -> str:
        return _NOT_IN_HTML.sub("", super()._value() or "")  # type: ignore[misc]  # not in its types


class Line(_Cleaned, StringField):
    pass


class Text(_Cleaned, TextAreaField):
    pass


class WholeNumber(_Cleaned, IntegerField):
    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            self.data = None
            return
        try:
            self.data = int(text)
        except ValueError:
            self.data = None
            raise ValueError(_("Please write a whole number in digits.")) from None


class LocalTime(_Cleaned, DateTimeLocalField):
    """A day and a clock time in the event's zone, naive. Browsers without the control get a text field."""

    def __init__(self, label: Any, validators: Any = None, **more: Any) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        super().__init__(label, validators, format=formats, **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata([valuelist[0].strip()])
        except ValueError:
            raise ValueError(
                _("Please write day and time like %(example)s.", example="2027-03-17 19:00")
            ) from None


def _which(label: Any) -> SelectField:
    """Asked only where a clock time comes twice."""
    return SelectField(label, [Optional()], choices=[], validate_choice=False)


def _choices(**labels: Any) -> list[SelectChoice]:
    """By value. The labels stay lazy: the language is the reader's."""
    return [SelectChoice(value=value, label=label) for value, label in labels.items()]


class TargetRow(Form):
    label = Line(_l("What it is called"))
    url = Line(_l("Address"))
    language = Line(_l("Language code"))


class EventForm(FlaskForm):
    # What the settings were when the page was opened: see ``fingerprint``.
    seen = HiddenField()
    title = Line(_l("Title"), [InputRequired(_l("The title is missing."))])
    slug = Line(_l("Address of the page"))
    summary = Text(_l("One reason to come"))
    description = Text(_l("About the event"))
    language = Line(_l("Language of the page and its mails"))
    starts_at = LocalTime(_l("Starts"), [InputRequired(_l("When does it start?"))])
    starts_at_which = _which(_l("Which start"))
    ends_at = LocalTime(_l("Ends"), [InputRequired(_l("When does it end?"))])
    ends_at_which = _which(_l("Which end"))
    timezone = Line(_l("Time zone"), [InputRequired(_l("The time zone is missing."))])
    mode = SelectField(
        _l("Where people are"),
        choices=_choices(
            online=_l("Online"), in_person=_l("In the room"), hybrid=_l("In the room and online")
        ),
        default="online",
    )
    presence = RadioField(
        _l("How you know who was there"),
        choices=_choices(
            room=_l("Our room"), platform=_l("The meeting platform tells"), door=_l("The door only")
        ),
        default="room",
    )
    targets = FieldList(FormField(TargetRow), max_entries=MAX_ROWS)
    capacity = WholeNumber(_l("Places"))
    approval = BooleanField(_l("Somebody of us approves each sign-up"))
    confirm_address = BooleanField(_l("People confirm their address before they have a place"))
    ask_companions = BooleanField(
        _l("Ask how many more people somebody brings along (they take no place of their own)")
    )
    listed = BooleanField(
        _l("It stands among all events of this site"), default=rules.DEFAULTS["listed"]
    )
    invitation_only = BooleanField(_l("The form opens only behind a secret link"))
    order_only = BooleanField(
        _l("Until the start, people see the order of the agenda without the times of its items")
    )
    challenge = BooleanField(
        _l("Robots are attacking: let each form cost the browser a moment’s work"),
        description=_l(
            "People notice nothing, or wait a second. Without JavaScript they wait twenty."
        ),
    )
    waitlist = BooleanField(
        _l("When all places are taken, people may wait for one"), default=rules.DEFAULTS["waitlist"]
    )
    offer_hours = WholeNumber(
        _l("Hours that an offered place is kept"), default=rules.DEFAULTS["offer_hours"]
    )
    opens_at = LocalTime(_l("Sign-up opens"))
    opens_at_which = _which(_l("Which opening"))
    closes_at = LocalTime(_l("Sign-up closes"))
    closes_at_which = _which(_l("Which closing"))
    host_name = Line(_l("Host"))
    host_url = Line(_l("Web address of the host"))
    host_key = Line(_l("Key of the host"))
    # Whose key stands in the field of a new event, until somebody has said that it is to stay.
    key_of = HiddenField()
    languages = Text(_l("Languages and interpretation"))
    access_needs = Text(_l("What you offer for access"))
    retention_days = WholeNumber(_l("Days until names are deleted"), [InputRequired(_l("After how many days are names deleted?"))])  # fmt: skip
    min_stay_minutes = WholeNumber(_l("Minutes that count as having stayed"))
    accent = Line(_l("Accent colour"))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        # These always have an answer; to call them optional would say that it does not matter.
        for name in ("mode", *(f"{name}_which" for name in MOMENTS)):
            self[name].flags.hide_optional = True

    @classmethod
    def of(cls, event: Event) -> EventForm:
        """The form filled in with an event; times as a clock in its zone shows them."""
        data: dict[str, Any] = {name: getattr(event, name) for name in _PLAIN}
        for name in MOMENTS:
            if (moment := getattr(event, name)) is not None:
                local = local_times.to_local(moment, event.timezone)
                data[name] = local.replace(second=0, microsecond=0, fold=0)
                data[f"{name}_which"] = str(local.fold)
        if not event.host_name and re.fullmatch(r"host(-[0-9a-f]{8})?", event.host_key):
            # Nobody chose this key: left empty, it is made from the name once there is one.
            data["host_key"] = ""
        for name in _LINES:
            data[name] = "\n".join(getattr(event, name))
        data["targets"] = [
            {"label": t.label, "url": t.url, "language": t.language or ""} for t in event.targets
        ]
        return cls(formdata=None, data=data | {"seen": fingerprint(event)})

    def shown(self, event: Event | None) -> EventForm:
        """Ready for the page: every clock time that comes twice in the zone as typed offers its two."""
        self["slug"].flags.hide_optional = event is not None and event.state != "draft"
        for name in MOMENTS:
            local, which = self[name].data, self[f"{name}_which"]
            try:
                zone = (self.timezone.data or "").strip()
                found = local_times.offsets(local, zone) if local else ()
            except ValueError:
                found = ()
            names = (_("the first one"), _("the second one"))
            which.choices = []
            if len(found) > 1:
                which.choices = [
                    SelectChoice(value="", label=_("please choose")),
                    *(
                        SelectChoice(value=str(fold), label=f"{names[fold]} ({offset})")
                        for fold, offset in enumerate(found)
                    ),
                ]
        return self

    @property
    def is_stale(self) -> bool:
        """Whether the page was open for so long, or came from so far, that its token is no good."""
        return "csrf_token" in self and bool(self["csrf_token"].errors)

    def has_sent(self, name: str) -> bool:
        """Whether the browser said something about this field. A box that is not ticked and a list without
        rows are not sent, and say so by that."""
        return bool(self[name].raw_data) or name in LISTS or isinstance(self[name], BooleanField)

    def edit_rows(self, act: str) -> bool:
        """One more row, one up, one out: "add:targets", "up:targets:2", "out:targets:0". Answers whether
        ``act`` was one of these; what else is wrong on the page is then said when it is saved."""
        found = _ROW_ACT.fullmatch(act)
        if found is None:
            return False
        what, name, row = found["what"], found["list"], int(found["row"] or -1)
        field = self[name]
        rows = [entry.data for entry in field.entries]
        if what == "add" and len(rows) < MAX_ROWS:
            rows.append({})
        elif what == "up" and 0 < row < len(rows):
            rows[row - 1], rows[row] = rows[row], rows[row - 1]
        elif what == "out" and 0 <= row < len(rows):
            del rows[row]
        field.entries, field.last_index = [], -1
        for data in rows:
            field.append_entry(data)
        for each in self:
            each.errors = []
        return True

    def values(self, event: Event | None = None) -> dict[str, Any]:
        """What was typed as the fields of an event, judged by the rules all at once: what is wrong stands
        beside its field, and the form then has errors. A field that was not sent is left out (a box that
        was not sent is not ticked, a row is gone)."""
        found: dict[str, Any] = {}
        for name, value in self._typed(event).items():
            with self._saying():
                found[name] = rules.FIELDS[name](value)
        # Which of two moments comes first can be said though their zone has a slip in it.
        zone = "UTC" if self.timezone.errors else found["timezone"]
        for name in MOMENTS:
            if self[name].raw_data and not self[name].errors:
                with self._saying():
                    found[name] = self._moment(name, zone, event)
        found["targets"] = list(self._targets())
        moments = {name: found.get(name, getattr(event, name, None)) for name in MOMENTS}
        unsaid = {name: moment for name, moment in moments.items() if not self[name].errors}
        for refusal in rules.time_faults(unsaid):
            self.say(refusal)
        return found

    def _targets(self) -> Iterator[dict[str, Any]]:
        for number, row in enumerate(self._rows("targets")):
            target = {}
            for part, clean in rules.TARGET.items():
                with self._saying():
                    target[part] = clean(row[part], f"targets.{number}.{part}")
            yield target

    def _typed(self, event: Event | None) -> dict[str, Any]:
        """The plain fields as they were typed, those left empty filled with what is made for them."""
        typed: dict[str, Any] = {}
        for name in (*_PLAIN, *_LINES):
            field = self[name]
            if not self.has_sent(name) or field.errors:
                continue
            typed[name] = field.data.strip() if isinstance(field.data, str) else field.data
        for name in _LINES:
            if name in typed:
                typed[name] = [line for line in typed[name].splitlines() if line.strip()]
        if typed.get("offer_hours", 0) is None:
            typed["offer_hours"] = rules.DEFAULTS["offer_hours"]
        if typed.get("language") == "":
            typed["language"] = rules.DEFAULTS["language"]
        if typed.get("host_key") == "":
            name = typed.get("host_name") or (event.host_name if event else "")
            typed["host_key"] = rules.key_from(name, rules.DEFAULTS["host_key"])
        if typed.get("slug") == "":
            del typed["slug"]
        return typed

    def check_key(self) -> None:
        """Says it beside the key where it is that of the event before, while the host is called otherwise:
        what people agreed to for one host must not become another's. Saving once more keeps it."""
        name, key_of = (self.host_name.data or "").strip(), self.key_of.data or ""
        if not key_of or not (self.host_key.data or "").strip() or name == key_of.partition("|")[2]:
            return
        if self.host_key.data.strip() == key_of.partition("|")[0]:
            self.key_of.data = ""
            self.say(Refused(_("This is the key of “%(before)s”. Empty it, and one is made from the new name. Save once more to keep it: whoever agreed to hear from one then hears from the other.", before=key_of.partition("|")[2]), "host_key"))  # fmt: skip

    def _moment(self, name: str, zone: str, event: Event | None) -> dt.datetime | None:
        local = self[name].data
        if local is None:
            return None
        which = self[f"{name}_which"].data
        fold = int(which) if which in ("0", "1") else None
        moment = local_times.to_moment(local, zone, fold, name)
        before: dt.datetime | None = getattr(event, name, None)
        # The field shows minutes; what nobody touched keeps its seconds.
        if before is not None and before.replace(second=0, microsecond=0) == moment:
            return before
        return moment

    def _filled(self, name: str) -> list[Any]:
        return [e for e in self[name].entries if any((v or "").strip() for v in e.data.values())]

    def _rows(self, name: str) -> list[dict[str, Any]]:
        """What stands in the rows that are not blank."""
        return [
            {part: (text or "").strip() for part, text in entry.data.items()}
            for entry in self._filled(name)
        ]

    @contextmanager
    def _saying(self) -> Iterator[None]:
        """Says a refusal beside its field instead of raising it."""
        try:
            yield
        except Refused as refusal:
            if self.say(refusal) is not None:
                raise

    def say(self, refusal: Refused) -> str | None:
        """Puts a refusal beside the field it is about; answers its text if it is about none."""
        name, _dot, rest = refusal.code.partition(".")
        if name not in self:
            return str(refusal)
        self[name].errors = [*self[name].errors, str(refusal)]
        if name in LISTS:
            number, _dot, part = rest.partition(".")
            field = self._filled(name)[int(number)].form[part]
            field.errors = [*field.errors, str(refusal)]
        return None


def fingerprint(event: Event) -> str:
    """Changes when somebody saves other settings; what happens during the evening does not change it."""
    said = {name: getattr(event, name) for name in (*_PLAIN, *_LINES)}
    said |= {name: str(getattr(event, name)) for name in MOMENTS}
    said["rows"] = [[t.label, t.url, t.language] for t in event.targets]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def differing(form: EventForm, event: Event) -> list[tuple[str, str]]:
    """(label, what is saved now) of every field in which the event says something else than the form."""
    now = EventForm.of(event)
    found = []
    for name in (*_PLAIN, *MOMENTS, *_LINES, *LISTS):
        theirs = _as_text(now[name])
        if form.has_sent(name) and _as_text(form[name]) != theirs:
            found.append((_LIST_NAMES.get(name, now[name].label.text), theirs or _("nothing")))
    return [(str(label), str(text)) for label, text in found]


def _as_text(field: Any) -> str:
    """What a field holds, as one reads it: for comparing, and for showing to people."""
    if isinstance(field, FieldList):
        rows = [" · ".join(filter(None, map(_clean, entry.data.values()))) for entry in field]
        return "\n".join(row for row in rows if row)
    if isinstance(field, BooleanField):
        return _("yes") if field.data else _("no")
    if isinstance(field, RadioField | SelectField):
        labels = {choice.value: choice.label for choice in field.choices}
        return str(labels.get(field.data, field.data))
    if isinstance(field.data, dt.datetime):
        return f"{field.data:%Y-%m-%d %H:%M}"
    return "" if field.data is None else _clean(str(field.data))


def _clean(text: str | None) -> str:
    """Browsers send line breaks as two characters; the database has one."""
    return (text or "").replace("\r\n", "\n").strip()
