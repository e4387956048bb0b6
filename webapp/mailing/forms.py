"""The form in which an organiser writes a mail: whom it goes to, and its words in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional

from webapp import i18n
from webapp.mailing import words
from webapp.mailing.models import Mailing
from webapp.mailing.writing import Whom, Words
from webapp.signup.choosing import Choice

# What this form asks itself; the rest of a choice comes along from the list of sign-ups.
ASKED = ("status", "tag")


def _choices(labels: Mapping[str, Any]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in labels.items()]


class BlastForm(FlaskForm):
    """The fields for the texts are added by ``form_for``."""

    status = SelectField(_l("Goes to"), choices=_choices(words.STATUSES))
    tag = SelectField(_l("With the tag"), choices=[])
    attendance = SelectField(_l("And of those"), choices=_choices(words.GROUPS))
    minutes = IntegerField(_l("Minutes"), validators=[Optional(), NumberRange(1, 1440)], default=20)

    languages: list[str]

    def whom(self, others: dict[str, str]) -> Whom:
        """``others`` is what was chosen in the list of sign-ups."""
        mine = {name: getattr(self, name).data or "" for name in ASKED}
        choice = Choice.from_args(others | mine)
        return Whom(choice, self.attendance.data or "", self.minutes.data or 20)

    def texts(self) -> dict[str, Words]:
        """Of the languages in which there is anything."""
        found = {}
        for language in self.languages:
            subject = (self[f"subject_{language}"].data or "").strip()
            body = (self[f"body_{language}"].data or "").replace("\r\n", "\n").strip()
            if subject or body:
                found[language] = Words(subject, body)
        return found

    def pairs(self) -> list[tuple[str, str, Any, Any]]:
        """(code, name, subject field, body field) of each language."""
        return [
            (code, i18n.name_of(code), self[f"subject_{code}"], self[f"body_{code}"])
            for code in self.languages
        ]


def form_for(
    event_language: str, tags: list[str], mailing: Mailing | None, choice: Choice
) -> BlastForm:
    """The form, with a text for each language of the site, the event's first, and filled in with what
    ``mailing`` says."""
    codes = sorted(i18n.languages(), key=lambda code: code != event_language)

    class Form(BlastForm):
        pass

    for code in codes:
        setattr(Form, f"subject_{code}", StringField(_l("Subject")))
        setattr(Form, f"body_{code}", TextAreaField(_l("Text")))
    given: dict[str, Any] = {
        "status": choice.status or "", "tag": choice.tag or "", "attendance": "", "minutes": 20,
    }  # fmt: skip
    if mailing is not None:
        given |= {"attendance": mailing.attendance, "minutes": mailing.number or 20}
        for text in mailing.texts:
            given |= {f"subject_{text.language}": text.subject, f"body_{text.language}": text.body}
    form = Form(data=given)
    form.languages = codes
    for field in form:
        # Whoever writes a mail sees what it takes; of the languages one is enough.
        field.flags.hide_optional = True
    if choice.status and choice.status not in words.STATUSES:
        form.status.choices = _choices(words.STATUSES | {choice.status: words.status_of(choice)})
    named = [*tags, *([choice.tag] if choice.tag and choice.tag not in tags else [])]
    form.tag.choices = [SelectChoice(value="", label=_("any or none")), *(SelectChoice(value=tag, label=tag) for tag in named)]  # fmt: skip
    return form
