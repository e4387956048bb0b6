"""The outbox on screen."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask

from tests.conftest import NOW
from tests.factories import make_event, make_user
from tests.mail.conftest import CANCEL, JOIN, deliver, put
from tests.receiver import Receiver
from tests.signin import sign_in
from webapp import clock
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.mail import pauses, queries
from webapp.mail.models import BounceMailbox, DeliveryPause, OutgoingMail, SuppressedAddress

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


@pytest.mark.case("D13")
def test_every_try_is_shown_with_its_time_and_the_servers_words(
    client: Any, event_id: int, receiver: Receiver
) -> None:
    receiver.script("ana@example.org", "450 4.2.0 <Later>", "451 4.3.0 Busy", "ok")
    mail = put(event_id=event_id)
    for minute in (0, 1, 6):
        deliver(minutes=minute)
    page = client.page(f"/manage/events/evening/mail/{mail.id}")
    assert "3 tries" in page.text
    rows = re.findall(r"<tr><td>([^<]*)</td><td class=\"reply\">([^<]*)</td></tr>", page.text)
    assert rows == [
        ("6 Apr 2027, 18:00 (London time)", "450 4.2.0 &lt;Later&gt;"),
        ("6 Apr 2027, 18:01 (London time)", "451 4.3.0 Busy"),
        ("6 Apr 2027, 18:06 (London time)", "250 2.0.0 Ok"),
    ]


def test_what_came_back_is_shown_in_the_list_and_with_the_mail(client: Any, event_id: int) -> None:
    came, late = put(event_id=event_id), put("ben@example.org", event_id=event_id)
    came.state, came.sent_at, came.returned_at = "bounced", NOW, NOW + dt.timedelta(minutes=3)
    came.returned, came.last_reply = "550 5.1.1 No <such> user", "250 Ok"
    late.state, late.sent_at, late.returned_at = "sent", NOW, NOW + dt.timedelta(minutes=3)
    late.returned = "451 4.4.1 Timed out"
    db.session.commit()
    listed = client.page("/manage/events/evening/mail").text
    assert "550 5.1.1 No &lt;such&gt; user" in listed
    assert "Came back" in listed
    assert "a server further on has not delivered it yet" in listed
    shown = client.page(f"/manage/events/evening/mail/{came.id}").text
    assert "550 5.1.1 No &lt;such&gt; user" in shown
    assert "6 Apr 2027, 18:03 (London time)" in shown
    assert "451 4.4.1 Timed out" in client.page(f"/manage/events/evening/mail/{late.id}").text


@pytest.mark.usefixtures("admin")
def test_an_admin_sees_how_mail_comes_back(client: Any, app: Flask) -> None:
    assert "TURNOUT_BOUNCE_ADDRESS is set" in client.page("/admin/mail").text
    app.config["BOUNCE_ADDRESS"] = "bounce@example.org"
    assert "It goes to bounce@example.org" in client.page("/admin/mail").text
    app.config["BOUNCE_IMAP_SERVER"] = "imap.example.org"
    assert "is read for the first time within a minute" in client.page("/admin/mail").text
    row = BounceMailbox(name="bounce at imap.example.org, INBOX", checked_at=NOW)
    db.session.add(row)
    db.session.commit()
    assert "last at 6 Apr 2027, 17:00 (UTC)" in client.page("/admin/mail").text
    row.problem = "Invalid <credentials>"
    db.session.commit()
    assert "Invalid &lt;credentials&gt;" in client.page("/admin/mail").text


def test_the_mails_of_one_person_are_read_without_their_texts(
    event_id: int, count_queries: Any
) -> None:
    first, second = (put(event_id=event_id, person="ana") for _ in range(2))
    put(event_id=event_id, person="ben")
    put(event_id=make_event().id, person="ana")
    wanted = [(second.id, "sample"), (first.id, "sample")]
    db.session.expunge_all()
    with count_queries() as made:
        found = [(mail.id, mail.message) for mail in queries.of_person(event_id, "ana")]
    assert found == wanted
    [statement] = made.statements
    assert "html" not in statement


def test_a_number_that_no_mail_can_have_leads_nowhere(client: Any, event_id: int) -> None:
    huge = "9" * 25
    assert client.get(f"/manage/events/evening/mail/{huge}").status_code == 404
    assert client.get(f"/manage/events/evening/mail?before={huge}").status_code == 200
