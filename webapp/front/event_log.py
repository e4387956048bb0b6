"""The log of one event, for those who manage it: who did what, the newest first."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from webapp.audit import queries, words
from webapp.events import access
from webapp.permissions import permission

blueprint = Blueprint("event_log", __name__)


@blueprint.get("/manage/events/<slug>/audit")
@permission("event")
def index(slug: str) -> str:
    event = access.current()
    actors = queries.actors(event.id)
    groups = words.grouped(queries.actions(event.id))
    offered = {key for word, _heading, acts in groups for key in (word, *(act for act, _ in acts))}
    # Who and what never was in this log shows all of it.
    who, act = request.args.get("who", ""), request.args.get("act", "")
    asked = {"who": who if who in actors else None, "act": act if act in offered else None}
    wanted = queries.Filter(event_id=event.id, actor=asked["who"] or "", act=asked["act"] or "")
    return render_template(
        "front/event_log.html",
        event=event,
        tab="audit",
        page=queries.page(wanted, request.args.get("before")),
        is_first=not request.args.get("before"),
        actors=actors,
        groups=groups,
        asked=asked,
    )
