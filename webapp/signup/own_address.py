"""Behind "Wrong address?" on the page after the form: the browser that sent it says the right one."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import addresses, clock, limits, tokens
from webapp.db import db
from webapp.permissions import permission
from webapp.signup import facts, forms, operations, slips
from webapp.signup.facts import Facts

blueprint = Blueprint("own_address", __name__)

TRIES = "60 per hour"


def _page(found: Facts, was: str, typed: str = "", error: str = "", meant: str | None = None) -> ResponseReturnValue:  # fmt: skip
    page = render_template(
        "signup/own_address.html", event=found.event, was=was, typed=typed, error=error, meant=meant
    )
    return page, 422 if error or meant else 200


@blueprint.route("/events/<slug>/signup/address", methods=["GET", "POST"])
@permission("public")
def correct(slug: str) -> ResponseReturnValue:
    """The same answer for every address, known or not."""
    at = clock.now()
    found = facts.of(slug, at) or abort(404)
    match session.get("signed_up"):
        case [int(event_id), str(was), *more] if event_id == found.event.id:
            made = more[0] if more and isinstance(more[0], str) else None
        case _:
            return redirect(f"/events/{slug}/signup", 303)
    if request.method != "POST":
        return _page(found, was)
    typed = forms.shown(request.form.get("email", ""))
    try:
        address = addresses.parse(typed)
    except ValueError as error:
        return _page(found, was, typed, str(error))
    meant = slips.suggestion(address.text)
    if meant is not None and request.form.get("asked") != address.text:
        return _page(found, was, address.text, meant=meant)
    if not limits.allows(TRIES, "correct-network", limits.client()):
        return _page(found, was, typed, _("That was tried many times just now. Please try again later."))  # fmt: skip
    now = operations.correct_own(found.event.id, made, address, at)
    db.session.commit()
    session["signed_up"] = [found.event.id, address.text, now or tokens.public_id()]
    return redirect(f"/events/{slug}/signup/thanks", 303)
