"""What organisers write to some of the people: to the right ones, once, as it was when it was let go."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import NOW
from tests.factories import make_signup, make_user, make_visit
from tests.mailing.conftest import DAY, HOUR, MINUTE, coming_event, mailings, mails, run
from webapp.accounts.models import User
from webapp.db import db
from webapp.errors import Refused
from webapp.events.models import Event
from webapp.mail import unsubscribing
from webapp.mailing import operations, queries
from webapp.mailing.models import Mailing
from webapp.mailing.operations import blasts
from webapp.mailing.writing import Whom, Words
from webapp.privacy import operations as privacy
from webapp.signup import links
from webapp.signup import operations as signup_operations
from webapp.signup.choosing import Choice

pytestmark = pytest.mark.usefixtures("context")
HELLO = Words("A word to {name}", "Hello **{name}**, see you at {event}.\n\n{join_button}")


@pytest.fixture
def ada(context: object) -> User:
    return make_user("Ada")


def draft(
    event: Event, ada: User, texts: Mapping[str, Words] | None = None, **whom: Any
) -> Mailing:
    choice = Choice(**whom.pop("choice", {}))
    mailing = blasts.write(event, Whom(choice, **whom), texts or {"en": HELLO}, NOW, ada)
    db.session.commit()
    return mailing


def send(event: Event, ada: User, mailing: Mailing) -> None:
    blasts.hold(mailing, event, NOW, ada)
    db.session.commit()
    run(NOW + 10 * MINUTE)


def test_it_is_held_and_then_goes_to_each_person_once(ada: User) -> None:
    event = coming_event()
    people = [make_signup(event, name) for name in ("Ana", "Bea", "Cid")]
    mailing = draft(event, ada)
    blasts.hold(mailing, event, NOW, ada)
    db.session.commit()
    run(NOW + 9 * MINUTE)
    assert mails() == []
    run(NOW + 10 * MINUTE)
    run(NOW + 11 * MINUTE)
    assert [m.subject for m in mails()] == [f"A word to {p.name}" for p in people]
    mail = mails()[0]
    assert (mail.message, mail.lane, mail.expires_at) == ("blast", "blast", event.closes_by)
    assert "Hello Ana, see you at An evening about something." in " ".join(mail.text.split())
    assert "<strong>Ana</strong>" in mail.html
    for text in (mail.text, mail.html):
        assert links.join_url(people[0]) in text
        assert mail.unsubscribe_url in text
    assert links.join_url(people[0]) in mail.secrets
    (done,) = mailings("blast")
    assert (done.state, done.total, done.queued, done.passed_over) == ("done", 3, 3, 0)


def test_only_those_chosen_who_can_be_written_to(ada: User) -> None:
    event = coming_event()
    make_signup(event, "Ana", source="letter")
    make_signup(event, "Bea", source="poster")
    make_signup(event, "Cid", source="letter", status="waitlisted", confirmed_at=None)
    make_signup(event, "Dan", source="letter", status="cancelled", cancelled_by="person")
    make_signup(event, "Eli", source="letter", status="pending", pending_reason="address")
    send(event, ada, draft(event, ada, choice={"source": "letter"}))
    assert [m.to_name for m in mails()] == ["Ana", "Cid"]
    # Who waits for a place has no link to join: the button is not there.
    assert "/join/" in mails()[0].text
    assert "/join/" not in mails()[1].text + mails()[1].html


@pytest.mark.parametrize(
    ("attendance", "minutes", "names"),
    [("came", 0, ["Ana", "Bea"]), ("absent", 0, ["Cid"]), ("stayed", 30, ["Ana"])],
)
def test_by_what_is_known_of_the_evening(ada: User, attendance: str, minutes: int, names: list[str]) -> None:  # fmt: skip
    event = coming_event(starts_at=NOW - HOUR, started_at=NOW - HOUR)
    ana, bea, _cid = (make_signup(event, name) for name in ("Ana", "Bea", "Cid"))
    make_visit(event, NOW - HOUR, NOW, signup=ana)
    make_visit(event, NOW - HOUR, NOW - 50 * MINUTE, signup=bea)
    send(event, ada, draft(event, ada, attendance=attendance, minutes=minutes))
    assert [m.to_name for m in mails()] == names


def test_who_is_chosen_is_fixed_with_the_ok_and_who_left_since_gets_nothing(
    ada: User,
) -> None:
    event = coming_event()
    ana, bea, _cid, _dan = (make_signup(event, name) for name in ("Ana", "Bea", "Cid", "Dan"))
    mailing = draft(event, ada)
    blasts.hold(mailing, event, NOW, ada)
    db.session.commit()
    # Somebody confirmed a mail to four people: it goes to nobody else.
    make_signup(event, "Early")
    assert operations.reach(mailing, event).people == 4
    assert operations.end_hold(mailing.id, NOW + 10 * MINUTE)
    make_signup(event, "Late")
    signup_operations.cancel(ana, NOW + 10 * MINUTE)
    privacy.erase_signup(bea, NOW + 10 * MINUTE, by="the person")
    db.session.commit()
    run(NOW + 10 * MINUTE)
    assert [m.to_name for m in mails("blast")] == ["Cid", "Dan"]


@pytest.mark.case("D23")
def test_words_that_change_while_it_goes_out_never_mix(ada: User) -> None:
    event = coming_event()
    for _ in range(200):
        make_signup(event)
    mailing = draft(event, ada, {"en": Words("Old", "Old words for {name}")})
    blasts.hold(mailing, event, NOW, ada)
    db.session.commit()
    operations.end_hold(mailing.id, NOW + 10 * MINUTE)
    db.session.commit()
    assert operations.batch(mailing.id, NOW + 10 * MINUTE, size=70) == 70
    db.session.commit()
    with pytest.raises(Refused) as refusal:
        blasts.rewrite(mailing, Whom(Choice()), {"en": Words("New", "New words")})
    assert refusal.value.code == "no_draft"
    db.session.rollback()
    run(NOW + 11 * MINUTE)
    assert len(mails()) == 200
    assert {m.subject for m in mails()} == {"Old"}
    assert all("Old words for Person" in m.text and "Old words for" in m.html for m in mails())


def test_stopped_it_is_a_draft_again_and_can_be_changed(ada: User) -> None:
    event = coming_event()
    make_signup(event)
    mailing = draft(event, ada)
    blasts.hold(mailing, event, NOW, ada)
    operations.stop(mailing, NOW, ada)
    db.session.commit()
    run(NOW + HOUR)
    assert mails() == []
    blasts.rewrite(mailing, Whom(Choice()), {"en": Words("New", "New words")})
    db.session.commit()
    send(event, ada, mailing)
    assert [m.subject for m in mails()] == ["New"]


def test_everybody_reads_their_own_language_where_it_is_written(ada: User) -> None:
    event = coming_event()
    for name, language in (("Ana", "es"), ("Bob", "en"), ("Chloé", "fr")):
        make_signup(event, name, language=language)
    texts = {"en": Words("Hello", "Hello {name}"), "es": Words("Hola", "Hola, {name}: {when}")}
    send(event, ada, draft(event, ada, texts))
    assert [(m.to_name, m.subject) for m in mails()] == [("Ana", "Hola"), ("Bob", "Hello"), ("Chloé", "Hello")]  # fmt: skip
    assert "hora de Londres" in mails()[0].text


@pytest.mark.case("D45")
def test_what_looks_like_a_template_stays_as_it_is_written(ada: User) -> None:
    event = coming_event()
    make_signup(event, "{{7*7}} {0.__class__}")
    odd = "{{7*7}} {0.__class__} %(x)s ${7*7}"
    send(event, ada, draft(event, ada, {"en": Words(odd, f"{odd} for {{name}}")}))
    (mail,) = mails()
    assert mail.subject == odd
    for part in odd.split():
        assert part in mail.text
        assert part in mail.html
    assert "49" not in mail.text.replace(str(mail.unsubscribe_url), "")
    assert "{{7*7}} {0.__class__}" in mail.text.split("for", 1)[1]


@pytest.mark.case("D43")
def test_a_name_never_becomes_a_link_or_markup(ada: User) -> None:
    event = coming_event()
    make_signup(event, "[Click](http://evil.example) <b>now</b> http://evil.example")
    send(event, ada, draft(event, ada, {"en": Words("To {name}", "Dear {name}")}))
    (mail,) = mails()
    assert 'href="http://evil.example' not in mail.html
    assert "<b>now</b>" not in mail.html
    assert "http://evil.example" not in mail.text


@pytest.mark.case("D19")
def test_a_name_with_a_line_break_adds_no_header(ada: User) -> None:
    event = coming_event()
    make_signup(event, "Ana\r\nBcc: x@example.org")
    send(event, ada, draft(event, ada, {"en": Words("To {name}", "Dear {name}")}))
    (mail,) = mails()
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert "\n" not in mail.to_name


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (Words("", "Text"), "subject_en"),
        (Words("Subject", ""), "body_en"),
        (Words("Subject", "Hello {nmae}"), "body_en"),
        (Words("With {join_link}", "Text"), "subject_en"),
        (Words("Subject", "[here](example.org)"), "body_en"),
    ],
)
def test_words_that_would_not_do_are_refused_with_their_field(ada: User, words: Words, field: str) -> None:  # fmt: skip
    event = coming_event()
    with pytest.raises(Refused) as refusal:
        blasts.write(event, Whom(Choice()), {"en": words}, NOW, ada)
    assert refusal.value.code == field


@pytest.mark.case("D44")
def test_a_script_is_no_link_and_markup_is_text(ada: User) -> None:
    event = coming_event()
    make_signup(event)
    body = "[here](javascript:alert(1)) <script>alert(1)</script> ![x](https://x.example/x.png)"
    send(event, ada, draft(event, ada, {"en": Words("Subject", body)}))
    html = mails()[0].html
    for forbidden in ('href="javascript', "<script", "<img"):
        assert forbidden not in html


def test_a_mail_to_nobody_is_not_held(ada: User) -> None:
    event = coming_event()
    mailing = draft(event, ada)
    with pytest.raises(Refused) as refusal:
        blasts.hold(mailing, event, NOW, ada)
    assert refusal.value.code == "nobody"


def test_who_wants_no_such_mails_gets_none(ada: User) -> None:
    event = coming_event()
    ana, _bea = make_signup(event, "Ana"), make_signup(event, "Bea")
    url = unsubscribing.url(unsubscribing.MailList(event.host_key, event.id), ana.email or "")
    unsubscribing.end(unsubscribing.read(url.rsplit("/", 1)[1]), NOW)
    send(event, ada, draft(event, ada))
    assert [m.to_name for m in mails()] == ["Bea"]


def test_who_unsubscribes_while_it_waits_in_the_outbox_is_spared_in_every_language(
    ada: User,
) -> None:
    event = coming_event()
    for language in ("en", "es"):
        make_signup(event, language=language)
    send(event, ada, draft(event, ada))
    links_of_lists = [str(m.unsubscribe_url) for m in mails()]
    assert unsubscribing.ended_among(links_of_lists) == set()
    for link in links_of_lists:
        unsubscribing.end(unsubscribing.read(urlsplit(link).path.rsplit("/", 1)[1]), NOW)
    assert unsubscribing.ended_among(links_of_lists) == set(links_of_lists)


def test_a_test_goes_to_whoever_asks_and_opens_nobodys_door(ada: User) -> None:
    event = coming_event()
    make_signup(event)
    mailing = draft(event, ada, {"en": HELLO, "es": Words("Hola", "Hola {name}")})
    assert blasts.test(mailing, event, ada, NOW) == 2
    db.session.commit()
    assert [m.to_address for m in mails()] == [ada.email] * 2
    assert mails()[0].subject == "Test: A word to Ada"
    assert (mails()[0].lane, mails()[0].person, mails()[0].event_id) == ("own", None, None)
    assert "/join/" not in mails()[0].text + mails()[0].html
    assert "/events/evening" in mails()[0].html


def test_a_search_for_somebody_is_forgotten_with_them(ada: User) -> None:
    event = coming_event()
    make_signup(event, "Ana")
    mailing = draft(event, ada, choice={"search": "Ana"})
    assert queries.count(queries.blast(mailing, event)) == 1
    operations.forget_choices(event.id)
    db.session.commit()
    assert mailings("blast")[0].choice is None


def test_after_the_evening_it_is_of_use_for_two_weeks(ada: User) -> None:
    event = coming_event(starts_at=NOW - DAY, ended_at=NOW - HOUR)
    make_signup(event)
    send(event, ada, draft(event, ada))
    assert mails()[0].expires_at == NOW + 10 * MINUTE + 14 * DAY


def test_a_stored_choice_is_the_one_that_was_made(ada: User) -> None:
    choice = {"status": "confirmed", "source": "letter", "tag": "friend"}
    mailing = draft(coming_event(), ada, choice=choice)
    assert dataclasses.asdict(Choice.from_args(mailing.choice or {})) == dataclasses.asdict(Choice(**choice))  # fmt: skip
