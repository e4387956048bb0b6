"""The pictures of hosts, for everybody."""

from __future__ import annotations

import re

from flask import Blueprint, Response, abort

from webapp.cohosts import queries
from webapp.permissions import permission

blueprint = Blueprint("logos", __name__)

_DIGEST = re.compile(r"[0-9a-f]{32}")


@blueprint.get("/logos/<digest>.webp")
@permission("public")
def show(digest: str) -> Response:
    """The address names the content, so browsers may keep it for good."""
    data = queries.picture(digest) if _DIGEST.fullmatch(digest) else None
    if data is None:
        abort(404)
    return Response(
        data,
        mimetype="image/webp",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
