"""The privacy desk: who is still named where, what is overdue, and the proof that nothing is left."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.conftest import NOW, Page
from tests.factories import make_event, make_signup, make_user, make_visit
from tests.signin import sign_in
from webapp.attendance import spool
from webapp.attendance.models import Companions
from webapp.cohosts.models import Handover, HandoverRow
from webapp.db import Base, db
from webapp.events.models import Event
from webapp.jobs import JobRun
from webapp.mail.models import OutgoingMail, SuppressedAddress
from webapp.mailing.models import Mailing, MailingRecipient
from webapp.privacy import commands, desk, holdings, operations
from webapp.signup.imports.models import ImportedSignup, ImportFile, SignupImport
from webapp.signup.invitations.models import Invitation
from webapp.signup.models import (
    Answer,
    Batch,
    BatchPerson,
    Consent,
    LinkSending,
    Question,
    Signup,
    SignupChange,
    SignupNote,
    SignupTag,
    Tag,
)


def days(number: float) -> dt.timedelta:
    return dt.timedelta(days=number)


@pytest.fixture
def dora(app: Flask, client: Any) -> int:
    with app.app_context():
        admin: int = make_user("Dora", role="admin").id
        db.session.commit()
    with time_machine.travel(NOW, tick=False):
        sign_in(client, admin)
    return admin


def page_of(client: Any, path: str = "") -> Page:
    with time_machine.travel(NOW, tick=False):
        return client.page(f"/admin/privacy{path}")


def full_evening(**values: Any) -> Event:
    """Ana signed up, answered, agreed, came with two others, got a mail that was refused, and came once
    more as a guest; Bea came as a guest."""
    event = make_event(**values)
    ana = make_signup(event, "Ana Túpac", email="ana@example.org")
    question = Question(event_id=event.id, key="why", label="Why?", type="text")
    tag = Tag(event_id=event.id, name="Friend", key="friend")
    mailing = Mailing(event_id=event.id, kind="blast", state="done", choice={"q": "Túpac"}, created_at=NOW)  # fmt: skip
    waiting, listed = (
        SignupImport(event_id=event.id, name=state, filename="x.csv", system="luma", state=state, by="ada@example.org",
                     created_at=NOW, changed_at=NOW, settings={}, figures={}, problems=[], rows=1)
        for state in ("ready", "stored")
    )  # fmt: skip
    handover = Handover(event_id=event.id, host_key="friends", at=NOW, by="Ada", people=1, only_new=True)  # fmt: skip
    batch = Batch(event_id=event.id, key=event.slug, by="ada@example.org", act="links", at=NOW)
    db.session.add_all([question, tag, mailing, waiting, listed, handover, batch])
    db.session.flush()
    start = event.starts_at
    db.session.add_all(
        [
            Answer(signup_id=ana.id, question_id=question.id, value="Because"),
            Consent(signup_id=ana.id, kind="event", wording="Yes", version="1", agreed_at=NOW),
            Companions(event_id=event.id, person_key=ana.person_key, count=2, at=start),
            SignupChange(signup_id=ana.id, at=NOW, actor="the person", what="edited", details={"name": ["Anna Túpac", "Ana Túpac"]}),
            LinkSending(signup_id=ana.id, at=NOW),
            Invitation(event_id=event.id, public_id=f"invited-{event.slug}", name="Bo", email="bo@example.org", email_key="bo@example.org", language="en", state="listed", created_at=NOW),
            ImportedSignup(signup_id=ana.id, import_id=listed.id, status="confirmed"),
            ImportFile(import_id=waiting.id, content=b"Ana,ana@example.org", shown={}),
            HandoverRow(handover_id=handover.id, signup_id=ana.id, reference="Pana", address_mark="0" * 32),
            SignupNote(signup_id=ana.id, at=NOW, author="ada@example.org", text="Knows Bea"),
            BatchPerson(batch_id=batch.id, signup_id=ana.id, refused="No"),
            SignupTag(signup_id=ana.id, tag_id=tag.id),
            MailingRecipient(mailing_id=mailing.id, signup_id=ana.id, done_at=NOW),
            SuppressedAddress(address_key="ana@example.org", reason="no such user", at=NOW),
            OutgoingMail(
                event_id=event.id, person=ana.public_id, message="confirmed", to_address="ana@example.org",
                subject="x", text="x", html="x", message_id=f"<{event.slug}@x>", state="refused",
                created_at=NOW, next_try_at=NOW,
            ),
        ]
    )  # fmt: skip
    make_visit(event, start, start + dt.timedelta(minutes=5), signup=ana)
    make_visit(event, start, start + dt.timedelta(minutes=5), name="Bea", name_key="bea", identity="name_only")  # fmt: skip
    return event


def test_every_table_is_a_holding_or_known_to_hold_nobody(app: Flask) -> None:
    """A new table that says something about attendees must be counted by the proof, one that says
    nothing about them must be named with what it says: see webapp/privacy/holdings.py."""
    held = {holding.table for holding in holdings.HOLDINGS}
    assert held & set(holdings.OTHERS) == set()
    assert held | set(holdings.OTHERS) == set(Base.metadata.tables)
    keys = [holding.key for holding in holdings.HOLDINGS]
    assert len(keys) == len(set(keys))


@pytest.mark.case("D77")
def test_the_proof_sees_everything_and_after_erasing_nothing(context: Flask) -> None:
    event = full_evening(starts_at=NOW - days(40))
    other = full_evening_of_somebody_else()
    db.session.commit()
    before = {left.holding.key: (left.named, left.rows) for left in desk.proof(event)}
    assert before == {
        "signups": (1, 1), "answers": (1, 1), "consents": (1, 1), "visit_names": (1, 2),
        "visit_keys": (1, 2), "companions": (1, 1), "mails": (1, 1), "refused": (1, 1),
        "changes": (1, 1), "signup_notes": (1, 1), "signup_tags": (1, 1), "tags": (1, 1),
        "chosen": (1, 1), "imported": (1, 1), "import_files": (1, 1), "invitations": (1, 1),
        "link_sendings": (1, 1),
        "handed_over": (1, 1),
        "batches": (1, 1),
    }  # fmt: skip
    assert all(named for named, _ in before.values()), "every place is tried"
    commands.run(NOW)
    after = {left.holding.key: (left.named, left.rows) for left in desk.proof(event)}
    assert after == {
        "signups": (0, 1), "answers": (0, 0), "consents": (0, 1), "visit_names": (0, 2),
        "visit_keys": (0, 2), "companions": (0, 1), "mails": (0, 1), "refused": (0, 0),
        "changes": (0, 0), "signup_notes": (0, 0), "signup_tags": (0, 0), "tags": (0, 0),
        "chosen": (0, 0), "link_sendings": (0, 0), "imported": (0, 1), "import_files": (0, 0), "invitations": (0, 1),
        "handed_over": (0, 1),
        "batches": (0, 0),
    }  # fmt: skip
    assert desk.last_erasure(event) == NOW
    # The other event's time is not up.
    assert {left.named for left in desk.proof(other)} == {0, 1}
    assert desk.last_erasure(other) is None


def full_evening_of_somebody_else() -> Event:
    event = make_event(starts_at=NOW - days(1))
    make_signup(event, "Cleo", email="cleo@example.org")
    return event


def test_a_week_after_the_event_no_visit_leads_to_anybody(
    client: Any, app: Flask, dora: int
) -> None:
    with app.app_context():
        full_evening(slug="evening", starts_at=NOW - days(10))
        db.session.commit()
    assert "the tie between people and their visits is cut" in page_of(client, "/evening").text
    with app.app_context():
        commands.run(NOW)
    page = page_of(client, "/evening")
    assert "Nobody is tied to a visit any more since 6 Apr 2027, 18:00 (London time)" in page.text
    assert number_of(page, "Visits that lead to a sign-up") == ("0", "2")
    assert number_of(page, "Visits with the name that a guest gave") == ("0", "2")
    assert number_of(page, "Sign-ups with a name and an address") == ("1", "1")


def test_one_erasure_on_a_wish_shows(context: Flask) -> None:
    event = full_evening(starts_at=NOW - days(1))
    make_signup(event)
    db.session.flush()
    ana = db.session.query(Signup).filter_by(name="Ana Túpac").one()
    operations.erase_signup(ana, NOW, by="the person")
    db.session.commit()
    [line] = desk.lines(desk.overview(NOW)["holding"])
    assert (line.named, line.erased) == (1, 1)
    found = desk.erased()
    assert (found.signups, found.by_wish) == (1, 1)


@pytest.fixture
def events(app: Flask, dora: int) -> None:
    """Events of every kind."""
    with app.app_context():
        for slug, age, values in [
            ("overdue-long", 60, {}),
            ("overdue", 31, {"title": "<i>Overdue</i>"}),
            ("soon", 29, {}),
            ("later", -5, {}),
            ("short", 3, {"retention_days": 2}),
            ("long", 60, {"retention_days": 90}),
        ]:
            make_signup(make_event(slug=slug, starts_at=NOW - days(age), **values))
        guests = make_event(slug="guests", starts_at=NOW - days(50))
        make_visit(guests, NOW - days(50), name="Bea", name_key="bea")
        gone = make_event(slug="gone", starts_at=NOW - days(70))
        operations.erase_signup(make_signup(gone), NOW - days(39), by="Ada")
        sample = make_event(slug="sample", starts_at=NOW - days(70), is_sample=True)
        make_signup(sample, is_sample=True)
        make_event(slug="empty", starts_at=NOW - days(70))
        db.session.commit()


def slugs(page: Page) -> list[str]:
    return re.findall(r'href="/admin/privacy/([a-z-]+)"', page.text)


def test_what_goes_next_comes_first(client: Any, events: None) -> None:
    page = page_of(client)
    assert slugs(page) == ["overdue-long", "guests", "overdue", "short"], "the overdue ones at once"
    assert slugs(page_of(client, "?show=overdue")) == slugs(page)
    assert slugs(page_of(client, "?show=holding")) == ["soon", "long", "later"]
    assert slugs(page_of(client, "?show=gone")) == ["gone"]
    assert slugs(page_of(client, "?show=nonsense")) == slugs(page)
    assert "4 events name people longer than they should." in page.text
    assert "It has not run yet." in page.text
    assert "&lt;i&gt;Overdue&lt;/i&gt;" in page.text
    counts = re.findall(r"(Overdue|Name people|Nothing left) <b>(\d+)</b>", page.text)
    assert dict(counts) == {"Overdue": "4", "Name people": "3", "Nothing left": "1"}


def test_the_day_of_deletion_is_the_event_s_own(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        # Ends on 31 March at 23:45 in London, which is still winter time in New York.
        event = make_event(
            timezone="America/New_York", starts_at=dt.datetime(2027, 4, 1, 2, tzinfo=dt.UTC), retention_days=7
        )  # fmt: skip
        make_signup(event)
        db.session.commit()
    page = page_of(client)
    assert "31 Mar 2027" in page.text
    assert "7 Apr 2027, 23:45" in page.text


def test_when_the_job_last_ran_is_said(client: Any, app: Flask, events: None) -> None:
    with app.app_context():
        db.session.add(JobRun(name="privacy", ran_at=NOW - dt.timedelta(hours=5)))
        db.session.commit()
    assert "Its last turn was on 6 Apr 2027, 12:00 (UTC)." in page_of(client).text


def test_nothing_overdue_and_nobody_named(client: Any, dora: int) -> None:
    page = page_of(client)
    assert "No event names anybody at the moment." in page.text
    assert "longer than" not in page.text
    assert "Nothing is overdue" in page_of(client, "?show=overdue").text
    assert "An event appears here" in page_of(client, "?show=gone").text


def test_the_desk_asks_the_same_whatever_its_length_and_turns_pages(
    client: Any, app: Flask, dora: int, count_queries: Any
) -> None:
    with app.app_context():
        make_signup(make_event(slug="x-000"))
        db.session.commit()
    with count_queries() as few:
        page_of(client)
    with app.app_context():
        for number in range(1, 104):
            make_signup(make_event(slug=f"x-{number:03}"))
        db.session.commit()
    seen = 0
    for number in (1, 2, 3):
        with count_queries() as many:
            page = page_of(client, f"?page={number}")
        assert len(many) == len(few)
        seen += page.text.count(">What is left</a>")
        assert ('rel="next"' in page.text) == (number < 3)
    assert seen == 104


def number_of(page: Page, label: str) -> tuple[str, str]:
    """(named, rows) in the line of a place."""
    [row] = [tr for tr in re.findall(r"<tr>(.*?)</tr>", page.text, re.S) if label in tr]
    named, rows = re.findall(r'<td class="num"[^>]*>(.*?)</td>', row)
    return re.sub("<[^>]+>", "", named), rows


def test_the_page_of_an_event_proves_what_is_left(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        full_evening(slug="evening", starts_at=NOW - days(31))
        db.session.commit()
    page = page_of(client, "/evening")
    assert "is overdue" in page.text
    assert number_of(page, "Sign-ups with a name and an address") == ("1", "1")
    assert number_of(page, "Visits with the name that a guest gave") == ("1", "2")
    with app.app_context():
        commands.run(NOW)
    page = page_of(client, "/evening")
    assert "Nothing that names a person is left." in page.text
    assert "The last of it was deleted on 6 Apr 2027, 18:00 (London time)." in page.text
    assert number_of(page, "Visits with the name that a guest gave") == ("0", "2")
    assert number_of(page, "Mails with an address or a text") == ("0", "1")


def test_before_its_time_the_page_says_the_day(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        full_evening(slug="evening", starts_at=NOW - days(1))
        sample = make_event(slug="sample", is_sample=True)
        make_signup(sample, is_sample=True)
        db.session.commit()
    assert "It is deleted on 5 May 2027, 19:45 (London time)." in page_of(client, "/evening").text
    sample = page_of(client, "/sample").text
    assert "its people are invented and stay" in sample
    assert " tie" not in sample, "nothing is ever cut there"


def test_visits_on_disk_are_mentioned(
    client: Any, app: Flask, dora: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        make_event(slug="evening")
        db.session.commit()
    assert "on disk" not in page_of(client, "/evening").text
    monkeypatch.setattr(spool, "waiting", lambda: 3)
    assert "3 visits of some event wait on disk" in page_of(client, "/evening").text


def test_no_attendee_is_named_at_the_desk(client: Any, app: Flask, dora: int) -> None:
    with app.app_context():
        full_evening(slug="evening", starts_at=NOW - days(31))
        db.session.commit()
    for path in ("", "/evening"):
        text = page_of(client, path).text
        for word in ("Ana", "ana@", "Bea", "Because"):
            assert not re.search(rf"\b{word}", text)


def test_who_may_not_see_it(client: Any, app: Flask) -> None:
    with app.app_context():
        ada = make_user("Ada")
        make_event(ada, slug="evening")
        db.session.commit()
        ada_id = ada.id
    for path in ("/admin/privacy", "/admin/privacy/evening"):
        assert client.get(path).status_code == 302
    sign_in(client, ada_id)
    for path in ("/admin/privacy", "/admin/privacy/evening", "/admin/privacy/nowhere"):
        assert client.get(path).status_code == 404


def test_an_event_that_is_not_there(client: Any, dora: int) -> None:
    with time_machine.travel(NOW, tick=False):
        assert client.get("/admin/privacy/nowhere").status_code == 404
