"""Where the link of an invitation leads: the form, filled in, and taking one's address off the list."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.signup import facts, forms, operations
from webapp.signup.invitations import links
from webapp.signup.invitations import operations as invitations
from webapp.signup.invitations.models import Invitation
from webapp.tokens import TokenError

blueprint = Blueprint("invitation", __name__)


def _opened(token: str) -> tuple[Invitation, Event]:
    try:
        return links.open_(token, clock.now())
    except TokenError:
        abort(404)


@blueprint.get("/invitation/<token>")
@permission("link", csrf="token")
def show(token: str) -> ResponseReturnValue:
    """Programs that look for dangers open every link of a mail, so opening it changes nothing."""
    at = clock.now()
    invited, event = _opened(token)
    found = facts.for_event(event, at)
    entry = forms.empty("invitation", event.invitation_key if event.invitation_only else None)
    entry.name, entry.email, entry.invitation = invited.name or "", invited.email or "", token
    state = "full" if found.is_full and not event.waitlist else "open"
    try:
        operations.check_open(event, at)
    except Refused as refusal:
        state = refusal.code
    if state != "open":
        return render_template(
            "signup/state.html", event=found.event, state=state, entry=None, facts=found
        )
    return render_template("signup/form.html", facts=found, event=found.event, entry=entry)


@blueprint.route("/invitation/<token>/remove", methods=["GET", "POST"])
@permission("link", csrf="token")
def remove(token: str) -> ResponseReturnValue:
    """A page with one button: nothing more of this event, and the address is forgotten."""
    invited, event = _opened(token)
    if request.method != "POST":
        return render_template("signup/invitation_remove.html", event=event, done=False)
    at = clock.now()
    event = operations.lock_event(event.id)
    operations.block(event, invited.email_key or "", at)
    invitations.forget(invited, at)
    page = render_template("signup/invitation_remove.html", event=event, done=True)
    db.session.commit()
    return page
