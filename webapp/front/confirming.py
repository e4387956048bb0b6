"""The link that proves an address; while the event is on it is a way in as well."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp import clock
from webapp.attendance import browsers, door
from webapp.db import db
from webapp.errors import Refused
from webapp.events import queries as events
from webapp.events.models import Event
from webapp.front import thanks
from webapp.permissions import permission
from webapp.signup import links, operations
from webapp.signup.models import Signup
from webapp.tokens import TokenError

blueprint = Blueprint("confirming", __name__)


def _opened(token: str, at: dt.datetime) -> tuple[Signup, Event] | None:
    try:
        return links.open_confirm(token, at)
    except TokenError:
        return None


def _too_late(token: str, at: dt.datetime) -> str:
    """48 hours are over, or the sign-up is gone for whatever reason: the same page for all of them, with
    the guests' door where there is one to go through. Otherwise it is what every bad link leads to."""
    try:
        event_id = links.event_of_confirm(token)
    except TokenError:
        abort(404)
    event = events.by_ids([event_id]).get(event_id)
    if event is None or event.state == "draft" or not thanks.is_soon(event, at):
        abort(404)
    return render_template(
        "front/confirm_late.html",
        event=event, phase=event.phase(at), guest_url=door.guest_url(event),
    )  # fmt: skip


def _is_open(event: Event, at: dt.datetime) -> bool:
    return event.phase(at) == "live" and event.mode != "in_person"


@blueprint.get("/confirm/<token>")
@permission("link", csrf="token")
def confirm(token: str) -> ResponseReturnValue:
    """Mail scanners open links, so opening this one changes nothing; the button does."""
    at = clock.now()
    found = _opened(token, at)
    if found is None:
        return _too_late(token, at)
    signup, event = found
    return render_template(
        "front/confirm.html",
        event=event, signup=signup, my_url=links.my_url(signup),
        guest_url=door.guest_url(event) if _is_open(event, at) else None,
    )  # fmt: skip


@blueprint.post("/confirm/<token>")
@permission("link", csrf="token")
def press(token: str) -> ResponseReturnValue:
    at = clock.now()
    found = _opened(token, at)
    if found is None:
        return _too_late(token, at)
    signup, event = found
    code = None
    try:
        operations.prove(signup, at)
    except Refused as refusal:
        code = refusal.code
    # That the address is proved is worth keeping, even if all places are taken by now.
    db.session.commit()
    if _is_open(event, at):
        response = make_response(_way_in(signup, event))
    elif code is not None:
        response = make_response(render_template("signup/state.html", event=event, state=code), 409)
    else:
        response = make_response(redirect(url_for("personal.show", token=links.my_token(signup)), 303))  # fmt: skip
    browsers.whose_link(signup, event, at, response)
    return response


def _way_in(signup: Signup, event: Event) -> str:
    """It is on: whoever has a place goes in by their own link, everybody else through the guests' door."""
    if signup.status != "confirmed":
        return render_template(
            "front/confirmed_guest.html",
            event=event, signup=signup, guest_url=door.guest_url(event), my_url=links.my_url(signup),
        )  # fmt: skip
    return render_template(
        "attendance/live.html", token=links.join_token(signup), event=event, visit=door.new_uid(),
        guest_url=door.guest_url(event), is_proved=True,
    )  # fmt: skip
