"""The organisers' own words in the mails that attendees get."""

from __future__ import annotations

import datetime as dt
import re
import threading
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup
from tests.mail.messages import FOLDER, MESSAGES
from webapp.db import db
from webapp.events.models import Event
from webapp.mail import kinds, letters, placeholders, texts
from webapp.mail.kinds import Text
from webapp.mail.models import OutgoingMail
from webapp.mailing import invitation_texts as _invitation_texts
from webapp.mailing import inviting
from webapp.mailing import mail_texts as _mailing_texts
from webapp.mailing import mails as mailing
from webapp.signup import examples, mail_texts, mails
from webapp.signup.invitations.models import Invitation

# Each package declares its own.
assert mail_texts
assert _mailing_texts
assert _invitation_texts
KINDS = dict(kinds.declared())
LINKS = re.compile(r"https?://[^\s<>\"]+")


def write(event: Event, key: str, subject: str, body: str, language: str = "en") -> None:
    """As an organiser saves it."""
    now = texts.current(event.id, key, language)
    seen = now.revision if now else 0
    text = Text(subject, body)
    _changed, event.mail_texts = texts.save(event.id, key, language, text, seen=seen, at=NOW, by="ada@example.org")  # fmt: skip
    event.touch()
    db.session.commit()


def latest() -> OutgoingMail:
    return db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()  # type: ignore[return-value]  # there is one


class Words(HTMLParser):
    """The visible words of a mail's body, without its foot and the preview line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: set[str] = set()
        self.depth = 0
        self.skip: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "meta", "hr"):
            return
        self.depth += 1
        given = dict(attrs)
        if self.skip is None and (given.get("class") == "preview" or tag in ("style", "title")):
            self.skip = self.depth
        if tag == "a" and given.get("href"):
            self.links.add(str(given["href"]))

    def handle_endtag(self, tag: str) -> None:
        if self.skip == self.depth:
            self.skip = None
        self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.skip is None:
            self.words += data.split()


def seen(html: str) -> tuple[str, set[str]]:
    reader = Words()
    reader.feed(html)
    return " ".join(reader.words), reader.links


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("key", KINDS)
def test_who_writes_the_default_gets_the_default(key: str) -> None:
    """What the editor shows as the default is what goes out without any words of the organisers' own."""
    kind = KINDS[key]
    for language in ("en", "es"):
        for mode in ("online", "in_person"):
            event = make_event(
                host_url="https://friends.example.org", mode=mode, summary="How it is done."
            )
            person = make_signup(event, "Ana Álvarez", language=language)
            with examples.force_locale(language):
                text = kind.default()
            assert kind.problems(text) == {}
            assert kind.missing(text.body) == []
            default, same = (
                letter.completed(words)
                for own in (None, text)
                for letter, words in [examples.letter(kind, own, language, event, person, NOW)]
            )
            assert same[0] == default[0]
            words, links = seen(default[2])
            own_words, own_links = seen(same[2])
            if "invite_others" in kind.placeholders:
                # Some defaults say it in one line.
                words, own_words = words.partition("http://turnout.test/events")[0][:120], own_words[:120]  # fmt: skip
            assert own_words == words
            assert own_links == links
            assert set(LINKS.findall(same[1])) == own_links


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("key", KINDS)
def test_what_a_mail_cannot_do_without_stands_below(key: str) -> None:
    event, kind = make_event(), KINDS[key]
    person = make_signup(event)

    def links_and_text(text: Text) -> tuple[set[str], str, str]:
        letter, words = examples.letter(kind, text, "en", event, person, NOW)
        _subject, plain, html = letter.completed(words)
        return set(LINKS.findall(plain)), plain, html

    found, text, html = links_and_text(Text("Hello", "Only these words."))
    assert text.startswith("Only these words.\n")
    # The public page is no essential of those.
    if key not in ("confirm_address", "thank_you", "stayed", "missed_you"):
        assert found == links_and_text(kind.default())[0]
    assert seen(html)[1] == found


def test_every_mail_is_editable_or_known_why_not() -> None:
    ours = {
        "blast": "an organiser writes it anew each time",
        "cohost_removals": "goes to a co-host: whom to remove",
        "handover_waiting": "goes to organisers",
        "trial": "goes to whoever tries out the mail server",
        "_written": "is what own words are drawn with",
    }
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert folders == {kind.message for kind in KINDS.values()} | set(ours)


@pytest.mark.usefixtures("context")
def test_what_must_be_right_stays_ours_whatever_is_written() -> None:
    """The new time, the honest number, that it is called off, what deleting means, and the way out."""
    event = make_event(summary="How it is done.")
    person = make_signup(event)
    for key, said in {
        "changed": [
            "Tuesday, 6 April 2027, 19:00 to 20:45",
            "Before, it was",
            "Monday, 5 April 2027",
        ],
        "event_cancelled": ["Called off: An evening about something"],
        "report_published": ["Here stands the headline of the report", "/report", "/unsubscribe/"],
        "thank_you": ["Watch the recording", "/unsubscribe/"],
        "invitation": ["/invitation/", "/unsubscribe/"],
        "erase_link": ["It cannot be undone.", "•••••"],
    }.items():
        letter, words = examples.letter(KINDS[key], Text("Hi", "Hi."), "en", event, person, NOW)
        html = letter.completed(words)[2]
        assert [one for one in said if one not in html] == [], key


@pytest.mark.usefixtures("context")
def test_every_mail_goes_out_in_own_words_with_its_facts() -> None:
    """As it is queued in life: under its own key, with a link of its own, and what it cannot do without."""
    event = make_event(starts_at=NOW + dt.timedelta(days=5), host_url="https://friends.example.org")
    ana = make_signup(event, "Ana", offer_expires_at=NOW + dt.timedelta(minutes=30))
    for key, kind in KINDS.items():
        # Somebody who is invited may have no name.
        greeting = kind.placeholders.get("name") or kind.placeholders["greeting"]
        write(event, key, f"Own {key}: {{event}}", f"Own words for {greeting}")
    after = {"recording_url": "https://video.example.org/1", "report_url": ""}
    unknown = Invitation(event_id=event.id, public_id="x" * 22, name="", email="eva@example.org", language="en")  # fmt: skip
    special: dict[str, Any] = {
        "is_on": lambda: mailing.join_now(event, ana, NOW, is_on=True).post(),
        "stayed": lambda: mailing.thank_you(event, ana, NOW, stayed=True, **after).post(),
        "invitation_again": lambda: inviting.invitation(event, unknown, NOW, again=True).post(),
        "gave_back": lambda: mails.cancelled(event, ana, NOW, by="person", had_place=True),
        "taken_back": lambda: MESSAGES["cancelled"](event, ana),
    }
    for key in KINDS:
        if key in special:
            special[key]()
        else:
            MESSAGES[key](event, ana)
        mail = latest()
        assert mail.subject == f"Own {key}: {event.title}"
        assert mail.message == KINDS[key].message
        assert set(LINKS.findall(mail.text)) == seen(mail.html)[1]
        assert bool(mail.unsubscribe_url) is KINDS[key].is_news
        if mail.unsubscribe_url:
            assert mail.unsubscribe_url in mail.text
        if key == "stayed":
            # A recording, and nothing of a report that there is not.
            assert "https://video.example.org/1" in mail.text
            assert "report" not in mail.text


@pytest.mark.usefixtures("context")
def test_a_greeting_fits_who_has_no_name() -> None:
    event = make_event(host_name="")
    for name, greeting in (("", "Hello, the organisers"), ("Ana", "Hello Ana, the organisers")):
        person = make_signup(event)
        person.name = name
        text = KINDS["invitation"].default()
        letter, words = examples.letter(KINDS["invitation"], text, "en", event, person, NOW)
        assert letter.completed(words)[1].startswith(f"{greeting} invites you:")


@pytest.mark.usefixtures("context")
def test_own_words_go_out_and_the_default_comes_back() -> None:
    event = make_event()
    ana = make_signup(event, "Ana [x](http://evil.example)")
    write(event, "confirmed", "{name}, see you at {event}", "Dear {name},\n\nso **good**.\n\n{join_button}")  # fmt: skip
    mails.confirmed(event, ana, NOW)
    mail = latest()
    assert (
        mail.subject == "Ana [x](http: //evil.\u200bexample), see you at An evening about something"
    )
    assert mail.text.startswith(
        "Dear Ana [x](http: //evil.\u200bexample),\n\nso good.\n\nJoin here."
    )
    assert "so <strong>good</strong>." in mail.html
    assert "evil.example" not in mail.html
    assert 'href="http: //evil' not in mail.html
    assert mail.message == "confirmed"
    assert mail.calendar_method == "REQUEST"
    assert [s for s in mail.secrets if s in mail.text] == mail.secrets[:3]
    texts_now = texts.save(event.id, "confirmed", "en", None, seen=1, at=NOW, by="ada@example.org")
    assert texts_now == (True, None)


@pytest.mark.usefixtures("context")
def test_each_gets_the_words_of_their_language() -> None:
    event = make_event()
    ana, eva = make_signup(event, language="es"), make_signup(event, language="en")
    write(event, "confirmed", "¡Hola!", "¡Qué bien, {name}!", "es")
    mails.confirmed(event, ana, NOW)
    assert latest().subject == "¡Hola!"
    assert 'lang="es"' in latest().html
    mails.confirmed(event, eva, NOW)
    assert latest().subject == "You have a place: An evening about something"


@pytest.mark.usefixtures("context")
def test_an_event_in_a_language_the_site_does_not_speak_is_read_in_its_own() -> None:
    event = make_event(language="fr")
    write(event, "confirmed", "Bienvenue", "Bonjour {name}", "fr")
    mails.confirmed(event, make_signup(event, language="es"), NOW)
    assert latest().subject == "Bienvenue"


@pytest.mark.usefixtures("context")
def test_an_answer_of_the_organisers_is_told_apart_from_an_answer_to_the_person() -> None:
    event = make_event()
    ana = make_signup(event)
    write(event, "gave_back", "As you wish", "{news}")
    mails.cancelled(event, ana, NOW, by="person", had_place=True)
    assert latest().subject == "As you wish"
    assert latest().text.startswith("you gave your place back.")
    mails.cancelled(event, ana, NOW, by="organiser", reason="Too full", had_place=True)
    assert latest().subject == "Your place was taken back: An evening about something"


def test_own_words_cost_a_sign_up_no_statement(
    app: Flask, make: Any, visitor: Any, house: Any, count_queries: Any
) -> None:
    make()
    with app.app_context():
        event = db.session.scalars(sa.select(Event)).one()
        write(event, "confirmed", "Come", "Hello {name}")
    visitor.send(email="first@example.org")
    token = visitor.form("evening")
    with count_queries() as counted:
        visitor.send(email="second@example.org", token=token)
    assert house.mails()[-1].subject == "Come"
    assert len(counted) <= 10


@pytest.mark.usefixtures("context")
def test_somebody_who_comes_second_is_told() -> None:
    event = make_event()
    write(event, "confirmed", "One", "One")
    with pytest.raises(texts.Refused) as refusal:
        texts.save(
            event.id, "confirmed", "en", Text("Two", "Two"), seen=0, at=NOW, by="ben@example.org"
        )
    assert refusal.value.code == texts.CHANGED


@pytest.mark.usefixtures("context")
def test_only_so_many_versions_are_kept() -> None:
    event = make_event()
    for number in range(25):
        write(event, "confirmed", f"Number {number}", "x")
    kept = texts.versions(event.id, "confirmed", "en")
    assert [row.revision for row in kept] == list(range(25, 5, -1))
    assert [row.is_current for row in kept] == [True] + [False] * 19


@pytest.mark.case("D23")
def test_each_of_200_mails_is_wholly_old_or_wholly_new(app: Flask) -> None:
    """Somebody rewrites the words again and again while people sign up."""
    with app.app_context():
        event = make_event()
        people = [make_signup(event).id for _number in range(200)]
        write(event, "confirmed", "Words 0", "These are words 0 {name}")
        event_id = event.id
    stop, wrote = threading.Event(), []

    def rewrite() -> None:
        number = 0
        while not stop.is_set() and number < 50:
            number += 1
            with app.app_context():
                row = db.session.get(Event, event_id, with_for_update=True)
                assert row is not None
                write(row, "confirmed", f"Words {number}", f"These are words {number} {{name}}")
                wrote.append(number)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for start in range(0, 200, 4):
            with app.app_context():
                found = db.session.get(Event, event_id)
                assert found is not None
                for signup_id in people[start : start + 4]:
                    mails.confirmed(found, db.session.get(mails.Signup, signup_id), NOW)  # type: ignore[arg-type]  # they are there
                db.session.commit()
    finally:
        stop.set()
        writer.join()
    assert wrote
    with app.app_context():
        said = [
            (re.findall(r"\d+", mail.subject)[0], re.findall(r"are words (\d+) Person", mail.text),
             re.findall(r"are words (\d+) Person", mail.html))
            for mail in db.session.scalars(sa.select(OutgoingMail))
        ]  # fmt: skip
    assert len(said) == 200
    assert [one for one in said if [one[0]] != one[1] or one[1] != one[2]] == []
    assert len({one[0] for one in said}) > 1


@pytest.mark.case("D45")
@pytest.mark.usefixtures("context")
def test_the_language_of_templates_is_text_in_an_organisers_words() -> None:
    event = make_event()
    literal = "{{7*7}} {0.__class__} %(x)s ${7*7}"
    write(event, "confirmed", f"S {literal}", f"B {literal}")
    mails.confirmed(event, make_signup(event, "{{7*7}}"), NOW)
    mail = latest()
    assert mail.subject == f"S {literal}"
    assert f"B {literal}\n" in mail.text
    assert f"B {literal}</p>" in mail.html


def test_marks_of_letters_pass_through_the_words(app: Flask) -> None:
    """The words are made once for many people: what stands in for a name survives Markdown."""
    with app.app_context():
        values = placeholders.Values({"name": f"{letters._MARK}nameqz"}, {"my_page": f"{letters._MARK}my_urlqz"})  # fmt: skip
        (part,) = placeholders.written("x", "**{name}** [a]({my_page}) {my_page}", values).parts
        assert part.html.count(f"{letters._MARK}my_urlqz") == 3
        assert SimpleNamespace(text=part.text).text.count(letters._MARK) == 3
