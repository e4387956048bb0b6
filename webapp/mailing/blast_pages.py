"""Writing a mail to some of the people: the form, a test to oneself, and the button that sends it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp import clock
from webapp.accounts.access import signed_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access
from webapp.mailing import queries, words, writing
from webapp.mailing.forms import ASKED, BlastForm, form_for
from webapp.mailing.models import Mailing
from webapp.mailing.operations import blasts
from webapp.permissions import permission
from webapp.signup.choosing import Choice

blueprint = Blueprint("blasts", __name__, url_prefix="/manage/events/<slug>/mail/schedule")


def _mailing(blast_id: int) -> Mailing:
    """The mail of this page's event, or 404."""
    found = queries.one(access.current().id, blast_id)
    return found if found is not None and found.kind == "blast" else abort(404)


def _others(choice: Choice) -> dict[str, str]:
    """What was chosen in the list of sign-ups and this form does not ask."""
    return {name: value for name, value in choice.as_args().items() if name not in ASKED}


def _page(form: BlastForm, mailing: Mailing | None, choice: Choice, status: int = 200) -> ResponseReturnValue:  # fmt: skip
    page = render_template(
        "mailing/write.html",
        event=access.current(),
        mailing=mailing,
        form=form,
        others=words.beside(access.current(), choice),
        why_nobody=words.why_nobody(choice),
        placeholders=writing.PLACEHOLDERS.values(),
    )
    return page, status


def _written(mailing: Mailing | None, choice: Choice) -> ResponseReturnValue:
    """Shows the form, or keeps what was written in it."""
    event, at = access.current(), clock.now()
    form = form_for(event.language, queries.tags(event.id), mailing, choice)
    if request.method != "POST":
        return _page(form, mailing, choice)
    if not form.validate():
        return _page(form, mailing, choice, 400)
    whom = form.whom(_others(choice))
    try:
        if mailing is None:
            mailing = blasts.write(event, whom, form.texts(), at, signed_in())
        else:
            blasts.rewrite(mailing, whom, form.texts())
    except Refused as refusal:
        db.session.rollback()
        if refusal.code == "no_draft":
            flash(str(refusal))
            return redirect(url_for("mailing.index", slug=event.slug))
        field = form[refusal.code] if refusal.code in form else form[f"subject_{form.languages[0]}"]
        field.errors = (str(refusal),)
        return _page(form, mailing, choice, 400)
    flash(_("Kept as a draft. Nobody gets it before you send it."), "good")
    target = url_for("mailing.show", slug=event.slug, mailing_id=mailing.id)
    db.session.commit()
    return redirect(target)


@blueprint.route("/new", methods=["GET", "POST"])
@permission("event", csrf="form")
def new(slug: str) -> ResponseReturnValue:
    """A new mail; the list of sign-ups hands over whom it goes to."""
    return _written(None, Choice.from_args(request.args))


@blueprint.route("/<int:blast_id>/edit", methods=["GET", "POST"])
@permission("event", csrf="form")
def edit(slug: str, blast_id: int) -> ResponseReturnValue:
    mailing = _mailing(blast_id)
    if mailing.state != "draft":
        flash(_("This mail is no draft any more. Stop it first, if that is still possible."))
        return redirect(url_for("mailing.show", slug=slug, mailing_id=mailing.id))
    return _written(mailing, Choice.from_args(mailing.choice or {}))


def _act(slug: str, blast_id: int, act: Callable[[Mailing], str], *, is_gone: bool = False) -> ResponseReturnValue:  # fmt: skip
    """Does it or says why not, and goes back to the mail."""
    mailing = _mailing(blast_id)
    target = url_for("mailing.show", slug=slug, mailing_id=blast_id)
    try:
        said = act(mailing)
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(target)
    flash(said, "good")
    db.session.commit()
    return redirect(url_for("mailing.index", slug=slug) if is_gone else target)


@blueprint.post("/<int:blast_id>/send")
@permission("event")
def send(slug: str, blast_id: int) -> ResponseReturnValue:
    def act(mailing: Mailing) -> str:
        blasts.hold(mailing, access.current(), clock.now(), signed_in())
        return _("It goes out in ten minutes. Until then you can stop it here.")

    return _act(slug, blast_id, act)


@blueprint.post("/<int:blast_id>/test")
@permission("event")
def test(slug: str, blast_id: int) -> ResponseReturnValue:
    def act(mailing: Mailing) -> str:
        me = signed_in()
        count = blasts.test(mailing, access.current(), me, clock.now())
        return ngettext("A test is on its way to %(address)s.", "%(num)d tests are on their way to %(address)s, one in each language.", count, address=me.email)  # fmt: skip

    return _act(slug, blast_id, act)


@blueprint.post("/<int:blast_id>/discard")
@permission("event")
def discard(slug: str, blast_id: int) -> ResponseReturnValue:
    def act(mailing: Mailing) -> str:
        blasts.discard(mailing)
        return _("The draft is gone.")

    return _act(slug, blast_id, act, is_gone=True)
