"""What an organiser may type into a report."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, Form, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, ValidationError

from webapp.agenda.queries import Item
from webapp.reports import drafting, prose, saying
from webapp.reports.article import heading
from webapp.reports.evidence import Evidence

LONG, SHORT = 20_000, 300


def line(text: str | None) -> str:
    """One line as typed, composed (NFC), without control characters or bare halves of characters."""
    clean = unicodedata.normalize("NFC", text or "")
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in clean).split())  # fmt: skip


def prose_text(text: str | None) -> str:
    """Longer text: its line breaks stay, other control characters go."""
    clean = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in clean if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs")).strip()  # fmt: skip


def web_address(form: Form, field: Field) -> None:
    text = field.data or ""
    if text and not (text.startswith(("https://", "http://")) and prose.is_web_address(text) and not any(c in text for c in ' <>"\\')):  # fmt: skip
        raise ValidationError(_l("Please give the whole address, beginning with https://"))


class ReportForm(FlaskForm):
    """The blocks every report has. The sections are added by ``form_for``, one field for each item."""

    section_keys: ClassVar[Sequence[str]] = ()

    revision = HiddenField(validators=[DataRequired()])
    headline = StringField(
        _l("Headline"),
        filters=[line],
        validators=[DataRequired(_l("A report needs a headline.")), Length(max=SHORT)],
    )
    number = RadioField(_l("The number in the headline"), validators=[DataRequired()])
    opening = TextAreaField(
        _l("First paragraph"), filters=[prose_text], validators=[Length(max=LONG)]
    )
    quote = TextAreaField(_l("Pull quote"), filters=[line], validators=[Length(max=1000)])
    quote_who = StringField(_l("Who said it"), filters=[line], validators=[Length(max=SHORT)])
    closing = TextAreaField(_l("The closing"), filters=[prose_text], validators=[Length(max=LONG)])
    thanks = TextAreaField(_l("Thanks"), filters=[prose_text], validators=[Length(max=LONG)])
    action_label = StringField(
        _l("Words of the link"), filters=[line], validators=[Length(max=SHORT)]
    )
    action_url = StringField(
        _l("Where the link leads"), filters=[line], validators=[Length(max=500), web_address]
    )
    recording = StringField(
        _l("Address of the recording"), filters=[line], validators=[Length(max=500), web_address]
    )
    byline_name = StringField(_l("Written by"), filters=[line], validators=[Length(max=SHORT)])
    byline_affiliation = StringField(_l("Of"), filters=[line], validators=[Length(max=SHORT)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nearly everything may stay empty: saying so at every field would be noise.
        for field in self:
            field.flags.hide_optional = True

    @property
    def blocks(self) -> dict[str, str]:
        """The texts by the names the report keeps them under."""
        texts = {name: self[name].data or "" for name in drafting.BLOCKS}
        texts |= {drafting.SECTION + key: field.data or "" for key, field, _box in self.sections}
        return texts

    @property
    def sections(self) -> list[tuple[str, Any, Any]]:
        """(agenda key, its text, its box "leave it out") in the order of the page."""
        return [
            (key, self[f"section_{n}"], self[f"leave_{n}"])
            for n, key in enumerate(self.section_keys)
        ]

    @property
    def left_out(self) -> list[str]:
        return [key for key, _field, box in self.sections if box.data]


def _label(item: Item) -> str:
    people = [{"name": who.name} for who in drafting.voices(item)]
    return heading({"people": people, "kind": item.kind, "title": item.title})


def form_for(evidence: Evidence) -> type[ReportForm]:
    """The form with one text for each agenda item that has a section."""
    items = drafting.sections(evidence)
    fields: dict[str, Any] = {"section_keys": [item.key for item in items]}
    for n, item in enumerate(items):
        fields[f"section_{n}"] = TextAreaField(_label(item), filters=[prose_text], validators=[Length(max=LONG)])  # fmt: skip
        fields[f"leave_{n}"] = BooleanField(_l("Leave this section out"))
    form: type[ReportForm] = type("ThisReportForm", (ReportForm,), fields)
    return form


def values(report: Any, evidence: Evidence) -> dict[str, Any]:
    """What the form shows of a report."""
    blocks = report.content["blocks"]
    data: dict[str, Any] = {name: blocks.get(name, "") for name in drafting.BLOCKS}
    data |= {"revision": str(report.revision), "number": report.headline}
    left_out = report.content.get("left_out", [])
    for n, item in enumerate(drafting.sections(evidence)):
        data[f"section_{n}"] = blocks.get(drafting.SECTION + item.key, "")
        data[f"leave_{n}"] = item.key in left_out
    return data


def choices() -> list[tuple[str, str]]:
    return [(choice, saying.name(choice)) for choice in saying.CHOICES]


class PublishForm(FlaskForm):
    revision = HiddenField(validators=[DataRequired()])
    correction = TextAreaField(
        _l("What does this version correct?"),
        description=_l("One sentence. It stands at the top of the new version, with a link to the old one."),
        filters=[line],
        validators=[Length(max=1000)],
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Where the field is shown at all it is needed: the verb refuses a correction without a note.
        for field in self:
            field.flags.hide_optional = True
