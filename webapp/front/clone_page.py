"""Making an event like one there is: the one short form that asks what is new about it."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, StringField, TimeField
from wtforms.validators import InputRequired

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access, local_times
from webapp.events.models import Event
from webapp.front import cloning
from webapp.permissions import permission

blueprint = Blueprint("clone", __name__, url_prefix="/manage/events/<slug>/clone")


class CloneForm(FlaskForm):
    title = StringField(_l("Title"), [InputRequired(_l("The title is missing."))])
    day = DateField(_l("On which day"), [InputRequired(_l("Please say the day, like 2027-03-17."))])
    clock = TimeField(_l("Starts at"), [InputRequired(_l("Please say the time, like 19:00."))])
    slug = StringField(_l("Address of the page"))
    targets = BooleanField(_l("The addresses where people join"), default=True)
    links = BooleanField(_l("The names of links that were given out"), default=True)


def _page(form: CloneForm, status: int = 200, refused: str = "") -> ResponseReturnValue:
    event = access.current()
    page = render_template("front/clone.html", event=event, tab="settings", form=form, refused=refused)  # fmt: skip
    return page, status


def _warn(event: Event) -> None:
    """Says aloud what was decided: which of two equal clock times was taken."""
    local = local_times.to_local(event.starts_at, event.timezone).replace(fold=0)
    if len(local_times.offsets(local, event.timezone)) > 1:
        flash(_("%(time)s comes twice on that day, because the clocks go back: the first one was taken. You can choose the other one below.", time=f"{local:%H:%M}"))  # fmt: skip


@blueprint.route("", methods=["GET", "POST"])
@permission("event", csrf="form")
def make(slug: str) -> ResponseReturnValue:
    source = access.current()
    if request.method != "POST":
        usual = {"title": source.title, "clock": cloning.starts_at_clock(source).time()}
        return _page(CloneForm(data=usual | {"targets": True, "links": True}))
    form = CloneForm()
    if not form.validate() or form.day.data is None or form.clock.data is None:
        return _page(form, 400)
    try:
        event = cloning.clone(
            source, title=form.title.data or "", slug=(form.slug.data or "").strip(),
            starts=dt.datetime.combine(form.day.data, form.clock.data),
            with_targets=form.targets.data, with_links=form.links.data,
            at=clock.now(), by=signed_in(),
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        name = {"starts_at": "clock", "ends_at": "clock"}.get(refusal.code, refusal.code)
        if name in form:
            form[name].errors = [str(refusal)]
        return _page(form, 400, "" if name in form else str(refusal))
    _warn(event)
    flash(_("A new draft that only its team sees. Here is what is left to do."), "good")
    address = url_for("board.show", slug=event.slug)
    db.session.commit()
    return redirect(address, 303)
