"""The shape of what is asked for a new API token."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Length

from webapp.events.models import Event

ALL = ""


def _squeezed(text: str | None) -> str:
    return " ".join((text or "").split())


class TokenForm(FlaskForm):
    label = StringField(
        _l("What is it for?"),
        [
            DataRequired(_l("Say what it is for, so that you know later which one to take back.")),
            Length(max=100, message=_l("At most %(max)d characters, please.")),
        ],
        filters=[_squeezed],
        description=_l("For example “Figures for the yearly overview”."),
        render_kw={"autocomplete": "off"},
    )
    event = SelectField(_l("What it may read"), default=ALL)

    def offer(self, events: list[Event]) -> TokenForm:
        """The events it can be limited to."""
        self.event.choices = [
            SelectChoice(value=ALL, label=_("All events I may manage")),
            *(SelectChoice(value=event.slug, label=event.title) for event in events),
        ]
        # Asked of everybody, but never wrong: the first choice is already made.
        self.event.flags.hide_optional = True  # type: ignore[attr-defined]  # flags take any name
        return self
