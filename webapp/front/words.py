"""Words for the kinds of things that several pages name."""

from __future__ import annotations

from flask_babel import gettext as _


def role_name(role: str) -> str:
    """What a person in an agenda item is called."""
    return {
        "chair": _("Chair"),
        "speaker": _("Speaker"),
        "moderator": _("Moderator"),
        "interpreter": _("Interpreter"),
    }[role]
