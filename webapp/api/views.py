"""The routes of the API. Each answers what a page or a command answers, unchanged."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext as _
from flask_smorest.blueprint import Blueprint

from webapp import clock
from webapp.api import access, schemas
from webapp.attendance.figures import figures as evening_figures
from webapp.clock import iso_z
from webapp.events import access as guard
from webapp.events import queries as events
from webapp.events.models import Event
from webapp.front import event_file
from webapp.permissions import permission
from webapp.reports import queries as reports

blueprint = Blueprint(
    "v1", __name__, url_prefix="/api/v1", description="Events, their figures and their reports."
)


@blueprint.after_request
def depends_on_the_token(response: Response) -> Response:
    response.vary.add("Authorization")
    return response


def _json(data: Any) -> Response:
    return Response(json.dumps(data, ensure_ascii=False), mimetype="application/json")


def _entry(event: Event, at: Any) -> dict[str, Any]:
    return {
        "slug": event.slug,
        "title": event.title,
        "state": event.state,
        "phase": event.phase(at),
        "starts_at": iso_z(event.starts_at),
        "ends_at": iso_z(event.ends_at),
        "timezone": event.timezone,
        "is_sample": event.is_sample,
    }


@blueprint.get("/events")
@blueprint.response(200, schemas.Events)
@blueprint.alt_response(401, "UNAUTHORIZED")
@permission("bearer", csrf="bearer")
def list_events() -> Response:
    """The events the token opens

    Those its user may manage, the latest start first; only the one that the token is limited to, if it
    is and its user still may.
    """
    at, token = clock.now(), access.current()
    found = [
        event
        for event in events.for_user(token.user)
        if token.event_id is None or event.id == token.event_id
    ]
    return _json({"as_of": iso_z(at), "events": [_entry(event, at) for event in found]})


@blueprint.get("/events/<slug>")
@blueprint.response(200, schemas.EventFile)
@blueprint.alt_response(401, "UNAUTHORIZED")
@blueprint.alt_response(404, "NOT_FOUND")
@permission("bearer", csrf="bearer")
def show_event(slug: str) -> Response:
    """The event as an event file

    The same as `flask events export`: what `flask events load` takes back. Keys that were never set
    are left out.
    """
    return _json(event_file.export(guard.current()))


@blueprint.get("/events/<slug>/figures")
@blueprint.response(200, schemas.Figures)
@blueprint.alt_response(401, "UNAUTHORIZED")
@blueprint.alt_response(404, "NOT_FOUND")
@permission("bearer", csrf="bearer")
def show_figures(slug: str) -> Response:
    """Who came, how many at once, and for how long

    The same as `flask attendance figures`, as of now. `null` means that no source can tell.
    """
    return _json(evening_figures(guard.current(), clock.now()))


@blueprint.get("/events/<slug>/report")
@blueprint.response(200, schemas.Report)
@blueprint.alt_response(304, "NOT_MODIFIED")
@blueprint.alt_response(401, "UNAUTHORIZED")
@blueprint.alt_response(404, "NOT_FOUND")
@permission("bearer", csrf="bearer")
def show_report(slug: str) -> Response:
    """The published report

    The newest version as it was frozen, byte for byte: the SHA-256 of the answer's body is its `ETag`
    and stands on the report's page. 404 as long as nothing is published.
    """
    version = reports.latest(guard.current())
    if version is None:
        abort(404, _("Nothing has been published about this event yet."))
    response = Response(version.document.encode(), mimetype="application/json")
    response.set_etag(version.content_hash)
    # Kept by the program that asked, and asked for again each time: a correction is a new version.
    response.headers["Cache-Control"] = "private, no-cache"
    return response.make_conditional(request)  # type: ignore[return-value]  # answers itself
