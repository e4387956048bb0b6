"""The organisers' pages about the hosts of an event."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.cohosts import handing, links, operations, queries
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
        "cohosts/index.html",
        event=event,
        tab="hosts",
        form=form,
        hosts=queries.hosts(event),
        agreed=queries.agreed(event.id),
        waiting=queries.waiting(event.id),
        lost=queries.about_to_forget(event, clock.now()),
        forgets_at=queries.forgets_at(event),
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
    _host(host_key)

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


@blueprint.get("/<host_key>/handover")
@permission("event")
def handovers(slug: str, host_key: str) -> ResponseReturnValue:
    """Who agreed to hear from a host, what they were given of it, and who is to be removed again."""
    event, host = access.current(), _host(host_key)
    removed = queries.to_remove(event.id, host.key)
    return render_template(
        "cohosts/handovers.html",
        event=event, tab="hosts", host=host,
        everybody=queries.agreed(event.id).get(host.key, 0),
        new=queries.waiting(event.id).get(host.key, 0), unproved=queries.unproved(event.id, host.key),
        history=queries.handovers(event.id, host.key),
        removed=handing.distinct(removed), untold=any(row.told_at is None for row in removed),
        forgets_at=queries.forgets_at(event),
        private_url=links.url(host.cohost) if host.cohost else None,
    )  # fmt: skip


def _file(slug: str, host_key: str, text: str) -> Response:
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-{host_key}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/<host_key>/handover")
@permission("event")
def hand_over(slug: str, host_key: str) -> ResponseReturnValue:
    """Hands over those who are new, or everybody: as a file, or by the co-host's private link."""
    event, at, me = access.current(), clock.now(), signed_in()
    host, only_new = _host(host_key), request.form.get("which") != "all"
    release = request.form.get("act") == "release"
    try:
        made = handing.hand_over(event, host.key, only_new=only_new, release=release, at=at, by=me)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(url_for(".handovers", slug=slug, host_key=host_key), 303)
    if release:
        flash(_("Their private link has the list now."), "good")
        db.session.commit()
        return redirect(url_for(".handovers", slug=slug, host_key=host_key), 303)
    text = handing.as_csv(made, at, me)
    db.session.commit()
    return _file(slug, host_key, text)


@blueprint.post("/handovers/<int:handover_id>")
@permission("event")
def again(slug: str, handover_id: int) -> ResponseReturnValue:
    """A list that was handed over once more, without those who left it; or taken off the private link."""
    event, at, me = access.current(), clock.now(), signed_in()
    found = queries.handover(event.id, handover_id)
    if found is None:
        abort(404)
    if request.form.get("act") == "withdraw":
        handing.withdraw_release(found, at, me)
        flash(_("Their private link no longer has it."), "good")
        db.session.commit()
        return redirect(url_for(".handovers", slug=slug, host_key=found.host_key), 303)
    text = handing.as_csv(found, at, me)
    db.session.commit()
    return _file(slug, found.host_key, text)


@blueprint.post("/<host_key>/link")
@permission("event")
def private_link(slug: str, host_key: str) -> ResponseReturnValue:
    """Makes the co-host's private link, makes it anew, or ends it."""
    _host(host_key)
    end = request.form.get("act") == "end"
    try:
        handing.new_link(access.current(), host_key, end=end, at=clock.now(), by=signed_in())
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
    else:
        flash(_("The private link is dead.") if end else _("The private link is ready; one they had before is dead."), "good")  # fmt: skip
        db.session.commit()
    return redirect(url_for(".handovers", slug=slug, host_key=host_key), 303)
