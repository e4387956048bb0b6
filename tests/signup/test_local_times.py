"""Times in mails stand in the person's zone too, where it is another one; and people choose both."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from webapp.db import db
from webapp.mail.models import OutgoingMail
from webapp.signup import links, mails
from webapp.signup.models import Signup, SignupChange

LONDON = "When: Tuesday, 6 April 2027, 19:00 to 20:45, London time"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def _mail(**person):
    event = make_event(make_user())
    mails.confirmed(event, make_signup(event, **person), NOW)
    return db.session.query(OutgoingMail).one()


@pytest.mark.parametrize(
    ("zone", "language", "said"),
    [
        ("America/La_Paz", "en", "On your own clock: Tuesday, 6 April 2027, 14:00 to 15:45 (La Paz time)"),
        ("America/La_Paz", "es", "En tu reloj: martes, 6 de abril de 2027, de 14:00 a 15:45 (hora de La Paz)"),
        ("Pacific/Auckland", "en", "On your own clock: Wednesday, 7 April 2027, 06:00 to 07:45 (Auckland time)"),
        # The same clock under another name says nothing new.
        ("Europe/Lisbon", "en", None),
        ("Europe/London", "en", None),
        (None, "en", None),
    ],
)  # fmt: skip
def test_a_mail_says_when_it_is_where_the_person_is(context, zone, language, said):
    mail = _mail(timezone=zone, language=language)
    if said:
        assert said in mail.text
        assert said.partition(": ")[2] in mail.html
    else:
        assert "On your own clock" not in mail.text + mail.html
    if language == "en":
        assert LONDON in mail.text


def test_one_letter_serves_all_zones(app, context):
    event = make_event(make_user())
    for zone in ("America/La_Paz", "Asia/Tokyo", "America/Lima"):
        mails.confirmed(event, make_signup(event, timezone=zone), NOW)
    assert len(app.extensions["mail_cache"]) == 1
    said = [mail.text.partition("On your own clock: ")[2].partition("\n")[0] for mail in db.session.query(OutgoingMail).order_by(OutgoingMail.id)]  # fmt: skip
    assert [text.rpartition(" (")[2] for text in said] == [
        "La Paz time)",
        "Tokyo time)",
        "Lima time)",
    ]


def test_the_deadline_of_an_offer_too(context):
    event = make_event(make_user())
    signup = make_signup(event, status="offered", timezone="America/La_Paz")
    signup.offer_expires_at = NOW + dt.timedelta(minutes=30)
    mails.offer(event, signup, NOW)
    text = db.session.query(OutgoingMail).one().text
    assert "6 Apr 2027, 18:30 (London time); for you 6 Apr 2027, 13:30 (La Paz time)" in " ".join(text.split())  # fmt: skip


def test_people_choose_their_language_and_zone(app, client):
    with app.app_context():
        event = make_event(make_user(), slug="evening")
        my = links.my_token(make_signup(event, name="Ana"))
        db.session.commit()
    page = client.page(f"/my/{my}/edit").text
    assert '<option value="en" lang="en" selected>English</option>' in page
    assert '<optgroup label="America">' in page
    data = {"name": "Ana", "language": "es", "timezone": "America/La_Paz"}
    saved = client.post(f"/my/{my}/edit?lang=en", data=data)
    # What they have just chosen counts, not what the address said before.
    assert saved.location == f"/my/{my}?said=edited"
    assert "Ana, tienes un lugar" in client.page(saved.location).text
    page = client.page(f"/my/{my}/edit").text
    assert '<option value="America/La_Paz" selected>La Paz</option>' in page
    with app.app_context():
        signup = db.session.query(Signup).one()
        assert (signup.language, signup.timezone) == ("es", "America/La_Paz")
        (change,) = db.session.query(SignupChange).filter_by(what="edited")
        assert change.details == {"language": ["en", "es"], "timezone": [None, "America/La_Paz"]}
    # A language that the site does not speak, and no zone at all.
    client.post(f"/my/{my}/edit", data={"name": "Ana", "language": "xx", "timezone": "Mars"})
    with app.app_context():
        signup = db.session.query(Signup).one()
        assert (signup.language, signup.timezone) == ("es", None)


def test_a_name_from_right_to_left_keeps_its_place(context):
    mail = _mail(name="عائشة")
    assert "Hello \u2068عائشة\u2069," in mail.text
    assert "Hello \u2068عائشة\u2069," in mail.html
    assert "\u2068" not in (mail.calendar or "")


def test_the_personal_page_says_it_without_a_script(app, client):
    with app.app_context():
        event = make_event(make_user(), slug="evening")
        my = links.my_token(make_signup(event, timezone="America/La_Paz", language="es"))
        plain = links.my_token(make_signup(event))
        db.session.commit()
    spanish = "En tu reloj: martes, 6 de abril de 2027, de 14:00 a 15:45 (hora de La Paz)"
    assert spanish in client.page(f"/my/{my}").text
    # In the language of the page, whatever the person's is.
    assert "On your own clock: Tuesday, 6 April 2027, 14:00 to 15:45 (La Paz time)" in client.page(f"/my/{my}?lang=en").text  # fmt: skip
    assert "On your own clock" not in client.page(f"/my/{plain}").text
