"""An event's words in other languages: kept, checked, told when they are old, and shown everywhere."""

from __future__ import annotations

import copy
import json
import re

import pytest
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_session, make_signup, make_user
from tests.front.test_event_file import FILE
from webapp.db import db
from webapp.errors import Refused
from webapp.events import queries, texts
from webapp.events.models import Event
from webapp.front import event_file
from webapp.mail.models import OutgoingMail
from webapp.signup import links, mails
from webapp.signup.models import Question, Signup

SPANISH = {
    "title": "Asamblea de primavera: ¿y ahora?",
    "summary": "Una razón para venir.",
    "languages/English": "Inglés",
    "access_needs/Captions": "Subtítulos",
    "agenda/opening/title": "Apertura",
    "agenda/talk/summary": "Sobre eso",
    "questions/heard/label": "¿Cómo te enteraste?",
    "questions/heard/choices/A": "Por la radio",
}


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def loaded(app):
    """The event of the file, translated by the file."""
    with app.app_context():
        data = copy.deepcopy(FILE) | {"translations": {"es": SPANISH}}
        data["event"]["confirm_address"] = False
        event_file.load(data, at=NOW, by=make_user())
        db.session.commit()
    return data


def test_a_file_brings_them_and_takes_them_along(app, loaded):
    with app.app_context():
        event = queries.by_slug("spring-assembly")
        assert event_file.export(event) == loaded
        again = event_file.load(loaded, at=NOW, by="Command line")
        assert again.changes == []
        without = {key: value for key, value in loaded.items() if key != "translations"}
        assert event_file.load(without, at=NOW, by="x").changes == ["texts in es dropped"]
        assert event_file.export(event) == without


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"es": {"titel": "X"}}, "translations.es.titel is not a key of the event file; did you mean title?"),
        ({"es": {"agenda/nothing/title": "X"}}, "translations.es.agenda/nothing/title is not a key"),
        ({"es": {"title": 7}}, "translations.es.title must be a text."),
        ({"es": "X"}, "translations.es must be an object."),
        ({"es": {"title": "X" * 201}}, "translations.es.title: “Spring Assembly: What Next?” is too long"),
        ({"en": {"title": "X"}}, "translations.en.language: The event is written in this language already."),
        ({"zz-zz-zz": {"title": "X"}}, "“zz-zz-zz” is not a language code"),
    ],
)  # fmt: skip
def test_what_a_file_may_not_say(app, said, refusal):
    with app.app_context(), pytest.raises(Refused) as caught:
        event_file.load(FILE | {"translations": said}, at=NOW, by="x")
    assert refusal in str(caught.value)


def test_what_is_missing_and_what_is_older_is_known(app, loaded):
    with app.app_context():
        event = queries.by_slug("spring-assembly")
        sources = event_file.text_sources(event)
        missing = texts.missing(event, "es", sources)
        assert missing.empty == ["description", "agenda/talk/title", "questions/heard/choices/B", "questions/why/label", "questions/seats/label", "questions/seats/help"]  # fmt: skip
        assert missing.older == []
        event.summary = "Another reason."
        assert texts.missing(event, "es", event_file.text_sources(event)).older == ["summary"]
        assert len(texts.missing(event, "fr", sources).empty) == len(sources)


def test_every_page_shows_them_and_falls_back(app, client, loaded):
    page = client.page("/events/spring-assembly?lang=es").text
    for text in ("Asamblea de primavera", "¿y ahora?", "Una razón para venir.", "Inglés.", "Subtítulos.", "Apertura"):  # fmt: skip
        assert text in page, text
    # Not translated: as it was written.
    assert "<em>Markdown</em>" in page
    assert 'content="Asamblea de primavera: ¿y ahora?"' in page
    data = json.loads(re.search(r'<script type="application/ld\+json">(.+?)</script>', page)[1])
    assert data["name"] == SPANISH["title"]
    assert "Asamblea de primavera" in client.page("/?lang=es").text
    assert "Apertura" in client.page("/events/spring-assembly/agenda?lang=es").text
    assert "SUMMARY:Kate Ąžuolė: Apertura" in client.get("/events/spring-assembly/agenda.ics?lang=es").get_data(as_text=True)  # fmt: skip
    assert "Asamblea de primavera" in client.page("/events/spring-assembly/privacy?lang=es").text
    plain = client.page("/events/spring-assembly").text
    assert "Spring Assembly" in plain
    assert "Asamblea" not in plain
    # What machines read stays as it was written.
    assert client.get("/events/spring-assembly/agenda.json?lang=es").get_json()["title"] == FILE["event"]["title"]  # fmt: skip


def test_an_answer_in_spanish_is_kept_as_it_was_written(app, client, loaded):
    app.config["SIGNUP_MIN_SECONDS"] = 0
    address = "/events/spring-assembly/signup?lang=es"
    form = client.page(address).text
    assert "¿Cómo te enteraste?" in form
    assert re.search(r'value="A"><label [^>]+>Por la radio</label>', form)
    assert re.search(r'value="B"><label [^>]+>B</label>', form)
    assert "Solo si respondiste «Por la radio» a «¿Cómo te enteraste?»." in form
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    sent = {"name": "Ana", "email": "ana@example.org", "consent": "yes", "csrf_token": token}
    wrong = client.post(address, data=sent)
    assert wrong.status_code == 422
    assert "¿Cómo te enteraste?" in wrong.get_data(as_text=True)
    answer = client.post(address, data=sent | {"q_heard": "A", "access": "Captions"})
    assert answer.status_code == 303
    with app.app_context():
        signup = db.session.query(Signup).one()
        assert [a.value for a in signup.answers] == ["A"]
        assert signup.access_needs == ["Captions"]
        my = links.my_token(signup)
        mail = db.session.query(OutgoingMail).one()
        assert mail.subject == "Tienes un lugar: Asamblea de primavera: ¿y ahora?"
        assert "Asamblea de primavera" in mail.text
        assert "SUMMARY:Asamblea de primavera: ¿y ahora?" in mail.calendar.replace("\r\n ", "")
        assert "Spring Assembly" not in mail.text + mail.html + mail.calendar
    page = client.page(f"/my/{my}").text
    for text in (
        "Asamblea de primavera",
        "Por la radio",
        "Subtítulos",
        "Apertura",
        "text=Asamblea",
    ):
        assert text in page, text
    assert re.search(r'value="A" checked><label [^>]+>Por la radio</label>', client.page(f"/my/{my}/edit").text)  # fmt: skip


def test_each_person_s_mail_is_in_their_language(app, loaded):
    with app.app_context():
        event = queries.by_slug("spring-assembly")
        for language in ("en", "es", "en"):
            mails.confirmed(event, make_signup(event, language=language), NOW)
        subjects = [mail.subject for mail in db.session.query(OutgoingMail).order_by(OutgoingMail.id)]  # fmt: skip
        english = "You have a place: Spring Assembly: What Next?"
        assert subjects == [english, f"Tienes un lugar: {SPANISH['title']}", english]


def test_the_waiting_page_and_the_room_speak_it(app, client):
    with app.app_context():
        event = make_event(make_user(), slug="evening", starts_at=NOW)
        make_session(event, "The opening", key="opening")
        event.translations = {"es": {"texts": {"title": "Una noche", "agenda/opening/title": "La apertura"}, "of": {}}}  # fmt: skip
        db.session.commit()
        token = links.join_token(make_signup(event, language="es"))
        db.session.commit()
    entered = client.post(f"/join/{token}?lang=es")
    room = client.page(entered.location).text
    assert "Una noche" in room
    assert "La apertura" in room
    pulse = re.search(r'data-pulse="([^"]+)"', room)[1].replace("&amp;", "&")
    assert client.post(pulse, data={"connection": "tab"}).get_json()["now"]["title"] == "La apertura"  # fmt: skip
    plain = client.post(pulse.partition("?")[0], data={"connection": "tab"})
    assert plain.get_json()["now"]["title"] == "The opening"


def test_a_translation_is_not_the_organisers_event(app):
    with app.app_context():
        event = make_event(make_user(), language="en", languages=["English"])
        event.translations = {"es": {"texts": {"title": "Una noche"}, "of": {}}}
        seen = texts.shown(event, "es")
        assert (seen.title, seen.slug, seen.languages) == ("Una noche", event.slug, ["English"])
        assert texts.shown(seen, "en") is event
        assert texts.shown(event, "en") is event
        assert texts.shown(event, "fr") is event
        with pytest.raises(AttributeError):
            seen.title = "Otra"
        assert event.title == "An evening about something"


def test_organisers_translate_in_the_browser(app, cast):
    from tests import walk

    with time_machine.travel(NOW, tick=False):
        ada = cast.browser("Ada")
        slug = cast.evening.values["slug"][0]
        address = f"/manage/events/{slug}/languages"
        page = ada.get(address).get_data(as_text=True)
        assert 'name="title"' in page
        token = walk.csrf_token(ada)
        sent = ada.post(f"{address}?to=es", data={"title": " Noche de quetzales ", "nonsense": "x", "csrf_token": token})  # fmt: skip
        assert sent.status_code == 302
        page = ada.get(address).get_data(as_text=True)
        assert 'value="Noche de quetzales"' in page
        assert "Noche de quetzales" in cast.browser(None).get(f"/events/{slug}?lang=es").get_data(as_text=True)  # fmt: skip
        preview = ada.get(f"/manage/events/{slug}/preview?lang=es").get_data(as_text=True)
        assert "Noche de quetzales" in preview
        wrong = ada.post(f"{address}?to=es", data={"title": "x" * 300, "csrf_token": token})
        assert wrong.status_code == 422
        assert "is too long: at most 200 characters." in wrong.get_data(as_text=True)
        assert "x" * 300 in wrong.get_data(as_text=True)
        assert ada.get(f"{address}?to=fr").status_code == 404
        # Cleared, it is as it was written again.
        ada.post(f"{address}?to=es", data={"csrf_token": token})
        with cast.app.app_context():
            assert db.session.query(Event).filter_by(slug=slug).one().translations == {}


def test_a_question_that_was_renamed_is_said_so(app):
    with app.app_context():
        event = make_event(make_user())
        question = Question(event_id=event.id, key="city", label="Your city", type="text")
        db.session.add(question)
        db.session.flush()
        sources = event_file.text_sources(event)
        event.translations = {"es": texts.checked({"questions/city/label": "Tu ciudad"}, sources)}
        question.label = "Your country"
        db.session.flush()
        assert texts.missing(event, "es", event_file.text_sources(event)).older == ["questions/city/label"]  # fmt: skip
