"""Writing the mails of an event: the list, the editor, the mail beside it, and a test to oneself."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user
from tests.forms import filled
from tests.signin import sign_in
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import Event, Membership
from webapp.mail.kinds import declared
from webapp.mail.models import MailText, OutgoingMail

BASE = "/manage/events/evening/mail/texts"
EDIT = f"{BASE}/confirmed/en"


@pytest.fixture
def ada(app, client):
    with time_machine.travel(NOW, tick=False):
        with app.app_context():
            ada, ben = make_user("Ada"), make_user("Ben")
            event = make_event(ada, slug="evening", accent="#1f6b43")
            db.session.add(Membership(event_id=event.id, user_id=ben.id, role="organiser", created_at=NOW))  # fmt: skip
            make_signup(event, "Łucja <b>Álvarez</b>")
            db.session.commit()
        sign_in(client, 1)
        yield client


def form(client):
    return filled(client.page(EDIT), "body")


def rows(app):
    with app.app_context():
        found = list(db.session.scalars(sa.select(MailText).order_by(MailText.revision)))
        db.session.expunge_all()
        return found


def send(client, path, **changes):
    return client.post(path, data=form(client) | changes)


def test_the_list_says_whose_words_each_mail_has(ada):
    page = ada.page(BASE)
    assert page.text.count(">Default</a>") == 46  # twenty-three mails, two languages
    sent = form(ada) | {"subject": "Come", "body": "Hello {name}"}
    assert ada.post(EDIT, data=sent).status_code == 303
    page = ada.page(BASE)
    assert page.text.count(">Default</a>") == 45
    assert ">Yours</a>" in page.text
    assert "ada@example.org" in page.text


def test_the_number_of_queries_does_not_depend_on_how_much_is_written(ada, count_queries):
    with count_queries() as before:
        ada.page(BASE)
    for key in ("confirmed", "approved", "offer"):
        at = f"{BASE}/{key}/en"
        ada.post(at, data=filled(ada.page(at), "body") | {"subject": "x", "body": "y"})
    with count_queries() as after:
        ada.page(BASE)
    assert len(after) == len(before)


def test_writing_and_going_back_and_taking_it_back(app, ada):
    send(ada, EDIT, subject="Come, {name}", body="Hello {name}")
    with app.app_context():
        event = db.session.scalars(sa.select(Event)).one()
        assert event.mail_texts
        assert event.revision == 1
    page = ada.page(EDIT)
    assert "Your text does not have when it is, the way to join" in page.text
    assert ada.post(f"{EDIT}/default", data={"csrf_token": page.field("csrf_token"), "seen": "1"}).status_code == 303  # fmt: skip
    assert [(r.revision, r.is_current, r.body) for r in rows(app)] == [
        (1, False, "Hello {name}"), (2, True, None),
    ]  # fmt: skip
    with app.app_context():
        assert db.session.scalars(sa.select(Event.mail_texts)).one() is None
    page = ada.page(EDIT)
    ada.post(f"{EDIT}/versions/1", data={"csrf_token": page.field("csrf_token"), "seen": "2"})
    assert rows(app)[-1].body == "Hello {name}"
    with app.app_context():
        actions = list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))
        assert actions == ["mail.text_written", "mail.text_default", "mail.text_written"]


def test_who_saves_the_default_has_no_words_of_their_own(app, ada):
    response = send(ada, EDIT)
    assert response.status_code == 303
    assert rows(app) == []


def test_a_slip_is_said_by_name_and_nothing_is_lost(app, ada):
    response = send(ada, EDIT, subject="Hi {naem}", body="[x](/there) mine")
    assert response.status_code == 400
    text = response.parsed.text
    assert "There is no placeholder {naem} here; did you mean {name}?" in text
    assert "A link needs its whole address, with https:// in front: “/there”." in text
    assert 'value="Hi {naem}"' in text
    assert "[x](/there) mine</textarea>" in text
    assert rows(app) == []


def test_a_colleague_was_quicker(app, ada):
    mine = form(ada) | {"subject": "Mine", "body": "Words of mine"}
    send(ada, EDIT, subject="Theirs", body="Words of theirs")
    response = ada.post(EDIT, data=mine)
    assert response.status_code == 409
    text = response.parsed.text
    assert "Somebody else changed this text while you were writing." in text
    assert "Words of theirs" in text
    assert "Words of mine</textarea>" in text
    assert rows(app)[-1].subject == "Theirs"
    again = filled(response.parsed, "body")
    assert ada.post(EDIT, data=again).status_code == 303
    assert rows(app)[-1].subject == "Mine"


def test_the_default_of_somebody_who_saw_an_older_text_changes_nothing(app, ada):
    page = ada.page(EDIT)
    send(ada, EDIT, subject="Theirs", body="Words of theirs")
    stale = {"csrf_token": page.field("csrf_token"), "seen": "0"}
    answer = ada.post(f"{EDIT}/default", data=stale, follow_redirects=True)
    assert "Nothing was changed; this is how it is now." in answer.parsed.text
    assert len(rows(app)) == 1


def test_the_mail_is_shown_with_a_real_persons_data_and_opens_no_door(app, ada):
    with app.app_context():
        from webapp.signup.models import Signup

        public_id = db.session.scalars(sa.select(Signup.public_id)).one()
    response = send(ada, f"{EDIT}/mail", person=public_id, body="Dear {name}\n\n{join_button}")
    html = response.get_data(as_text=True)
    assert "Dear Łucja &lt;b&gt;Álvarez&lt;/b&gt;" in html
    assert "http://turnout.test/join/•••••" in html
    assert public_id not in html
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert rows(app) == []
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == 0


def test_somebody_of_another_event_is_nobody_here(app, ada):
    with app.app_context():
        other = make_signup(make_event(slug="other"), "Stranger")
        db.session.commit()
        public_id = other.public_id
    html = send(ada, f"{EDIT}/mail", person=public_id).get_data(as_text=True)
    assert "Stranger" not in html
    assert "Ana Example" in html


def test_a_text_that_cannot_be_saved_is_shown_with_its_problems(ada):
    html = send(ada, f"{EDIT}/mail", body="{nonsense}").get_data(as_text=True)
    assert "This cannot be saved yet:" in html
    assert "There is no placeholder {nonsense} here." in html
    assert ada.get(f"{EDIT}/mail").status_code == 200


def test_a_test_goes_to_oneself_and_nowhere_else(app, ada):
    html = send(ada, f"{EDIT}/test", subject="Come {name}", body="Dear {name}", to="x@example.org").get_data(as_text=True)  # fmt: skip
    assert "A test is on its way to ada@example.org." in html
    with app.app_context():
        mail = db.session.scalars(sa.select(OutgoingMail)).one()
        assert (mail.to_address, mail.subject, mail.person) == ("ada@example.org", "Test: Come Ana Example", None)  # fmt: skip
        assert "/join/" not in mail.text + mail.html
        assert "/my/" not in mail.text + mail.html
        assert "http://turnout.test/events/evening" in mail.text


def test_a_test_of_a_text_with_a_slip_is_not_sent(app, ada):
    assert "This cannot be saved yet:" in send(ada, f"{EDIT}/test", body="{x}").get_data(
        as_text=True
    )
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(OutgoingMail)) == 0


@pytest.mark.parametrize("path", ["nothing/en", "confirmed/xx", "confirmed/fr/mail"])
def test_what_is_not_there(ada, path):
    assert ada.get(f"{BASE}/{path}").status_code == 404


def test_a_very_long_text_is_refused_and_kept(ada):
    response = send(ada, EDIT, body="x" * 20_001)
    assert response.status_code == 400
    assert "That is too long: at most 20000 characters." in response.parsed.text


def test_every_mail_can_be_looked_at_and_sent_to_oneself(app, ada):
    for key in declared():
        for language in ("en", "es"):
            shown = ada.get(f"{BASE}/{key}/{language}/mail").get_data(as_text=True)
            assert "Ana Example" in shown, key
            assert f'<html lang="{language}">' in shown
        sent = filled(ada.page(f"{BASE}/{key}/en"), "body")
        assert ada.post(f"{BASE}/{key}/en/test", data=sent).status_code == 200
    with app.app_context():
        mails = list(db.session.scalars(sa.select(OutgoingMail).order_by(OutgoingMail.id)))
        assert [mail.message for mail in mails] == [kind.message for kind in declared().values()]
        for mail in mails:
            assert mail.subject.startswith("Test: ")
            # Nobody can act for anybody from a test.
            assert "•" not in mail.text
            assert set(re.findall(r"http://turnout.test/(?!events/evening)\S*", mail.text)) == set()
