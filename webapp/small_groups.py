"""Small groups are not shown outside the circle of an event's organisers (DESIGN rule 10).

A group is people with something in common: the same answer, the same source, the same language. Of fewer
than five nothing is said, nor of what would give them away: those of a group who did not come are a
group too, and what is left when everything shown is taken from the whole may not be a small one either.
Totals over a whole event are no groups.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

SMALLEST = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """How many signed up, how many of those came, how many of those stayed. None is not known, or not
    shown."""

    signed_up: int | None
    attended: int | None
    stayed: int | None


# Columns are shown from the left: a row that may show ``stayed`` shows the other two as well.
_NOTHING, _SIGNED_UP, _ATTENDED, _STAYED = range(4)


def _parts(counts: Counts, column: int) -> tuple[int, ...]:
    """The groups that a column gives away, given the columns to the left of it."""
    signed_up, attended, stayed = counts.signed_up or 0, counts.attended or 0, counts.stayed or 0
    match column:
        case 1:
            return (signed_up,)
        case 2:
            return (attended, signed_up - attended)
    return (stayed, attended - stayed)


def _are_large(counts: Sequence[Counts], column: int) -> bool:
    """Whether every group that the column gives away of these rows together is large enough."""
    sums = [sum(parts) for parts in zip(*(_parts(row, column) for row in counts), strict=True)]
    return min(sums, default=SMALLEST) >= SMALLEST


def _known(counts: Counts) -> int:
    if counts.attended is None:
        return _SIGNED_UP
    return _ATTENDED if counts.stayed is None else _STAYED


def _minus(whole: Counts, part: Counts) -> Counts:
    return Counts(
        (whole.signed_up or 0) - (part.signed_up or 0),
        (whole.attended or 0) - (part.attended or 0),
        (whole.stayed or 0) - (part.stayed or 0),
    )


def _level(row: Counts, rest: Counts | None) -> int:
    """Up to which column a row may be shown by itself. ``rest`` is everybody who is not in it, where that
    is no other row's business."""
    level = _NOTHING
    for column in range(_SIGNED_UP, _known(row) + 1):
        if not _are_large([row], column) or (rest is not None and not _are_large([rest], column)):
            break
        level = column
    return level


def shown(rows: Sequence[Counts], whole: Counts | None = None) -> list[Counts]:
    """The rows as they may leave the organisers' circle, with None for what is not shown.

    Every person is in exactly one row, so that what is hidden could be found by subtraction; or, if
    ``whole`` (everybody) is given, in any number of rows. A row of nobody is shown: it is nobody.
    """
    levels = [_level(row, _minus(whole, row) if whole else None) for row in rows]
    if whole is None:
        for column in (_SIGNED_UP, _ATTENDED, _STAYED):
            _hide_more(rows, levels, column)
    return [
        row if not row.signed_up else Counts(
            row.signed_up if level >= _SIGNED_UP else None,
            row.attended if level >= _ATTENDED else None,
            row.stayed if level >= _STAYED else None,
        )
        for row, level in zip(rows, levels, strict=True)
    ]  # fmt: skip


def _hide_more(rows: Sequence[Counts], levels: list[int], column: int) -> None:
    """Hides the smallest rows of a column until what is hidden in it, taken together, is large and more
    than one row."""
    somebody = [n for n, row in enumerate(rows) if row.signed_up]
    while True:
        hidden = [n for n in somebody if levels[n] < column]
        visible = [n for n in somebody if levels[n] >= column]
        safe = len(hidden) > 1 and _are_large([rows[n] for n in hidden], column)
        if not hidden or not visible or safe:
            return
        smallest = min(visible, key=lambda n: (min(_parts(rows[n], column)), n))
        levels[smallest] = column - 1
