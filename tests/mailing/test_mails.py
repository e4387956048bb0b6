"""Every message of this package, read as text and as HTML, in each language: the same facts in both."""

from __future__ import annotations

import html
import re

import pytest

from tests.conftest import NOW
from tests.factories import make_signup
from tests.mailing.conftest import DAY, coming_event
from webapp.db import db
from webapp.events.models import Event
from webapp.mail.letters import Composed
from webapp.mailing import mails
from webapp.mailing.models import MailingText
from webapp.mailing.told import Facts
from webapp.signup.models import Signup

pytestmark = pytest.mark.usefixtures("context")

RECORDING = "https://video.example.org/evening"
REPORT = "http://turnout.test/events/evening/report"
BODY = "Dear {name},\n\n- {event}\n- [your page]({my_page})\n\n{join_button}"
NEWS = ("thank_you", "missed_you", "report_published", "blast")


def composed(message: str, event: Event, signup: Signup) -> Composed:
    facts = Facts.of(event)
    earlier = Facts.read(facts.kept() | {"starts_at": facts.kept()["starts_at"] - 3_600_000})
    after = {"recording_url": RECORDING, "report_url": REPORT}
    text = MailingText(language=signup.language, subject="A word, {name}", body=BODY)
    return {
        "changed": lambda: mails.changed(event, signup, NOW, earlier, facts, knew=True),
        "event_cancelled": lambda: mails.event_cancelled(event, signup, NOW),
        "reminder": lambda: mails.reminder(event, signup, NOW),
        "join_now": lambda: mails.join_now(event, signup, NOW),
        "thank_you": lambda: mails.thank_you(event, signup, NOW, **after),
        "missed_you": lambda: mails.missed_you(event, signup, NOW, door_only=False, **after),
        "report_published": lambda: mails.report_published(event, signup, NOW, report_url=REPORT, headline="Over 1,200 people joined"),
        "blast": lambda: mails.blast(event, signup, NOW, text),
    }[message]()  # fmt: skip


MESSAGES = ("changed", "event_cancelled", "reminder", "join_now", *NEWS)


@pytest.mark.case("D21")
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("message", MESSAGES)
def test_text_and_html_say_the_same(message: str, language: str) -> None:
    event = coming_event(starts_at=NOW + 5 * DAY, host_url="https://friends.example.org")
    signup = make_signup(event, "Ana Álvarez", language=language, timezone="America/La_Paz")
    db.session.commit()
    mail = composed(message, event, signup)
    subject, text, page = mail.texts()
    assert subject.strip()
    assert "\n" not in subject
    shown = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
    flat = " ".join(text.split())
    for said in ("Ana Álvarez", event.title):
        assert said in flat
        assert said in shown or said in html.unescape(subject)
    for part in re.findall(r"\d\d:\d\d", text):
        assert part in shown
    hrefs = set(re.findall(r'href="([^"]+)"', html.unescape(page)))
    addresses = set(re.findall(r"https?://\S+", text))
    assert addresses == {href for href in hrefs if href.startswith("http")}
    assert (mail.words.get("unsubscribe_url", "") in addresses) is (message in NEWS)
    # Nothing is left of a template, and nothing of the other language.
    assert "{" not in text
    assert ("Hello" in flat) is (language == "en" and message != "blast")


@pytest.mark.parametrize("message", MESSAGES)
def test_every_personal_link_is_hidden_from_organisers(message: str) -> None:
    event = coming_event()
    signup = make_signup(event, "Ana")
    db.session.commit()
    mail = composed(message, event, signup)
    _subject, text, _page = mail.texts()
    for address in re.findall(r"https?://\S+/(?:my|join|unsubscribe)/\S+", text):
        assert address in mail.secrets


def test_somebody_in_a_room_gets_no_link_to_join() -> None:
    event = coming_event(mode="in_person")
    signup = make_signup(event)
    db.session.commit()
    for message in ("changed", "reminder", "join_now", "blast"):
        _subject, text, page = composed(message, event, signup).texts()
        assert "/join/" not in text + page, message
