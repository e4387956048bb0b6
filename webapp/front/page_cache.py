"""Public pages kept whole in this process for two seconds: no query, no session, no rendering.

A page belongs here only if it is the same for everybody who reads it in one language.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app, request
from werkzeug.http import generate_etag, quote_etag

from webapp import i18n

SECONDS = 2.0
_HEADERS = {
    "Cache-Control": "public, max-age=2",
    "Vary": "Accept-Language",
}


class Kept:
    __slots__ = ("body", "etag", "mimetype", "until")

    def __init__(self, body: bytes, mimetype: str) -> None:
        self.body = body
        self.etag = quote_etag(generate_etag(body))
        self.mimetype = mimetype
        self.until = time.monotonic() + SECONDS


def serve(
    name: str,
    make: Callable[[], str | bytes],
    mimetype: str = "text/html",
    words: Mapping[str, str] | None = None,
) -> Response:
    """The page ``name`` in the reader's language, made by ``make`` if none is fresh. A reader who has
    these very bytes already gets 304. ``words`` stand in the answer in place of marks in the page: for
    what comes with the address and must not fill the memory with a page of its own."""
    cache: dict[Any, Kept] = current_app.extensions.setdefault("page_cache", {})
    carried = i18n.carried()
    key = (name, i18n.language(), carried)
    kept = cache.get(key)
    if kept is None or kept.until < time.monotonic():
        made = make()
        if carried and mimetype == "text/html" and isinstance(made, str):
            made = i18n.with_language(made, carried)
        kept = Kept(made.encode() if isinstance(made, str) else made, mimetype)
        if len(cache) > 500:
            cache.clear()
        cache[key] = kept
    if words:
        body = kept.body
        for mark, word in words.items():
            body = body.replace(mark.encode(), word.encode())
        kept = Kept(body, kept.mimetype)
    if request.headers.get("If-None-Match") == kept.etag:
        response = Response(status=304, headers=_HEADERS)
    else:
        response = Response(kept.body, mimetype=kept.mimetype, headers=_HEADERS)
    response.headers["ETag"] = kept.etag
    return response
