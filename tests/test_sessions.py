"""The session cookie is Flask's own in everything that a browser sees."""

from __future__ import annotations

from flask import Flask, session

from tests.factories import make_event
from webapp.db import db


def test_pages_that_need_no_session_say_nothing_of_cookies(app: Flask) -> None:
    with app.app_context():
        slug = make_event().slug
        db.session.commit()
    response = app.test_client().get(f"/events/{slug}", headers={"Cookie": "turnout=nonsense"})
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")


def test_a_session_lasts_and_a_changed_cookie_is_none(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as kept:
        kept["name"] = "Ána, with a long name " * 10
        kept["list"] = [1, 2]
    cookie = client.get_cookie("turnout")
    assert cookie is not None
    with app.test_request_context(headers={"Cookie": f"turnout={cookie.value}"}):
        assert dict(session) == {"name": "Ána, with a long name " * 10, "list": [1, 2]}
    with app.test_request_context(headers={"Cookie": f"turnout={cookie.value}x"}):
        assert not session
