"""Nothing that is shown gives away a group of fewer than five, not by subtraction either."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from webapp.small_groups import SMALLEST, Counts, shown


def of(*numbers: tuple[int, int, int]) -> list[Counts]:
    return [Counts(*row) for row in numbers]


def test_large_groups_are_shown() -> None:
    rows = of((100, 60, 40), (80, 40, 20))
    assert shown(rows) == rows


def test_a_small_group_takes_the_next_smallest_with_it() -> None:
    """Of three rows and a known sum, one hidden alone would be found."""
    assert shown(of((100, 60, 40), (80, 40, 20), (4, 2, 1))) == [
        Counts(100, 60, 40),
        Counts(None, None, None),
        Counts(None, None, None),
    ]


def test_two_small_groups_are_not_enough_if_they_are_small_together() -> None:
    got = shown(of((100, 60, 40), (80, 40, 20), (1, 1, 0), (2, 1, 1)))
    assert [row.signed_up for row in got] == [100, None, None, None]


def test_who_did_not_come_is_a_group_too() -> None:
    assert shown(of((100, 60, 40), (50, 48, 30), (40, 20, 10))) == [
        Counts(100, 60, 40),
        Counts(50, None, None),
        Counts(40, None, None),
    ]


def test_nobody_is_nobody() -> None:
    rows = of((100, 60, 40), (0, 0, 0))
    assert shown(rows) == rows


def test_a_small_event_shows_nothing() -> None:
    assert shown(of((4, 3, 1), (3, 3, 2))) == [Counts(None, None, None)] * 2


def test_what_is_unknown_stays_unknown() -> None:
    rows = [Counts(100, 60, None), Counts(80, None, None)]
    got = shown(rows)
    assert [row.stayed for row in got] == [None, None]
    assert [row.signed_up for row in got] == [100, 80]


def test_of_answers_that_may_be_several_the_others_are_a_group() -> None:
    """98 of 100 ticked it: the two who did not would stand out."""
    rows = of((98, 50, 40), (60, 30, 20), (3, 1, 0))
    assert shown(rows, whole=Counts(100, 60, 40)) == [
        Counts(None, None, None),
        Counts(60, 30, 20),
        Counts(None, None, None),
    ]


_row = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)).map(
    lambda t: Counts(*sorted(t, reverse=True))
)


def _parts(row: Counts) -> tuple[tuple[int, ...], ...]:
    signed_up, attended, stayed = row.signed_up or 0, row.attended or 0, row.stayed or 0
    return (signed_up,), (attended, signed_up - attended), (stayed, attended - stayed)


@given(st.lists(_row, min_size=1, max_size=6))
def test_no_subtraction_finds_a_small_group(rows: list[Counts]) -> None:
    got = shown(rows)
    for column, name in enumerate(("signed_up", "attended", "stayed")):
        cells = [getattr(row, name) for row in got]
        full = [row for row in rows if row.signed_up]
        hidden = [row for row, cell in zip(rows, cells, strict=True) if cell is None]
        for row, cell in zip(rows, cells, strict=True):
            if cell is not None and row.signed_up:
                assert min(_parts(row)[column]) >= SMALLEST
        if hidden and len(hidden) < len(full):
            # The sums are known: what is hidden is several rows, and large together.
            assert len(hidden) > 1
            sums = [sum(parts) for parts in zip(*(_parts(row)[column] for row in hidden), strict=True)]  # fmt: skip
            assert min(sums) >= SMALLEST
