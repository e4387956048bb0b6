"""Where organisers land: their events in groups, with the counts and the next act."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine

from tests.conftest import NOW
from tests.factories import make_event, make_signup, make_user, make_visit
from tests.signin import sign_in
from webapp.accounts import operations as accounts
from webapp.accounts.models import User
from webapp.attendance import queries as attendance
from webapp.attendance.figures import figures
from webapp.db import db
from webapp.events import queries as events
from webapp.front import my_events
from webapp.reports.models import Report, ReportVersion

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def signed_in(app, client, name="Ada", role="organiser"):
    """A new person in ``client``, and their id."""
    with app.app_context():
        user = make_user(name, role=role)
        db.session.commit()
        sign_in(client, user)
        return user.id


def with_report(event):
    """``event`` with a published report."""
    report = Report(
        event_id=event.id, headline="people", content={}, created_at=NOW, updated_at=NOW
    )
    db.session.add(report)
    db.session.flush()
    db.session.add(
        ReportVersion(
            report_id=report.id, version=1, document="{}", content_hash="0" * 64, pdf=b"", pdf_hash="0" * 64,
            published_at=NOW, published_by="ada@example.org",
        )
    )  # fmt: skip
    return event


def listed(page):
    """{group: [(title, {label: figure}, words of the button)]} as the page shows them."""
    found = {}
    for section in page.tree.iter("section"):
        rows = []
        for item in section.iterfind("./ul/li"):
            figures = {
                "".join(pair.find("dt").itertext()): "".join(pair.find("dd").itertext())
                for pair in item.iterfind("./dl/div")
            }
            button = item.find("./div[@class='my-act']/a[@class='button quiet small']")
            rows.append((
                "".join(item.find(".//h3").itertext()),
                figures,
                button.text if button is not None else None,
            ))  # fmt: skip
        found["".join(section.find("./h2").itertext())] = rows
    return found


def test_nobody_signed_in_goes_to_the_sign_in_first(client):
    answer = client.get("/manage/")
    assert (answer.status_code, answer.location) == (302, "/sign-in?next=%2Fmanage%2F")


def test_people_land_here_after_the_sign_in(client, app):
    with app.app_context():
        accounts.create("ada@example.org", role="organiser", password="correct horse", at=NOW)
        db.session.commit()
    answer = client.send("/sign-in", {"email": "ada@example.org", "password": "correct horse"})
    assert answer.location == "/manage/"
    assert client.get(answer.location).status_code == 200


def test_without_an_event_the_page_teaches_and_has_one_button(client, app):
    signed_in(app, client)
    text = client.page("/manage/").text
    assert "Here your events will stand" in text
    assert "with the address ada@example.org" in text
    assert re.findall(r'class="button[^"]*" href="([^"]+)"', text) == ["/manage/events/new"]


def test_events_stand_in_their_group_with_counts_and_the_next_act(client, app):
    ada_id = signed_in(app, client)
    with app.app_context():
        ada = db.session.get(User, ada_id)
        live = make_event(ada, title="On now", starts_at=NOW - HOUR)
        people = [make_signup(live) for _number in range(4)]
        for status in ("pending", "waitlisted", "offered", "declined", "cancelled"):
            make_signup(live, status=status)
        for person in people[:2]:
            make_visit(live, NOW - HOUR, signup=person)
        make_visit(live, NOW - HOUR)
        make_event(ada, title="Tonight", starts_at=NOW + 3 * HOUR)
        make_event(ada, title="In May", starts_at=NOW + 30 * DAY)
        make_event(ada, title="Off", starts_at=NOW + 2 * DAY, state="cancelled")
        make_event(ada, title="Draft", starts_at=NOW + DAY, state="draft")
        make_event(ada, title="Long ago", starts_at=NOW - 40 * DAY)
        with_report(make_event(ada, title="Reported", starts_at=NOW - 50 * DAY))
        db.session.commit()
    nobody = {"signed up": "0", "confirmed": "0"}
    assert listed(client.page("/manage/")) == {
        "Now": [("On now", {"signed up": "7", "confirmed": "4", "attended": "2"}, "Open the cockpit")],
        "Coming": [
            ("Tonight", nobody, "Open the cockpit"),
            ("Off", nobody, None),
            ("In May", nobody, None),
        ],
        "Drafts": [("Draft", {}, "Check and publish")],
        "Past": [
            ("Long ago", nobody | {"attended": "0"}, "Write the report"),
            ("Reported", nobody | {"attended": "0"}, None),
        ],
    }  # fmt: skip


def test_the_date_names_its_zone_and_a_title_keeps_its_direction(client, app):
    ada_id = signed_in(app, client)
    with app.app_context():
        make_event(
            db.session.get(User, ada_id), title="أمسية عن بوليفيا!", timezone="America/La_Paz"
        )
        db.session.commit()
    text = client.page("/manage/").text
    assert "6 Apr 2027, 14:00 (La Paz time)" in text
    assert "<bdi>أمسية عن بوليفيا!</bdi>" in text


def test_strangers_see_nothing_of_it_and_admins_see_all(client, app):
    with app.app_context():
        make_event(make_user("Ada"), title="Of Ada")
        db.session.commit()
    signed_in(app, client, "Cleo")
    assert "Of Ada" not in client.page("/manage/").text
    signed_in(app, client, "Dora", role="admin")
    assert listed(client.page("/manage/"))["Coming"][0][0] == "Of Ada"


@pytest.mark.parametrize(
    ("values", "visits", "attended"),
    [
        ({}, [], 0),
        ({"presence": "door"}, [], None),
        ({"presence": "platform"}, [], None),
        ({"mode": "in_person"}, [], None),
        ({"mode": "hybrid"}, [], 0),
        ({"presence": "door"}, ["signup", "signup", "guest"], 1),
        ({"presence": "door"}, ["guest"], 0),
        ({"presence": "door"}, ["cancelled"], 0),
        ({"presence": "door"}, ["erased"], 1),
    ],
)
def test_attended_counts_confirmed_people_once_and_says_when_nobody_knows(
    context, values, visits, attended
):
    event = make_event(starts_at=NOW - 5 * HOUR, **values)
    other = make_event(starts_at=NOW - 5 * HOUR)
    make_visit(other, NOW, signup=make_signup(other))
    came = make_signup(event)
    for kind in visits:
        if kind == "signup":
            make_visit(event, NOW - 4 * HOUR, signup=came)
        elif kind == "guest":
            make_visit(event, NOW - 4 * HOUR)
        elif kind == "cancelled":
            make_visit(event, NOW - 4 * HOUR, signup=make_signup(event, status="cancelled"))
        else:
            make_signup(event, person_key=None, attended=True)
            make_visit(event, NOW - 4 * HOUR, is_registered=True)
    assert attendance.registered_attended([event, other]) == {event.id: attended, other.id: 1}
    # The same definition as in the figures, which count nobody where nobody was seen.
    stated = figures(event, NOW)["attendance"]["registered_attended"]
    assert stated == (attended or 0)


def test_the_database_groups_events_as_their_phase_says(context):
    """``in_group`` asks in SQL what ``phase`` asks in Python: at every edge, for every state."""
    dora = make_user("Dora", role="admin")
    moments = [None, NOW - HOUR, NOW, NOW + HOUR]
    made = [
        make_event(
            starts_at=NOW + starts * HOUR, ends_at=NOW + (starts + 1) * HOUR, started_at=started,
            ended_at=ended, state=state,
        )
        for state in ("draft", "published", "cancelled")
        for starts in (-3, -2, -1.5, -1, 0, 1)
        for started in moments
        for ended in moments
    ]  # fmt: skip
    expected = {group: set() for group in my_events.GROUPS}
    for event in made:
        phase = event.phase(NOW)
        over = event.closes_by <= NOW or (event.ended_at is not None and event.ended_at <= NOW)
        called_off = "past" if over else "coming"
        group = {"draft": "drafts", "live": "now", "before": "coming", "over": "past"}
        expected[group.get(phase, called_off)].add(event.id)
    found = {
        group: [event.id for event in events.in_group(dora, group, NOW, limit=1000)]
        for group in my_events.GROUPS
    }
    assert {group: set(ids) for group, ids in found.items()} == expected
    assert sum(len(ids) for ids in found.values()) == len(made)


def many(app, ada_id, number):
    """``number`` events of each group, with sign-ups and visits, and a report for every second."""
    with app.app_context():
        ada = db.session.get(User, ada_id)
        for n in range(number):
            make_event(ada, title=f"Draft {n:03}", state="draft")
            make_event(ada, title=f"Coming {n:03}", starts_at=NOW + (n + 1) * DAY)
            make_event(ada, title=f"Now {n:03}", starts_at=NOW - HOUR)
            past = make_event(ada, title=f"Past {n:03}", starts_at=NOW - (n + 1) * DAY)
            make_visit(past, past.starts_at, signup=make_signup(past))
            if n % 2:
                with_report(past)
        db.session.commit()


def test_the_same_number_of_queries_for_any_number_of_events(client, app, count_queries):
    ada_id = signed_in(app, client)

    def cost():
        with count_queries() as made:
            client.page("/manage/")
        return len(made)

    cost()
    none = cost()
    many(app, ada_id, 1)
    assert cost() == none
    many(app, ada_id, 15)
    assert cost() == none
    assert none <= 8


def test_a_long_group_is_cut_and_has_pages_of_its_own(client, app):
    many(app, signed_in(app, client), my_events.PAGE + 3)
    home = client.page("/manage/")
    assert [len(rows) for rows in listed(home).values()] == [my_events.FIRST] * 4
    assert "Show all past events" in home.text
    first = client.page("/manage/?group=past")
    titles = [row[0] for row in listed(first)["Past"]]
    assert titles == [f"Past {n:03}" for n in range(my_events.PAGE)]
    assert 'rel="prev"' not in first.text
    second = client.page("/manage/?group=past&page=2")
    assert [row[0] for row in listed(second)["Past"]] == ["Past 050", "Past 051", "Past 052"]
    assert 'rel="next"' not in second.text
    third = client.page("/manage/?group=past&page=3").text
    assert "There is nothing here." in third
    assert 'href="/manage/?group=past&amp;page=2"' in third
    assert [row[0] for row in listed(client.page("/manage/?group=coming"))["Coming"]][:2] == [
        "Coming 000", "Coming 001",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "query", ["group=nothing", "group=past&page=x", "page=3", "group=past&page=-1", "group=%00"]
)
def test_addresses_typed_wrong_show_a_page_all_the_same(client, app, query):
    many(app, signed_in(app, client), 1)
    assert "Past 000" in client.page(f"/manage/?{query}").text
