"""Handing people over to a host, and telling the host who is to be removed again."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cohosts.conftest import HOSTS, agree
from tests.conftest import NOW
from tests.factories import make_signup
from webapp import tokens
from webapp.audit.models import AuditEntry
from webapp.cohosts import commands, handing, links, queries
from webapp.cohosts.models import Handover, HandoverRow
from webapp.db import db
from webapp.events.models import CoHost, Event
from webapp.mail import unsubscribing
from webapp.mail.models import OutgoingMail
from webapp.mail.unsubscribing import MailList
from webapp.privacy import commands as privacy_commands
from webapp.privacy import desk
from webapp.privacy import operations as privacy
from webapp.signup import operations as signups
from webapp.signup.models import Consent, Signup

PAGE = f"{HOSTS}/wiphalas/handover"


@pytest.fixture
def crowd(app: Any, event_id: int) -> None:
    """Ana and Bea may be handed over to Wiphalas; everybody else for some reason may not."""
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        agree(event, "=Ana, Quispe", "wiphalas", email="ana@example.org", language="es")
        agree(event, "Bea", "wiphalas", "codepink")
        agree(event, "Unproved", "wiphalas", proved=False)
        agree(event, "Other", "codepink")
        taken_back = agree(event, "Changed her mind", "wiphalas")
        signups.withdraw_contact(taken_back, "wiphalas", NOW)
        privacy.erase_signup(agree(event, "Gone", "wiphalas"), NOW, by="test")
        ended = agree(event, "Ended all mail", "wiphalas")
        url = unsubscribing.url(MailList("wiphalas"), ended.email or "")
        unsubscribing.end(unsubscribing.read(url.rpartition("/")[2]), NOW)
        make_signup(event, "Never asked", proved_at=NOW)
        db.session.commit()


def test_the_page_says_who_ticked_and_has_not_confirmed_the_address(app, ada, event_id):
    nobody = "Nobody yet. People tick the box"
    assert nobody in ada.page(PAGE).text
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        agree(event, "Unproved", "wiphalas", "codepink", proved=False)
        agree(event, "Cancelled", "wiphalas", proved=False, status="cancelled")
        privacy.erase_signup(agree(event, "Gone", "wiphalas", proved=False), NOW, by="test")
        db.session.commit()
    page = ada.page(PAGE).text
    assert "1 person ticked, but has not confirmed the address yet." in page
    assert nobody not in page


def take(client: Any, which: str = "new", act: str = "download") -> Any:
    token = client.page(PAGE).field("csrf_token")
    return client.post(PAGE, data={"csrf_token": token, "which": which, "act": act})


def rows(answer: Any) -> list[dict[str, str]]:
    text = answer.data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def person(name: str) -> Signup:
    return db.session.scalars(sa.select(Signup).where(Signup.email == f"{name}@example.org")).one()


def run(app: Any, at: dt.datetime = NOW) -> int:
    with app.app_context():
        done = commands.follow_up(at)
        db.session.commit()
        return done


def mails(app: Any, message: str) -> list[OutgoingMail]:
    with app.app_context():
        found = db.session.scalars(sa.select(OutgoingMail).where(OutgoingMail.message == message))
        return list(found)


@pytest.mark.case("D79")
@pytest.mark.case("D40")
@pytest.mark.case("D41")
@pytest.mark.case("D42")
def test_the_file_holds_only_those_who_agreed_and_proved_their_address(app, ada, crowd):
    answer = take(ada)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.startswith(b"\xef\xbb\xbf")
    found = rows(answer)
    # What a spreadsheet would compute has an apostrophe before it.
    assert [(row["name"], row["email"]) for row in found] == [
        ("'=Ana, Quispe", "ana@example.org"),
        ("Bea", "bea@example.org"),
    ]
    assert found[0]["language"] == "es"
    assert found[0]["wording"] == "wiphalas may write to me"
    assert set(found[0]) == set(handing.HEADINGS)


def test_each_handover_is_written_down(app, ada, crowd):
    take(ada)
    with app.app_context():
        made = db.session.scalars(sa.select(Handover)).one()
        assert (made.host_key, made.by, made.at, made.people, made.only_new) == ("wiphalas", "Ada", NOW, 2, True)  # fmt: skip
        names = db.session.scalars(
            sa.select(Signup.name).join(HandoverRow, HandoverRow.signup_id == Signup.id).order_by(Signup.id)
        ).all()  # fmt: skip
        assert names == ["=Ana, Quispe", "Bea"]
        acts = db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action.startswith("cohost."))).all()  # fmt: skip
        assert acts == ["cohost.handed_over", "cohost.downloaded"]
        assert "example.org" not in str(db.session.scalars(sa.select(HandoverRow.address_mark)).all())  # fmt: skip
    assert "2 people" in ada.page(PAGE).text


def test_the_next_one_holds_those_who_came_since(app, ada, crowd, event_id):
    first = {row["email"]: row["reference"] for row in rows(take(ada))}
    assert take(ada).status_code == 303
    assert "There is nobody to hand over." in ada.page(PAGE).text
    with app.app_context():
        agree(db.session.get_one(Event, event_id), "Late", "wiphalas")
        db.session.commit()
    assert [row["email"] for row in rows(take(ada))] == ["late@example.org"]
    again = {row["email"]: row["reference"] for row in rows(take(ada, "all"))}
    assert len(again) == 3
    # Somebody is called the same in every file for one host.
    assert first.items() <= again.items()
    assert len(set(again.values())) == 3


def test_who_leaves_is_no_longer_in_a_file_that_is_taken_again(app, ada, crowd):
    take(ada)
    with app.app_context():
        privacy.erase_signup(person("ana"), NOW, by="the person")
        db.session.commit()
        made = db.session.scalars(sa.select(Handover.id)).one()
    token = ada.page(PAGE).field("csrf_token")
    answer = ada.post(f"{HOSTS}/handovers/{made}", data={"csrf_token": token, "act": "download"})
    assert [row["email"] for row in rows(answer)] == ["bea@example.org"]


@pytest.mark.parametrize("how", ["erased", "withdrawn", "not me"])
def test_a_host_is_told_once_whom_to_remove_and_nothing_else_is_kept(app, ada, crowd, event_id, how):  # fmt: skip
    references = {row["email"]: row["reference"] for row in rows(take(ada))}
    with app.app_context():
        cohost = db.session.scalars(sa.select(CoHost).where(CoHost.key == "wiphalas")).one()
        cohost.contact_email = "office@wiphalas.example"
        cohost.link_key = tokens.secret(12)
        ana = person("ana")
        if how == "erased":
            privacy.erase_signup(ana, NOW, by="the person")
        elif how == "not me":
            privacy.remove_address(ana, NOW)
        else:
            signups.withdraw_contact(ana, "wiphalas", NOW)
        db.session.commit()
        url = links.url(cohost) or ""
    assert run(app) == 1
    assert run(app, NOW + dt.timedelta(hours=1)) == 0
    [mail] = mails(app, "cohost_removals")
    assert mail.to_address == "office@wiphalas.example"
    assert url in mail.secrets
    assert "ana" not in (mail.text + mail.html).casefold().replace("wiphalas", "")
    page = app.test_client().get("/cohost/" + url.rpartition("/")[2])
    assert references["ana@example.org"] in page.text
    assert references["bea@example.org"] not in page.text
    if how != "withdrawn":
        assert "ana@example.org" not in page.text


def test_pasted_addresses_tell_whom_to_remove_and_of_others_nothing(app, ada, crowd, event_id):
    take(ada)
    with app.app_context():
        privacy.erase_signup(person("ana"), NOW, by="the person")
        cohost = db.session.scalars(sa.select(CoHost).where(CoHost.key == "wiphalas")).one()
        cohost.link_key = tokens.secret(12)
        db.session.commit()
        token = (links.url(cohost) or "").rpartition("/")[2]
    browser = app.test_client()
    pasted = "bea@example.org; ANA@example.org,\nother@example.org stranger@example.org nonsense@@"
    answer = browser.post(f"/cohost/{token}/match", data={"addresses": pasted})
    said = answer.text.partition("These are to be removed")[2].partition("</div>")[0]
    assert "ANA@example.org" in said
    for other in ("bea@", "other@", "stranger@"):
        assert other not in said
    # Once they say that it is done nothing is kept of whom it was about.
    assert browser.post(f"/cohost/{token}/done").status_code == 303
    with app.app_context():
        row = db.session.scalars(sa.select(HandoverRow).where(HandoverRow.why == "erased")).one()
        assert (row.acknowledged_at, row.address_mark) == (NOW, None)
    answer = browser.post(f"/cohost/{token}/match", data={"addresses": pasted})
    assert "none of them is to be removed" in answer.text


def test_marks_of_addresses_go_after_thirty_days_and_with_everybodys_data(app, ada, crowd, event_id):  # fmt: skip
    take(ada)
    with app.app_context():
        privacy.erase_signup(person("ana"), NOW, by="the person")
        db.session.commit()
    run(app, NOW + dt.timedelta(days=29))
    with app.app_context():
        assert None not in db.session.scalars(sa.select(HandoverRow.address_mark)).all()
    run(app, NOW + dt.timedelta(days=30))
    with app.app_context():
        assert db.session.scalars(sa.select(HandoverRow.address_mark)).all().count(None) == 1
        privacy_commands.run(NOW + dt.timedelta(days=40))
        event = db.session.get_one(Event, event_id)
        assert {left.named for left in desk.proof(event)} == {0}
        # That everybody's time was over is no wish to be removed from a list.
        assert [row.why for row in queries.to_remove(event_id, "wiphalas")] == ["erased"]


def test_whoever_agrees_again_is_handed_over_again(app, ada, crowd, event_id):
    take(ada)
    with app.app_context():
        signups.withdraw_contact(person("ana"), "wiphalas", NOW)
        db.session.commit()
    run(app)
    with app.app_context():
        consent = db.session.scalars(
            sa.select(Consent).where(Consent.host_key == "wiphalas").order_by(Consent.id)
        ).first()
        assert consent is not None
        consent.withdrawn_at = None
        db.session.commit()
    assert [row["email"] for row in rows(take(ada))] == ["ana@example.org"]


def test_what_is_not_handed_over_is_announced_before_it_is_lost(app, ada, crowd, event_id):
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        event.retention_days = 10
        ends = event.ends_at
        db.session.commit()
    run(app, ends + dt.timedelta(days=2))
    assert mails(app, "handover_waiting") == []
    run(app, ends + dt.timedelta(days=4))
    run(app, ends + dt.timedelta(days=5))
    [mail] = mails(app, "handover_waiting")
    assert mail.to_address == "ada@example.org"
    for text in (mail.text, mail.html):
        assert "CODEPINK" in text
        assert "Wiphalas" in text
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        at = ends + dt.timedelta(days=5)
        # One more than may be handed over: who ended all mail of the host still agreed.
        assert queries.about_to_forget(event, at) == {"wiphalas": 3, "codepink": 2}
        assert queries.about_to_forget(event, ends + dt.timedelta(days=11)) == {}


def test_a_list_is_fetched_by_the_private_link_only_while_it_is_released(app, ada, crowd):
    assert take(ada, act="release").status_code == 303
    assert "They have no private link yet" in ada.page(PAGE).text
    ada.send(f"{HOSTS}/wiphalas/link", {"act": "make"}, at=PAGE)
    take(ada, act="release")
    with app.app_context():
        cohost = db.session.scalars(sa.select(CoHost).where(CoHost.key == "wiphalas")).one()
        path = "/cohost/" + (links.url(cohost) or "").rpartition("/")[2]
        made = db.session.scalars(sa.select(Handover)).one()
        wanted, handover_id = made.at.isoformat(), made.id
    browser = app.test_client()
    assert "Download the list" in browser.get(path).text
    answer = browser.post(f"{path}/list", data={"list": wanted})
    assert [row["email"] for row in rows(answer)] == ["ana@example.org", "bea@example.org"]
    with app.app_context():
        entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert (entry.action, entry.actor) == ("cohost.downloaded", "cohost")
    token = ada.page(PAGE).field("csrf_token")
    ada.post(f"{HOSTS}/handovers/{handover_id}", data={"csrf_token": token, "act": "withdraw"})
    assert browser.post(f"{path}/list", data={"list": wanted}).status_code == 404
    # A new link ends the old one.
    ada.send(f"{HOSTS}/wiphalas/link", {"act": "make"}, at=PAGE)
    assert browser.get(path).status_code == 404
    with app.app_context():
        cohost = db.session.scalars(sa.select(CoHost).where(CoHost.key == "wiphalas")).one()
        path = "/cohost/" + (links.url(cohost) or "").rpartition("/")[2]
    assert browser.get(path).status_code == 200
    ada.send(f"{HOSTS}/wiphalas/link", {"act": "end"}, at=PAGE)
    assert browser.get(path).status_code == 404


def test_a_cohost_sees_numbers_and_no_names_and_no_small_groups(app, ada, event_id):
    with app.app_context():
        event = db.session.get_one(Event, event_id)
        for number in range(9):
            agree(event, f"Letter {number}", "wiphalas", source="WIPHALAS" if number < 7 else None)
        for number in range(6):
            make_signup(event, f"Person {number}", source="poster")
        make_signup(event, "One", source="codepink")
        for key in ("wiphalas", "codepink"):
            cohost = db.session.scalars(sa.select(CoHost).where(CoHost.key == key)).one()
            cohost.link_key = tokens.secret(12)
        db.session.commit()
        paths = {c.key: "/cohost/" + (links.url(c) or "").rpartition("/")[2] for c in event.cohosts}
    page = ada.page(paths["wiphalas"])
    assert [(e.text or "").strip() for e in page.tree.iter("dd")] == ["7", "9"]
    for secret in ("Letter", "letter0@", "poster", "codepink"):
        assert secret not in page.text
    assert "from=wiphalas" in page.text
    small = ada.page(paths["codepink"])
    shown = ["".join(e.itertext()).strip() for e in small.tree.iter("dd")]
    assert shown == ["fewer than 5", "0"]
