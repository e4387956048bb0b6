"""Behind "Not you? Remove this address": one button for somebody whose address another person gave."""

from __future__ import annotations

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.db import db
from webapp.permissions import permission
from webapp.privacy import operations as privacy
from webapp.signup import links, operations
from webapp.tokens import TokenError

blueprint = Blueprint("remove_address", __name__)


@blueprint.get("/remove/<token>")
@permission("link", csrf="token")
def show(token: str) -> ResponseReturnValue:
    """Programs that look for dangers open every link of a mail, so opening it changes nothing."""
    try:
        signup, event = links.open_remove(token, clock.now())
    except TokenError:
        abort(404)
    return render_template("front/remove_address.html", event=event, signup=signup, state="ask")


@blueprint.post("/remove/<token>")
@permission("link", csrf="token")
def press(token: str) -> ResponseReturnValue:
    """Erases at once as long as nobody has used the links of the sign-up. Where somebody has, the mail may
    have been passed on, and erasing needs one that only the person has."""
    at = clock.now()
    try:
        signup, event = links.open_remove(token, at)
    except TokenError:
        abort(404)
    if signup.proved_at is not None:
        operations.ask_to_erase(signup, event, at)
        db.session.commit()
        return render_template("front/remove_address.html", event=event, signup=None, state="mail")
    privacy.remove_address(signup, at)
    db.session.commit()
    privacy.wipe_disk()
    return render_template("front/remove_address.html", event=event, signup=None, state="done")
