"""The page after the form. It never says whether an address was known, and shows no personal link,
since nobody has proved yet that the address is theirs."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, render_template, session
from flask.typing import ResponseReturnValue

from webapp import clock, headers
from webapp.attendance import door
from webapp.events import queries
from webapp.events.models import Event
from webapp.permissions import permission
from webapp.signup import links

blueprint = Blueprint("thanks", __name__)

# So close to the start a mail may come too late: everybody gets the same link that names nobody.
SOON = dt.timedelta(minutes=60)


def is_soon(event: Event, at: dt.datetime) -> bool:
    """Whether the way in is shown to whoever has just signed up, or did so in this browser before."""
    phase = event.phase(at)
    is_near = phase == "live" or (phase == "before" and event.live_from - at <= SOON)
    return is_near and event.mode != "in_person"


@blueprint.get("/events/<slug>/signup/thanks")
@permission("public")
def show(slug: str) -> ResponseReturnValue:
    at = clock.now()
    event = queries.public_by_slug(slug)
    if event is None:
        abort(404)
    sent = session.get("signed_up")
    address = sent[1] if sent and sent[0] == event.id else None
    return render_template(
        "front/thanks.html",
        event=event, address=address, phase=event.phase(at), is_soon=event.closes_by - at < links.CONFIRM_AGE,
        guest_url=door.guest_url(event) if is_soon(event, at) else None,
    )  # fmt: skip


@blueprint.get("/embed/events/<slug>/signup/thanks")
@permission("public")
def framed(slug: str) -> ResponseReturnValue:
    """The same inside another site's page, the same for everybody."""
    headers.allow_embedding()
    at = clock.now()
    event = queries.public_by_slug(slug)
    if event is None:
        abort(404)
    return render_template(
        "front/thanks_framed.html",
        event=event, guest_url=door.guest_url(event) if is_soon(event, at) else None,
    )  # fmt: skip
