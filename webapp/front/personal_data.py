"""Reading and taking along what is kept about oneself: behind the link that only one's own mails hold."""

from __future__ import annotations

import datetime as dt
import json

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from webapp import clock, i18n, limits
from webapp.db import db
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.privacy import own_data
from webapp.signup import links, operations
from webapp.signup.models import Signup
from webapp.tokens import TokenError

blueprint = Blueprint("personal_data", __name__)
ASKS = "30 per hour"


def _opened(token: str, at: dt.datetime) -> tuple[Signup, Event]:
    try:
        signup, event = links.open_my(token, at)
    except TokenError:
        abort(404)
    if not limits.allows(ASKS, "own-data", signup.public_id):
        abort(429)
    return signup, event


@blueprint.get("/my/<token>/data")
@permission("link", csrf="token")
def show(token: str) -> ResponseReturnValue:
    signup, event = _opened(token, clock.now())
    return render_template(
        "front/personal_data.html",
        event=event, token=token, parts=own_data.parts(signup), language_name=i18n.name_of,
        in_words=own_data.in_words, zone=own_data.zone_of(signup, event),
    )  # fmt: skip


@blueprint.post("/my/<token>/data")
@permission("link", csrf="token")
def take(token: str) -> ResponseReturnValue:
    at = clock.now()
    signup, event = _opened(token, at)
    operations.prove_ids(event.id, [signup.public_id], at)
    db.session.commit()
    text = json.dumps(own_data.as_json(signup, event, at), ensure_ascii=False, indent=1)
    response = Response(text, mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="my-data-{event.slug}.json"'
    return response
