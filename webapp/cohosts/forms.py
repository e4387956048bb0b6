"""The shape of what is typed about a co-host."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField
from wtforms.validators import InputRequired


class AddForm(FlaskForm):
    name = StringField(_l("Name"), [InputRequired(_l("The name is missing."))])
    url = StringField(_l("Web address"))
    key = StringField(_l("Key"))


class ChangeForm(FlaskForm):
    name = StringField(_l("Name"), [InputRequired(_l("The name is missing."))])
    url = StringField(_l("Web address"))
    contact = StringField(_l("Who to write to"))


class LogoForm(FlaskForm):
    logo = FileField(_l("Picture"))
