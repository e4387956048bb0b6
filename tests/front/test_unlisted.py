"""Events that are not announced, and forms that open only behind a secret link."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from tests import walk
from tests.cast import AFTER, BEFORE, LIVE, Cast
from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.signin import sign_in
from webapp.db import db
from webapp.errors import Refused
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.front import event_file
from webapp.mail.models import OutgoingMail
from webapp.signup.models import Signup

FORM = "/events/evening/signup"


@pytest.fixture(autouse=True)
def clock(request: Any) -> Any:
    if "cast" in request.fixturenames:
        yield
        return
    with time_machine.travel(NOW, tick=False):
        yield


def make(app: Any, **values: Any) -> str:
    """An event that opens behind a link; answers the link's key."""
    app.config["SIGNUP_MIN_SECONDS"] = 0
    with app.app_context():
        made = make_event(make_user(), **({"slug": "evening"} | values))
        events.update(made, {"invitation_only": True}, at=NOW, by="test")
        db.session.commit()
        return str(made.invitation_key)


def sent(app: Any) -> list[str | None]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Signup.name)))


PERSON = {"name": "Ana", "email": "ana@example.org", "consent": "yes"}


def public_pages(cast: Cast, slug: str) -> list[str]:
    """Every address that anybody may open, and the feeds and files below them."""
    found = []
    for route in walk.routes(cast.app, "public"):
        # Pictures and frames name no event, and a way back to the form is no page.
        if route.reads and route.endpoint != "static" and not route.path.startswith(("/logos/", "/embed/")) and not route.path.endswith("/signup/address"):  # fmt: skip
            found.append(route.address(route.values(cast, cast.evening, **({"slug": slug} if "slug" in route.names else {}))))  # fmt: skip
    return found


@pytest.mark.case("D35")
@pytest.mark.parametrize("moment", [BEFORE, LIVE, AFTER])
def test_a_hidden_form_and_its_key_stand_on_no_page_and_in_no_file(cast: Cast, moment: Any) -> None:
    key = "the-key-that-opens-it"
    with cast.app.app_context():
        event = db.session.get_one(Event, cast.evening.event_id)
        event.invitation_only, event.invitation_key = True, key
        event.touch()
        db.session.commit()
    with time_machine.travel(moment, tick=False):
        browser = cast.browser()
        for address in public_pages(cast, cast.evening.slug):
            text = browser.get(address, buffered=True).data.decode(errors="replace")
            assert key not in text, address
            if address.endswith("/signup"):
                continue
            assert not re.search(rf"/events/{cast.evening.slug}/signup[\"?]", text), address
        # Nor does what a person gets who has signed up: their mail, their page, their calendar.
        for token in cast.evening.links["my"][:1]:
            for page in (f"/my/{token}", f"/my/{token}/calendar.ics"):
                assert key not in browser.get(page, buffered=True).data.decode(errors="replace")
        with cast.app.app_context():
            event = db.session.get_one(Event, cast.evening.event_id)
            assert key not in str(event_file.export(event))
            for mail in db.session.scalars(sa.select(OutgoingMail)):
                assert key not in mail.text + mail.html + (mail.calendar or "")
    cast.restore()


@pytest.mark.case("D35")
def test_an_unlisted_event_stands_in_no_list_and_asks_not_to_be_indexed(cast: Cast) -> None:
    with cast.app.app_context():
        event = db.session.get_one(Event, cast.evening.event_id)
        event.listed = False
        event.touch()
        db.session.commit()
    for moment in (BEFORE, LIVE, AFTER):
        with time_machine.travel(moment, tick=False):
            cast.app.extensions.pop("page_cache", None)
            browser = cast.browser()
            for address in public_pages(cast, cast.foreign.slug):
                text = browser.get(address, buffered=True).data.decode(errors="replace")
                assert cast.evening.slug not in text, address
            for address in public_pages(cast, cast.evening.slug):
                answer = browser.get(address, buffered=True)
                if answer.mimetype == "text/html" and cast.evening.slug in address:
                    assert answer.status_code == 200
                    assert '<meta name="robots" content="noindex">' in answer.text, address
    # Who may manage it finds it as before, a stranger's token does not.
    for name, is_there in (("Ada", True), ("Cleo", False)):
        answer = cast.browser().get(
            "/api/v1/events", headers={"Authorization": f"Bearer {cast.bearers[name]}"}
        )
        assert (cast.evening.slug in answer.text) == is_there
    cast.restore()


@pytest.mark.case("D35")
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_draft_is_on_no_page_feed_picture_or_list(cast: Cast, language: str) -> None:
    """Whatever its address is followed by, nobody but its team gets anything; and nothing names it."""
    slug, browser = cast.draft.slug, cast.browser()
    cast.app.extensions.pop("page_cache", None)
    for address in public_pages(cast, slug):
        answer = browser.get(f"{address}?lang={language}", buffered=True)
        # The stylesheet of a colour says nothing of the event that its address names.
        if slug in address and not address.endswith(".css"):
            assert answer.status_code == 404, address
        assert slug not in answer.data.decode(errors="replace").replace(address, ""), address
    # What its own team has just looked at is not kept for others.
    own = f"/manage/events/{slug}/preview?lang={language}"
    seen = cast.browser("Ada").get(own)
    assert (seen.status_code, "no-store" in seen.headers["Cache-Control"]) == (200, True)
    assert browser.get(f"/events/{slug}?lang={language}").status_code == 404


def test_a_listed_event_may_be_indexed(cast: Cast) -> None:
    for address in public_pages(cast, cast.evening.slug):
        answer = cast.browser().get(address, buffered=True)
        if answer.mimetype == "text/html" and address.rpartition("/")[2] in (
            cast.evening.slug,
            "agenda",
            "report",
            "signup",
        ):
            assert "noindex" not in answer.text, address


def test_without_the_key_everybody_gets_the_same_page(app: Any, client: Any) -> None:
    key = make(app)
    assert "by invitation" in client.page("/events/evening").text
    pages = {
        client.page(f"{FORM}{query}").text
        for query in ("", "?key=", "?key=wrong", f"?key={key[:-1]}", f"?key={key}x", f"?key={key.swapcase()}")
    }  # fmt: skip
    assert len(pages) == 1
    assert "Sign-up is by invitation" in pages.pop()
    token = client.page("/events/evening/my-link").field("csrf_token")
    for given in ("", "wrong"):
        answer = client.post(FORM, data=PERSON | {"csrf_token": token, "key": given})
        assert answer.status_code == 409
        assert "Sign-up is by invitation" in answer.text
    assert sent(app) == []


def test_the_key_goes_along_until_the_form_is_in(app: Any, client: Any) -> None:
    """Also over a page with something missing, the question about a slip, and the one more click."""
    key = make(app)
    at = f"{FORM}?key={key}&from=letter"
    answer = client.send(FORM, PERSON | {"key": key, "email": ""}, at=at)
    assert answer.status_code == 422
    assert answer.parsed.field("key") == key
    answer = client.send(FORM, PERSON | {"key": key, "email": "ana@gmial.com"}, at=at)
    assert answer.parsed.field("key") == key
    answer = client.send(FORM, PERSON | {"key": key, "homepage": "x"}, at=at)
    assert answer.parsed.field("person")
    assert answer.parsed.field("key") == key
    assert sent(app) == ["Ana"]
    answer = client.send(FORM, PERSON | {"key": key, "email": "bea@example.org"}, at=at)
    assert answer.status_code == 303
    assert key not in answer.location
    assert "key=" not in client.page(answer.location).text


def test_a_key_leaks_neither_by_caches_nor_to_other_sites(app: Any, client: Any) -> None:
    key = make(app, host_url="https://friends.example.org/")
    answer = client.get(f"{FORM}?key={key}")
    assert key in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    # What the process keeps of the page with the key is nobody else's page.
    assert key not in client.get(FORM).text
    assert client.get(FORM).headers["Cache-Control"] == "no-store"


def test_a_new_link_ends_the_old_one_also_for_a_form_that_is_open(app: Any, client: Any) -> None:
    old = make(app)
    token = client.page(f"{FORM}?key={old}").field("csrf_token")
    sign_in(client, 1)
    assert old in client.page("/manage/events/evening/sources").text
    client.send("/manage/events/evening/sources/secret", at="/manage/events/evening/sources")
    client.delete_cookie("turnout")
    with app.app_context():
        new = db.session.get_one(Event, 1).invitation_key
    assert new != old
    with app.test_client() as stranger:
        stranger.get(f"{FORM}?key={new}")
    answer = client.post(FORM, data=PERSON | {"csrf_token": token, "key": old})
    assert answer.status_code in (400, 409)
    app.extensions.pop("signup_cache", None)
    assert "by invitation" in client.page(f"{FORM}?key={old}").text
    token = client.page(f"{FORM}?key={new}").field("csrf_token")
    assert client.post(FORM, data=PERSON | {"csrf_token": token, "key": old}).status_code == 409
    assert client.post(FORM, data=PERSON | {"csrf_token": token, "key": new}).status_code == 303


def test_the_verb_itself_knows_the_new_key_though_a_page_remembers_the_old(app: Any, client: Any) -> None:  # fmt: skip
    """What the pages know of an event may be two seconds old; the verb reads it behind the lock."""
    old = make(app)
    token = client.page(f"{FORM}?key={old}").field("csrf_token")
    with app.app_context():
        events.new_invitation_key(db.session.get_one(Event, 1), at=NOW, by="test")
        db.session.commit()
    assert client.post(FORM, data=PERSON | {"csrf_token": token, "key": old}).status_code == 409
    assert sent(app) == []


def test_an_open_form_has_no_link_to_renew_and_takes_any_key(app: Any, client: Any) -> None:
    with app.app_context():
        event = make_event(slug="evening")
        with pytest.raises(Refused):
            events.new_invitation_key(event, at=NOW, by="test")
        db.session.commit()
    app.config["SIGNUP_MIN_SECONDS"] = 0
    assert "key" not in client.page(f"{FORM}?key=whatever").text.split("<form")[1].split("name=\"name\"")[0].replace("tabindex", "")  # fmt: skip
    assert client.send(FORM, PERSON).status_code == 303


def test_the_event_file_carries_both_settings_and_no_key(context: Any) -> None:
    event = make_event(slug="evening", listed=False)
    events.update(event, {"invitation_only": True}, at=NOW, by="test")
    file = event_file.export(event)
    assert (file["event"]["listed"], file["event"]["invitation_only"]) == (False, True)
    assert "key" not in file["event"]
    key = event.invitation_key
    loaded = event_file.load(file, at=NOW, by="test")
    assert (loaded.changes, loaded.event.invitation_key) == ([], key)
    usual = event_file.export(make_event())["event"]
    assert not {"listed", "invitation_only"} & usual.keys()
