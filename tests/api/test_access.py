"""Which token opens what."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import rows
from tests.conftest import NOW
from webapp import permissions
from webapp.accounts import operations as accounts
from webapp.accounts.models import ApiToken, User
from webapp.db import db
from webapp.events.models import Membership

ALL = ("/events", "/events/quetzal", "/events/quetzal/figures", "/events/quetzal/report")


def user(cast: Any, name: str) -> User:
    found = db.session.get(User, cast.users[name])
    assert found
    return found


def make(cast: Any, name: str, **values: Any) -> str:
    with cast.app.app_context():
        text = accounts.create_token(user(cast, name), at=NOW, **values)
        db.session.commit()
        return text


def is_one_sentence(answer: Any) -> bool:
    said = answer.json["error"]["message"]
    return bool(re.fullmatch(r"[A-Z][^.?!]*(…[^.?!]*)?\.", said))


@pytest.mark.parametrize("path", ALL)
def test_without_a_good_token_there_is_nothing(cast: Any, path: str) -> None:
    good = cast.bearers["Ada"]
    client = cast.browser("Ada")
    for header, error in {
        None: None,
        "": None,
        "Bearer": None,
        "Bearer ": None,
        f"Basic {good}": None,
        good: None,
        "Bearer x": "invalid_token",
        f"Bearer {good[:-1]}": "invalid_token",
        f"Bearer {good}x": "invalid_token",
        f"Bearer {good.swapcase()}": "invalid_token",
        f"Bearer {cast.evening.links['my'][0]}": "invalid_token",
        f"Bearer {cast.secrets['Ada']}": "invalid_token",
        "Bearer é\x85": "invalid_token",
    }.items():
        headers = {} if header is None else {"Authorization": header}
        answer = client.get(f"/api/v1{path}", headers=headers)
        assert answer.status_code == 401, header
        challenge = answer.headers["WWW-Authenticate"].casefold()
        assert challenge.startswith("bearer realm=")
        assert ("invalid_token" in challenge) == bool(error), header
        assert answer.json["error"]["status"] == 401
        assert is_one_sentence(answer)
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_taken_back_or_of_a_disabled_account_opens_nothing(cast: Any, program: Any, change: Any) -> None:  # fmt: skip
    ada, ben = program("Ada"), program("Ben")
    assert ada.get("/events").status_code == ben.get("/events").status_code == 200

    def revoke() -> None:
        token = db.session.scalar(sa.select(ApiToken).where(ApiToken.user_id == cast.users["Ada"]))
        accounts.revoke_token(token, at=token.created_at)
        accounts.disable(user(cast, "Ben"), at=token.created_at)

    change(revoke)
    for asking in (ada, ben):
        for path in ALL:
            assert asking.get(path).status_code == 401


def test_an_event_one_may_not_manage_is_not_there(cast: Any, program: Any) -> None:
    cleo = program("Cleo")
    nowhere = cleo.get("/events/never-was")
    for end in ("", "/figures", "/report"):
        for slug in ("quetzal", "quetzal-draft"):
            answer = cleo.get(f"/events/{slug}{end}")
            assert (answer.status_code, answer.json) == (404, nowhere.json)
            assert is_one_sentence(answer)
        assert cleo.get(f"/events/heron{end}").status_code == 200


def test_who_leaves_the_team_takes_the_token_along(cast: Any, program: Any, change: Any) -> None:
    ben = program("Ben")
    assert ben.get("/events/quetzal").status_code == 200
    change(lambda: db.session.execute(sa.delete(Membership).where(Membership.user_id == cast.users["Ben"])))  # fmt: skip
    assert ben.get("/events/quetzal").status_code == 404
    assert ben.json("/events")["events"] == []


@pytest.mark.case("D33")
def test_a_token_for_one_event_opens_only_that(cast: Any, program: Any) -> None:
    limited = program(make(cast, "Ada", event_id=cast.evening.event_id))
    for path in ALL:
        assert limited.get(path).status_code == 200
    for end in ("", "/figures", "/report"):
        assert limited.get(f"/events/quetzal-draft{end}").status_code == 404
    assert [row["slug"] for row in limited.json("/events")["events"]] == ["quetzal"]
    # Limiting an admin's token takes the admin's reach away as well.
    admins = program(make(cast, "Dora", event_id=cast.evening.event_id))
    assert admins.get("/events/heron").status_code == 404
    assert [row["slug"] for row in admins.json("/events")["events"]] == ["quetzal"]


@pytest.mark.case("D33")
def test_a_token_limited_to_an_event_that_was_lost_opens_nothing(
    cast: Any, program: Any, change: Any
) -> None:
    limited = program(make(cast, "Ben", event_id=cast.evening.event_id))
    change(lambda: db.session.execute(sa.delete(Membership).where(Membership.user_id == cast.users["Ben"])))  # fmt: skip
    assert limited.json("/events")["events"] == []
    assert limited.get("/events/quetzal").status_code == 404


@pytest.fixture
def writable(cast: Any, another_app: Any) -> Flask:
    """The app with a route that writes, which the API does not have yet."""
    app: Flask = another_app()

    @app.post("/api/v1/events/<slug>/close")
    @permissions.permission("bearer", csrf="bearer")
    def close(slug: str) -> str:
        return "closed"

    return app


@pytest.mark.case("D33")
def test_a_token_that_only_reads_writes_nowhere(cast: Any, writable: Flask) -> None:
    """All tokens there are only read: a route that writes, added later, is closed to them."""
    reading, writing = cast.bearers["Ada"], make(cast, "Ada", scope="write")
    client = writable.test_client()
    for token, status in ((reading, 403), (writing, 200)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.post("/api/v1/events/quetzal/close", headers=headers)
        assert answer.status_code == status
    refused = client.post("/api/v1/events/quetzal/close", headers={"Authorization": f"Bearer {reading}"})  # fmt: skip
    assert refused.json["error"]["message"] == "This token may only read."
    foreign = client.post("/api/v1/events/heron/close", headers={"Authorization": f"Bearer {writing}"})  # fmt: skip
    assert foreign.status_code == 404
    assert client.post("/api/v1/events/quetzal/close").status_code == 401


@pytest.mark.case("D33")
@pytest.mark.parametrize("path", ["/api/events", "/api/v0/events", "/api/v2/events", "/api/v1/", "/api/v1/users"])  # fmt: skip
def test_other_versions_and_addresses_are_not_there(cast: Any, path: str) -> None:
    headers = {"Authorization": f"Bearer {cast.bearers['Dora']}"}
    answer = cast.app.test_client().get(path, headers=headers)
    assert answer.status_code == 404
    assert is_one_sentence(answer)


def test_another_method_is_refused_and_says_which_there_are(cast: Any) -> None:
    headers = {"Authorization": f"Bearer {cast.bearers['Ada']}"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = cast.app.test_client().open("/api/v1/events", method=method, headers=headers)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
        assert is_one_sentence(answer)


def test_asking_writes_nothing(cast: Any, program: Any) -> None:
    for path in ALL:
        program("Ada").get(path)
    assert rows.changes(cast.snapshot, rows.dump(cast.app)) == []


def test_no_cookie_comes_with_an_answer(cast: Any, program: Any) -> None:
    for path in (*ALL, "/openapi.json"):
        assert "Set-Cookie" not in program("Ada").get(path).headers
