"""The pages of accounts: what an admin sees and does there, and that a password is shown once."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Page
from tests.factories import make_event, make_user
from tests.signin import sign_in
from webapp import clock
from webapp.accounts import operations, passwords, queries
from webapp.accounts.models import User, UserSession
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import Membership


@pytest.fixture
def make(app: Flask) -> Any:
    """Makes accounts by name and answers their ids. In a context of its own: the requests of a test must
    not see each other's user."""

    def maker(*names: str, **values: Any) -> Any:
        with app.app_context():
            ids = [make_user(name, **values).id for name in names]
            db.session.commit()
        return ids if len(ids) > 1 else ids[0]

    return maker


@pytest.fixture
def dora(make: Any, client: Any) -> int:
    """The signed-in admin's id."""
    admin: int = make("Dora", role="admin")
    sign_in(client, admin)
    return admin


@pytest.fixture
def user(app: Flask) -> Any:
    def read(user_id: int) -> User:
        with app.app_context():
            found = db.session.get(User, user_id)
            assert found
            return found

    return read


@pytest.fixture
def acts(app: Flask) -> Any:
    """The words of what was written into the log so far."""

    def read() -> list[str]:
        with app.app_context():
            return list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))

    return read


def sent(client: Any, user_id: int, verb: str, **data: str) -> Page:
    """Presses a button of the account's page and opens what it leads to."""
    answer = client.send(f"/admin/users/{user_id}/{verb}", data, at=f"/admin/users/{user_id}")
    assert answer.status_code == 302
    return client.page(answer.location)


def shown_names(page: Page) -> list[str]:
    return re.findall(r"<bdi>(\w+)</bdi>", page.text)


def test_the_list_says_who_may_what_and_was_last_seen_when(
    client: Any, dora: int, app: Flask
) -> None:
    with app.app_context():
        ada, ben, cleo = make_user("Ada"), make_user("Ben"), make_user("Cleo")
        event = make_event(ada)
        make_event(ada)
        db.session.add(Membership(event_id=event.id, user_id=ben.id, created_at=clock.now()))
        seen = dt.datetime(2027, 4, 5, 9, 7, tzinfo=dt.UTC)
        operations.start_session(ben, at=seen, hours=20)
        operations.disable(cleo, at=clock.now())
        db.session.commit()
    text = client.page("/admin/users").text
    rows = dict(re.findall(r"<bdi>(\w+)</bdi>(.*?)</tr>", text, re.S))
    assert list(rows) == ["Dora", "Ada", "Ben", "Cleo"], "admins first, disabled ones last"
    assert "5 Apr 2027, 09:07" in rows["Ben"]
    assert "never signed in" in rows["Ada"]
    assert re.search(r">2</td>", rows["Ada"])
    assert re.search(r">1</td>", rows["Ben"])
    assert "disabled" in rows["Cleo"]
    assert "disabled" not in rows["Ada"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?q=BEN", ["Ben"]),
        ("?q=ada@example", ["Ada"]),
        ("?q=%25", []),
        ("?q=a_a", []),
        ("?q=ben%00", ["Ben"]),
        ("?show=admins", ["Dora"]),
        ("?show=organisers", ["Ada", "Ben"]),
        ("?show=disabled", ["Cleo"]),
        ("?show=nonsense", ["Dora", "Ada", "Ben", "Cleo"]),
        ("?page=x", ["Dora", "Ada", "Ben", "Cleo"]),
        ("?page=2", []),
    ],
)
def test_finding_accounts(client: Any, dora: int, make: Any, query: str, names: list[str]) -> None:
    make("Ada", "Ben")
    make("Cleo", disabled_at=clock.now())
    page = client.page(f"/admin/users{query}")
    assert shown_names(page) == names
    assert ("Nobody matches this." in page.text) == (not names)


def test_a_long_list_comes_in_pages_and_asks_the_same(
    client: Any, dora: int, make: Any, count_queries: Any
) -> None:
    with count_queries() as few:
        client.page("/admin/users")
    names = [f"Person{number:03}" for number in range(104)]
    make(*names)
    seen = []
    for number in (1, 2, 3):
        with count_queries() as many:
            page = client.page(f"/admin/users?page={number}")
        assert len(many) == len(few)
        seen += shown_names(page)
        assert ('rel="next"' in page.text) == (number < 3)
    assert seen == ["Dora", *names]


@pytest.mark.case("D44")
def test_names_are_text(client: Any, dora: int, app: Flask) -> None:
    with app.app_context():
        eve = make_user('<img src=x onerror="alert(1)">', email="eve@example.org").id
        db.session.commit()
    for path in ("/admin/users", f"/admin/users/{eve}"):
        assert "<img" not in client.page(path).text


def test_an_account_is_made_and_its_password_shown_once(
    client: Any, dora: int, app: Flask, acts: Any
) -> None:
    answer = client.send(
        "/admin/users/new", {"email": "New@Example.ORG", "name": "New  One", "role": "organiser"}
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    [password] = re.findall(r'class="secret"[^>]*>([^<]+)<', Page(answer).text)
    with client.session_transaction() as cookie:
        assert password not in str(dict(cookie)), "kept nowhere"
    with app.app_context():
        made = queries.by_email("new@example.org")
        assert made
        assert (made.name, made.role, made.email) == ("New One", "organiser", "New@example.org")
        assert made.password_hash != password
        assert password not in str(db.session.scalars(sa.select(AuditEntry.details)).all())
    assert acts() == ["account.created"]
    for path in ("/admin/users", f"/admin/users/{made.id}", "/admin/users/new"):
        assert password not in client.page(path).text
    other = app.test_client()
    signed = other.send("/sign-in", {"email": "new@example.org", "password": password})
    assert (signed.status_code, signed.location) == (302, "/manage/")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"email": ""}, "The e-mail address is missing."),
        ({"email": "nobody"}, "That is not an e-mail address. It should look like name@example.org."),
        ({"email": "DORA@example.org"}, "There is already an account for DORA@example.org."),
        ({"name": "x" * 201}, "A name has at most 200 characters."),
        ({"role": "owner"}, "Not a valid choice."),
    ],
)  # fmt: skip
def test_a_form_that_cannot_be_used_says_why_and_loses_nothing(
    client: Any, dora: int, app: Flask, acts: Any, data: dict[str, str], sentence: str
) -> None:
    typed = {"email": "new@example.org", "name": "New One", "role": "admin", **data}
    answer = client.send("/admin/users/new", typed)
    page = Page(answer)
    assert answer.status_code == 400
    assert sentence in page.text
    assert page.field("email") == typed["email"]
    assert page.field("name") == typed["name"]
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(User.id))) == 1
    assert acts() == []


def test_a_new_password_signs_the_person_out_everywhere(
    client: Any, dora: int, app: Flask, make: Any, user: Any, acts: Any
) -> None:
    ben = make("Ben", password_hash=passwords.make_hash("his old password"))
    bens = app.test_client()
    sign_in(bens, ben)
    assert bens.get("/account").status_code == 200
    page = Page(client.send(f"/admin/users/{ben}/password", at=f"/admin/users/{ben}"))
    [password] = re.findall(r'class="secret"[^>]*>([^<]+)<', page.text)
    assert bens.get("/account").status_code == 302
    assert passwords.fits(user(ben).password_hash, password)
    assert not passwords.fits(user(ben).password_hash, "his old password")
    assert acts() == ["account.password"]


def test_disabling_and_enabling(
    client: Any, dora: int, app: Flask, make: Any, user: Any, acts: Any
) -> None:
    ben = make("Ben")
    bens = app.test_client()
    sign_in(bens, ben)
    text = sent(client, ben, "disable").text
    assert "Ben is signed out everywhere and can no longer sign in." in text
    assert "Disabled since" in text
    assert bens.get("/account").status_code == 302
    assert user(ben).disabled_at
    assert "Ben can sign in again." in sent(client, ben, "enable").text
    assert user(ben).disabled_at is None
    # The session that was ended stays ended.
    assert bens.get("/account").status_code == 302
    assert acts() == ["account.disabled", "account.enabled"]


def test_the_role_changes_what_somebody_sees_at_once(
    client: Any, dora: int, app: Flask, make: Any, acts: Any
) -> None:
    ben = make("Ben")
    bens = app.test_client()
    sign_in(bens, ben)
    assert bens.get("/admin/users").status_code == 404
    assert "Ben: Admin" in sent(client, ben, "role", role="admin").text
    assert bens.get("/admin/users").status_code == 200
    assert "Ben: Organiser" in sent(client, ben, "role", role="organiser").text
    assert bens.get("/admin/users").status_code == 404
    assert "The role must be organiser or admin." in sent(client, ben, "role", role="owner").text
    assert "The role must be organiser or admin." in sent(client, ben, "role").text
    assert acts() == ["account.role", "account.role"]


@pytest.mark.parametrize(("verb", "data"), [("role", {"role": "organiser"}), ("disable", {})])
def test_the_last_admin_stays(
    client: Any, dora: int, user: Any, acts: Any, verb: str, data: dict[str, str]
) -> None:
    text = sent(client, dora, verb, **data).text
    assert "Dora is the only admin. Make somebody else admin first." in text
    assert user(dora).is_admin
    assert user(dora).is_active
    assert acts() == []


def test_an_admin_who_steps_down_is_led_to_the_events(client: Any, dora: int, make: Any) -> None:
    make("Emil", role="admin")
    own = f"/admin/users/{dora}"
    answer = client.send(f"{own}/role", {"role": "organiser"}, at=own)
    assert answer.location == "/manage/"
    assert client.get("/admin/users").status_code == 404


def test_the_own_account_offers_no_new_password(client: Any, dora: int) -> None:
    page = client.page(f"/admin/users/{dora}").text
    assert "This is your own account." in page
    assert "Make a new password" not in page


def test_the_page_of_an_account_shows_what_it_opens(client: Any, dora: int, app: Flask) -> None:
    with app.app_context():
        ben = make_user("Ben")
        event = make_event(ben, title="An evening of Ben's")
        operations.start_session(ben, at=clock.now(), hours=1, browser="Firefox/1 Windows")
        text = operations.create_token(ben, at=clock.now(), label="<board>")
        one = operations.create_token(ben, at=clock.now(), label="one", event_id=event.id)
        db.session.commit()
        number, slug = ben.id, event.slug
    page = client.page(f"/admin/users/{number}").text
    assert f"/manage/events/{slug}" in page
    assert "An evening of Ben&#39;s" in page
    assert "Firefox on Windows" in page
    assert "&lt;board&gt;" in page
    assert "for all of this account’s events" in page
    assert "only for An evening of Ben&#39;s" in page
    assert text not in page
    assert one not in page


def test_a_token_is_taken_back_from_its_owner_only(
    client: Any, dora: int, app: Flask, make: Any
) -> None:
    ben, cleo = make("Ben", "Cleo")
    with app.app_context():
        text = operations.create_token(db.session.get_one(User, ben), at=clock.now())
        db.session.commit()
        token = queries.live_tokens(db.session.get_one(User, ben))[0].id
    wrong = f"/admin/users/{cleo}/tokens/{token}/revoke"
    assert client.send(wrong, at=f"/admin/users/{ben}").status_code == 404
    with app.app_context():
        assert queries.token_by_text(text)
    page = sent(client, ben, f"tokens/{token}/revoke")
    assert "The token opens nothing any longer." in page.text
    assert "Take back" not in page.text
    with app.app_context():
        assert queries.token_by_text(text) is None


@pytest.mark.parametrize("number", ["0", "999", "99999999999999999999", "-1", "x"])
def test_an_account_that_is_not_there(client: Any, dora: int, number: str) -> None:
    assert client.get(f"/admin/users/{number}").status_code == 404


PATHS = ["", "/new", "/{id}"]
VERBS = ["/{id}/role", "/{id}/disable", "/{id}/enable", "/{id}/password", "/{id}/tokens/1/revoke"]


@pytest.mark.parametrize("path", PATHS)
def test_organisers_and_strangers_see_nothing(client: Any, make: Any, path: str) -> None:
    ada, dora = make("Ada"), make("Dora", role="admin")
    address = "/admin/users" + path.format(id=dora)
    assert client.get(address).location.startswith("/sign-in?next=%2Fadmin%2Fusers")
    sign_in(client, ada)
    assert client.get(address).status_code == 404


@pytest.mark.case("D36")
@pytest.mark.parametrize("path", VERBS)
def test_organisers_change_nothing(
    client: Any, app: Flask, make: Any, user: Any, acts: Any, path: str
) -> None:
    ada = make("Ada")
    dora, _ = make("Dora", "Emil", role="admin")
    sign_in(client, ada)
    token = client.page("/account").field("csrf_token")
    for who in (ada, dora):
        address = "/admin/users" + path.format(id=who)
        data = {"csrf_token": token, "role": "admin"}
        assert client.post(address, data=data).status_code == 404
    assert (user(ada).role, user(dora).role) == ("organiser", "admin")
    with app.app_context():
        ended = sa.select(sa.func.count()).where(UserSession.ended_at.isnot(None))
        assert db.session.scalar(ended) == 0
    assert acts() == []


@pytest.mark.case("D25")
@pytest.mark.parametrize("path", [*VERBS, "/new"])
def test_without_a_token_nothing_happens(
    client: Any, dora: int, app: Flask, make: Any, user: Any, acts: Any, path: str
) -> None:
    ben = make("Ben")
    data = {"role": "admin", "email": "x@example.org"}
    for token in (None, "forged"):
        answer = client.post(
            "/admin/users" + path.format(id=ben),
            data=data | ({"csrf_token": token} if token else {}),
        )
        assert answer.status_code == 400
    assert acts() == []
    assert user(ben).role == "organiser"
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(User.id))) == 2
