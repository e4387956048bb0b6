"""The organiser's list: finding people, deciding, and taking the list away as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import NOW, Page
from tests.factories import make_signup, make_user
from tests.signin import sign_in
from webapp import tokens
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import CoHost
from webapp.privacy import operations as privacy
from webapp.signup import queries
from webapp.signup.models import Answer, Consent, Question, Signup

PATH = "/manage/events/evening/signups"


@pytest.fixture
def ada(app: Flask, make: Any, visitors: Any) -> Any:
    """Ada's browser; her event has a co-host."""
    make(ada=True, host_name="Friends")
    with app.app_context():
        db.session.add(CoHost(event_id=1, position=0, key="wiphalas", name="Wiphalas"))
        db.session.commit()
    client = visitors().client
    sign_in(client, 1)
    return client


def _people(app: Flask, *rows: dict[str, Any]) -> list[str]:
    """Makes sign-ups of event 1; answers their public ids."""
    from webapp.events.models import Event

    with app.app_context():
        event = db.session.get(Event, 1)
        assert event is not None
        made = [make_signup(event, **row) for row in rows]
        db.session.commit()
        return [signup.public_id for signup in made]


def _agree(app: Flask, public_id: str, *keys: str, **values: Any) -> None:
    with app.app_context():
        signup = db.session.scalars(sa.select(Signup).where(Signup.public_id == public_id)).one()
        for key in keys:
            db.session.add(
                Consent(
                    signup_id=signup.id, kind="contact", host_key=key, wording=f"{key} may write",
                    version="1", agreed_at=NOW, **values,
                )
            )  # fmt: skip
        db.session.commit()


def _post(client: Any, path: str, **data: str) -> Any:
    token = client.page(PATH).field("csrf_token")
    return client.post(path, data={"csrf_token": token, **data})


def test_an_empty_list_teaches(ada: Any) -> None:
    assert "Nobody has signed up yet." in ada.page(PATH).text
    assert "Nobody matches this." in ada.page(PATH + "?q=nobody").text


def test_search_and_filters(app: Flask, ada: Any) -> None:
    ids = _people(
        app,
        {"name": "Ana Álvarez", "email": "ana@example.org"},
        {"name": "Ben 100%", "email": "ben@example.net", "status": "cancelled"},
        {"name": "Cleo", "email": "cleo@example.org", "status": "pending", "pending_reason": "approval"},
    )  # fmt: skip
    _agree(app, ids[0], "friends", "wiphalas")
    _agree(app, ids[1], "friends", withdrawn_at=NOW)

    def found(query: str) -> list[str]:
        text = ada.page(f"{PATH}?{query}").text
        return [
            name for name in ("Ana Álvarez", "Ben 100%", "Cleo") if f"<bdi>{name}</bdi>" in text
        ]

    assert found("") == ["Ana Álvarez", "Ben 100%", "Cleo"]
    assert found("q=ÁLV") == ["Ana Álvarez"]
    assert found("q=example.net") == ["Ben 100%"]
    assert found("q=100%25") == ["Ben 100%"]
    assert found("q=_leo") == []
    assert found("status=pending") == ["Cleo"]
    assert found("contact=friends") == ["Ana Álvarez"]
    assert found("contact=wiphalas&q=cleo") == []
    assert found("status=nonsense&page=x") == ["Ana Álvarez", "Ben 100%", "Cleo"]
    assert found("contact=nonsense") == []
    text = ada.page(PATH).text
    assert "Friends, Wiphalas" in text
    assert "Confirmed <b>1</b>" in text


def test_pages_take_the_same_queries_however_many_people(
    app: Flask, ada: Any, count_queries: Any
) -> None:
    _people(app, {"name": "Only one"})
    with count_queries() as few:
        ada.page(PATH)
    _people(app, *({} for _ in range(120)))
    with count_queries() as many:
        page = ada.page(PATH + "?page=2")
    assert len(many) == len(few) <= 13, many.statements
    assert "Page 2" in page.text
    assert page.text.count('<td class="address">') == 50
    last = ada.page(PATH + "?page=3").text
    assert last.count('<td class="address">') == 21
    assert "Only one" in last
    assert "Older" not in last


def test_approve_decline_cancel_and_crew(app: Flask, ada: Any, house: Any) -> None:
    waiting = {"status": "pending", "pending_reason": "approval", "confirmed_at": None}
    ids = _people(app, waiting, waiting, {}, {})
    answer = _post(ada, f"{PATH}/{ids[0]}/approve", back=f"{PATH}?status=pending")
    assert answer.headers["Location"] == f"{PATH}?status=pending"
    _post(ada, f"{PATH}/{ids[1]}/decline", reason="Full of friends")
    _post(ada, f"{PATH}/{ids[2]}/cancel", reason="Twice on the list")
    _post(ada, f"{PATH}/{ids[3]}/crew", crew="yes")
    signups = house.signups()
    assert [s.status for s in signups] == ["confirmed", "declined", "cancelled", "confirmed"]
    assert [s.is_crew for s in signups] == [False, False, False, True]
    assert house.messages() == ["approved", "declined", "cancelled"]
    assert "Full of friends" in house.mails()[1].text
    with app.app_context():
        acts = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert list(acts) == [
        "signup.approved",
        "signup.declined",
        "signup.cancelled",
        "signup.crew",
    ]


def test_a_refusal_is_said_on_the_page(app: Flask, ada: Any, house: Any) -> None:
    house.change(capacity=1, waitlist=False)
    ids = _people(app, {}, {"status": "pending", "pending_reason": "approval"})
    _post(ada, f"{PATH}/{ids[1]}/approve")
    assert "All places are taken." in ada.page(PATH).text
    assert house.signups()[1].status == "pending"


def test_one_person(app: Flask, ada: Any) -> None:
    (public_id,) = _people(app, {"name": "Ana"})
    _agree(app, public_id, "friends", withdrawn_at=NOW)
    with app.app_context():
        db.session.add(Question(event_id=1, key="needs", label="What helps?", type="choices"))
        db.session.flush()
        db.session.add(Answer(signup_id=1, question_id=1, value=["Captions", "Ramp"]))
        db.session.commit()
    text = ada.page(f"{PATH}/{public_id}").text
    assert "Captions, Ramp" in text
    assert "<s>friends may write</s>" in text


@pytest.mark.case("D31")
def test_strangers_see_nothing(app: Flask, ada: Any, visitors: Any, house: Any) -> None:
    (public_id,) = _people(app, {})
    with app.app_context():
        cleo = make_user("Cleo")
        db.session.commit()
        cleo_id = cleo.id
    stranger = visitors().client
    sign_in(stranger, cleo_id)
    token = stranger.page("/events/evening/signup").field("csrf_token")
    for path in (PATH, f"{PATH}/{public_id}", f"{PATH}/{public_id}/erase"):
        assert stranger.get(path).status_code == 404
    for path in (f"{PATH}/export", *(f"{PATH}/{public_id}/{act}" for act in ("approve", "decline", "cancel", "crew", "erase"))):  # fmt: skip
        assert stranger.post(path, data={"csrf_token": token}).status_code == 404
    assert ada.get(f"{PATH}/nobody").status_code == 404
    assert house.signup().status == "confirmed"


@pytest.mark.case("D25")
def test_each_verb_needs_its_token(app: Flask, ada: Any, house: Any) -> None:
    (public_id,) = _people(app, {})
    for act in ("export", *(f"{public_id}/{one}" for one in ("approve", "decline", "cancel", "crew", "erase"))):  # fmt: skip
        assert ada.post(f"{PATH}/{act}").status_code == 400
    assert (house.signup().status, house.signup().erased_at) == ("confirmed", None)


def test_removing_a_person(app: Flask, ada: Any, house: Any) -> None:
    (public_id,) = _people(app, {"name": "Ana"})
    page = ada.page(f"{PATH}/{public_id}/erase")
    assert "Delete the data of Ana?" in page.text
    answer = ada.post(f"{PATH}/{public_id}/erase", data={"csrf_token": page.field("csrf_token")})
    assert answer.status_code == 303
    assert (house.signup().name, house.signup().status) == (None, "confirmed")
    text = ada.page(PATH).text
    assert "The data of 1 more person was deleted" in text
    assert "Ana" not in text.replace("Ana</", "")
    gone = ada.page(f"{PATH}/{house.signup().public_id}").text
    assert "Only the status counts on: Confirmed." in gone


def test_whoever_was_erased_is_on_no_list_and_in_every_figure(
    app: Flask, ada: Any, house: Any
) -> None:
    house.change(capacity=1)
    wait = {"status": "waitlisted", "confirmed_at": None, "waitlisted_at": NOW}
    asked = {"status": "pending", "pending_reason": "approval", "confirmed_at": None}
    unproved = {"status": "pending", "pending_reason": "address", "confirmed_at": None}
    robot = {"status": "pending", "pending_reason": "click", "confirmed_at": None}
    _people(app, {"name": "Ana"}, {}, wait, wait, asked, asked, unproved, robot)
    with app.app_context():
        before = queries.counts(1)
        for number in (2, 4, 6):
            privacy.erase_signup(db.session.get_one(Signup, number), NOW, by="the person")
        db.session.commit()
        assert queries.counts(1) == before
    # What a pending one lacks is said in words of its own: "waiting" is for a place.
    tabs = {
        "": "All <b>5</b>", "status=confirmed": "Confirmed <b>1</b>", "reason=approval": "To be approved <b>1</b>",
        "reason=address": "Address not confirmed <b>1</b>", "reason=click": "Looked like a robot <b>1</b>",
        "status=waitlisted": "On the waiting list <b>1</b>",
    }  # fmt: skip
    for query, tab in tabs.items():
        page = ada.page(f"{PATH}?{query}").text
        number = int(tab.partition("<b>")[2].partition("<")[0])
        assert tab in page
        assert page.count('name="pick"') == number
        assert f"With all {number}…" in page
        what = f"What to do with {number} {'person' if number == 1 else 'people'}"
        assert what in ada.page(f"{PATH}/many?who=found&{query}").text
    assert "The data of 3 more people was deleted" in page
    rows = list(csv.DictReader(io.StringIO(_post(ada, f"{PATH}/export").get_data(as_text=True))))
    assert [row["Status"] for row in rows] == [
        "confirmed", "waitlisted", "to be approved", "address not confirmed", "looked like a robot",
    ]  # fmt: skip
    with app.app_context():
        for row in db.session.scalars(sa.select(Signup).where(Signup.erased_at.is_(None))):
            privacy.erase_signup(row, NOW, by="the person")
        db.session.commit()
    assert "Nobody stands here any more." in ada.page(PATH).text


@pytest.mark.case("D40")
@pytest.mark.case("D41")
@pytest.mark.case("D42")
def test_the_list_as_csv(app: Flask, ada: Any) -> None:
    nasty = ["=1+1", "+49 30 1234", "-x", "@cmd", '"quoted", and; more', "Łukasz, Żó"]
    ids = _people(app, *({"name": name} for name in nasty))
    _agree(app, ids[0], "wiphalas")
    with app.app_context():
        for number, (key, label) in enumerate([("why", "Why?\nReally"), ("union", "In a union?")]):
            db.session.add(Question(event_id=1, position=number, key=key, label=label, type="text"))
        db.session.flush()
        db.session.add(Answer(signup_id=1, question_id=1, value="Two\nlines"))
        db.session.add(Answer(signup_id=1, question_id=2, value=True))
        db.session.commit()
    answer = _post(ada, f"{PATH}/export")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="evening-signups.csv"'
    text = answer.get_data(as_text=True)
    assert text.startswith("\ufeffName,")
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert header == [
        "Name", "E-mail address", "Status", "Signed up (UTC)", "Confirmed (UTC)", "Source", "Language",
        "Crew", "May be contacted by Friends", "May be contacted by Wiphalas", "Why?\nReally",
        "In a union?", "What would help them", "Coming with them", "Tags", "Address confirmed (UTC)",
        "Agreed that it is kept (UTC)",
    ]  # fmt: skip
    assert [row[0] for row in rows] == [
        "'=1+1", "'+49 30 1234", "'-x", "'@cmd", '"quoted", and; more', "Łukasz, Żó",
    ]  # fmt: skip
    assert rows[0][2:] == [
        "confirmed", "2027-04-05T17:00:00Z", "2027-04-05T17:00:00Z", "", "en", "", "", "yes",
        "Two\nlines", "yes", "", "", "", "", "",
    ]  # fmt: skip
    with app.app_context():
        entry = db.session.scalars(sa.select(AuditEntry)).one()
        assert (entry.action, entry.actor, entry.details) == (
            "signups.exported",
            "ada@example.org",
            {"kind": "csv", "people": 6},
        )


def test_a_long_list_as_csv_comes_in_batches(
    app: Flask, ada: Any, count_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.signup.export.BATCH", 40)
    with app.app_context():
        db.session.execute(
            sa.insert(Signup),
            [
                {
                    "event_id": 1, "public_id": tokens.public_id(), "person_key": tokens.person_key(),
                    "name": f"Person {n}", "email": f"p{n}@example.org", "email_key": f"p{n}@example.org",
                    "status": "confirmed", "created_at": NOW, "erased_at": None,
                }
                for n in range(100)
            ],
        )  # fmt: skip
        db.session.commit()
    answer = _post(ada, f"{PATH}/export")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert [row[0] for row in rows[1:]] == [f"Person {n}" for n in range(100)]
    Page(ada.get(PATH))
