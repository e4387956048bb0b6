"""One's own API tokens: make one, see which there are, take one back.

These pages stand on this floor and not with the accounts, because a token can be limited to an event,
which the accounts know nothing of.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp import clock
from webapp.accounts import operations, queries
from webapp.accounts.access import signed_in
from webapp.api.forms import TokenForm
from webapp.db import db
from webapp.errors import Refused
from webapp.events import access as guard
from webapp.events import queries as events
from webapp.events.models import Event
from webapp.permissions import permission

blueprint = Blueprint("tokens", __name__, url_prefix="/account/tokens")


def _page(form: TokenForm, mine: list[Event], status: int = 200) -> ResponseReturnValue:
    titles = {event.id: event.title for event in mine}
    page = render_template(
        "api/tokens.html", form=form, tokens=queries.live_tokens(signed_in()), titles=titles
    )
    return page, status


@blueprint.get("")
@permission("user")
def index() -> ResponseReturnValue:
    mine = events.for_user(signed_in())
    return _page(TokenForm().offer(mine), mine)


@blueprint.post("")
@permission("user", csrf="form")
def make() -> ResponseReturnValue:
    """Answers the token itself and does not redirect: it is kept nowhere, also not in a cookie."""
    user = signed_in()
    mine = events.for_user(user)
    form = TokenForm().offer(mine)
    if not form.validate():
        return _page(form, mine, 400)
    event = None
    if form.event.data:
        found = guard.find(user, form.event.data)
        event = found[0] if found else abort(404)
    try:
        text = operations.create_token(
            user, at=clock.now(), label=form.label.data or "", event_id=event.id if event else None, by=user
        )  # fmt: skip
    except Refused as refusal:
        db.session.rollback()
        form.label.errors = (str(refusal),)
        return _page(form, mine, 400)
    page = render_template("api/token.html", token=text, label=form.label.data, only=event)
    db.session.commit()
    return page


@blueprint.post("/<int(max=2147483647):token_id>/revoke")
@permission("user")
def revoke(token_id: int) -> ResponseReturnValue:
    user = signed_in()
    token = next((row for row in queries.live_tokens(user) if row.id == token_id), None)
    if token is None:
        abort(404)
    operations.revoke_token(token, at=clock.now(), by=user)
    flash(_("The token opens nothing any longer."), "good")
    db.session.commit()
    return redirect(url_for(".index"))
