from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agenda.evening import agenda
from tests.conftest import NOW
from tests.factories import make_event
from webapp import tokens
from webapp.agenda import operations, queries
from webapp.agenda.models import Press, Session
from webapp.db import db
from webapp.errors import Refused

START = NOW + dt.timedelta(hours=1)
KEYS = ["opening", "tim", "claudia", "leonardo", "miriam", "ollie", "jeremy", "closing"]


def minute(number: float) -> dt.datetime:
    """That many minutes after the planned start."""
    return START + dt.timedelta(minutes=number)


@pytest.fixture
def event(context):
    event = make_event(starts_at=START)
    operations.replace(event, agenda(), NOW)
    return event


def press(event, at, act="start", key=None, expected=None, *, press_id=None, received=None):
    return operations.press(
        event,
        press_id=press_id or tokens.public_id(),
        act=act,
        session_key=key,
        expected_key=expected,
        at=at,
        received_at=received or at,
        by="the chair",
    )


def times(event):
    """[(key, started, ended)] of what was started, in minutes after the planned start."""

    def after(moment):
        return None if moment is None else round((moment - START).total_seconds() / 60, 3)

    return [
        (item.key, after(item.started_at), after(item.ended_at))
        for item in queries.running_order(event)
        if item.started_at
    ]


def run(event, *pressed):
    """Next, again and again: at each (minute, key) that item starts."""
    expected = None
    for at, key in pressed:
        result = press(event, minute(at), key=key, expected=expected)
        assert (result.outcome, result.current_key) == ("applied", key)
        expected = key


def test_the_evening_as_it_was_pressed(event):
    run(event, *zip([1, 6, 18, 30, 43, 55, 67, 80], KEYS, strict=True))
    assert press(event, minute(91), "end", expected="closing").current_key is None
    assert times(event) == [
        ("opening", 1, 6), ("tim", 6, 18), ("claudia", 18, 30), ("leonardo", 30, 43),
        ("miriam", 43, 55), ("ollie", 55, 67), ("jeremy", 67, 80), ("closing", 80, 91),
    ]  # fmt: skip
    assert (event.started_at, event.ended_at) == (minute(1), minute(91))
    assert event.phase(minute(91)) == "over"


def test_the_first_press_before_time_opens_the_evening(event):
    assert event.phase(minute(-4)) == "before"
    press(event, minute(-5), key="opening")
    assert event.started_at == minute(-5)
    assert event.phase(minute(-4)) == "live"


def test_a_press_that_arrives_again_changes_nothing(event):
    run(event, (0, "opening"))
    first = press(event, minute(5), key="tim", expected="opening", press_id="same-press")
    revision = event.revision
    assert (first.outcome, first.current_key) == ("applied", "tim")
    run_on = press(event, minute(17), key="claudia", expected="tim")
    again = press(event, minute(6), key="tim", expected="opening", press_id="same-press",
                  received=minute(18))  # fmt: skip
    assert (again.outcome, again.first, again.current_key) == ("repeated", "applied", "claudia")
    assert run_on.outcome == "applied"
    assert times(event) == [("opening", 0, 5), ("tim", 5, 17), ("claudia", 17, None)]
    assert event.revision == revision + 1
    assert db.session.scalar(sa.select(sa.func.count(Press.id))) == 3


def test_two_people_who_press_next_start_one_speaker(event):
    run(event, (0, "opening"))
    assert press(event, minute(5), key="tim", expected="opening").outcome == "applied"
    second = press(event, minute(5.02), key="tim", expected="opening")
    assert (second.outcome, second.current_key) == ("stale", "tim")
    assert times(event) == [("opening", 0, 5), ("tim", 5, None)]


def test_a_page_that_was_asleep_skips_nobody(event):
    run(event, (0, "opening"), (5, "tim"), (17, "claudia"))
    # The page still showed the opening, with "Next: Tim Young"; then one with "Next: Claudia".
    assert press(event, minute(20), key="tim", expected="opening").outcome == "stale"
    assert press(event, minute(20), key="leonardo", expected="tim").outcome == "stale"
    assert press(event, minute(20), key="nobody", expected="claudia").outcome == "stale"
    assert press(event, minute(20), key=None, expected="claudia").outcome == "stale"
    assert times(event)[-1] == ("claudia", 17, None)


def test_presses_made_without_a_network_keep_their_time(event):
    run(event, (0, "opening"))
    press(event, minute(5), key="tim", expected="opening", received=minute(40))
    press(event, minute(17), key="claudia", expected="tim", received=minute(40))
    assert times(event) == [("opening", 0, 5), ("tim", 5, 17), ("claudia", 17, None)]


def test_an_offline_press_that_a_colleague_made_too_loses_nothing_behind_it(event):
    run(event, (0, "opening"), (6, "tim"))
    waiting = press(event, minute(5), key="tim", expected="opening", received=minute(40))
    behind = press(event, minute(17), key="claudia", expected="tim", received=minute(40))
    assert (waiting.outcome, behind.outcome) == ("stale", "applied")
    assert times(event) == [("opening", 0, 6), ("tim", 6, 17), ("claudia", 17, None)]


def test_no_press_is_in_the_future_or_before_the_one_before(event):
    run(event, (0, "opening"), (5, "tim"))
    press(event, minute(90), key="claudia", expected="tim", received=minute(17))
    press(event, minute(3), key="leonardo", expected="claudia", received=minute(30))
    started = [item.started_at for item in queries.running_order(event)][:4]
    assert started == [
        minute(0), minute(5), minute(17), minute(17) + dt.timedelta(milliseconds=1),
    ]  # fmt: skip


def test_a_skip_fits_whatever_is_on_and_only_what_has_not_begun(event):
    run(event, (0, "opening"))
    # From a page that had not seen the opening, and again from the same finger.
    assert (
        press(event, minute(1), "skip", "claudia", None, press_id="skip-one").outcome == "applied"
    )
    assert (
        press(event, minute(1), "skip", "claudia", None, press_id="skip-one").outcome == "repeated"
    )
    assert press(event, minute(2), "skip", "claudia").outcome == "stale"
    assert press(event, minute(2), "skip", "opening").outcome == "stale"
    assert press(event, minute(2), "unskip", "tim").outcome == "stale"
    assert press(event, minute(2), "skip", "nobody").outcome == "stale"
    run_on = press(event, minute(5), key="tim", expected="opening")
    assert run_on.current_key == "tim"
    assert queries.upcoming(queries.running_order(event)).key == "leonardo"
    assert press(event, minute(6), key="claudia", expected="tim").outcome == "stale"
    assert press(event, minute(7), "unskip", "claudia").outcome == "applied"
    assert queries.upcoming(queries.running_order(event)).key == "claudia"
    press(event, minute(17), "end", expected="tim")
    assert press(event, minute(18), "skip", "claudia").outcome == "stale"
    rows = db.session.execute(sa.select(Press.act, Press.session_key).where(Press.act != "start"))
    assert rows.all()[0] == ("skip", "claudia")


def test_back_reopens_the_one_before_and_next_counts_anew(event):
    run(event, (0, "opening"), (5, "tim"), (17, "claudia"))
    result = press(event, minute(18), "back", expected="claudia")
    assert (result.outcome, result.current_key) == ("applied", "tim")
    assert times(event) == [("opening", 0, 5), ("tim", 5, None)]
    assert press(event, minute(18.1), "back", expected="claudia").outcome == "stale"
    assert press(event, minute(21), key="claudia", expected="tim").outcome == "applied"
    assert times(event)[1:] == [("tim", 5, 21), ("claudia", 21, None)]


def test_back_from_the_first_takes_the_early_start_back(event):
    run(event, (-30, "opening"))
    assert press(event, minute(-29), "back", expected="opening").current_key is None
    assert event.started_at is None
    assert event.phase(minute(-29)) == "before"
    assert press(event, minute(-29), "back").outcome == "stale"


def test_skipped_items_have_no_times_and_can_still_come(event):
    run(event, (0, "opening"), (5, "claudia"), (17, "tim"))
    assert times(event) == [("opening", 0, 5), ("tim", 17, None), ("claudia", 5, 17)]
    items = queries.running_order(event)
    assert queries.upcoming(items).key == "leonardo"
    assert press(event, minute(20), "back", expected="tim").current_key == "claudia"


def test_what_was_already_on_does_not_start_again(event):
    run(event, (0, "opening"), (5, "tim"))
    assert press(event, minute(9), key="opening", expected="tim").outcome == "stale"
    assert press(event, minute(9), key="tim", expected="tim").outcome == "stale"


def test_the_end_can_be_taken_back_for_five_minutes(event):
    run(event, (0, "opening"), (5, "tim"))
    press(event, minute(12), "end", expected="tim")
    assert press(event, minute(13), key="claudia").outcome == "stale"
    assert press(event, minute(13), "back").outcome == "stale"
    assert press(event, minute(13), "end").outcome == "stale"
    result = press(event, minute(17), "undo_end")
    assert (result.outcome, result.current_key) == ("applied", "tim")
    assert event.ended_at is None
    assert times(event) == [("opening", 0, 5), ("tim", 5, None)]
    assert press(event, minute(17), "undo_end", expected="tim").outcome == "stale"


def test_after_five_minutes_the_end_stays_however_old_the_press_says_it_is(event):
    run(event, (0, "opening"))
    press(event, minute(12), "end", expected="opening")
    with pytest.raises(Refused, match="more than five minutes ago"):
        press(event, minute(13), "undo_end", received=minute(18))
    assert event.ended_at == minute(12)


def test_an_end_without_any_item_pressed(event):
    press(event, minute(80), "end")
    assert event.ended_at == minute(80)
    assert press(event, minute(81), "undo_end").outcome == "applied"
    assert event.ended_at is None


@pytest.mark.parametrize(
    ("values", "at", "message"),
    [
        ({"state": "draft"}, 0, "Only a published event can start"),
        ({"state": "cancelled"}, 0, "Only a published event can start"),
        ({}, 105 + 61, "This event is over"),
        ({}, -13 * 60, "planned for a later day"),
    ],
)
def test_where_no_press_makes_sense_it_is_refused(context, values, at, message):
    event = make_event(starts_at=START, **values)
    operations.replace(event, agenda(), NOW)
    with pytest.raises(Refused, match=message):
        press(event, minute(at), key="opening")
    assert times(event) == []


def test_before_the_start_there_is_nothing_to_end(event):
    with pytest.raises(Refused, match="has not begun"):
        press(event, minute(-10), "end")


@pytest.mark.parametrize("bad", ["", "short", "x" * 65, "no spaces", "ä" * 10])
def test_a_press_without_a_proper_id_is_refused(event, bad):
    with pytest.raises(Refused, match="did not arrive whole"):
        operations.press(
            event, press_id=bad, act="start", session_key="opening", at=NOW, received_at=NOW, by="x"
        )
    with pytest.raises(Refused, match="did not arrive whole"):
        press(event, minute(0), "jump")


def test_an_id_of_another_events_press_is_refused(event):
    other = make_event(starts_at=START)
    operations.replace(other, agenda(), NOW)
    press(event, minute(0), key="opening", press_id="one-press-id")
    with pytest.raises(Refused, match="did not arrive whole"):
        press(other, minute(0), key="opening", press_id="one-press-id")
    assert times(other) == []


def test_every_press_is_kept_with_what_became_of_it(event):
    press(event, minute(0), key="opening", press_id="press-one")
    press(event, minute(1), key="tim", expected="claudia", press_id="press-two", received=minute(2))
    rows = db.session.execute(
        sa.select(Press.press_id, Press.act, Press.session_key, Press.expected_key, Press.at,
                  Press.received_at, Press.by, Press.outcome).order_by(Press.id)
    ).all()  # fmt: skip
    assert [tuple(row) for row in rows] == [
        ("press-one", "start", "opening", None, minute(0), minute(0), "the chair", "applied"),
        ("press-two", "start", "tim", "claudia", minute(1), minute(2), "the chair", "stale"),
    ]


def test_the_forecast_follows_what_was_pressed(event):
    def ends(at):
        found = queries.forecast(event, queries.running_order(event), minute(at))
        return (found.ends_at - START).total_seconds() / 60, found.minutes_over

    assert ends(-30) == (85, -20)  # 85 minutes of programme in 105
    assert ends(10) == (95, -10)  # nobody has pressed anything yet
    run(event, (12, "opening"), (17, "tim"))
    assert ends(20) == (97, -8)
    assert ends(35) == (103, -2)  # Tim Young is six minutes over
    press(event, minute(35), key="ollie", expected="tim")  # three are skipped
    assert ends(36) == (67, -38)
    press(event, minute(110), "end", expected="ollie")
    assert ends(120) == (110, 5)


def test_now_and_next_by_plan_where_nobody_presses(event):
    items = queries.running_order(event)

    def both(at):
        now, following = queries.now_and_next(items, minute(at), event.phase(minute(at)))
        return now and now.key, following and following.key

    assert both(-1) == (None, "opening")
    assert both(0) == ("opening", "tim")
    assert both(16.9) == ("tim", "claudia")
    assert both(84) == ("closing", None)
    assert both(90) == (None, None)
    assert both(300) == (None, None)


page = st.sampled_from([None, *KEYS[:5]])
acts = st.one_of(
    st.tuples(st.just("next"), st.integers(0, 3)),  # a page that is this many presses behind
    st.tuples(st.just("again"), st.integers(0, 5)),
    st.tuples(st.just("start"), st.tuples(page, page)),
    st.tuples(st.just("back"), page),
)


@given(st.lists(st.tuples(acts, st.integers(-3, 6), st.integers(0, 20)), max_size=25))
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_interleaving_skips_or_doubles_anybody(context, story):
    """Whatever pages press, in whatever order it arrives: the state follows the presses that fitted,
    one step each; starts are strictly monotone; at most one item is on."""
    event = make_event(starts_at=START)
    operations.replace(event, agenda()[:5], NOW)
    sent: list[tuple[str, dict]] = []
    # What the chair has started, in order, by the rules alone.
    model: list[str] = []
    shown: list[str | None] = [None]
    clock = START
    for (act, detail), later, age in story:
        clock += dt.timedelta(minutes=max(later, 0), seconds=1)
        at = clock - dt.timedelta(minutes=age)
        if act == "again":
            if not sent:
                continue
            press_id, values = sent[detail % len(sent)]
            fits = None
        else:
            press_id = tokens.public_id()
            if act == "next":
                expected = shown[max(len(shown) - 1 - detail, 0)]
                place = KEYS.index(expected) + 1 if expected else 0
                values = {"act": "start", "key": KEYS[place], "expected": expected}
            elif act == "start":
                values = {"act": "start", "key": detail[0], "expected": detail[1]}
            else:
                values = {"act": "back", "key": None, "expected": detail}
            on = model[-1] if model else None
            fits = values["expected"] == on
            if values["act"] == "start":
                fits = fits and values["key"] in KEYS[:5] and values["key"] not in model
            else:
                fits = fits and on is not None
        before = times(event)
        result = press(event, at, press_id=press_id, received=clock, **values)
        if fits is None:
            assert result.outcome == "repeated"
        else:
            sent.append((press_id, values))
            assert result.outcome == ("applied" if fits else "stale")
        if fits:
            if values["act"] == "start":
                model.append(values["key"])
            else:
                model.pop()
            shown.append(model[-1] if model else None)
        else:
            assert times(event) == before
        items = {item.key: item for item in queries.running_order(event)}
        assert result.current_key == (model[-1] if model else None)
        assert {key for key, item in items.items() if item.started_at} == set(model)
        starts = [items[key].started_at for key in model]
        assert starts == sorted(set(starts))
        assert [items[key].ended_at for key in model] == [*starts[1:], None][: len(model)]
        assert all(start <= clock for start in starts)
    db.session.rollback()


def test_dropping_items_leaves_their_presses_in_the_log(event):
    press(event, minute(0), key="tim", expected="nobody")
    operations.replace(event, agenda()[:1], NOW)
    assert db.session.scalars(sa.select(Press.session_key)).all() == ["tim"]
    assert db.session.scalars(sa.select(Session.key)).all() == ["opening"]
