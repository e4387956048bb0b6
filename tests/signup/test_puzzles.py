"""The work that a form costs while robots attack an event: counts once, for one event, for a while; and
whoever has no JavaScript waits instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import Page
from tests.forms import filled
from tests.signin import sign_in
from tests.signup.conftest import later
from webapp import tokens
from webapp.audit.models import AuditEntry
from webapp.db import db
from webapp.events.models import Event
from webapp.signup import puzzles
from webapp.signup.models import UsedPuzzle

ANA = {"name": "Ana Álvarez", "email": "ana@example.org", "consent": "yes"}


def solve(puzzle: str, bits: int = 4) -> str:
    seed, found = puzzles.seed(puzzle), []
    for place in range(puzzles.PIECES):
        number = 0
        while not puzzles.is_piece(seed, place, number, bits):
            number += 1
        found.append(str(number))
    return ",".join(found)


class Attacked:
    """A browser before the form of an event that asks for work."""

    def __init__(self, person: Any, slug: str) -> None:
        self.client, self.path = person.client, f"/events/{slug}/signup"

    def form(self) -> dict[str, Any]:
        """The form as it is opened, with the answer to its puzzle."""
        fields = filled(self.client.page(self.path)) | ANA
        return fields | {"solution": solve(fields["puzzle"])}

    def send(self, fields: dict[str, Any]) -> Any:
        return self.client.post(self.path, data=fields)


@pytest.fixture
def attacked(make: Any, visitors: Any) -> Any:
    slug = make(challenge=True)
    return lambda: Attacked(visitors(), slug)


def test_whoever_did_the_work_signs_up_as_ever(attacked: Any, house: Any) -> None:
    browser = attacked()
    assert browser.send(browser.form()).status_code == 303
    assert (house.signup().status, house.messages()) == ("confirmed", ["confirmed"])


@pytest.mark.case("D53")
@pytest.mark.parametrize(
    "change",
    [
        {"solution": None}, {"solution": ""}, {"puzzle": None}, {"puzzle": ""}, {"solution": "none"},
        {"solution": [""] * 2}, {"solution": "list"}, {"puzzle": "twice"}, {"solution": "0," * 15 + "0"},
        {"solution": ",".join(["-1"] * 16)}, {"solution": ",".join(["٣"] * 16)}, {"solution": ",".join(["9" * 40] * 16)},
        {"solution": "1"}, {"solution[]": "list", "solution": None}, {"puzzle": "x.y.z"},
    ],
)  # fmt: skip
def test_missing_empty_or_a_list_is_refused_like_a_wrong_one(
    attacked: Any, house: Any, change: dict[str, Any]
) -> None:
    browser = attacked()
    good = browser.form()
    wrong = good | {"solution": ",".join(["1234567"] * 16)}
    sent = dict(good)
    for name, value in change.items():
        if value is None:
            del sent[name]
        elif value == "list":
            sent[name] = good["solution"].split(",")
        elif value == "twice":
            sent[name] = [good["puzzle"], good["puzzle"]]
        else:
            sent[name] = value
    said = []
    for fields in (sent, wrong):
        answer = browser.send(fields)
        assert answer.status_code == 403
        page = Page(answer)
        said.append("Please wait 20 seconds" in page.text and "A short wait" in page.text)
        assert page.field("email") == ANA["email"]
    assert said == [True, True]
    assert house.signups() == []
    assert house.mails() == []


@pytest.mark.case("D54")
def test_a_solution_buys_one_signup(attacked: Any, house: Any) -> None:
    browser = attacked()
    form = browser.form()
    assert browser.send(form).status_code == 303
    assert browser.send(form | {"email": "ben@example.org"}).status_code == 403
    other = attacked()
    fresh = other.form()
    stolen = fresh | {"puzzle": form["puzzle"], "solution": form["solution"]}
    assert other.send(stolen | {"email": "cem@example.org"}).status_code == 403
    assert len(house.signups()) == 1
    # A double click is the same form once more.
    assert browser.send(form).status_code == 303
    assert len(house.signups()) == len(house.mails()) == 1


@pytest.mark.case("D54")
def test_it_expires_and_belongs_to_its_event(
    make: Any, visitors: Any, attacked: Any, house: Any, clock: Any
) -> None:
    other = make(slug="other", challenge=True, starts_at=later(hours=9), ends_at=later(hours=10))
    there, here = Attacked(visitors(), other), attacked()
    foreign = there.form()
    mine = here.form()
    taken = {"puzzle": foreign["puzzle"], "solution": foreign["solution"]}
    assert here.send(mine | taken).status_code == 403
    clock.move_to(later(hours=2, seconds=2))
    assert there.send(foreign).status_code == 403
    assert there.send(there.form()).status_code == 303
    assert [signup.event_id for signup in house.signups()] == [2]


@pytest.mark.case("D54")
def test_no_other_token_of_ours_is_a_puzzle(attacked: Any, app: Flask) -> None:
    browser = attacked()
    form = browser.form()
    with app.app_context():
        fakes = [tokens.sign("form", [1, "0" * 22]), tokens.sign("puzzle-wait", [1, "0" * 22])]
    for fake in fakes:
        assert browser.send(form | {"puzzle": fake, "solution": solve(fake)}).status_code == 403


def test_a_mistake_costs_no_second_time(app: Flask, attacked: Any, house: Any) -> None:
    """What was wrong is shown again with a puzzle of its own; the first one was not used up."""
    browser = attacked()
    form = browser.form()
    answer = browser.send(form | {"name": ""})
    assert answer.status_code == 422
    again = filled(Page(answer))
    assert again["puzzle"] != form["puzzle"]
    assert browser.send(again | ANA | {"solution": solve(again["puzzle"])}).status_code == 303
    with app.app_context():
        assert len(list(db.session.scalars(sa.select(UsedPuzzle)))) == 1


def test_a_slip_in_the_address_keeps_the_work(attacked: Any, house: Any) -> None:
    browser = attacked()
    answer = browser.send(browser.form() | {"email": "ana@gmial.com"})
    assert answer.status_code == 200
    page = filled(Page(answer))
    assert browser.send(page | {"email": "ana@gmail.com"}).status_code == 303
    assert house.signup().email == "ana@gmail.com"


def test_the_trap_asks_for_one_more_click_and_for_no_more_work(attacked: Any, house: Any) -> None:
    browser = attacked()
    answer = browser.send(browser.form() | {"homepage": "x"})
    assert "I am a person" in answer.text
    click = filled(Page(answer))
    assert browser.send(click).status_code == 303
    assert house.signup().status == "confirmed"
    # That click is good for the form it came from, and not for another address.
    assert browser.send(click | {"email": "ben@example.org"}).status_code == 403


@pytest.mark.case("D53")
def test_without_the_work_the_trap_stores_nothing(attacked: Any, house: Any) -> None:
    browser = attacked()
    assert browser.send(browser.form() | {"homepage": "x", "solution": ""}).status_code == 403
    assert house.signups() == []


@pytest.mark.case("D55")
def test_without_javascript_one_waits_and_presses(attacked: Any, house: Any, clock: Any) -> None:
    browser = attacked()
    answer = browser.send(browser.form() | {"solution": ""})
    wait = filled(Page(answer))
    clock.move_to(later(seconds=12))
    answer = browser.send(wait)
    assert answer.status_code == 403
    assert "Please wait 8 seconds" in answer.text
    # Pressing too early does not begin anew.
    assert filled(Page(answer))["waited"] == wait["waited"]
    clock.move_to(later(seconds=21))
    assert browser.send(wait).status_code == 303
    assert house.signup().name == ANA["name"]


@pytest.mark.case("D54")
def test_a_wait_counts_once_for_its_own_form(
    make: Any, visitors: Any, attacked: Any, house: Any, clock: Any
) -> None:
    browser, other = attacked(), attacked()
    there = Attacked(visitors(), make(slug="other", challenge=True))
    fields = [one.send(one.form() | {"solution": ""}) for one in (browser, other, there)]
    wait, others, foreign = (filled(Page(answer)) for answer in fields)
    clock.move_to(later(seconds=30))
    # The forms were opened at the same second in different sessions, so each has its own token.
    assert other.send(others | {"waited": wait["waited"]}).status_code == 403
    assert browser.send(wait | {"waited": foreign["waited"]}).status_code == 403
    assert browser.send(wait).status_code == 303
    assert browser.send(wait | {"email": "ben@example.org"}).status_code == 403
    assert len(house.signups()) == 1


@pytest.fixture
def limited(app: Flask) -> Iterator[None]:
    app.config["RATELIMIT_ENABLED"] = True
    app.extensions.pop("rate_counter", None)
    yield
    app.extensions.pop("rate_counter", None)


@pytest.mark.usefixtures("limited")
def test_few_can_wait_at_a_time_from_one_network_and_everybody_can_work(
    attacked: Any, house: Any, clock: Any
) -> None:
    waits = []
    for number in range(12):
        browser = attacked()
        form = browser.form() | {"solution": "", "email": f"person{number}@example.org"}
        waits.append((browser, filled(Page(browser.send(form)))))
    clock.move_to(later(seconds=30))
    answers = [browser.send(wait) for browser, wait in waits]
    assert [answer.status_code for answer in answers] == [303] * 10 + [403] * 2
    assert "Many people near you are waiting" in answers[-1].text
    browser = attacked()
    assert browser.send(browser.form() | {"email": "late@example.org"}).status_code == 303
    assert len(house.signups()) == 11


@pytest.mark.case("D53")
def test_a_form_behind_a_secret_link_asks_as_well(make: Any, visitors: Any, house: Any) -> None:
    slug = make(challenge=True, invitation_only=True, invitation_key="a-secret-word")
    client = visitors().client
    form = filled(client.page(f"/events/{slug}/signup?key=a-secret-word")) | ANA
    assert client.post(f"/events/{slug}/signup", data=form | {"solution": ""}).status_code == 403
    assert house.signups() == []
    form["solution"] = solve(form["puzzle"])
    assert client.post(f"/events/{slug}/signup", data=form).status_code == 303


def test_an_ordinary_event_asks_for_nothing(make: Any, visitors: Any, house: Any) -> None:
    slug = make()
    page = visitors().client.page(f"/events/{slug}/signup")
    assert "puzzle" not in page.text
    assert visitors().send(slug).status_code == 303


def test_old_work_is_forgotten(app: Flask, attacked: Any, house: Any, clock: Any) -> None:
    browser = attacked()
    house.change(starts_at=later(hours=20), ends_at=later(hours=21))
    for hours in (0, 3):
        clock.move_to(later(hours=hours))
        house.forget()
        assert (
            browser.send(browser.form() | {"email": f"person{hours}@example.org"}).status_code
            == 303
        )
    with app.app_context():
        assert len(list(db.session.scalars(sa.select(UsedPuzzle)))) == 1


def test_the_host_turns_it_on_and_off_by_one_press(
    app: Flask, make: Any, visitors: Any, house: Any
) -> None:
    slug = make(ada=True)
    client = visitors().client
    sign_in(client, 1)
    for press, is_on in (("Slow robots down", True), ("The attack is over", False)):
        page = client.page(f"/manage/events/{slug}")
        assert press in page.text
        to = "on" if is_on else "off"
        answer = client.post(f"/manage/events/{slug}/challenge", data={"csrf_token": page.field("csrf_token"), "to": to})  # fmt: skip
        assert answer.status_code == 303
        house.forget()
        with app.app_context():
            event = db.session.scalars(sa.select(Event)).one()
            assert event.challenge is is_on
            entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
            assert entry.action == "event.changed"
        assert ('name="puzzle"' in visitors().client.get(f"/events/{slug}/signup").text) == is_on
