"""The organisers' pages about the hosts of an event."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.cohosts import operations, queries
from webapp.cohosts.forms import AddForm, ChangeForm, LogoForm
from webapp.cohosts.queries import Host
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.permissions import permission

blueprint = Blueprint("cohosts", __name__, url_prefix="/manage/events/<slug>/hosts")


def _page(form: AddForm, status: int = 200) -> ResponseReturnValue:
    event = access.current()
    page = render_template(
        "cohosts/index.html", event=event, tab="hosts", form=form, hosts=queries.hosts(event)
    )
    return page, status


@blueprint.route("", methods=["GET", "POST"])
@permission("event", csrf="form")
def index(slug: str) -> ResponseReturnValue:
    """Everybody who hosts; a POST adds one more."""
    form = AddForm()
    if request.method != "POST":
        return _page(form)
    if not form.validate():
        return _page(form, 400)
    try:
        cohost = operations.add(
            access.current(), name=form.name.data or "", url=form.url.data or "",
            key=form.key.data or "", at=clock.now(), by=signed_in(),
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        form[refusal.code].errors = (str(refusal),)
        return _page(form, 400)
    flash(_("%(name)s hosts with you now.", name=cohost.name), "good")
    db.session.commit()
    return redirect(url_for(".index", slug=slug), 303)


def _host(host_key: str) -> Host:
    found = queries.host(access.current(), host_key)
    return found or abort(404)


def _edit_page(host: Host, form: ChangeForm | None, logo: LogoForm, status: int = 200) -> ResponseReturnValue:  # fmt: skip
    event = access.current()
    cohost = host.cohost
    if form is None and cohost is not None:
        form = ChangeForm(
            formdata=None, name=cohost.name, url=cohost.url or "", contact=cohost.contact_email or ""
        )  # fmt: skip
    page = render_template(
        "cohosts/edit.html",
        event=event, tab="hosts", host=host, form=form, logo_form=logo,
        consents=queries.consents(event.id, host.key),
    )  # fmt: skip
    return page, status


@blueprint.route("/<host_key>", methods=["GET", "POST"])
@permission("event", csrf="form")
def edit(slug: str, host_key: str) -> ResponseReturnValue:
    """Who a co-host is; of the host only the picture is set here."""
    host = _host(host_key)
    if request.method != "POST":
        return _edit_page(host, None, LogoForm(formdata=None))
    if host.cohost is None:
        abort(404)
    form = ChangeForm()
    if not form.validate():
        return _edit_page(host, form, LogoForm(formdata=None), 400)
    try:
        operations.change(
            access.current(), host_key, name=form.name.data or "", url=form.url.data or "",
            contact=form.contact.data or "", at=clock.now(), by=signed_in(),
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        if refusal.code in form:
            form[refusal.code].errors = (str(refusal),)
        return _edit_page(_host(host_key), form, LogoForm(formdata=None), 400)
    flash(_("Saved."), "good")
    db.session.commit()
    return redirect(url_for(".edit", slug=slug, host_key=host_key), 303)


@blueprint.post("/<host_key>/logo")
@permission("event")
def logo(slug: str, host_key: str) -> ResponseReturnValue:
    """Puts up the host's picture, or takes it away."""
    host, form = _host(host_key), LogoForm()
    event = access.current()
    if request.form.get("act") == "remove":
        operations.remove_logo(event, host_key)
        said = _("The picture is gone.")
    elif not (sent := request.files.get("logo")) or not sent.filename:
        flash(_("Please choose a picture first."))
        return redirect(url_for(".edit", slug=slug, host_key=host_key), 303)
    else:
        try:
            operations.set_logo(event, host_key, sent.read(), clock.now(), signed_in())
        except Refused as refusal:
            db.session.rollback()
            form.logo.errors = (str(refusal),)
            return _edit_page(host, None, form, 400)
        said = _("The picture stands on the event's page and on the form now.")
    flash(said, "good")
    db.session.commit()
    return redirect(url_for(".edit", slug=slug, host_key=host_key), 303)


def _act(slug: str, act: Callable[[], str], back: str) -> ResponseReturnValue:
    """Does it, or says why not and leads ``back``."""
    try:
        said = act()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(back, 303)
    flash(said, "good")
    db.session.commit()
    return redirect(url_for(".index", slug=slug), 303)


@blueprint.post("/<host_key>/up")
@permission("event")
def move(slug: str, host_key: str) -> ResponseReturnValue:
    def act() -> str:
        operations.move_up(access.current(), host_key, clock.now(), signed_in())
        return _("Moved up.")

    return _act(slug, act, url_for(".index", slug=slug))


@blueprint.post("/<host_key>/remove")
@permission("event")
def remove(slug: str, host_key: str) -> ResponseReturnValue:
    """Takes a co-host out, with the number of those who agreed to hear from them."""
    host = _host(host_key)

    def act() -> str:
        typed = request.form.get("consents", "").strip()
        number = int(typed) if typed.isdecimal() and len(typed) < 9 else 0
        operations.remove(access.current(), host_key, number, clock.now(), signed_in())
        return _("%(name)s is no longer a co-host.", name=host.name)

    return _act(slug, act, url_for(".edit", slug=slug, host_key=host_key))
