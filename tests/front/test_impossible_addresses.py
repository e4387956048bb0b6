"""Addresses and texts with a NUL, as scanners send them: a page that says so, on either database."""

from __future__ import annotations

import pytest

from tests.factories import make_event, make_signup, make_user
from tests.signin import sign_in
from webapp.db import db


@pytest.fixture
def evening(app, client):
    with app.app_context():
        ada = make_user()
        make_signup(make_event(ada, slug="evening"))
        db.session.commit()
        sign_in(client, ada)


@pytest.mark.usefixtures("evening")
@pytest.mark.parametrize(
    "path",
    [
        "/events/a%00b", "/events/a%00b/signup", "/events/a%00b/report", "/events/a%00b/report.json",
        "/events/a%00b/agenda.json", "/my/a%00b", "/join/a%00b", "/chair/a%00b", "/manage/events/a%00b",
        "/manage/events/evening/signups/a%00b", "/nothing%00",
    ],
)  # fmt: skip
def test_an_address_with_a_nul_is_an_address_with_nothing_behind_it(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.usefixtures("evening")
def test_a_nul_in_a_search_is_dropped(client):
    assert "Person" in client.page("/manage/events/evening/signups?q=Per%00son").text


@pytest.mark.usefixtures("evening")
def test_a_nul_in_an_address_to_sign_in_with_is_one_that_nobody_has(client):
    answer = client.send("/sign-in", {"email": "ad\x00ele@example.org", "password": "x"})
    assert answer.status_code == 400
    assert "E-mail and password do not belong together." in answer.text
    assert 'value="adele@example.org"' in answer.text


@pytest.mark.usefixtures("evening")
def test_a_nul_in_an_address_to_send_a_link_to_is_dropped_with_what_is_shown(client):
    answer = client.send("/events/evening/my-link", {"email": "\x00nobody"})
    assert answer.status_code == 422
    assert 'value="nobody"' in answer.text
    assert "That is not an e-mail address." in answer.text
