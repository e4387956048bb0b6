"""What the API says of itself: OpenAPI, made from the routes and their schemas."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from flask_smorest import Api
from flask_smorest.blueprint import Blueprint as ApiBlueprint

from webapp.api import schemas
from webapp.permissions import permission

VERSION = "1"
_ABOUT = """\
Everything here is also on a page or on the command line. Times are UTC, minutes decimal, rates fractions
of 1; `null` means unknown, never zero. A token is made on one's account page or with
`flask accounts token`, is shown once, and may what its user may, or less."""

blueprint = Blueprint("openapi", __name__)


class Description(Api):
    """flask-smorest with our own errors: its handlers would answer for the whole site."""

    # The library types it as its own schema, and takes any.
    ERROR_SCHEMA = schemas.Error  # type: ignore[assignment]  # said above

    def _register_error_handlers(self) -> None:
        """``webapp.errors`` answers, here as everywhere."""

    def _register_pagination_header(self) -> None:
        """Nothing here comes in pages."""


@blueprint.get("/api/v1/openapi.json")
@permission("public")
def openapi() -> Response:
    """The same for everybody, for as long as this process runs."""
    body: bytes = current_app.extensions["openapi"]
    response = Response(body, mimetype="application/json")
    response.add_etag()
    response.headers["Cache-Control"] = "public, max-age=300"
    return response.make_conditional(request)  # type: ignore[return-value]  # answers itself


def init_app(app: Flask, routes: ApiBlueprint) -> None:
    description = Description(
        app,
        spec_kwargs={
            "title": "Turnout",
            "version": VERSION,
            "openapi_version": "3.1.0",
            "info": {"description": _ABOUT},
            "security": [{"token": []}],
        },
    )
    scheme: dict[str, Any] = {"type": "http", "scheme": "bearer", "description": "An API token."}
    description.spec.components.security_scheme("token", scheme)
    description.register_blueprint(routes)
    # The library's own commands: what they print stands at the address below.
    app.cli.commands.pop("openapi")
    app.register_blueprint(blueprint)
    # As bytes: what others keep as dictionaries is forgotten between tests.
    app.extensions["openapi"] = json.dumps(
        description.spec.to_dict(), ensure_ascii=False, indent=1
    ).encode()
