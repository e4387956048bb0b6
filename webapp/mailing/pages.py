"""What the pages of mailings have in common: acting and going back to the schedule, and a mail in a frame."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from webapp.db import db
from webapp.errors import Refused

# The mail's own page may style itself and do nothing else: no script, no picture, no form, no link.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
DEFAULT_STAY = 20


def done(slug: str, act: Callable[[], str]) -> ResponseReturnValue:
    """Does it or says why not, and goes back to the schedule."""
    try:
        said = act()
    except Refused as refusal:
        db.session.rollback()
        flash(str(refusal))
        return redirect(url_for("mailing.index", slug=slug))
    flash(said, "good")
    db.session.commit()
    return redirect(url_for("mailing.index", slug=slug))


def html_of(html: str) -> Response:
    """The mail, for a frame."""
    response = make_response(html)
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
