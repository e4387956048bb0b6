"""Who signed up, came and stayed, by what people have in common: their answers, source and language."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from webapp.events import access
from webapp.permissions import permission
from webapp.privacy import queries
from webapp.privacy.queries import Breakdown, Row

blueprint = Blueprint("groups", __name__)


def label(breakdown: Breakdown, row: Row) -> str:
    """What a group is called: the choice as it was offered, "Yes", a language by its name."""
    if not row.value:
        return _("Unknown") if breakdown.key == "source" else _("No answer")
    if breakdown.key == "language":
        try:
            found = Locale.parse(row.value, sep="-").get_display_name(str(get_locale() or "en"))
        except (ValueError, UnknownLocaleError):
            found = None
        return str(found or row.value)
    if breakdown.is_yes_no:
        return _("Yes") if row.value == "yes" else _("No")
    return row.value


@blueprint.get("/manage/events/<slug>/attendance/groups")
@permission("event")
def show(slug: str) -> ResponseReturnValue:
    event = access.current()
    return render_template(
        "front/groups.html",
        event=event, tab="attendance", label=label,
        breakdowns=queries.breakdowns(event, for_organisers=True),
    )  # fmt: skip
