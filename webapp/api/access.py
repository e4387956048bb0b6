"""Who asks the API: the token of the header, and what it opens. A cookie counts for nothing here."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from flask import abort, g, request
from werkzeug.datastructures import WWWAuthenticate

from webapp.accounts import queries
from webapp.accounts.models import ApiToken
from webapp.events import access as events
from webapp.permissions import SAFE, enforces

REALM = "Turnout"


def _refuse(**why: str) -> NoReturn:
    abort(401, www_authenticate=WWWAuthenticate("bearer", {"realm": REALM, **why}))


def _token() -> ApiToken:
    """The token that came along; 401 for none, a wrong or revoked one, and one whose user is disabled."""
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        _refuse()
    return queries.token_by_text(given.token) or _refuse(error="invalid_token")


@enforces("bearer")
def enforce(values: dict[str, Any]) -> None:
    """The token may what its user may, unless it is limited to one event, and only reads unless it says
    otherwise. An event it does not open is not there."""
    token = _token()
    if request.method not in SAFE and token.scope != "write":
        abort(403)
    if "slug" in values:
        found = events.find(token.user, str(values["slug"]))
        if found is None or token.event_id not in (None, found[0].id):
            abort(404)
        g.event, g.event_role = found
    g.api_token = token


def current() -> ApiToken:
    """The token of this request."""
    return cast(ApiToken, g.api_token)
