"""The page of an event's team: who may manage it, and who decides that."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access, queries, team
from webapp.events.team_forms import AddForm
from webapp.permissions import permission

blueprint = Blueprint("team", __name__, url_prefix="/manage/events/<slug>/team")


def _page(form: AddForm, status: int = 200, unknown: bool = False) -> ResponseReturnValue:
    event, me = access.current(), signed_in()
    members = queries.members(event)
    page = render_template(
        "events/team.html",
        event=event,
        tab="team",
        form=form,
        members=members,
        me=me,
        may_change=team.may_change(members, me),
        needed={member.user_id for member in members if team.is_needed(members, member)},
        unknown=unknown,
    )
    return page, status


@blueprint.route("", methods=["GET", "POST"])
@permission("event", csrf="form")
def index(slug: str) -> ResponseReturnValue:
    """Who is in the team; a POST adds somebody."""
    form = AddForm()
    if request.method != "POST":
        return _page(form)
    if not form.validate():
        return _page(form, 400)
    try:
        member = team.add(
            access.current(), form.email.data or "", form.role.data, at=clock.now(), by=signed_in()
        )
    except Refused as refusal:
        db.session.rollback()
        field = form.role if refusal.code == "role" else form.email
        field.errors = (str(refusal),)
        return _page(form, 400, unknown=refusal.code == "unknown")
    flash(_("%(name)s may manage this event now.", name=member.user.label), "good")
    db.session.commit()
    return redirect(url_for(".index", slug=slug))


def _act(slug: str, act: Callable[[User], str]) -> ResponseReturnValue:
    """Does it or says why not."""
    me = signed_in()
    try:
        said = act(me)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(url_for(".index", slug=slug))
    flash(said, "good")
    still_in = access.may_manage(me, access.current())
    # Who has left would find nothing here any more.
    target = url_for(".index", slug=slug) if still_in else "/manage/"
    db.session.commit()
    return redirect(target)


@blueprint.post("/<int:member_id>/role")
@permission("event")
def change_role(slug: str, member_id: int) -> ResponseReturnValue:
    def act(me: User) -> str:
        role = request.form.get("role", "")
        member = team.change_role(access.current(), member_id, role, at=clock.now(), by=me)
        if member.is_owner:
            return _("%(name)s is an owner now.", name=member.user.label)
        return _("%(name)s is an organiser now.", name=member.user.label)

    return _act(slug, act)


@blueprint.post("/<int:member_id>/remove")
@permission("event")
def remove(slug: str, member_id: int) -> ResponseReturnValue:
    def act(me: User) -> str:
        gone = team.remove(access.current(), member_id, at=clock.now(), by=me)
        if gone.id == me.id:
            return _("You have left the team of “%(title)s”.", title=access.current().title)
        return _("%(name)s is no longer in the team.", name=gone.label)

    return _act(slug, act)
