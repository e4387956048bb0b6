"""The organisers' page of an event's attendance: every figure in words, with what it means."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp import clock
from webapp.accounts.models import User
from webapp.agenda.queries import running_order
from webapp.attendance import operations
from webapp.attendance.figures import figures
from webapp.attendance.forms import HeadCountForm
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission
from webapp.templating import number

blueprint = Blueprint("manage_attendance", __name__)
_ADDRESS = "/manage/events/<slug>/attendance"


def how_many(people: dict[str, int]) -> str:
    """The range of people as it is said: "37", or "30 to 37"."""
    low, high = number(people["low"]), number(people["high"])
    return low if low == high else _("%(low)s to %(high)s", low=low, high=high)


def why(people: dict[str, int]) -> str:
    """Why it is a range, in one sentence; empty where it is none."""
    if people["low"] == people["high"]:
        return ""
    parts = []
    if people["anonymous"]:
        parts.append(
            ngettext(
                "%(num)s visitor without a name",
                "%(num)s visitors without a name",
                people["anonymous"],
            )
        )
    if people["ambiguous"]:
        parts.append(
            ngettext(
                "%(num)s that may be somebody’s second device",
                "%(num)s that may be somebody’s second device",
                people["ambiguous"],
            )
        )
    if not parts:
        return _("It is a range because people in different sources cannot always be matched.")
    return _("It is a range because of %(parts)s.", parts=_(" and ").join(parts))


@blueprint.app_template_filter()
def source_name(source: str) -> str:
    """How people call a source of figures."""
    return {
        "turnout": _("Our own door and room"),
        "platform": _("The meeting platform"),
        "import": _("Imported files"),
    }.get(source, source)


def _page(form: HeadCountForm, status: int = 200) -> ResponseReturnValue:
    event = access.current()
    at = form.now
    found: dict[str, Any] = figures(event, at)
    page = render_template(
        "attendance/manage.html",
        event=event,
        tab="attendance",
        at=at,
        found=found,
        attendance=found["attendance"],
        form=form,
        not_held={item.key for item in running_order(event) if item.skipped_at},
        how_many=how_many,
        why=why,
        moment_of=moment_of,
    )
    return page, status


def moment_of(text: str) -> dt.datetime:
    """The moment an ISO text of the figures stands for."""
    return dt.datetime.fromisoformat(text)


@blueprint.get(_ADDRESS)
@permission("event")
def show(slug: str) -> ResponseReturnValue:
    return _page(HeadCountForm(access.current().timezone, clock.now()))


@blueprint.post(_ADDRESS)
@permission("event", csrf="form")
def add_head_count(slug: str) -> ResponseReturnValue:
    event, at = access.current(), clock.now()
    form = HeadCountForm(event.timezone, at)
    if not form.validate():
        return _page(form, 400)
    user = cast(User, current_user)
    try:
        operations.add_head_count(
            event, form.count.data or 0, form.at, form.source.data or "", user.email
        )
    except Refused as refused:
        db.session.rollback()
        field: Any = form.source if refused.code == "source" else form.count
        field.errors = [*field.errors, str(refused)]
        return _page(form, 400)
    flash(_("The head-count is kept, beside the other figures."), "good")
    db.session.commit()
    return redirect(url_for("manage_attendance.show", slug=slug))
