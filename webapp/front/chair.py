"""The chair's private link: one name, the minutes left, and Next."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, abort, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp import clock, tokens
from webapp.agenda import queries
from webapp.db import db
from webapp.events.models import Event
from webapp.front import running
from webapp.permissions import permission
from webapp.templating import absolute_url

blueprint = Blueprint("chair", __name__)

# The link works from so long before the event until so long after it.
MARGIN = dt.timedelta(days=1)


def chair_url(event: Event) -> str:
    return absolute_url("chair.show", token=tokens.sign("chair", [event.id]))


def _event(token: str) -> Event:
    """The event behind a chair's link. A changed, foreign or outlived link is a 404 like any other."""
    try:
        payload = tokens.read("chair", token).payload
    except tokens.TokenError:
        abort(404)
    event = None
    match payload:
        case [int(event_id)]:
            event = db.session.get(Event, event_id)
    return event or abort(404)


def _is_open(event: Event, at: dt.datetime) -> bool:
    """Whether the link works at ``at``; a link that outlived its evening is a 404."""
    if at > (event.ended_at or event.ends_at) + MARGIN:
        abort(404)
    return event.state == "published" and at >= event.live_from - MARGIN


@blueprint.get("/chair/<token>")
@permission("link")
def show(token: str) -> ResponseReturnValue:
    event, at = _event(token), clock.now()
    if not _is_open(event, at):
        return render_template("front/chair_waiting.html", event=event, wakes=event.starts_at - MARGIN)  # fmt: skip
    items = queries.running_order(event)
    return render_template(
        "front/chair.html",
        event=event,
        at=at,
        items=items,
        now=queries.current(items),
        next=queries.upcoming(items),
        state=running.state(event, items, at),
        running=running,
        press_url=url_for("chair.press", token=token),
        live_url=url_for("chair.live", token=token),
        press_id=tokens.public_id,
        page_language=event.language,
    )


@blueprint.get("/chair/<token>/live")
@permission("link")
def live(token: str) -> ResponseReturnValue:
    event, at = _event(token), clock.now()
    if not _is_open(event, at):
        abort(404)
    return jsonify(state=running.state(event, queries.running_order(event), at))


@blueprint.post("/chair/<token>/press")
@permission("link", csrf="token")
def press(token: str) -> ResponseReturnValue:
    event = _event(token)
    if not _is_open(event, clock.now()):
        abort(404)
    return running.take_press(event, "the chair's link", url_for("chair.show", token=token))
