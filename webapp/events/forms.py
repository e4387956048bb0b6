"""The shape of what is typed into an event's settings. What a value must be is asked of ``rules``."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
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
LISTS = ("targets", "cohosts")
MAX_ROWS = 20
_LINES = ("languages", "access_needs")
_PLAIN = (
    "title", "slug", "summary", "description", "language", "timezone", "mode", "presence", "capacity",
    "approval", "confirm_address", "host_name", "host_key", "host_url", "retention_days",
    "min_stay_minutes", "accent",
)  # fmt: skip


class WholeNumber(IntegerField):
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


class LocalTime(DateTimeLocalField):
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


def _choices(names: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in names.items()]


class TargetRow(Form):
    label = StringField(_l("What it is called"))
    url = StringField(_l("Address"))
    language = StringField(_l("Language code"))


class CohostRow(Form):
    name = StringField(_l("Name"))
    url = StringField(_l("Web address"))
    key = StringField(_l("Key"))


class EventForm(FlaskForm):
    # What the settings were when the page was opened: see ``fingerprint``.
    seen = HiddenField()
    title = StringField(_l("Title"), [InputRequired(_l("The title is missing."))])
    slug = StringField(_l("Address of the page"))
    summary = TextAreaField(_l("One reason to come"))
    description = TextAreaField(_l("About the event"))
    language = StringField(_l("Language of the page and its mails"))
    starts_at = LocalTime(_l("Starts"), [InputRequired(_l("When does it start?"))])
    starts_at_which = _which(_l("Which start"))
    ends_at = LocalTime(_l("Ends"), [InputRequired(_l("When does it end?"))])
    ends_at_which = _which(_l("Which end"))
    timezone = StringField(_l("Time zone"), [InputRequired(_l("The time zone is missing."))])
    mode = SelectField(
        _l("Where people are"),
        choices=_choices(
            {
                "online": _l("Online"),
                "in_person": _l("In the room"),
                "hybrid": _l("In the room and online"),
            }
        ),
        default="online",
    )
    presence = RadioField(
        _l("How you know who was there"),
        choices=_choices(
            {
                "room": _l("Our room"),
                "platform": _l("The meeting platform tells"),
                "door": _l("The door only"),
            }
        ),
        default="room",
    )
    targets = FieldList(FormField(TargetRow), max_entries=MAX_ROWS)
    capacity = WholeNumber(_l("Places"))
    approval = BooleanField(_l("Somebody of us approves each sign-up"))
    confirm_address = BooleanField(_l("People confirm their address before they have a place"))
    opens_at = LocalTime(_l("Sign-up opens"))
    opens_at_which = _which(_l("Which opening"))
    closes_at = LocalTime(_l("Sign-up closes"))
    closes_at_which = _which(_l("Which closing"))
    host_name = StringField(_l("Host"))
    host_url = StringField(_l("Web address of the host"))
    host_key = StringField(_l("Key of the host"))
    cohosts = FieldList(FormField(CohostRow), max_entries=MAX_ROWS)
    languages = TextAreaField(_l("Languages and interpretation"))
    access_needs = TextAreaField(_l("What you offer for access"))
    retention_days = WholeNumber(_l("Days until names are deleted"), [InputRequired(_l("After how many days are names deleted?"))])  # fmt: skip
    min_stay_minutes = WholeNumber(_l("Minutes that count as having stayed"))
    accent = StringField(_l("Accent colour"))

    @classmethod
    def of(cls, event: Event) -> EventForm:
        """The form filled in with an event; times as a clock in its zone shows them."""
        data: dict[str, Any] = {name: getattr(event, name) for name in _PLAIN}
        for name in MOMENTS:
            if (moment := getattr(event, name)) is not None:
                local = local_times.to_local(moment, event.timezone)
                data[name] = local.replace(second=0, microsecond=0, fold=0)
                data[f"{name}_which"] = str(local.fold)
        for name in _LINES:
            data[name] = "\n".join(getattr(event, name))
        data["targets"] = [
            {"label": t.label, "url": t.url, "language": t.language or ""} for t in event.targets
        ]
        data["cohosts"] = [
            {"name": c.name, "url": c.url or "", "key": c.key} for c in event.cohosts
        ]
        return cls(formdata=None, data=data | {"seen": fingerprint(event)})

    def ask_which(self) -> EventForm:
        """Fills the choices of every clock time that comes twice in the zone as typed."""
        for name in MOMENTS:
            local, which = self[name].data, self[f"{name}_which"]
            try:
                found = local_times.offsets(local, self.timezone.data or "") if local else ()
            except ValueError:
                found = ()
            names = (_("the first one"), _("the second one"))
            which.choices = (
                [
                    SelectChoice(value="", label=_("please choose")),
                    *(
                        SelectChoice(value=str(fold), label=f"{names[fold]} ({offset})")
                        for fold, offset in enumerate(found)
                    ),
                ]
                if len(found) > 1
                else []
            )
        return self

    def edit_rows(self, act: str) -> None:
        """One more row, one up, one out: "add:targets", "up:targets:2", "out:cohosts:0"."""
        what, _colon, place = act.partition(":")
        name, _colon, number = place.partition(":")
        if name not in LISTS:
            return
        field = self[name]
        rows = [entry.data for entry in field.entries]
        row = int(number) if number.isdigit() else -1
        if what == "add" and len(rows) < MAX_ROWS:
            rows.append({})
        elif what == "up" and 0 < row < len(rows):
            rows[row - 1], rows[row] = rows[row], rows[row - 1]
        elif what == "out" and 0 <= row < len(rows):
            del rows[row]
        field.entries, field.last_index = [], -1
        for data in rows:
            field.append_entry(data)

    def _moment(self, name: str, event: Event | None) -> dt.datetime | None:
        local = self[name].data
        if local is None:
            return None
        which = self[f"{name}_which"].data
        fold = int(which) if which in ("0", "1") else None
        moment = local_times.to_moment(local, self.timezone.data, fold, name)
        before = getattr(event, name, None)
        # The field shows minutes; what nobody touched keeps its seconds.
        return (
            before
            if before is not None and before.replace(second=0, microsecond=0) == moment
            else moment
        )

    def values(self, event: Event | None = None) -> dict[str, Any]:
        """What was typed as the fields of an event. Raises Refused with the field's name as code."""
        self.timezone.data = rules.timezone((self.timezone.data or "").strip())
        values = {name: self[name].data for name in _PLAIN}
        values |= {name: self._moment(name, event) for name in MOMENTS}
        for name in _LINES:
            values[name] = [part for part in (self[name].data or "").splitlines() if part.strip()]
        for name in LISTS:
            values[name] = [entry.data for entry in self._filled(name)]
        values["language"] = (values["language"] or "").strip() or rules.DEFAULTS["language"]
        values["host_key"] = (values["host_key"] or "").strip() or rules.key_from(
            values["host_name"] or "", "host"
        )
        values["slug"] = (values["slug"] or "").strip()
        if not values["slug"] or (event is not None and event.state != "draft"):
            del values["slug"]
        return values

    def _filled(self, name: str) -> list[Any]:
        return [e for e in self[name].entries if any((v or "").strip() for v in e.data.values())]

    def say(self, refusal: Refused) -> str | None:
        """Puts a refusal beside the field it is about; answers its text if it is about none."""
        name, _dot, rest = refusal.code.partition(".")
        if name in LISTS and rest:
            number, _dot, part = rest.partition(".")
            rows = self._filled(name)
            if number.isdigit() and int(number) < len(rows) and part in rows[int(number)].form:
                field = rows[int(number)].form[part]
                field.errors = [*field.errors, str(refusal)]
                return None
        if name in self and name not in LISTS:
            self[name].errors = [*self[name].errors, str(refusal)]
            return None
        return str(refusal)


def fingerprint(event: Event) -> str:
    """Changes when somebody saves other settings; what happens during the evening does not change it."""
    said = {name: getattr(event, name) for name in (*_PLAIN, *_LINES)}
    said |= {name: str(getattr(event, name)) for name in MOMENTS}
    said["rows"] = [[t.label, t.url, t.language] for t in event.targets]
    said["rows"] += [[c.key, c.name, c.url] for c in event.cohosts]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def differing(form: EventForm, event: Event) -> list[str]:
    """The labels of the fields in which the event now says something else than the form."""
    now = EventForm.of(event)
    names = [n for n in (*_PLAIN, *MOMENTS, *_LINES) if (form[n].data or None) != (now[n].data or None)]  # fmt: skip
    found = [str(form[name].label.text) for name in names if name != "slug"]
    if [e.data for e in form.targets] != [e.data for e in now.targets]:
        found.append(_("Where people join"))
    if [e.data for e in form.cohosts] != [e.data for e in now.cohosts]:
        found.append(_("Co-hosts"))
    return found
