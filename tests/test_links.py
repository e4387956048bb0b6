"""Links that carry a right, asked of every route behind one, and what may stand in public addresses."""

from __future__ import annotations

import datetime as dt
import logging
import typing

import pytest
import time_machine
from flask import Flask

from tests import walk
from tests.cast import AFTER, BEFORE, LIVE, Cast, Evening
from tests.conftest import NOW
from tests.walk import Route, Watch, ask
from webapp import tokens
from webapp.signup import links

LONG_AGO = NOW - tokens.MAX_AGE - dt.timedelta(days=1)
# How long each kind is good for.
AGES = {"confirm": links.CONFIRM_AGE, "remove": links.REMOVE_AGE, "erase": links.ERASE_AGE}
# A wish not to be written to outlives the event that it was about.
OUTLIVES_ITS_EVENT = ("unsubscribe",)
# What a payload never is.
ODD = (
    None,
    [],
    {},
    "x",
    7,
    True,
    [None],
    ["1", "x"],
    [1],
    [1, 2],
    ["x"] * 3,
    [1, "x", 2, 3],
    {"a": 1},
)


# These say nothing of when they were made: the link for all guests, which dies with its event, and a
# person's own two, which are the same in every mail and die with the sign-up; and a co-host's, which the
# organisers end.
LASTING = ("guest", "my", "join", "cohost", "invitation")


def purpose(kind: str) -> typing.Any:
    """A guest's own ticket is signed for the same purpose as the link for all guests."""
    return "guest" if kind == "ticket" else kind


def sign(kind: str, said: typing.Any) -> str:
    return (tokens.sign_lasting if kind in LASTING else tokens.sign)(purpose(kind), said)


def payload(kind: str, token: str) -> list[typing.Any]:
    if kind in LASTING:
        return tokens.read_lasting(purpose(kind), token)
    return tokens.read(purpose(kind), token).payload


def changed(token: str) -> dict[str, str]:
    """The token as it comes out of careless hands."""

    def other(place: int) -> str:
        letter = "x" if token[place] != "x" else "y"
        return token[:place] + letter + token[place:][1:]

    return {
        "first letter changed": other(0),
        "one letter in the middle changed": other(len(token) // 2),
        # Its neighbour means the same to a decoder: the last letter has two bits to spare.
        "last letter changed": token[:-1] + chr(ord(token[-1]) + 1),
        "last letter cut": token[:-1],
        "half of it": token[: len(token) // 2],
        "only the payload": token.partition(".")[0],
        "without the signature": token.rpartition(".")[0],
        "doubled": token * 2,
        "doubled with a dot": f"{token}.{token}",
        "in capitals": token.upper(),
        "a full stop behind": f"{token}.",
        "a bracket behind": f"{token})",
        "a space behind": f"{token}%20",
        "a word instead": "undefined",
    }


def wrong_tokens(route: Route, kind: str, evening: Evening, other: Evening) -> dict[str, str]:
    """Everything that must not open a door of this kind."""
    good = evening.links[kind][0]
    found = changed(good)
    accepted = walk.DOORS[route.door]
    found |= {
        f"one for {wrong}": there[0]
        for wrong, there in evening.links.items()
        if wrong not in accepted
    }
    said = payload(kind, good)
    if kind not in LASTING:
        with time_machine.travel(LONG_AGO, tick=False):
            found["one of long ago"] = sign(kind, said)
    if kind in AGES:
        with time_machine.travel(LIVE - AGES[kind] - dt.timedelta(seconds=2), tick=False):
            found["one just too old"] = sign(kind, said)
    if kind not in OUTLIVES_ITS_EVENT:
        found["an event that is not there"] = sign(kind, [123456789, *said[1:]])
    if kind in ("my", "confirm", "remove", "erase"):
        found["the person at another event"] = sign(kind, [other.event_id, *said[1:]])  # fmt: skip
        found["nobody"] = sign(kind, [said[0], tokens.public_id()])
    for odd in ODD:
        if not (isinstance(odd, list) and [type(v) for v in odd] == [type(v) for v in said]):
            found[f"saying {odd}"] = sign(kind, odd)
    return found


# While an event is on, a link that we made once to prove an address leads to the guests' door: the same
# page whatever became of the sign-up.
TO_THE_GUESTS = ("one just too old", "the person at another event", "nobody")


@pytest.fixture
def app_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def test_there_is_a_good_token_of_every_purpose(cast: Cast) -> None:
    """So that each is tried at every other's door."""
    assert {purpose(kind) for kind in cast.evening.links} == set(typing.get_args(tokens.Purpose))
    for kind, there in cast.evening.links.items():
        for token in there:
            with cast.app.app_context():
                assert payload(kind, token)


@pytest.mark.case("D17")
def test_looking_at_a_link_changes_nothing(cast: Cast, watch: Watch) -> None:
    """Mail scanners open every link, with GET and HEAD, before, during and after the evening."""
    for moment in (BEFORE, LIVE, AFTER):
        with time_machine.travel(moment, tick=False):
            browser = cast.browser()
            for route in walk.routes(cast.app, "link"):
                if not route.reads:
                    continue
                for kind in walk.DOORS[route.door]:
                    for token in cast.evening.links[kind]:
                        address = route.address({"token": token})
                        for method in ("GET", "HEAD"):
                            answer = ask(browser, method, address)
                            watch.expect(answer.status_code < 500, f"{method} {address}", answer)
                        watch.nothing_changed(f"{address} at {moment}")
    watch.done()


@pytest.mark.case("D17")
def test_a_link_still_works_after_a_scanner_was_there(cast: Cast, watch: Watch) -> None:
    """Whatever the scanner does to an address, the person's press counts as if it had not been there."""
    for form in walk.forms(cast).of_routes("link"):
        with time_machine.travel(form.moment, tick=False):
            scanner, person = cast.browser(), cast.browser()
            for _ in range(3):
                ask(scanner, "HEAD", form.page)
                ask(scanner, "GET", form.page)
            answer = walk.press(person, form)
            watch.expect(answer.status_code < 400, form, answer)
        cast.restore()
    watch.done()


@pytest.mark.case("D39")
def test_every_bad_link_gets_the_same_page(
    cast: Cast, watch: Watch, app_log: pytest.LogCaptureFixture
) -> None:
    """The page of an address that never was, at every route behind a link, with every method; nothing
    changes, and no token gets into the log."""
    browser = cast.browser()
    nowhere = ask(browser, "GET", "/nothing-was-ever-here")
    assert nowhere.status_code == 404
    for route in walk.routes(cast.app, "link"):
        for kind in walk.DOORS[route.door]:
            with cast.app.app_context():
                wrong = wrong_tokens(route, kind, cast.evening, cast.foreign)
            for what, token in wrong.items():
                address = route.path.replace("<token>", token)
                app_log.clear()
                for method in walk.methods(route):
                    answer = ask(browser, method, address)
                    same = answer.status_code == 404
                    same &= method == "HEAD" or answer.text == nowhere.text
                    if kind == "confirm" and what in TO_THE_GUESTS:
                        same = answer.status_code == 200
                        same &= method == "HEAD" or "This link has had its time" in answer.text
                    watch.expect(same, f"{method} {route.path} with {what}", answer)
                longest = max(token.split("."), key=len)
                logged = len(longest) > 15 and longest in app_log.text
                watch.expect(not logged, f"{route.path} with {what} is logged", answer)
        watch.nothing_changed(route.path)
    watch.done()


@pytest.mark.case("D35")
def test_links_of_a_draft_open_nothing_but_the_chairs_waiting_page(
    cast: Cast, watch: Watch
) -> None:
    browser = cast.browser()
    for route in walk.routes(cast.app, "link"):
        for kind in set(walk.DOORS[route.door]) - set(OUTLIVES_ITS_EVENT):
            for token in cast.draft.links[kind]:
                for method in walk.methods(route):
                    answer = ask(browser, method, route.address({"token": token}))
                    if route.endpoint == "chair.show":
                        watch.expect(answer.status_code == 200, f"{method} {route.path}", answer)
                        watch.expect("quetzal-talk" not in answer.text, route.path, answer)
                    else:
                        watch.expect(answer.status_code == 404, f"{method} {route.path}", answer)
        watch.nothing_changed(route.path)
    watch.done()


# What may stand in an address that anybody can ask for.
PUBLIC_NAMES = {
    "digest": "128 bits of the content's own hash",
    "slug": "words that the organiser chose, and the same for everybody",
    "token": "signed, and random in what it names",
    "version": "of a published report: all its versions are public and link to one another",
    "extension": "one of three words",
    "colour": "six digits of a colour; what comes back depends on nothing else",
    "filename": "of our own stylesheets, scripts and fonts",
}


@pytest.mark.case("D27")
def test_no_number_that_can_be_counted_up_stands_in_a_public_address(app: Flask) -> None:
    for route in walk.routes(app, "public", "link", "service", "bearer"):
        for name in route.names:
            assert name in PUBLIC_NAMES, (
                f"{route.path}: say in PUBLIC_NAMES why <{name}> may be public"
            )
            counts = type(route.rule._converters[name]).__name__ in ("IntegerConverter", "FloatConverter")  # fmt: skip
            assert not counts or name == "version", f"{route.path}: <{name}> can be counted up"


@pytest.mark.case("D27")
def test_a_report_has_only_the_versions_that_were_published(cast: Cast) -> None:
    browser = cast.browser()
    base = f"/events/{cast.evening.slug}/report/v"
    assert ask(browser, "GET", f"{base}/1").status_code == 200
    for number in range(2, 30):
        assert ask(browser, "GET", f"{base}/{number}").status_code == 404
    assert ask(browser, "GET", f"/events/{cast.draft.slug}/report/v/1").status_code == 404
