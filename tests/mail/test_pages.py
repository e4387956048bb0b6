"""The outbox on screen."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.mail.conftest import CANCEL, JOIN, put
from tests.signin import sign_in
from webapp import clock
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.mail import pauses
from webapp.mail.models import DeliveryPause, OutgoingMail, SuppressedAddress

TOKEN = JOIN.rsplit("/", 1)[1]


@pytest.fixture
def event_id(context: Flask, client: Any) -> int:
    ada = make_user("Ada")
    event = make_event(ada, slug="evening")
    db.session.commit()
    sign_in(client, ada)
    return event.id


@pytest.fixture
def admin(context: Flask, client: Any) -> None:
    dora = make_user("Dora", role="admin")
    db.session.commit()
    sign_in(client, dora)


def test_an_empty_outbox_says_what_it_will_show(client: Any, event_id: int) -> None:
    page = client.page("/manage/events/evening/mail")
    assert "Every mail to the people of this event appears here" in page.text
    assert "No mail server is configured" in page.text


def test_the_list_says_what_became_of_each_mail(client: Any, app: Flask, event_id: int) -> None:
    app.config["MAIL_SERVER"] = "mail.example.org"
    refused = put("bad@example.org", event_id=event_id, to_name="<b>Bad</b>")
    refused.state, refused.tries, refused.last_reply = "refused", 1, "550 5.1.1 No <such> user"
    sent = put("good@example.org", event_id=event_id)
    sent.state, sent.sent_at = "sent", NOW
    other = make_event(slug="other")
    put("elsewhere@example.org", event_id=other.id)
    db.session.commit()
    page = client.page("/manage/events/evening/mail")
    assert "550 5.1.1 No &lt;such&gt; user" in page.text
    assert "&lt;b&gt;Bad&lt;/b&gt;" in page.text
    assert "good@example.org" in page.text
    assert "elsewhere@example.org" not in page.text
    assert "No mail server" not in page.text
    only = client.page("/manage/events/evening/mail?state=refused")
    assert "bad@example.org" in only.text
    assert "good@example.org" not in only.text
    assert client.page("/manage/events/evening/mail?state=nonsense").status == 200


def test_the_list_is_paged_and_asks_the_same_whatever_its_length(
    client: Any, event_id: int, count_queries: Any
) -> None:
    put(event_id=event_id)
    with count_queries() as few:
        client.page("/manage/events/evening/mail")
    for number in range(104):
        put(f"p{number}@example.org", event_id=event_id)
    with count_queries() as many:
        page = client.page("/manage/events/evening/mail")
    assert len(many) == len(few)
    assert page.text.count('class="what"') == 50
    older = db.session.query(OutgoingMail.id).order_by(OutgoingMail.id.desc()).offset(49).first()
    assert older
    second = client.page(f"/manage/events/evening/mail?before={older[0]}")
    third = client.page(f"/manage/events/evening/mail?before={older[0] - 50}")
    assert second.text.count('class="what"') == 50
    assert third.text.count('class="what"') == 5
    assert "Older" not in third.text


def test_a_mail_is_read_without_its_secret_links(client: Any, event_id: int) -> None:
    mail = put(event_id=event_id, secrets=[JOIN, CANCEL], calendar=f"X:{JOIN}")
    path = f"/manage/events/evening/mail/{mail.id}"
    page = client.page(path)
    inner = client.get(f"{path}/html")
    assert inner.status_code == 200
    for text in (page.text, inner.get_data(as_text=True)):
        assert TOKEN not in text
        assert CANCEL not in text
        assert "•••••" in text
    assert "frame-src 'self'" in page.response.headers["Content-Security-Policy"]
    assert f'src="{path}/html"' in page.text
    policy = inner.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy.replace(";", " ").split()
    assert inner.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert inner.headers["Cache-Control"] == "no-store"


def test_on_a_developers_machine_the_links_can_be_followed(
    client: Any, app: Flask, event_id: int
) -> None:
    app.config["ENVIRONMENT"] = "development"
    mail = put(event_id=event_id, secrets=[JOIN])
    page = client.page(f"/manage/events/evening/mail/{mail.id}")
    assert f'<a href="{JOIN}">' in page.text
    assert "the personal links are shown" in page.text


@pytest.mark.case("D31")
def test_a_mail_of_another_event_or_of_an_account_is_not_there(client: Any, event_id: int) -> None:
    other = make_event(slug="other")
    foreign, account = put(event_id=other.id), put()
    db.session.commit()
    for mail in (foreign, account):
        for end in ("", "/html"):
            assert client.get(f"/manage/events/evening/mail/{mail.id}{end}").status_code == 404
        own = put(event_id=event_id)
        path = f"/manage/events/evening/mail/{mail.id}/resend"
        own.state = "sent"
        db.session.commit()
        answer = client.send(path, at=f"/manage/events/evening/mail/{own.id}")
        assert answer.status_code == 404
    assert db.session.query(OutgoingMail).filter_by(event_id=other.id).count() == 1


def test_a_mail_is_sent_again_as_one_of_its_own(client: Any, event_id: int) -> None:
    mail = put(event_id=event_id, person="abc", secrets=[JOIN], lane="reminder")
    mail.state = "sent"
    db.session.commit()
    path = f"/manage/events/evening/mail/{mail.id}"
    answer = client.send(f"{path}/resend", at=path)
    copy = db.session.query(OutgoingMail).order_by(OutgoingMail.id.desc()).first()
    assert copy
    assert copy.id != mail.id
    assert answer.status_code == 302
    assert answer.location == f"/manage/events/evening/mail/{copy.id}"
    assert (copy.state, copy.tries, copy.text, copy.person) == ("queued", 0, mail.text, "abc")
    assert (copy.secrets, copy.lane_rank, copy.html) == ([JOIN], 1, mail.html)
    assert copy.message_id != mail.message_id
    [entry] = db.session.query(AuditEntry).all()
    assert (entry.action, entry.event_id, entry.actor) == (
        "mail.resent",
        event_id,
        "ada@example.org",
    )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "This mail is still on its way."),
        ("held", "Sample people never get mail."),
        ("expired", "It is too late for this mail"),
        ("refused", "This address was refused before"),
    ],
)
def test_a_mail_that_cannot_be_sent_again_says_why(
    client: Any, event_id: int, state: str, words: str
) -> None:
    mail = put(event_id=event_id, expires_at=clock.now() - dt.timedelta(1) if state == "expired" else None)  # fmt: skip
    mail.state = state
    if state == "refused":
        key = "ana@example.org"
        db.session.add(SuppressedAddress(address_key=key, reason="550 5.1.1", at=NOW))
    db.session.commit()
    path = f"/manage/events/evening/mail/{mail.id}"
    answer = client.send(f"{path}/resend", at=path)
    assert answer.location == path
    assert words in client.page(path).text
    assert db.session.query(OutgoingMail).count() == 1


def test_failed_mails_are_tried_again_together(client: Any, event_id: int) -> None:
    mails = [put(f"p{number}@example.org", event_id=event_id) for number in range(3)]
    for mail in mails[:2]:
        mail.state, mail.tries = "failed", 28
    mails[2].state = "sent"
    db.session.commit()
    list_page = "/manage/events/evening/mail"
    assert "Try the 2 given up again" in client.page(list_page).text
    assert client.send(f"{list_page}/retry", at=list_page).status_code == 302
    db.session.expire_all()
    assert [(mail.state, mail.tries) for mail in mails] == [
        ("queued", 0),
        ("queued", 0),
        ("sent", 0),
    ]
    assert "2 mails are tried again now." in client.page(list_page).text


def test_organisers_read_why_mail_waits(client: Any, app: Flask, event_id: int) -> None:
    app.config["MAIL_SERVER"] = "mail.example.org"
    pauses.begin(NOW, "refused", "535 5.7.8 Wrong <password>")
    db.session.commit()
    page = client.page("/manage/events/evening/mail")
    assert "It said “535 5.7.8 Wrong &lt;password&gt;”." in page.text


@pytest.mark.usefixtures("admin")
def test_admins_see_how_mail_is_doing_over_all_events(client: Any, app: Flask) -> None:
    app.config.update(MAIL_SERVER="mail.example.org", MAIL_HOURLY_QUOTA=300)
    put(lane="blast")
    put(lane="own").state = "failed"
    pauses.begin(clock.now(), "refused", "550 5.7.1 Listed")
    db.session.add(SuppressedAddress(address_key="bad@example.org", reason="550 5.1.1 No", at=NOW))
    db.session.commit()
    page = client.page("/admin/mail")
    for words in ("550 5.7.1 Listed", "bad@example.org", "550 5.1.1 No", "300", "Given up"):
        assert words in page.text
    # What anybody's mail says is nobody's reading here.
    assert "ana@example.org" not in page.text

    assert client.send("/admin/mail/try-now", at="/admin/mail").status_code == 302
    assert db.session.query(DeliveryPause).filter_by(ended_at=None).count() == 0
    row = db.session.query(SuppressedAddress).one()
    answer = client.send(f"/admin/mail/suppressed/{row.id}/allow", at="/admin/mail")
    assert answer.status_code == 302
    assert db.session.query(SuppressedAddress).count() == 0
    assert [entry.action for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)] == [
        "mail.pause_ended",
        "mail.address_allowed",
    ]
    assert "None. If a mail server says" in client.page("/admin/mail").text


@pytest.mark.usefixtures("event_id")
def test_an_organiser_is_no_admin(client: Any) -> None:
    assert client.get("/admin/mail").status_code in (403, 404)
