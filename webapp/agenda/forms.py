"""The shape of what is typed into the agenda editor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from webapp.agenda.items import MAX_INTRO, MAX_MINUTES, MAX_SPEAKERS, MAX_TEXT
from webapp.agenda.queries import Item

KIND_NAMES = {
    "opening": _l("Opening"),
    "talk": _l("Talk"),
    "panel": _l("Panel"),
    "questions": _l("Questions"),
    "break": _l("Break"),
    "closing": _l("Closing"),
}
ROLE_NAMES = {
    "chair": _l("Chair"),
    "speaker": _l("Speaker"),
    "moderator": _l("Moderator"),
    "interpreter": _l("Interpreter"),
}
BLANK_ROWS = 2


def _choices(names: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in names.items()]


class PersonRow(Form):
    """One person in an item. ``known`` marks somebody who already stood there."""

    known = HiddenField()
    name = StringField(_l("Name"), [Optional(), Length(max=200)])
    role = SelectField(_l("Part"), choices=_choices(ROLE_NAMES), default="speaker")
    remove = BooleanField(_l("Take out of this item"))


class ItemForm(FlaskForm):
    title = StringField(_l("Title"), [InputRequired(_l("An item needs a title.")), Length(max=200)])
    kind = SelectField(_l("Kind"), [InputRequired()], choices=_choices(KIND_NAMES), default="talk")
    minutes = IntegerField(
        _l("Minutes"),
        [
            InputRequired(_l("How many minutes? A whole number.")),
            NumberRange(1, MAX_MINUTES, _l("Between 1 and %(max)s minutes.")),
        ],
        default=10,
    )
    summary = TextAreaField(_l("What it is about"), [Length(max=MAX_TEXT)])
    speakers = FieldList(FormField(PersonRow), max_entries=MAX_SPEAKERS)
    # What the page showed, so that a colleague's change in between is noticed.
    revision = HiddenField()

    @classmethod
    def quick(cls, items: Sequence[Item]) -> ItemForm:
        """The short form below the list: one person, and what most likely comes next."""
        first = not items
        form = cls(formdata=None, kind="opening" if first else "talk")
        form.speakers.append_entry({"role": "chair" if first else "speaker"})
        return form

    def show(self, item: Item, seen: str) -> None:
        """Fills the form with what is there."""
        self.title.data, self.kind.data = item.title, item.kind
        self.minutes.data, self.summary.data = item.minutes, item.summary
        self.revision.data = seen
        for who in item.speakers:
            self.speakers.append_entry({"known": "1", "name": who.name, "role": who.role})

    def with_blank_rows(self) -> ItemForm:
        """Room for more people: always two empty rows at the end."""
        empty = sum(not row.form.name.data for row in self.speakers)
        for _row in range(min(BLANK_ROWS - empty, MAX_SPEAKERS - len(self.speakers))):
            self.speakers.append_entry()
        return self

    def as_item(self) -> dict[str, Any]:
        """In the words of the event file; empty rows and people taken out are left away."""
        return {
            "title": self.title.data or "",
            "kind": self.kind.data,
            "minutes": self.minutes.data,
            "summary": self.summary.data or "",
            "speakers": [
                {"name": row.form.name.data, "role": row.form.role.data}
                for row in self.speakers
                if (row.form.name.data or "").strip() and not row.form.remove.data
            ],
        }


class SpeakerForm(FlaskForm):
    name = StringField(_l("Name"), [InputRequired(_l("A speaker needs a name.")), Length(max=200)])
    title = StringField(_l("Title"), [Length(max=200)])
    affiliation = StringField(_l("Affiliation"), [Length(max=200)])
    bio = TextAreaField(_l("Introduction"), [Length(max=MAX_TEXT)])
    url = StringField(_l("Web address"), [Length(max=500)])
    say = StringField(_l("How to say the name"), [Length(max=200)])
    intro = TextAreaField(_l("Two lines to introduce them with"), [Length(max=MAX_INTRO)])
    revision = HiddenField()

    def values(self) -> dict[str, str]:
        return {
            name: getattr(self, name).data or ""
            for name in ("name", "title", "affiliation", "bio", "url", "say", "intro")
        }


def roles(item: Item) -> str:
    """Who is in an item, with their part where it is not plain speaking."""
    return ", ".join(
        who.name
        if who.role == "speaker"
        else _("%(name)s (%(part)s)", name=who.name, part=str(ROLE_NAMES[who.role]).lower())
        for who in item.speakers
    )
