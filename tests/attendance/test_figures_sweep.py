"""The sweep against the slowest possible reading of the definitions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from webapp.attendance import sweep

visit = st.tuples(st.integers(1, 4), st.integers(0, 40), st.integers(0, 12), st.booleans()).map(
    lambda v: (v[0], v[1], v[1] + v[2], v[3])
)
visits = st.lists(visit, max_size=25)


def arrays(rows: list[tuple[int, int, int, bool]]) -> sweep.Stretches:
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    keys, starts, ends = (np.array(c, dtype=np.int64) for c in columns[:3])
    return sweep.union(keys, starts, ends, np.array(columns[3], dtype=bool))


def instants(rows: list[tuple[int, int, int, bool]], key: int) -> set[int]:
    """The unit steps [t, t+1) in which ``key`` was present."""
    return {t for k, s, e, _ in rows if k == key for t in range(s, e)}


def keys_of(rows: list[tuple[int, int, int, bool]]) -> set[int]:
    return {row[0] for row in rows}


@given(visits)
def test_union_is_each_persons_set_of_moments(rows):
    merged = arrays(rows)
    for key in keys_of(rows):
        own = merged.keys == key
        expected = instants(rows, key)
        got = [
            t
            for s, e in zip(merged.starts[own], merged.ends[own], strict=True)
            for t in range(s, e)
        ]
        assert sorted(got) == sorted(expected), "no moment twice, none lost"


@given(visits)
def test_peak_is_the_busiest_moment_and_the_first_of_them(rows):
    merged = arrays(rows)
    presence = [instants(rows, key) for key in keys_of(rows)]
    per_moment = {t: sum(t in p for p in presence) for t in set().union(*presence, set())}
    got = sweep.peak(merged.starts, merged.ends)
    if not per_moment:
        assert got is None
        return
    most = max(per_moment.values())
    assert got is not None
    assert got.count == most
    assert got.at == min(t for t, n in per_moment.items() if n == most)
    assert got.count <= len(keys_of(rows))


@given(visits, st.integers(0, 50), st.integers(1, 30), st.integers(1, 10))
def test_a_window_counts_what_lies_in_it(rows, start, length, min_stay):
    got = sweep.window(arrays(rows), start, start + length, min_stay)
    span = range(start, start + length)
    inside = [instants(rows, key) & set(span) for key in keys_of(rows)]
    inside = [moments for moments in inside if moments]
    assert got.people == len(inside)
    assert got.total_ms == sum(len(moments) for moments in inside)
    assert got.stayed == sum(len(moments) >= min_stay for moments in inside)
    assert got.at_start == sum(start in moments for moments in inside)
    assert got.peak == max((sum(t in m for m in inside) for t in span), default=0)


@given(visits)
def test_sum_of_unions_never_exceeds_the_sum_of_visits(rows):
    _, per_person = sweep.per_key_ms(arrays(rows))
    assert per_person.sum() <= sum(e - s for _, s, e, _ in rows)


@given(visits, st.randoms())
def test_the_order_of_visits_does_not_matter(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)
    one, other = arrays(rows), arrays(mixed)
    assert one.keys.tolist() == other.keys.tolist()
    assert one.starts.tolist() == other.starts.tolist()
    assert one.ends.tolist() == other.ends.tolist()
    assert one.measured.tolist() == other.measured.tolist()


def test_a_leave_is_taken_before_a_join_at_the_same_instant():
    merged = arrays([(1, 0, 10, True), (2, 10, 20, True)])
    assert sweep.peak(merged.starts, merged.ends) == sweep.Peak(1, 0)


def test_a_merged_stretch_ended_as_its_last_visit_ended():
    merged = arrays([(1, 0, 10, True), (1, 5, 20, False), (1, 30, 40, True)])
    assert merged.measured.tolist() == [False, True]


def test_a_key_far_from_the_others_is_not_swallowed():
    """The running maximum is lifted per key: a late end of one person hides nobody else's start."""
    merged = arrays([(1, 0, 1_000_000, True), (2, 5, 6, True), (2, 8, 9, True), (3, 0, 1, True)])
    assert list(zip(merged.keys.tolist(), merged.starts.tolist(), strict=True)) == [
        (1, 0), (2, 5), (2, 8), (3, 0),
    ]  # fmt: skip


def test_minutes_of_a_curve_are_clock_minutes():
    minute = sweep.MS_PER_MINUTE
    merged = arrays([(1, minute + 5, 3 * minute + 5, True), (2, 2 * minute, 3 * minute, True)])
    assert sweep.per_minute(merged, minute + 5, 3 * minute + 5) == [
        (minute, 0), (2 * minute, 2), (3 * minute, 1),
    ]  # fmt: skip
