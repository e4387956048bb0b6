"""A co-host's private page: what their link brings, what they need to pass the event on, and their lists."""

from __future__ import annotations

import datetime as dt
import re

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import clock, limits
from webapp.cohosts import handing, links, queries
from webapp.cohosts.queries import Host
from webapp.db import db
from webapp.events.models import Event
from webapp.front.sources import embed_code, share_url
from webapp.permissions import permission
from webapp.privacy import queries as privacy
from webapp.signup import people
from webapp.small_groups import SMALLEST
from webapp.tokens import TokenError

blueprint = Blueprint("cohost_page", __name__)

# More than any list of a co-host; what is pasted is looked at and forgotten.
MOST_PASTED = 20_000


def _opened(token: str) -> tuple[Event, Host]:
    """Every bad, old or foreign link gets the same page."""
    try:
        return links.open(token)
    except TokenError:
        abort(404)


def _numbers(event: Event, key: str) -> tuple[int | None, int | None]:
    """(confirmed sign-ups of the co-host's own link, how many of them came), None where a group is so small
    that it could be told who it is."""
    for breakdown in privacy.breakdowns(event, for_organisers=False):
        if breakdown.key == "source":
            for row in breakdown.rows:
                if people.clean_source(row.value) == key:
                    return row.counts.signed_up, row.counts.attended
    return 0, 0


def _page(token: str, event: Event, host: Host, at: dt.datetime, **more: object) -> str:
    signed_up, came = _numbers(event, host.key)
    agreed = queries.agreed(event.id).get(host.key, 0)
    return render_template(
        "front/cohost.html",
        event=event, host=host, token=token, signed_up=signed_up, came=came, phase=event.phase(at),
        agreed=agreed if agreed >= SMALLEST or not agreed else None, smallest=SMALLEST,
        share_url=share_url(event, host.key),
        embed_code=None if event.invitation_only else embed_code(event, host.key),
        released=[one for one in queries.handovers(event.id, host.key) if one.released_at],
        removed=handing.distinct(queries.to_remove(event.id, host.key)),
        **more,
    )  # fmt: skip


@blueprint.get("/cohost/<token>")
@permission("link")
def show(token: str) -> ResponseReturnValue:
    event, host = _opened(token)
    return _page(token, event, host, clock.now())


@blueprint.post("/cohost/<token>/match")
@permission("link", csrf="token")
def match(token: str) -> ResponseReturnValue:
    """Which of the pasted addresses are to be removed. Nothing of what is pasted is kept."""
    event, host = _opened(token)
    if not limits.allows("60 per hour", "cohost-match", f"{event.id} {host.key}"):
        abort(429)
    pasted = re.findall(r"[^\s,;<>\"']+@[^\s,;<>\"']+", request.form.get("addresses", ""))[:MOST_PASTED]  # fmt: skip
    found = handing.matching(event.id, host.key, pasted)
    return _page(token, event, host, clock.now(), matched=found, looked_at=len(pasted))


@blueprint.post("/cohost/<token>/done")
@permission("link", csrf="token")
def done(token: str) -> ResponseReturnValue:
    """They have removed all who were to be removed."""
    event, host = _opened(token)
    handing.acknowledge(event.id, host.key, clock.now())
    db.session.commit()
    return redirect(url_for(".show", token=token), 303)


@blueprint.post("/cohost/<token>/list")
@permission("link", csrf="token")
def fetch(token: str) -> ResponseReturnValue:
    """A list that was released to them. A POST, since it is written down first."""
    event, host = _opened(token)
    wanted = request.form.get("list", "")
    released = [one for one in queries.handovers(event.id, host.key) if one.released_at]
    found = next((one for one in released if one.at.isoformat() == wanted), None)
    if found is None:
        abort(404)
    text = handing.as_csv(found, clock.now(), "cohost")
    db.session.commit()
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
