"""What each link that was given out brings: sign-ups and people who came, by where they found it."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterable
from typing import Any

import segno
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from markupsafe import escape
from wtforms import StringField
from wtforms.validators import InputRequired

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.attendance import queries as attendance
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.signup import operations, people
from webapp.signup import queries as signups
from webapp.templating import absolute_url

blueprint = Blueprint("sources", __name__, url_prefix="/manage/events/<slug>/sources")


@dataclasses.dataclass(slots=True)
class Row:
    """One source. ``kind``: "link" (named by us), "cohost", "unknown" (somebody's own word) or "none".
    ``came`` counts confirmed sign-ups of it that were there."""

    kind: str
    key: str
    label: str
    place: str = ""
    id: int | None = None
    signups: int = 0
    confirmed: int = 0
    came: int = 0
    url: str = ""


class LinkForm(FlaskForm):
    label = StringField(_l("What it is"), [InputRequired(_l("The name is missing."))])
    key = StringField(_l("Short word in its address"))
    place = StringField(_l("Where you use it"))


def share_url(event: Event, key: str) -> str:
    """The event's page as ``key`` passes it on."""
    return absolute_url("public.event", slug=event.slug, **{"from": key})


def embed_code(event: Event, key: str | None = None) -> str:
    """What another site puts into its page to show the form there."""
    more = {"from": key} if key else {}
    if event.invitation_only:
        more["key"] = event.invitation_key or ""
    address = escape(absolute_url("signup.embedded", slug=event.slug, **more))
    return f'<iframe src="{address}" title="Sign-up" width="100%" height="1100" loading="lazy"></iframe>'


def secret_url(event: Event) -> str:
    """The form, for those who may see it."""
    return absolute_url("signup.form", slug=event.slug, key=event.invitation_key)


def _named(event: Event) -> dict[str, Row]:
    """The links that have a name, by their key: the organisers' own, then one for each co-host."""
    found = {
        link.key: Row("link", link.key, link.label, link.place, link.id)
        for link in signups.source_links(event.id)
    }
    for cohost in event.cohosts:
        found.setdefault(cohost.key, Row("cohost", cohost.key, cohost.name))
    return found


def rows_of(event: Event, counts: Iterable[attendance.SourceCount]) -> list[Row]:
    """Every source with its numbers: named links first, then words that nobody gave a name, then those
    who came without one."""
    found = _named(event)
    for count in counts:
        key = people.clean_source(count.source) or ""
        row = found.setdefault(key, Row("unknown" if key else "none", key, key))
        row.signups += count.signups
        row.confirmed += count.confirmed
        row.came += count.came
    for row in found.values():
        row.url = share_url(event, row.key) if row.key else ""
    order = ("link", "cohost", "unknown", "none")
    return sorted(found.values(), key=lambda row: (order.index(row.kind), -row.signups))


def _qr() -> segno.QRCode:
    """The code of the event's own link, or of the one that ``?from=`` passes on. A quarter of it may be
    dirty or torn: it is printed and hung up."""
    event = access.current()
    key = people.clean_source(request.args.get("from"))
    own = absolute_url("public.event", slug=event.slug)
    return segno.make_qr(share_url(event, key) if key else own, error="q")


def _drawn(kind: str, mimetype: str, **more: Any) -> Response:
    out = io.BytesIO()
    # White around and below it: a phone finds it on any ground, and on a dark page as well.
    _qr().save(out, kind=kind, border=4, light="#fff", **more)
    return Response(out.getvalue(), mimetype=mimetype)


@blueprint.get("/qr.svg")
@permission("event")
def qr_svg(slug: str) -> ResponseReturnValue:
    """For print, in any size."""
    answer = _drawn("svg", "image/svg+xml", scale=10)
    # A drawing of squares needs nothing, wherever it is opened.
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    return answer


@blueprint.get("/qr.png")
@permission("event")
def qr_png(slug: str) -> ResponseReturnValue:
    """For slides: about a thousand pixels wide."""
    return _drawn("png", "image/png", scale=24)


def _page(form: LinkForm, status: int = 200) -> ResponseReturnValue:
    event = access.current()
    page = render_template(
        "front/sources.html",
        event=event, tab="sources", form=form,
        rows=rows_of(event, attendance.by_source(event.id)),
        is_known=attendance.registered_attended([event])[event.id] is not None,
        embed_code=embed_code(event),
        own_url=absolute_url("public.event", slug=event.slug),
        secret_url=secret_url(event) if event.invitation_only else None,
        begun=event.phase(clock.now()) in ("live", "over"),
    )  # fmt: skip
    return page, status


@blueprint.route("", methods=["GET", "POST"])
@permission("event", csrf="form")
def index(slug: str) -> ResponseReturnValue:
    """The list; a POST names one more."""
    form = LinkForm()
    if request.method != "POST":
        form.key.data = people.clean_source(request.args.get("key"))
        return _page(form)
    if not form.validate():
        return _page(form, 400)
    try:
        link = operations.add_link(
            access.current(), label=form.label.data or "", key=form.key.data or "",
            place=form.place.data or "", at=clock.now(), by=signed_in(),
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        form[refusal.code].errors = (str(refusal),)
        return _page(form, 400)
    flash(_("“%(label)s” is ready to copy.", label=link.label), "good")
    db.session.commit()
    return redirect(url_for(".index", slug=slug), 303)


@blueprint.post("/<int:link_id>/remove")
@permission("event")
def remove(slug: str, link_id: int) -> ResponseReturnValue:
    try:
        operations.remove_link(access.current(), link_id, clock.now(), signed_in())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        flash(_("The name is deleted. The link still works, and its numbers stay."), "good")
        db.session.commit()
    return redirect(url_for(".index", slug=slug), 303)


@blueprint.post("/secret")
@permission("event")
def new_secret(slug: str) -> ResponseReturnValue:
    """Another secret link to the form in place of the old one."""
    try:
        events.new_invitation_key(access.current(), at=clock.now(), by=signed_in())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        flash(_("There is a new secret link. The old one no longer opens the form."), "good")
        db.session.commit()
    return redirect(url_for(".index", slug=slug), 303)
