"""The shape of what admins type about accounts."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length


class AccountForm(FlaskForm):
    email = StringField(
        _l("E-mail"),
        [InputRequired(_l("The e-mail address is missing.")), Length(max=254)],
        description=_l("This is what the person signs in with."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    name = StringField(
        _l("Name"),
        [Length(max=200, message=_l("A name has at most %(max)d characters."))],
        description=_l("How the person is called on these pages."),
        render_kw={"autocomplete": "off"},
    )
    role = RadioField(
        _l("Role"),
        choices=lambda: [
            SelectChoice("organiser", _("Organiser: makes events and runs those they belong to")),
            SelectChoice("admin", _("Admin: manages every event, all accounts and the site")),
        ],
        default="organiser",
    )
