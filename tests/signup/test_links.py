"""Links in mails: they say little, open one door, and do nothing by being opened."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import make_event, make_signup
from tests.signup.conftest import later
from webapp import tokens
from webapp.db import Base, db
from webapp.signup import links
from webapp.signup.models import Signup


@pytest.fixture
def person(app: Flask, clock: Any) -> dict[str, str]:
    """Paths of every link one person can get, and of a second person's page."""
    with app.app_context():
        event = make_event(slug="evening")
        signup, other = make_signup(event), make_signup(event)
        waiting = make_signup(event, status="pending", pending_reason="address", confirmed_at=None)
        db.session.commit()
        base = "http://turnout.test"
        return {
            "my": links.my_url(signup).removeprefix(base),
            "join": links.join_url(signup).removeprefix(base),
            "cancel": links.of(signup).cancel.removeprefix(base),
            "erase": links.erase_url(signup).removeprefix(base),
            "confirm": links.confirm_url(waiting).removeprefix(base),
            "other": links.my_url(other).removeprefix(base),
        }


def _everything(app: Flask) -> list[Any]:
    with app.app_context():
        return [
            db.session.execute(sa.select(table).order_by(*table.primary_key)).all()
            for table in Base.metadata.sorted_tables
        ]


@pytest.mark.case("D17")
def test_opening_a_link_changes_nothing(app: Flask, client: Any, person: dict[str, str]) -> None:
    before = _everything(app)
    for path in person.values():
        for _ in range(2):
            assert client.get(path).status_code == 200
            assert client.head(path).status_code == 200
    assert client.get(person["my"] + "/calendar.ics").status_code == 200
    assert _everything(app) == before


@pytest.mark.case("D39")
def test_bad_links_all_get_the_same_page(app: Flask, client: Any, person: dict[str, str]) -> None:
    token = person["my"].removeprefix("/my/")
    purposes = [person[name].split("/")[2] for name in ("join", "confirm", "erase")]
    changed = ("B" if token[5] == "A" else "A").join((token[:5], token[6:]))
    bad = [changed, token[:-1], token[:20], token + token, "x", token.upper(), *purposes]
    with app.app_context():
        bad += [
            tokens.sign_lasting("my", [1, "nobody"]),
            tokens.sign_lasting("my", [99, "nobody"]),
            tokens.sign_lasting("my", "nobody"),
            tokens.sign_lasting("my", {"a": 1}),
        ]
    pages = {client.get(f"/my/{one}").data for one in bad}
    assert len(pages) == 1
    for path in ("cancel", "erase", "calendar.ics"):
        assert client.get(f"/my/{changed}/{path}").status_code == 404
    for path in ("cancel", "come-back", "contact", "ask-to-erase", "erase"):
        assert client.post(f"/my/{changed}/{path}").status_code == 404
    answer = client.get(f"/my/{changed}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    assert client.get(f"/confirm/{changed}").data in pages
    assert client.get(f"/my/{token}").headers["Cache-Control"] == "no-store"


@pytest.mark.case("D27")
def test_ids_are_long_and_guesses_hit_nothing(
    app: Flask, client: Any, person: dict[str, str]
) -> None:
    with app.app_context():
        ids = db.session.scalars(sa.select(Signup.public_id)).all()
        for number in range(200):
            near = ids[0][:-2] + f"{number:02x}"
            if near not in ids:
                assert client.get(f"/my/{tokens.sign_lasting('my', [1, near])}").status_code == 404
    assert all(len(one) >= 22 for one in ids)
    token = person["my"].removeprefix("/my/")
    for number in range(800):
        guess = token[:-3] + f"{number:03d}"
        assert guess == token or client.get(f"/my/{guess}").status_code == 404


def test_links_grow_old(client: Any, person: dict[str, str], clock: Any) -> None:
    clock.move_to(later(hours=23))
    assert client.get(person["erase"]).status_code == 200
    clock.move_to(later(hours=25))
    assert client.get(person["erase"]).status_code == 404
    assert client.get(person["confirm"]).status_code == 200
    clock.move_to(later(hours=49))
    assert client.get(person["confirm"]).status_code == 404
    clock.move_to(later(days=29))
    assert client.get(person["my"]).status_code == 200
    clock.move_to(later(days=31))
    assert client.get(person["my"]).status_code == 404


def test_the_links_of_an_event_that_became_a_draft_again_are_closed(
    client: Any, person: dict[str, str], house: Any
) -> None:
    house.change(state="draft")
    assert client.get(person["my"]).status_code == 404


@pytest.mark.case("D28")
def test_my_link_answers_everybody_alike(app: Flask, visitors: Any, house: Any) -> None:
    with app.app_context():
        event = make_event(slug="evening")
        make_signup(event, email="ana@example.org")
        make_signup(event, email="wait@example.org", status="pending", pending_reason="address")
        make_signup(event, email="gone@example.org", status="cancelled")
        db.session.commit()
    pages = set()
    for email in ("ana", "wait", "gone", "new"):
        client = visitors().client
        answer = client.send("/events/evening/my-link", {"email": f"{email}@example.org"})
        assert answer.status_code == 303
        page = client.page(answer.headers["Location"]).text
        assert f"{email}@example.org" in page
        token = client.page(answer.headers["Location"]).field("csrf_token")
        page = page.replace(f"{email}@example.org", "")
        pages.add(page.replace(token, ""))
    assert len(pages) == 1
    assert [(m.message, m.to_address) for m in house.mails()] == [
        ("link_again", "ana@example.org"),
        ("confirm_address", "wait@example.org"),
    ]


def test_my_link_says_what_is_wrong_with_an_address(app: Flask, visitors: Any) -> None:
    with app.app_context():
        make_event(slug="evening")
        db.session.commit()
    client = visitors().client
    answer = client.send("/events/evening/my-link", {"email": "ana@"})
    assert answer.status_code == 422
    assert "That is not an e-mail address." in answer.text
    assert (
        client.post("/events/evening/my-link", data={"email": "a@example.org"}).status_code == 400
    )
    assert client.get("/events/nothing/my-link").status_code == 404


def test_a_join_link_is_read_without_the_database(app: Flask, person: dict[str, str]) -> None:
    with app.app_context():
        token = person["join"].removeprefix("/join/")
        signup = db.session.get(Signup, 1)
        assert signup is not None
        db.session.rollback()
        read = links.read_join(token)
        assert (read.event_id, read.public_id, read.person_key) == (
            1,
            signup.public_id,
            signup.person_key,
        )
        with pytest.raises(tokens.TokenError):
            links.read_join(person["my"].removeprefix("/my/"))
