"""Links to the event, and what each of them brings."""

from __future__ import annotations

import datetime as dt
import io
import re
from typing import Any

import pytest
import segno
import sqlalchemy as sa
import time_machine
from PIL import Image

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user, make_visit
from tests.forms import errors
from tests.signin import sign_in
from webapp.db import db
from webapp.events.models import CoHost, Event
from webapp.privacy import operations as privacy
from webapp.signup.models import Signup, SourceLink

SOURCES = "/manage/events/evening/sources"


@pytest.fixture
def ada(app: Any, client: Any) -> Any:
    """Ada's browser. Her event has a co-host; three came by the letter (and one cancelled, one looked
    like a robot's), one without a link."""
    with app.app_context():
        event = make_event(make_user(), slug="evening")
        db.session.add(CoHost(event_id=event.id, key="wiphalas", name="Wiphalas"))
        letter = [make_signup(event, source="letter") for _number in range(3)]
        make_signup(event, source="Letter", status="cancelled")
        make_signup(event, source="letter", status="pending", pending_reason="click")
        make_signup(event, source="wiphalas")
        make_signup(event)
        make_visit(event, event.starts_at, event.ends_at, signup=letter[0])
        db.session.commit()
    with time_machine.travel(NOW + dt.timedelta(minutes=90), tick=False):
        sign_in(client, 1)
        yield client


def numbers(page: Any) -> dict[str, list[str]]:
    """By the link in the field: signed up, confirmed, came."""
    found = {}
    for row in page.tree.iter("li"):
        fields = [e for e in row.iter("input") if e.get("readonly") is not None]
        if fields:
            key = (fields[0].get("value") or "").rpartition("from=")[2]
            found[key] = [e.text for e in row.iter("dd")]
    return found


def test_each_link_says_what_it_brought_whatever_letters_it_was_written_in(ada):
    ada.send(SOURCES, {"label": "The letter", "key": "LETTER", "place": "Sent on Monday"})
    page = ada.page(SOURCES)
    assert numbers(page) == {"letter": ["3", "3", "1"], "wiphalas": ["1", "1", "0"]}
    assert "Sent on Monday" in page.text
    assert "Without such a link: 1 signed up, 1 confirmed." in page.text


def test_a_word_that_nobody_named_is_shown_too(ada):
    assert numbers(ada.page(SOURCES))["letter"] == ["3", "3", "1"]
    assert "no link of yours" in ada.page(SOURCES).text
    assert ada.page(f"{SOURCES}?key=letter").field("key") == "letter"


def test_the_numbers_stay_when_people_are_erased_and_when_the_name_is_deleted(app, ada):
    ada.send(SOURCES, {"label": "The letter", "key": "letter"})
    with app.app_context():
        for signup in db.session.scalars(sa.select(Signup)).all():
            privacy.erase_signup(signup, NOW, by="Ada")
        link = db.session.scalars(sa.select(SourceLink)).one()
        db.session.commit()
        link_id = link.id
    assert numbers(ada.page(SOURCES))["letter"] == ["3", "3", "1"]
    ada.send(f"{SOURCES}/{link_id}/remove", at=SOURCES)
    assert numbers(ada.page(SOURCES))["letter"] == ["3", "3", "1"]


def test_what_came_is_unknown_where_nothing_saw_it(app, ada):
    with app.app_context():
        event = db.session.get_one(Event, 1)
        event.presence = "door"
        db.session.execute(sa.text("DELETE FROM visits"))
        db.session.commit()
    assert numbers(ada.page(SOURCES))["letter"] == ["3", "3", "unknown"]


def test_a_link_needs_a_name_and_a_word_of_its_own(app, ada):
    for sent, field in (
        ({"label": ""}, "label"),
        ({"label": "!!!"}, "key"),
        ({"label": "A", "key": "two words"}, "key"),
        ({"label": "A", "key": "Wiphalas"}, "key"),
    ):
        answer = ada.send(SOURCES, sent)
        assert answer.status_code == 400
        assert list(errors(answer.parsed)) == [field]
    ada.send(SOURCES, {"label": "A", "key": "a"})
    assert ada.send(SOURCES, {"label": "B", "key": "A"}).status_code == 400
    with app.app_context():
        assert db.session.scalars(sa.select(SourceLink.key)).all() == ["a"]


def test_the_way_from_the_link_to_the_sign_up_keeps_the_source(app, client):
    """Through the page of the event, which is kept for all readers."""
    with app.app_context():
        make_event(slug="evening")
        db.session.commit()
    with time_machine.travel(NOW, tick=False):
        for word, kept in (("News-1", "news-1"), ("Niño", "ni%C3%B1o"), ('"><b>', "b")):
            page = client.page("/events/evening", query_string={"from": word})
            assert f'href="/events/evening/signup?from={kept}"' in page.text
        assert "from=" not in client.page("/events/evening").text
        first = client.get("/events/evening?from=letter")
        again = client.get("/events/evening?from=letter", headers={"If-None-Match": first.headers["ETag"]})  # fmt: skip
        other = client.get("/events/evening?from=poster", headers={"If-None-Match": first.headers["ETag"]})  # fmt: skip
        assert (again.status_code, other.status_code) == (304, 200)
        app.config["SIGNUP_MIN_SECONDS"] = 0
        client.send(
            "/events/evening/signup", {"name": "Ana", "email": "ana@example.org", "consent": "yes", "from": "News-1"}
        )  # fmt: skip
    with app.app_context():
        assert db.session.scalars(sa.select(Signup.source)).all() == ["news-1"]


def test_the_list_asks_the_same_number_of_questions_however_many_there_are(app, ada, count_queries):
    ada.page(SOURCES)
    with count_queries() as before:
        ada.page(SOURCES)
    with app.app_context():
        event = db.session.get_one(Event, 1)
        for number in range(20):
            make_signup(event, source=f"group-{number}")
        db.session.commit()
    with count_queries() as after:
        ada.page(SOURCES)
    assert len(after) == len(before)


def _modules(svg: bytes) -> list[list[bool]]:
    """The dark and the light squares of a code, read from its drawing: one stroke for each run of dark."""
    size = int(re.search(rb'width="(\d+)"', svg)[1]) // 10
    drawn = [[False] * size for _row in range(size)]
    x = y = 0.0
    # The first one is the white ground.
    path = re.findall(rb' d="([^"]+)"', svg)[1].decode()
    for command, numbers in re.findall(r"([MmhH])([-\d. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "h":
            for column in range(int(x), int(x + values[0])):
                drawn[int(y)][column] = True
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return drawn


def test_each_link_comes_as_a_code_for_posters_and_slides(ada):
    page = ada.page(SOURCES)
    for key, link in (
        ("wiphalas", "http://turnout.test/events/evening?from=wiphalas"),
        ("", "http://turnout.test/events/evening"),
    ):
        query = f"?from={key}" if key else ""
        assert (
            f'href="{SOURCES}/qr.svg{query}" download="evening-{key + "-" if key else ""}qr.svg"'
            in page.text
        )
        svg = ada.get(f"{SOURCES}/qr.svg{query}")
        assert svg.mimetype == "image/svg+xml"
        wanted = segno.make_qr(link, error="q").matrix_iter(border=4)
        assert _modules(svg.data) == [[bool(square) for square in row] for row in wanted]
        png = ada.get(f"{SOURCES}/qr.png{query}")
        picture = Image.open(io.BytesIO(png.data))
        assert (png.mimetype, picture.format) == ("image/png", "PNG")
        assert min(picture.size) > 700
    for path in ("", "/settings"):
        assert f"{SOURCES}/qr.svg" in ada.page(f"/manage/events/evening{path}").text
