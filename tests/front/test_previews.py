"""What an organiser sees of a draft as somebody who signs up would."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests import rows
from tests.factories import make_event, make_session, make_user
from tests.signin import sign_in
from webapp.db import db

BASE = "/manage/events/evening/previews"


@pytest.fixture
def team(app: Any, client: Any) -> Any:
    with app.app_context():
        ada = make_user()
        event = make_event(ada, slug="evening", title="An evening", state="draft")
        event.translations = {"es": {"texts": {"title": "Una velada"}, "of": {"title": "x"}}}
        make_session(event, "Opening")
        db.session.commit()
        sign_in(client, ada)
    return client


def test_everything_is_shown_in_the_language_asked_for(app: Any, team: Any) -> None:
    before = rows.dump(app)
    for code, title in (("en", "An evening"), ("es", "Una velada")):
        text = team.page(f"{BASE}?to={code}").text
        for path in (
            f"/manage/events/evening/preview?lang={code}",
            f"/manage/events/evening/form/preview?lang={code}",
            f"{BASE}/personal?to={code}",
        ):
            assert path in text
            shown = team.page(path)
            assert title in "".join(shown.tree.itertext()), path
            assert f'lang="{code}"' in shown.text
        mail = f"/manage/events/evening/mail/texts/confirmed/{code}"
        assert mail in text
        assert title in team.get(f"{mail}/mail").text
        assert team.get(f"{BASE}/card.png?to={code}").mimetype == "image/png"
    assert rows.dump(app) == before
    assert team.get(f"{BASE}?to=xx").status_code == 404


def test_on_the_page_of_somebody_made_up_nothing_can_be_pressed(team: Any) -> None:
    page = team.page(f"{BASE}/personal")
    assert "Ana Example, you have a place" in page.text
    assert re.search(r"(/|%2F)(my|join)(/|%2F)", page.text) is None
    assert 'method="post"' not in page.text
    links = [link.get("href") for link in page.tree.iter("a") if link.get("href")]
    assert links == ["#main", BASE]
    assert all("disabled" in button.attrib for button in page.tree.iter("button"))


def test_a_stranger_sees_none_of_it(app: Any, team: Any) -> None:
    with app.app_context():
        cleo = make_user("Cleo")
        db.session.commit()
        cleo_id = cleo.id
    for path in ("", "/personal", "/card.png"):
        seen = team.get(f"{BASE}{path}")
        assert (seen.status_code, "public" in seen.headers["Cache-Control"]) == (200, False)
        with app.test_client() as stranger:
            assert stranger.get(f"{BASE}{path}").status_code == 302
            sign_in(stranger, cleo_id)
            assert stranger.get(f"{BASE}{path}").status_code == 404
