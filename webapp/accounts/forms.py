"""The shape of what is typed at the sign-in and on the own account's page."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from webapp.accounts import passwords


def _visible(text: str | None) -> str | None:
    """What was typed, fit to be shown again: no page may hold a NUL."""
    return text.replace("\0", "") if text else text


class SignInForm(FlaskForm):
    email = StringField(
        _l("E-mail"),
        [InputRequired(_l("Your e-mail address is missing.")), Length(max=254)],
        filters=[_visible],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Your password is missing.")), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )


class PasswordForm(FlaskForm):
    current = PasswordField(
        _l("Your password now"),
        [InputRequired(_l("Your password is missing.")), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        [
            InputRequired(_l("The new password is missing.")),
            Length(
                min=passwords.SHORTEST,
                max=passwords.LONGEST,
                message=_l("A password needs %(min)d to %(max)d characters."),
            ),
        ],
        description=_l(
            "At least 8 characters. Three or four words are easy to remember and hard to guess."
        ),
        render_kw={"autocomplete": "new-password"},
    )
