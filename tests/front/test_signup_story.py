"""One person's whole story, as an organiser reads it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.conftest import NOW, PageClient
from tests.factories import make_event, make_signup, make_user, make_visit
from tests.signin import sign_in
from webapp.db import db
from webapp.events.models import Event
from webapp.mail import queries as mail
from webapp.privacy import ties
from webapp.signup import operations, queries
from webapp.signup.models import Consent, Signup, SignupChange

PATH = "/manage/events/evening/signups"


def later(minutes: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


@pytest.fixture
def ada(app: Flask) -> Iterator[Any]:
    app.test_client_class = PageClient
    with app.app_context():
        make_event(make_user("Ada"), slug="evening", host_name="Friends", capacity=1)
        db.session.commit()
    client = app.test_client()
    with time_machine.travel(NOW, tick=False):
        sign_in(client, 1)
        yield client


def _lines(text: str) -> list[str]:
    """What the story says, a line for each entry, without the times."""
    story = text.partition('id="story"')[2]
    found = re.findall(r"<li class=\"\w+\">.*?<div>(.*?)</div>", story, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", entry).split()) for entry in found]


def test_every_verb_leaves_a_line(app: Flask, ada: Any) -> None:
    with app.app_context():
        event, by = db.session.get_one(Event, 1), "ada@example.org"
        ana = make_signup(event, "Ana", created_at=later(-60), source="flyer", proved_at=None)
        ben = make_signup(event, "Ben", status="waitlisted", confirmed_at=None, waitlisted_at=later(-5), created_at=later(-5))  # fmt: skip
        db.session.add(Consent(signup_id=ana.id, kind="event", wording="I agree.", version="1", agreed_at=later(-60)))  # fmt: skip
        operations.prove(ana, later(-50))
        operations.tag(event, [ana.id], "Press", later(-40), by=by)
        operations.mark_crew(ana, True, later(-30), by=by)
        operations.send_links(ana, later(-20), by=by)
        operations.cancel(ana, later(-10), by=None)
        operations.cancel(ben, later(-8), by=by, reason="Twice on the list")
        operations.come_back(ana, later(-7))
        db.session.commit()
        first, second = ana.public_id, ben.public_id
    assert _lines(ada.page(f"{PATH}/{first}").text) == [
        "Signed up, from “flyer”.",
        "Agreed I agree.",
        "Confirmed the address by pressing a button behind a mailed link.",
        "Tag “Press” given by ada@example.org.",
        "Counted as crew by ada@example.org.",
        "The links were sent once more by ada@example.org.",
        "Mail: Your link again: An evening about something Waiting",
        "Cancelled.",
        "Mail: You gave your place back: An evening about something Waiting",
        "Came back. They have a place.",
        "Mail: Welcome back: An evening about something Waiting",
    ]
    lines = _lines(ada.page(f"{PATH}/{second}").text)
    assert "A place became free, and they got it." in lines
    assert "The place was taken back by ada@example.org. “Twice on the list”" in lines


def test_decisions_offers_and_the_list(app: Flask, ada: Any) -> None:
    with app.app_context():
        event, by = db.session.get_one(Event, 1), "ada@example.org"
        event.starts_at, event.ends_at, event.capacity = later(60 * 50), later(60 * 52), 2
        ana = make_signup(event, "Ana", created_at=later(-60))
        waiting = {"status": "pending", "pending_reason": "approval", "confirmed_at": None}
        ben = make_signup(event, "Ben", **waiting)
        cleo = make_signup(event, "Cleo", **waiting)
        dan = make_signup(event, "Dan", **waiting)
        operations.approve(ben, later(-50), by=by)
        operations.approve(cleo, later(-40), by=by)
        operations.decline(dan, later(-39), by=by, reason="Full")
        operations.cancel(ana, later(-30))
        assert cleo.status == "offered"
        operations.accept(cleo, later(-20))
        db.session.commit()
        told = {
            signup.name: [(row.actor, row.what, row.details.get("to")) for row in queries.changes_of(signup)]
            for signup in (ana, ben, cleo, dan)
        }  # fmt: skip
        paths = [f"{PATH}/{signup.public_id}" for signup in (cleo, dan)]
    assert told == {
        "Ana": [("the person", "cancelled", None)],
        "Ben": [("ada@example.org", "approved", "confirmed")],
        "Cleo": [
            ("ada@example.org", "approved", "waitlisted"),
            ("itself", "offered", None),
            ("the person", "accepted", None),
        ],
        "Dan": [("ada@example.org", "declined", None)],
    }
    lines = _lines(ada.page(paths[0]).text)
    assert "Approved by ada@example.org. They are on the waiting list." in lines
    assert any(line.startswith("A place became free and was offered to them, until 7 Apr") for line in lines)  # fmt: skip
    assert "Took the place that was offered." in lines
    assert "Declined by ada@example.org. “Full”" in _lines(ada.page(paths[1]).text)


def test_visits_stand_there_until_nobody_knows_whose_they_were(app: Flask, ada: Any) -> None:
    with app.app_context():
        event = db.session.get_one(Event, 1)
        ana = make_signup(event, "Ana")
        start = event.starts_at
        make_visit(event, start, start + dt.timedelta(minutes=45), signup=ana)
        make_visit(event, start + dt.timedelta(hours=1), signup=ana, channel="link", end_reason="unknown")  # fmt: skip
        operations.prove_ids(event.id, [ana.public_id], later(60))
        db.session.commit()
        path = f"{PATH}/{ana.public_id}"
    lines = _lines(ada.page(path).text)
    assert "Was there from 19:00 to 19:45, 45 minutes (in our room)." in lines
    assert "Came at 20:00 (went through our door). How long they stayed is not known." in lines
    with app.app_context():
        signup = db.session.get_one(Signup, 1)
        assert [row.what for row in queries.changes_of(signup)] == ["proved"]
        ties.cut(1, [signup], frozenset(), later(60 * 24 * 8))
        db.session.commit()
    text = ada.page(path).text
    assert "Was there" not in text
    assert "This person came." in text
    # The moment somebody proved an address by pressing Join is the moment their visit began.
    assert "Proved" not in text


def test_mails_lead_to_their_pages(app: Flask, ada: Any) -> None:
    with app.app_context():
        event = db.session.get_one(Event, 1)
        ana = make_signup(event, "Ana", status="pending", pending_reason="approval")
        operations.approve(ana, later(-5), by="ada@example.org")
        db.session.commit()
        (sent,) = mail.of_person(1, ana.public_id)
        path, address = f"{PATH}/{ana.public_id}", f"/manage/events/evening/mail/{sent.id}"
    assert f'href="{address}"' in ada.page(path).text
    assert "Times are London time." in ada.page(path).text


def test_an_old_word_stays_as_it_is(app: Flask, ada: Any) -> None:
    with app.app_context():
        ana = make_signup(db.session.get_one(Event, 1), "Ana")
        db.session.add(SignupChange(signup_id=ana.id, at=NOW, actor="x@example.org", what="turned_blue", details={}))  # fmt: skip
        db.session.commit()
        path = f"{PATH}/{ana.public_id}"
    assert "turned blue (x@example.org)" in _lines(ada.page(path).text)


def test_the_page_takes_the_same_queries_however_long_the_story(
    app: Flask, ada: Any, count_queries: Any
) -> None:
    with app.app_context():
        ana = make_signup(db.session.get_one(Event, 1), "Ana")
        operations.add_note(ana, "One", NOW, by="a")
        db.session.commit()
        path = f"{PATH}/{ana.public_id}"
    with count_queries() as few:
        ada.page(path)
    with app.app_context():
        ana = db.session.get_one(Signup, 1)
        for number in range(20):
            operations.add_note(ana, f"Note {number}", NOW, by="a")
            operations.tag(db.session.get_one(Event, 1), [1], f"Tag {number}", NOW, by="a")
        db.session.commit()
    with count_queries() as many:
        ada.page(path)
    assert len(many) == len(few) <= 15, many.statements
