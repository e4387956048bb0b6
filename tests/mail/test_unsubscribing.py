"""Leaving a list: the link, the page, the mail program's own button, and that it holds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.mail.conftest import deliver, put
from tests.receiver import Receiver
from tests.signin import sign_in
from webapp import tokens
from webapp.db import db
from webapp.events import operations as events
from webapp.events.models import Event
from webapp.mail import queries, unsubscribing
from webapp.mail.delivery import Tally
from webapp.mail.models import Unsubscribe
from webapp.mail.unsubscribing import MailList
from webapp.privacy import operations as privacy

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def event(context: Flask) -> Event:
    row = make_event(slug="evening", host_key="friends", host_name="Friends of Something")
    db.session.commit()
    return row


def link(event: Event, address: str = "ana@example.org") -> str:
    """The path of the address that stands in a mail to ``address``."""
    url = unsubscribing.url(MailList(event.host_key, event.id), address)
    assert url.startswith("http://turnout.test/unsubscribe/")
    return url.removeprefix("http://turnout.test")


def rows() -> list[tuple[int | None, str | None]]:
    db.session.rollback()
    return [(row.event_id, row.host_key) for row in db.session.query(Unsubscribe).all()]


def left(event: Event, *addresses: str) -> set[str]:
    return queries.unsubscribed_among(addresses, host_key=event.host_key, event_id=event.id)


@pytest.mark.case("D17")
def test_opening_the_link_changes_nothing(client: Any, event: Event) -> None:
    path = link(event)
    page = client.page(path)
    assert "Mails about “An evening about something”" in page.text
    assert "No more news about this event" in page.text
    assert "ana@example.org" not in page.text
    assert client.head(path).status_code == 200
    assert rows() == []


@pytest.mark.case("D18")
def test_a_mail_programs_button_needs_no_cookie_and_may_be_pressed_again(
    app: Flask, event: Event
) -> None:
    path = link(event)
    for _again in range(2):
        answer = app.test_client(use_cookies=False).post(path, data=ONE_CLICK)
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        assert "Set-Cookie" not in answer.headers
    assert rows() == [(event.id, None)]
    assert left(event, "ana@example.org", "ben@example.org") == {"ana@example.org"}


@pytest.mark.case("D18")
def test_as_a_form_of_parts_too(app: Flask, event: Event) -> None:
    """RFC 8058 lets a mail program choose: multipart/form-data, as here, or urlencoded."""
    answer = app.test_client().post(link(event), data=ONE_CLICK, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert rows() == [(event.id, None)]


@pytest.mark.case("D18")
@pytest.mark.parametrize("spoil", ["cut", "changed", "foreign", "nonsense"])
def test_a_link_that_is_not_ours_is_404(app: Flask, event: Event, spoil: str) -> None:
    path = link(event)
    bad = {
        "cut": path[:-1],
        "changed": path[:-9] + ("A" if path[-9] != "A" else "B") + path[-8:],
        "foreign": "/unsubscribe/" + tokens.sign("my", [event.id, "friends", "0" * 32]),
        "nonsense": "/unsubscribe/" + tokens.sign("unsubscribe", ["friends"]),
    }[spoil]
    client = app.test_client()
    assert client.post(bad, data=ONE_CLICK).status_code == 404
    assert client.get(bad).status_code == 404
    assert rows() == []


def test_people_get_a_page_that_says_so_and_can_come_back(client: Any, event: Event) -> None:
    path = link(event)
    answer = client.post(path, data={"act": "event"})
    assert (answer.status_code, answer.location) == (303, path)
    page = client.page(path)
    assert "Done. No more news about this event." in page.text
    assert "What is about your own" not in page.text
    assert client.post(path, data={"act": "back"}).status_code == 303
    assert "No more news about this event" in client.page(path).text
    assert rows() == []


def test_all_mails_of_a_host_end_for_every_event_of_theirs(client: Any, event: Event) -> None:
    other = make_event(host_key="friends")
    foreign = make_event(host_key="others")
    db.session.commit()
    path = link(event)
    client.post(path, data={"act": "host"})
    assert rows() == [(None, "friends")]
    assert "Done. No more mails from Friends of Something, whatever the event." in client.page(path).text  # fmt: skip
    assert left(other, "ana@example.org") == {"ana@example.org"}
    assert left(foreign, "ana@example.org") == set()
    assert queries.unsubscribed_among(["ana@example.org"], host_key="friends") == {"ana@example.org"}  # fmt: skip
    client.post(path, data={"act": "back"})
    assert left(other, "ana@example.org") == set()


def test_the_end_of_one_events_news_is_no_word_about_the_hosts_others(
    client: Any, event: Event
) -> None:
    other = make_event(host_key="friends")
    db.session.commit()
    client.post(link(event), data=ONE_CLICK)
    assert left(other, "ana@example.org") == set()
    assert queries.unsubscribed_among(["ana@example.org"], host_key="friends") == set()


def test_a_link_without_an_event_is_about_the_host(client: Any, event: Event) -> None:
    url = unsubscribing.url(MailList("friends"), "ana@example.org")
    path = url.removeprefix("http://turnout.test")
    assert "No more such mails" in client.page(path).text
    client.post(path, data=ONE_CLICK)
    assert rows() == [(None, "friends")]
    assert "Done. No more mails from the host" in client.page(path).text


def test_a_link_outlives_its_event(client: Any, event: Event) -> None:
    path = link(event)
    client.post(path, data=ONE_CLICK)
    db.session.delete(event)
    db.session.commit()
    assert rows() == []
    assert "Mails from the host" in client.page(path).text
    assert client.post(path, data=ONE_CLICK).status_code == 200
    assert rows() == [(None, "friends")]


def test_the_same_address_however_it_is_written(event: Event) -> None:
    unsubscribing.end(unsubscribing.read(link(event, "Ana@Example.ORG").rsplit("/", 1)[1]), NOW)
    assert left(event, " ana@example.org ", "ANA@example.org", "a.na@example.org") == {
        " ana@example.org ",
        "ANA@example.org",
    }


def test_thousands_are_asked_about_at_once(event: Event, count_queries: Any) -> None:
    everybody = [f"p{number}@example.org" for number in range(2500)]
    for number in (0, 1000, 2499):
        wish = unsubscribing.Wish(
            MailList("friends", event.id), tokens.mark("unsubscribe", everybody[number])
        )
        assert unsubscribing.end(wish, NOW)
    db.session.commit()
    event_id = event.id
    with count_queries() as queries_made:
        found = queries.unsubscribed_among(everybody, host_key="friends", event_id=event_id)
    assert found == {"p0@example.org", "p1000@example.org", "p2499@example.org"}
    assert len(queries_made) == 3


def test_it_holds_after_the_secret_has_changed(app: Flask, event: Event) -> None:
    path = link(event)
    unsubscribing.end(unsubscribing.read(path.rsplit("/", 1)[1]), NOW)
    app.config["SECRET_KEY_FALLBACKS"] = [app.config["SECRET_KEY"]]
    app.config["SECRET_KEY"] = "another secret that only the test suite knows"
    app.extensions.pop("tokens", None)
    try:
        assert left(event, "ana@example.org") == {"ana@example.org"}
        assert unsubscribing.ended(unsubscribing.read(path.rsplit("/", 1)[1]))
    finally:
        app.extensions.pop("tokens", None)


def test_it_outlives_the_persons_data_and_holds_none_of_it(event: Event) -> None:
    ana = make_signup(event, "Ana", email="ana@example.org")
    url = unsubscribing.url(MailList(event.host_key, event.id), "ana@example.org")
    mail = put(event_id=event.id, person=ana.public_id, unsubscribe_url=url)
    unsubscribing.end(unsubscribing.read(url.rsplit("/", 1)[1]), NOW)
    privacy.erase_signup(ana, NOW, by="ana")
    db.session.commit()
    assert left(event, "ana@example.org") == {"ana@example.org"}
    [row] = db.session.execute(sa.select(Unsubscribe.__table__)).all()
    assert "ana" not in str(row)
    db.session.refresh(mail)
    assert (mail.unsubscribe_url, mail.secrets) == (None, [])


def test_what_was_queued_before_is_not_sent_after(receiver: Receiver, event: Event) -> None:
    mail_list = MailList(event.host_key, event.id)
    mails = [
        put(
            f"{name}@example.org", lane="blast",
            unsubscribe_url=unsubscribing.url(mail_list, f"{name}@example.org"),
        )
        for name in ("ana", "ben")
    ]  # fmt: skip
    own = put("ana@example.org")
    unsubscribing.end(unsubscribing.read((mails[0].unsubscribe_url or "").rsplit("/", 1)[1]), NOW)
    db.session.commit()
    assert deliver() == Tally(sent=2, suppressed=1)
    assert [m.to for m in receiver.messages] == ["ana@example.org", "ben@example.org"]
    assert (mails[0].state, mails[0].last_reply) == ("suppressed", "unsubscribed")
    assert (mails[1].state, own.state) == ("sent", "sent")


@pytest.mark.case("D18")
def test_the_header_stands_only_in_mails_of_a_list(receiver: Receiver, event: Event) -> None:
    url = unsubscribing.url(MailList(event.host_key, event.id), "ben@example.org")
    put("ana@example.org")
    put("ben@example.org", unsubscribe_url=url, lane="reminder")
    assert deliver() == Tally(sent=2)
    own, news = receiver.messages
    assert own.message["List-Unsubscribe"] is None
    assert news.message["List-Unsubscribe"] == f"<{url}>"


def test_an_organiser_does_not_see_the_link(client: Any, event: Event) -> None:
    ada = make_user("Ada", role="admin")
    url = unsubscribing.url(MailList(event.host_key, event.id), "ana@example.org")
    mail = put(event_id=event.id, unsubscribe_url=url, context={"cancel": url}, lane="blast")
    mail.state, mail.last_reply = "suppressed", "unsubscribed"
    db.session.commit()
    sign_in(client, ada)
    page = client.page(f"/manage/events/evening/mail/{mail.id}")
    assert url not in page.text
    assert "/unsubscribe/•••••" in page.text
    assert "this person wants no such mails" in page.text
    assert "this person wants no such mails" in client.page("/manage/events/evening/mail").text


def test_ending_all_mails_of_a_host_without_a_name_ends_nobody_elses(context: Flask) -> None:
    made = [
        events.create(
            {"title": "An evening", "starts_at": NOW, "ends_at": NOW + dt.timedelta(hours=1), "timezone": "UTC"},
            at=NOW, by=make_user(name),
        )
        for name in ("Ada", "Ben")
    ]  # fmt: skip
    link = unsubscribing.url(MailList(made[0].host_key), "ana@example.org")
    assert unsubscribing.end(unsubscribing.read(link.rpartition("/")[2]), NOW)
    ended = [
        unsubscribing.among(["ana@example.org"], MailList(event.host_key, event.id))
        for event in made
    ]
    assert ended == [{"ana@example.org"}, set()]
