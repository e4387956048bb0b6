"""The shape of what is typed to add somebody to an event's team."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import InputRequired, Length


class AddForm(FlaskForm):
    email = StringField(
        _l("E-mail"),
        [
            InputRequired(_l("The e-mail address is missing.")),
            Length(max=254, message=_l("That address is too long.")),
        ],
        description=_l("The one they sign in with."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    role = RadioField(
        _l("As"),
        choices=lambda: [
            SelectChoice(
                "organiser", _("Organiser: does everything but decide who is in the team")
            ),
            SelectChoice("owner", _("Owner: decides that, too")),
        ],
        default="organiser",
    )
