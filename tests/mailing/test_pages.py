"""The schedule on screen."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.factories import make_event, make_signup, make_user, make_visit
from tests.mailing.conftest import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    coming_event,
    mailings,
    mails,
    put_off,
    run,
)
from tests.signin import sign_in
from tests.signup.test_imports import bring_in, people
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import Membership
from webapp.mailing import operations
from webapp.mailing.reminders import Rule
from webapp.signup.invitations import operations as invitations

BASE = "/manage/events/evening/mail/schedule"


@pytest.fixture
def ada(context: Flask, client: Any) -> Any:
    with time_machine.travel(NOW, tick=False):
        user = make_user("Ada")
        db.session.commit()
        sign_in(client, user)
        yield user


def mine(ada: Any, event: Any) -> Any:
    db.session.add(Membership(event_id=event.id, user_id=ada.id, role="owner", created_at=NOW))
    db.session.commit()
    return event


def said(page: Any) -> str:
    text = "".join(page.tree.find(".//main").itertext())
    return " ".join(text.split())


def test_a_new_event_shows_what_will_go_out_by_itself(ada: Any, client: Any) -> None:
    """Also before the job has seen it for the first time."""
    make_event(ada, slug="evening", starts_at=NOW + 5 * DAY)
    db.session.commit()
    text = said(client.page(BASE))
    assert "10 Apr 2027 18:00 Reminder 24 hours before the start Planned" in text
    assert "11 Apr 2027 17:00 Reminder 1 hour before the start Planned" in text
    assert "11 Apr 2027 18:00 The event starts" in text
    assert "Thank you for coming After the end, with your OK" in text
    assert "Times are London time." in text


def test_it_is_one_line_through_time(ada: Any, client: Any) -> None:
    event = mine(ada, coming_event())
    make_signup(event)
    db.session.commit()
    run(event.starts_at - DAY)
    with time_machine.travel(event.starts_at - HOUR - MINUTE, tick=False):
        sign_in(client, ada)
        text = said(client.page(BASE))
    assert "Sent to one" in text
    assert "everybody who has a place by then: one person so far" in text
    order = ["Reminder 24 hours", "Reminder 1 hour", "The event starts", "The event ends", "Thank you", "Sorry"]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_a_held_mail_can_be_read_stopped_and_sent_at_once(ada: Any, client: Any) -> None:
    event = mine(ada, coming_event())
    ana = make_signup(event, "Ana")
    put_off(event, NOW, HOUR)
    run(NOW)
    (held,) = mailings("changed")
    assert "Goes to one person (everybody who was told otherwise)" in said(client.page(BASE))
    page = client.page(f"{BASE}/{held.id}")
    text = said(page)
    assert f"New time: {event.title}" in text
    assert "Hello Ana," in text
    # The personal links are nobody's reading.
    assert f"/my/{'•' * 5}" in text
    assert ana.public_id not in "".join(page.tree.find(".//pre").itertext())
    frame = client.get(f"{BASE}/{held.id}/html")
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "Hello Ana," in frame.get_data(as_text=True)
    client.send(f"{BASE}/{held.id}/stop", at=BASE)
    assert mailings("changed")[0].state == "stopped"
    assert "no longer held" in said(client.send(f"{BASE}/{held.id}/now", at=BASE, ) and client.page(BASE))  # fmt: skip
    put_off(event, NOW, HOUR)
    run(NOW)
    client.send(f"{BASE}/{mailings('changed')[1].id}/now", at=BASE)
    run(NOW)
    assert [m.to_name for m in mails()] == ["Ana"]
    acts = [e.action for e in db.session.query(AuditEntry).order_by(AuditEntry.id)]
    assert acts[-2:] == ["event.changed", "mailing.released"]


def test_reminders_are_added_changed_switched_and_removed(ada: Any, client: Any) -> None:
    event = mine(ada, coming_event())

    def send(**data: str) -> str:
        client.send(f"{BASE}/reminders", data, at=BASE)
        return said(client.page(BASE))

    assert "Reminder 3 days before the start" in send(act="add", amount="3", unit="days", anchor="start")  # fmt: skip
    text = send(act="change", was=f"start-{3 * 24 * 60}", amount="30", unit="minutes", anchor="end")
    assert "Reminder 30 minutes before the end Planned" in text
    assert "Reminder 30 minutes before the end Switched off" in send(act="off", was="end-30")
    assert "Reminder 30 minutes before the end Planned" in send(act="on", was="end-30")
    send(act="off", was="end-30")
    assert "30 minutes" not in send(act="remove", was="end-30")
    assert "A whole number" in send(act="add", amount="soon", unit="days", anchor="start")
    assert "passed already" in send(act="add", amount="50", unit="days", anchor="start")
    assert "There is a reminder at that time already" in send(act="add", amount="24", unit="hours", anchor="start")  # fmt: skip
    assert [m.number for m in mailings("reminder")] == [24 * 60, 60]
    assert event.state == "published"


@pytest.mark.parametrize(
    "data", [{"act": "explode"}, {"act": "off", "was": "noon-5"}, {"act": "off"}]
)
def test_what_no_form_of_ours_sends_is_a_bad_request(ada: Any, client: Any, data: dict[str, str]) -> None:  # fmt: skip
    mine(ada, coming_event())
    assert client.send(f"{BASE}/reminders", data, at=BASE).status_code == 400


def test_after_the_evening_the_groups_are_counted_and_sent_to_by_a_button(ada: Any, client: Any) -> None:  # fmt: skip
    event = make_event(ada, slug="evening", starts_at=NOW - 3 * HOUR, ended_at=NOW - HOUR)
    for number in range(5):
        signup = make_signup(event, f"Person {number}")
        if number < 3:
            make_visit(event, NOW - 3 * HOUR, NOW - HOUR, signup=signup)
    db.session.commit()
    text = said(client.page(BASE))
    assert "Thank you for coming Waits for your OK who came: 3 people" in text
    assert (
        "Sorry we missed you Waits for your OK who had a place and did not come: 2 people" in text
    )
    page = client.page(f"{BASE}/offer/missed_you")
    assert "Send it to 2 people" in said(page)
    assert "3 people came, 2 people did not." in said(page)
    assert "Hello Person 3," in said(page)
    assert "Hello Person 4," in said(client.page(f"{BASE}/offer/missed_you?person=" + _public_id(page, 1)))  # fmt: skip
    client.send(f"{BASE}/recording", {"recording": "https://video.example.org/1"}, at=BASE)
    client.send(f"{BASE}/offer/missed_you", at=f"{BASE}/offer/missed_you")
    run(NOW + HOUR)
    assert sorted(m.to_name for m in mails()) == ["Person 3", "Person 4"]
    assert "https://video.example.org/1" in mails()[0].text


def _public_id(page: Any, place: int) -> str:
    (select,) = page.tree.iter("select")
    return list(select)[place].get("value")


def test_a_mail_after_the_event_says_why_it_waits(ada: Any, client: Any) -> None:
    mine(ada, coming_event())
    assert "Once the event has really ended" in said(client.page(f"{BASE}/offer/thank_you"))
    assert client.get(f"{BASE}/offer/something").status_code == 404


def test_a_mail_that_cannot_be_sent_yet_is_not_offered(ada: Any, client: Any) -> None:
    """The event is over and nobody is known to have come: the schedule says that, as the mail's page does."""
    event = mine(ada, make_event(slug="evening", starts_at=NOW - 4 * HOUR))
    make_signup(event)
    db.session.commit()
    text = said(client.page(BASE))
    assert "Nobody is known to have come." in text
    assert "Read it and send it" not in text
    assert "Waits for your OK" not in text


def test_the_number_of_queries_does_not_grow(ada: Any, client: Any, count_queries: Any) -> None:
    event = mine(ada, coming_event())

    def queries() -> int:
        with count_queries() as found:
            client.page(BASE)
        return len(found)

    make_signup(event)
    put_off(event, NOW, HOUR)
    run(NOW)
    few = queries()
    for number in range(4):
        operations.add_reminder(event, Rule(200 + number), NOW, ada)
    for _ in range(60):
        make_signup(event)
    run(NOW)
    assert queries() == few
    assert few <= 12


def test_a_mail_is_written_looked_at_tested_and_sent(ada: Any, client: Any) -> None:
    event = mine(ada, coming_event())
    for name, source in (("Ana", "letter"), ("Bea", "letter"), ("Cid", "poster")):
        make_signup(event, name, source=source)
    db.session.commit()
    assert "Write a mail" in said(client.page(BASE))
    address = f"{BASE}/new?source=letter"
    assert "And as chosen in the list of sign-ups: from “letter”" in said(client.page(address))
    words = {
        "subject_en": "Bring a friend",
        "body_en": "Dear {nmae}",
        "attendance": "",
        "status": "",
    }
    refused = client.send(address, words)
    assert refused.status_code == 400
    assert "There is no placeholder {nmae}" in said(refused.parsed)
    assert "Bring a friend" in refused.parsed.text
    kept = client.send(address, words | {"body_en": "Dear {name}"})
    page = client.page(kept.headers["Location"])
    text = said(page)
    assert "Send it to 2 people" in text
    assert "Dear Ana" in text
    assert (
        "everybody who has a place, is on the waiting list or is to be approved, from “letter”"
        in text
    )
    show = kept.headers["Location"]
    assert "Dear Bea" in said(client.page(f"{show}?person=" + _public_id(page, 1)))
    client.send(f"{show}/test", at=show)
    assert [m.to_address for m in mails()] == [ada.email]
    client.send(f"{show}/send", at=show)
    assert "It goes out in ten minutes" in said(client.page(BASE))
    run(NOW + HOUR)
    assert [m.to_name for m in mails()[1:]] == ["Ana", "Bea"]
    assert "Bring a friend Sent to 2" in said(client.page(BASE))
    # What has gone out stays as it was.
    assert client.get(f"{show}/edit").status_code == 302
    assert "no draft any more" in said(client.page(show))


def test_a_draft_can_be_changed_and_thrown_away(ada: Any, client: Any) -> None:
    event = mine(ada, coming_event())
    make_signup(event, "Ana")
    db.session.commit()
    words = {"subject_en": "One", "body_en": "One", "subject_es": "Uno", "body_es": "Uno"}
    show = client.send(f"{BASE}/new", words).headers["Location"]
    edit = client.page(f"{show}/edit")
    assert (edit.field("subject_en"), edit.field("subject_es")) == ("One", "Uno")
    client.send(f"{show}/edit", words | {"subject_en": "Two", "subject_es": "", "body_es": ""})
    (mailing,) = mailings("blast")
    assert [(t.language, t.subject) for t in mailing.texts] == [("en", "Two")]
    assert "Drafts Two" in said(client.page(BASE))
    client.send(f"{show}/discard", at=show)
    assert mailings("blast") == []


def test_the_pages_of_a_blast_are_those_of_no_other_mailing(ada: Any, client: Any) -> None:
    mine(ada, coming_event())
    other = mailings("reminder")[0].id
    assert client.get(f"{BASE}/{other}/edit").status_code == 404


def test_the_list_of_sign_ups_hands_over_whom_it_shows(ada: Any, client: Any) -> None:
    event = mine(ada, coming_event())
    make_signup(event, "Ana", source="letter")
    db.session.commit()
    page = client.page("/manage/events/evening/signups?source=letter&status=confirmed")
    (link,) = [a for a in page.tree.iter("a") if "/mail/schedule/new" in (a.get("href") or "")]
    text = said(client.page(link.get("href")))
    assert "And as chosen in the list of sign-ups: from “letter”" in text
    assert "None of them can be written to" not in text
    # A filter in words, and why it can find nobody to write to.
    text = said(client.page(f"{BASE}/new?proved=no&status=cancelled"))
    assert "And as chosen in the list of sign-ups: address not confirmed" in text
    assert "None of them can be written to: whoever gave up their place" in text
    assert "Cancelled" in text
    assert "None of them can be written to: they have not shown" in said(client.page(f"{BASE}/new?reason=address"))  # fmt: skip


def test_what_is_held_or_waits_stands_on_the_schedule_the_board_and_the_page_of_the_day(ada: Any, client: Any) -> None:  # fmt: skip
    event = mine(ada, coming_event())
    row = bring_in(event, people(3))
    invitations.add_typed(event, "Kim <kim@example.org>", NOW, by=ada)
    db.session.commit()
    pages = ("/manage/events/evening", "/manage/events/evening/mail/today")
    waits = "2 mailings wait for your OK: Confirmation for the list “list” to 3 people; Invitation to one person."  # fmt: skip
    for page in pages:
        assert waits in said(client.page(page))
    offer = f"{BASE}/offer/confirm?list={row.id}"
    text = said(client.page(offer))
    # The mail as one of them gets it, before anybody says yes to it.
    assert "You have a place: An evening about something" in text
    assert "Hello Person 0," in text
    assert "Send it to 3 people" in text
    assert "/my/•••••" in text
    assert "Hello Person 0" in client.get(f"{BASE}/offer/confirm/html?list={row.id}").text
    client.send(f"{BASE}/offer/confirm", {"list": str(row.id)}, at=offer)
    client.send(f"{BASE}/offer/invite/dismiss", at=BASE)
    text = said(client.page(BASE))
    assert "Confirmation for the list “list” Held Goes to 3 people (who came with this list, and has had no mail from us)" in text  # fmt: skip
    assert "Invitation Stopped" in text
    assert "3 people with a place get no reminder" in text
    held = "1 mailing goes out by itself unless you stop it: Confirmation for the list “list” to 3 people, 6 Apr 2027, 18:10 (London time)."  # fmt: skip
    for page in pages:
        text = said(client.page(page))
        assert held in text
        assert "your OK" not in text
    run(NOW + 10 * MINUTE)
    assert "unless you stop it" not in said(client.page(pages[0]))
    assert "get no reminder" not in said(client.page(BASE))
    # A list of another event, or none, opens nothing.
    for wrong in ("", "?list=999", "?list=x"):
        assert client.get(f"{BASE}/offer/confirm{wrong}").status_code == 404


def test_minutes_of_a_stay_that_are_none_are_refused_in_words(ada: Any, client: Any) -> None:
    mine(ada, coming_event())
    for typed in ("abc", "-5", "0", "100000"):
        answer = client.get(f"{BASE}/offer/stayed?minutes={typed}")
        assert answer.status_code == 302, typed
        assert "How many minutes, please? From 1 to 1440." in said(client.page(BASE))
    assert "Thank you for staying 30 minutes" in said(
        client.page(f"{BASE}/offer/stayed?minutes=30")
    )
