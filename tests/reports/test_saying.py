from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reports.evening import door_only, figures
from webapp.reports import counted, saying

pytestmark = pytest.mark.usefixtures("context")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0, "nobody"),
        (1, 1, "1 person"),
        (63, 63, "63 people"),
        (99, 99, "99 people"),
        # The number itself is never "over": the next round number below is.
        (100, 100, "100 people"),
        (101, 101, "over 100 people"),
        (1200, 1200, "1,200 people"),
        (1201, 1201, "over 1,200 people"),
        (1214, 1214, "over 1,200 people"),
        (1197, 1197, "1,197 people"),
        (12_345, 12_345, "over 12,000 people"),
        (264, 264, "over 260 people"),
        # A small uncertainty leaves "over" true.
        (1214, 1260, "over 1,200 people"),
        (1131, 1214, "over 1,100 people"),
        # Near one round number on both sides, "over" would give away most of a hundred.
        (1197, 1203, "about 1,200 people"),
        (1195, 1199, "about 1,200 people"),
        (1190, 1196, "about 1,200 people"),
        (1170, 1180, "over 1,100 people"),
        # A wide range is given as one.
        (1000, 1400, "between 1,000 and 1,400 people"),
        (1201, 1400, "between 1,201 and 1,400 people"),
        (40, 1200, "between 40 and 1,200 people"),
        (5, 7, "between 5 and 7 people"),
        (0, 7, "at most 7 people"),
        (0, 1, "at most 1 person"),
    ],
)
def test_a_count_in_words(low: int, high: int, words: str) -> None:
    assert saying.people(saying.say(low, high)) == words


@pytest.mark.parametrize(("low", "high"), [(-1, 3), (3, 2)])
def test_no_such_range(low: int, high: int) -> None:
    with pytest.raises(ValueError, match="no such range"):
        saying.say(low, high)


@given(st.integers(0, 2_000_000), st.integers(0, 500_000))
def test_words_are_never_untrue(low: int, more: int) -> None:
    said = saying.say(low, low + more)
    if said.kind == "over":
        assert said.low < low
        assert low - said.low <= 0.1 * low
    elif said.kind == "about":
        assert abs(said.low - low) <= 0.01 * low
        assert abs(low + more - said.low) <= 0.01 * low
    elif said.kind == "exact":
        assert (said.low, more) == (low, 0)
    elif said.kind == "range":
        assert (said.low, said.high) == (low, low + more)
    else:
        assert low + more == 0


@pytest.mark.parametrize(("count", "round_one"), [(1214, 1200), (1200, 1100), (101, 100), (100, 90), (99_999, 99_000)])  # fmt: skip
def test_the_round_number_below(count: int, round_one: int) -> None:
    assert saying.floor(count) == round_one


@pytest.mark.parametrize(
    ("choice", "ends", "clause"),
    [
        ("people", (1214, 1214), "over 1,200 people joined"),
        ("doors", (1230, 1230), "over 1,200 people pressed Join for"),
        ("registered_attended", (1131, 1131), "over 1,100 people who had signed up came to"),
        ("peak", (1098, 1098), "at the fullest moment, 1,098 people were together at"),
    ],
)
def test_headline_choices(choice: str, ends: tuple[int, int], clause: str) -> None:
    assert saying.value(figures(), choice) == ends
    assert saying.clause(figures(), choice) == clause


def test_an_unknown_choice_is_named() -> None:
    with pytest.raises(ValueError, match="'crowd' is not a headline number"):
        saying.value(figures(), "crowd")


def test_known_only_from_the_door_is_never_in_the_room() -> None:
    door = door_only()
    assert saying.value(door, "peak") is None
    assert saying.clause(door, "people") == "over 1,200 people came through the door to"
    assert saying.in_the_room({"people": None, "started_at": None}, ["Tim Young"]) == ""
    texts = [saying.clause(door, c) for c in saying.CHOICES]
    texts += [saying.definition(door, c) for c in ("people", "doors", "registered_attended")]
    texts += [saying.short_definition(door, c) for c in ("people", "doors", "registered_attended")]
    texts += saying.words(door, "people").values()
    for text in texts:
        assert "heard" not in text
        assert "in the room" not in text


def test_the_definition_says_why_it_is_a_range() -> None:
    wide = figures(people={"low": 1131, "high": 1214})
    assert saying.definition(wide, "people") == (
        "Everyone who was in the room at least once, each counted once. 1,131 could be told apart for "
        "certain; up to 83 more came without a name, or under one that was there already, and may be "
        "the same people again."
    )
    assert saying.figure(1131, 1214) == "1,131–1,214"
    assert saying.figure(1214, 1214) == "1,214"


@pytest.mark.parametrize(
    ("count", "names", "started", "sentence"),
    [
        (1061, ["Tim Young"], "x", "1,061 people were in the room while Tim Young spoke."),
        (1, ["Tim Young"], "x", "1 person was in the room while Tim Young spoke."),
        (12, ["Ada", "Ben", "Cleo"], "x", "12 people were in the room while Ada, Ben and Cleo spoke."),
        (12, [], "x", "12 people were in the room for this."),
        (12, ["Ada"], None, "By the planned times, 12 people were in the room while Ada spoke."),
    ],
)  # fmt: skip
def test_in_the_room(count: int, names: list[str], started: str | None, sentence: str) -> None:
    assert saying.in_the_room({"people": count, "started_at": started}, names) == sentence


def test_placeholders_are_filled_and_nothing_else() -> None:
    words = saying.words(figures(), "people")
    assert saying.fill("{Headline} us: {number}, {rate} of {signed_up}.", words) == (
        "Over 1,200 people joined us: over 1,200 people, 64 % of 1,764."
    )
    # A sentence with nothing to say leaves no gap.
    assert saying.fill("He spoke. {room}\n\nThen she.", {"room": ""}) == "He spoke.\n\nThen she."


@pytest.mark.case("D45")
@pytest.mark.parametrize("typed", ["{{7*7}}", "{0.__class__}", "%(x)s", "${7*7}", "{headlin}", "{}", "\\x"])  # fmt: skip
def test_other_braces_stay_as_typed(typed: str) -> None:
    assert saying.fill(typed, saying.words(figures(), "people")) == typed


@pytest.mark.parametrize("name", ["{headline}", "A {number} B", "\\{peak}", "{{Headline}}"])
def test_a_name_that_looks_like_a_placeholder_stays_a_name(name: str) -> None:
    assert saying.fill(saying.plain(name), saying.words(figures(), "people")) == name


def test_unknown_figures_say_so() -> None:
    words = saying.words(door_only(), "people")
    assert words["peak"] == "an unknown number of"
    assert words["minutes"] == "an unknown number of"
    assert saying.words(door_only(), "peak")["number"] == "an unknown number of people"


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        (0, "Over those whose leaving is known."),
        (1, "1 visit has an unknown end and counts as a person, not as minutes."),
        (4, "4 visits have an unknown end and count as people, not as minutes."),
    ],
)
def test_how_long_says_what_it_leaves_out(left: int, sentence: str) -> None:
    big = figures(minutes={"open_ended": left})
    row = next(row for row in counted.rows(big, "Europe/London") if row["key"] == "median")
    assert row["value"] == "71 min"
    assert row["definition"].endswith(sentence)


def test_what_is_kept_apart_is_said_to_be() -> None:
    heads = [{"count": 40, "at": "2027-04-06T19:00:00Z", "source": "Hall in Leeds"}]
    rows = {row["key"]: row for row in counted.rows(figures(head_counts=heads), "Europe/London")}
    assert rows["watching_together"]["value"] == "212"
    assert rows["watching_together"]["definition"].endswith("Not in any number above.")
    assert rows["head_count"]["value"] == "40"
    assert rows["head_count"]["definition"].startswith("Hall in Leeds, ")
    assert rows["registered_attended"]["value"] == "1,131 (64 %)"
    assert rows["crew"]["value"] == "7"
