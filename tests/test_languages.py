"""The reader's language: how it is found, how it goes along, and that no page speaks two."""

from __future__ import annotations

import re

import pytest
import time_machine
from babel.support import Translations

from tests import walk
from tests.cast import AFTER, BEFORE, LIVE
from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from webapp import addresses, i18n
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.signup import links
from webapp.signup import operations as signups
from webapp.signup.models import Signup

SPANISH = {"Accept-Language": "es-BO,es;q=0.9,en;q=0.5"}
SIGN_UP = {"name": "Ana", "email": "ana@example.org", "consent": "yes"}


@pytest.fixture
def evening(app):
    with app.app_context():
        make_event(make_user(), slug="evening")
        db.session.commit()


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def language_of(page) -> str:
    return re.search(r'<html lang="([^"]+)"', page.text)[1]


@pytest.mark.parametrize(
    ("address", "headers", "language"),
    [
        ("/events/evening", {}, "en"),
        ("/events/evening", SPANISH, "es"),
        ("/events/evening", {"Accept-Language": "fr,de;q=0.5"}, "en"),
        ("/events/evening?lang=es", {}, "es"),
        ("/events/evening?lang=en", SPANISH, "en"),
        ("/events/evening?lang=fr", SPANISH, "es"),
        ("/events/evening?lang=", {}, "en"),
        ("/events/evening/signup?lang=es", {}, "es"),
        ("/?lang=es", {}, "es"),
        # Half a tool in another language helps nobody.
        ("/sign-in?lang=es", SPANISH, "en"),
    ],
)
def test_the_address_comes_before_the_browser(client, evening, address, headers, language):
    assert language_of(client.page(address, headers=headers)) == language


def test_the_page_says_it_all_in_spanish(client, evening):
    text = client.page("/events/evening?lang=es").text
    assert "Reservar mi lugar" in text
    assert "martes, 6 de abril de 2027, de 19:00 a 20:45" in text
    assert "hora de Londres" in text
    assert "Save my place" not in text


def test_the_other_language_is_one_link_away_and_comes_along(client, evening):
    plain = client.page("/events/evening").text
    assert '<a href="?lang=es" hreflang="es" lang="es">Español</a>' in plain
    assert '<a href="?lang=en" hreflang="en" lang="en" aria-current="true">English</a>' in plain
    assert 'href="/events/evening/signup"' in plain
    text = client.page("/events/evening?lang=es").text
    assert 'href="/events/evening/signup?lang=es"' in text
    assert 'href="/events/evening/signup"' not in text
    assert '<a href="?lang=en" hreflang="en" lang="en">English</a>' in text
    form = client.page("/events/evening/signup?lang=es").text
    assert 'action="/events/evening/signup?lang=es"' in form
    assert 'href="/static/css/base.css' in form


def test_a_browser_that_asks_for_it_needs_no_words_in_links(client, evening):
    text = client.page("/events/evening?lang=es", headers=SPANISH).text
    assert 'href="/events/evening/signup"' in text
    assert 'href="/events/evening/signup?lang=en"' in client.page("/events/evening?lang=en", headers=SPANISH).text  # fmt: skip


def test_search_engines_hear_of_each_language(client, evening):
    text = client.page("/events/evening").text
    base = "http://turnout.test/events/evening"
    for code, address in (("en", f"{base}?lang=en"), ("es", f"{base}?lang=es"), ("x-default", base)):  # fmt: skip
        assert f'<link rel="alternate" hreflang="{code}" href="{address}">' in text


def test_no_cookie_and_a_kept_page_for_each_language(client, evening):
    answers = [client.get(f"/events/evening{query}") for query in ("", "?lang=es", "?lang=en", "")]
    assert all("Set-Cookie" not in answer.headers for answer in answers)
    assert all(answer.headers["Vary"] == "Accept-Language" for answer in answers)
    tags = [answer.headers["ETag"] for answer in answers]
    assert tags[0] == tags[3]
    assert tags[0] != tags[1]
    again = client.get("/events/evening?lang=es", headers={"If-None-Match": tags[1]})
    assert again.status_code == 304
    assert client.get("/events/evening", headers={"If-None-Match": tags[1]}).status_code == 200


def test_who_signs_up_in_spanish_is_written_to_in_spanish(app, client, evening):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.page("/events/evening/signup?lang=es").text)[1]  # fmt: skip
    app.config["SIGNUP_MIN_SECONDS"] = 0
    sent = client.post("/events/evening/signup?lang=es", data=SIGN_UP | {"csrf_token": token})
    assert sent.location == "/events/evening/signup/thanks?lang=es"
    assert "Va en camino un correo a ana@example.org." in client.page(sent.location).text
    with app.app_context():
        signup = db.session.query(Signup).one()
        mail = db.session.query(OutgoingMail).one()
        assert signup.language == "es"
        assert mail.subject.startswith("Tienes un lugar: ")
        assert '<html lang="es">' in mail.html
        assert re.search(r"/join/\S+\?lang=es\n", mail.text)
        assert "Hello" not in mail.text + mail.html


def test_a_form_with_a_mistake_stays_spanish(client, evening):
    form = client.page("/events/evening/signup?lang=es").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    page = client.post("/events/evening/signup?lang=es", data={"email": "ana", "csrf_token": token})
    assert page.status_code == 422
    assert '<html lang="es">' in page.text
    assert "Eso no es una dirección de correo." in page.text
    assert 'action="/events/evening/signup?lang=es"' in page.text
    # Nobody loses what they typed by switching now.
    assert "hreflang" not in page.text


def test_a_page_of_somebody_is_in_their_language(app, client):
    with app.app_context():
        event = make_event(make_user(), slug="evening")
        signup = make_signup(event, language="es", name="Ana")
        db.session.commit()
        my, join = links.my_token(signup), links.join_url(signup)
    page = client.page(f"/my/{my}")
    assert language_of(page) == "es"
    assert "Ana, tienes un lugar" in page.text
    # Its own pages know it; the public ones must be told.
    assert f'href="/my/{my}/edit"' in page.text
    assert 'href="/events/evening?lang=es"' in page.text
    assert join.endswith("?lang=es")
    assert f'href="{join}"' in page.text
    assert language_of(client.page(join.removeprefix("http://turnout.test"))) == "es"
    assert language_of(client.page(f"/my/{my}?lang=en")) == "en"
    assert f'href="/my/{my}/edit?lang=en"' in client.page(f"/my/{my}?lang=en", headers=SPANISH).text


def test_somebody_else_s_browser_changes_no_mail(app):
    with app.test_request_context(headers=SPANISH):
        event = make_event(make_user())
        person = make_signup(event, language="en")
        signups.send_link_again(event.id, addresses.parse(person.email), NOW)
        assert "here are your links once more" in db.session.query(OutgoingMail).one().text


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/events/x", "/events/x?lang=es"),
        ("/events/x?from=y#top", "/events/x?from=y&lang=es#top"),
        ("http://turnout.test/guest/x", "http://turnout.test/guest/x?lang=es"),
        ("/events/x?lang=en", "/events/x?lang=en"),
        ("/manage/", "/manage/"),
        ("/static/x.css", "/static/x.css"),
        ("//elsewhere.example", "//elsewhere.example"),
        ("https://example.org/", "https://example.org/"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("#main", "#main"),
    ],
)
def test_which_addresses_are_told(app, address, named):
    with app.test_request_context("/events/x?lang=es"):
        assert i18n.named(address, "es") == named
        html = f'<a class="button" href="{address}">'.replace("&", "&amp;")
        assert i18n.with_language(html, "es") == html.replace(address, named.replace("&", "&amp;"))


def test_a_text_that_looks_like_a_link_stays_a_text(app):
    with app.test_request_context("/events/x?lang=es"):
        html = "<p>&lt;a href=&#34;/events/x&#34;&gt; href=\"/x\"</p><input value='/events'>"
        assert i18n.with_language(html, "es") == html


def test_no_page_speaks_two_languages(cast, monkeypatch):
    """Whatever our own code says on a page for attendees has its Spanish."""
    missing: dict[str, str] = {}
    place = ""

    def ask(text):
        found = catalogue._catalog.get(text)
        if not found:
            missing.setdefault(text, place)
        return found or text

    def ask_many(one, many, number):
        found = catalogue._catalog.get((one, catalogue.plural(number)))
        if not found:
            missing.setdefault(one, place)
        return found or many

    client = cast.browser(None)
    client.get("/?lang=es")
    catalogue = i18n.babel.domain_instance.cache["es"]
    assert isinstance(catalogue, Translations)
    monkeypatch.setattr(catalogue, "ugettext", ask)
    monkeypatch.setattr(catalogue, "ungettext", ask_many)
    seen = 0
    for moment in (BEFORE, LIVE, AFTER):
        with time_machine.travel(moment, tick=False):
            for route in walk.routes(cast.app, "public", "link"):
                if not route.reads or i18n.is_tool(route.path) or route.endpoint == "static":
                    continue
                place = f"{route.path} at {moment:%H:%M}"
                address = route.address(route.values(cast, cast.evening))
                answer = client.get(f"{address}?lang=es", buffered=True)
                if answer.mimetype == "text/html" and answer.status_code == 200:
                    seen += 'lang="es"' in answer.get_data(as_text=True)
    assert missing == {}
    assert seen > 30


def test_the_switch_keeps_what_else_the_address_says(client, evening):
    for path in ("/events/evening", "/events/evening/signup"):
        text = client.page(f"{path}?from=news&lang=es&x=a%22%3Cb%26&key=opens-nothing").text
        assert '<a href="?from=news&amp;x=a%22%3Cb%26&amp;lang=en" hreflang="en"' in text
        assert '<a href="?from=news&amp;x=a%22%3Cb%26&amp;lang=es" hreflang="es"' in text
    # Where somebody found the event goes along with the language.
    text = client.page("/events/evening?from=news&lang=es").text
    assert 'href="/events/evening/signup?from=news&amp;lang=es"' in text
    assert '<a href="?lang=es"' in client.page("/events/evening").text
