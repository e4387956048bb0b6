"""Exact sweeps over stretches of presence. Pure arithmetic: no database, no clock.

Times are whole milliseconds since 1970 (UTC), a stretch is [start, end) and belongs to a person key.
Arrays are NumPy int64; a million stretches take well under a second.
"""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

MS_PER_MINUTE = 60_000


@dataclasses.dataclass(frozen=True)
class Stretches:
    """Presence without overlaps: sorted by key, then start; one person's stretches never touch."""

    keys: Ints
    starts: Ints
    ends: Ints
    # Whether the moment each stretch ended was measured (left, stated, closed) or only inferred.
    measured: Bools

    def __len__(self) -> int:
        return len(self.keys)

    def only(self, mask: Bools) -> Stretches:
        return Stretches(self.keys[mask], self.starts[mask], self.ends[mask], self.measured[mask])

    @cached_property
    def firsts(self) -> Ints:
        """Where each key's stretches begin."""
        return np.flatnonzero(begins(self.keys))

    @cached_property
    def arrivals(self) -> Ints:
        """Every start, in order of time."""
        return np.sort(self.starts)

    @cached_property
    def departures(self) -> Ints:
        return np.sort(self.ends)

    @cached_property
    def present(self) -> Ints:
        """How many are there just after each of ``arrivals``."""
        return present(self.arrivals, self.departures)


@dataclasses.dataclass(frozen=True, slots=True)
class Peak:
    """The most at one instant, and the first such instant (ms)."""

    count: int
    at: int


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """What happened between two instants: people with any presence, their minutes, the most at once."""

    people: int
    at_start: int
    stayed: int
    peak: int
    total_ms: int


def begins(ordered: Ints) -> Bools:
    """Where a new value begins in values that are in order."""
    new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


def distinct(values: Ints) -> Ints:
    """The values in order, each once. (NumPy's own way takes ten times as long from a million on.)"""
    ordered = np.sort(values)
    return ordered[begins(ordered)]


def numbered(values: Ints) -> tuple[Ints, Ints]:
    """(the distinct values in order, for each value its place among them)."""
    order = np.argsort(values)
    ordered = values[order]
    new = begins(ordered)
    places = np.empty(len(values), dtype=np.int64)
    places[order] = np.cumsum(new) - 1
    return ordered[new], places


def _by_key_and_start(keys: Ints, starts: Ints) -> Ints:
    """The order by key, then start. Small keys are packed with the start into one number, which sorts
    several times as fast as two."""
    base, bits = int(starts.min()), int(np.ptp(starts)).bit_length()
    if int(keys.min()) >= 0 and int(keys.max()).bit_length() + bits < 63:
        return np.argsort((keys << bits) | (starts - base))
    return np.lexsort((starts, keys))


def union(keys: Ints, starts: Ints, ends: Ints, measured: Bools) -> Stretches:
    """Each person's visits merged where they overlap or touch; zero-length ones are dropped.

    Two devices at once are one presence. A merged stretch ended as its last visit ended.
    """
    real = ends > starts
    keys, starts, ends, measured = keys[real], starts[real], ends[real], measured[real]
    if not len(keys):
        return Stretches(keys, starts, ends, measured)
    order = _by_key_and_start(keys, starts)
    keys, starts, ends, measured = keys[order], starts[order], ends[order], measured[order]
    first_of_key = begins(keys)
    # The latest end so far, within each key: every key is lifted above the one before it, so that one
    # running maximum over all of them never carries over.
    base = int(starts.min())
    lift = (np.cumsum(first_of_key) - 1) * (int(ends.max()) - base + 1)
    latest = np.maximum.accumulate(ends - base + lift) - lift + base
    new = first_of_key.copy()
    new[1:] |= starts[1:] > latest[:-1]
    index = np.flatnonzero(new)
    merged_ends = np.maximum.reduceat(ends, index)
    which = np.cumsum(new) - 1
    ended_measured = np.logical_or.reduceat((ends == merged_ends[which]) & measured, index)
    return Stretches(keys[index], starts[index], merged_ends, ended_measured)


def present(arrivals: Ints, departures: Ints) -> Ints:
    """How many are there just after each arrival; both in order of time. At equal times a leave is taken
    before a join, so a hand-over is not two."""
    left = np.searchsorted(departures, arrivals, side="right")
    return np.arange(1, len(arrivals) + 1) - left


def _top(arrivals: Ints, there: Ints) -> Peak | None:
    if not len(arrivals):
        return None
    first = int(np.argmax(there))
    return Peak(int(there[first]), int(arrivals[first]))


def peak(starts: Ints, ends: Ints) -> Peak | None:
    """The most stretches at one instant, whoever's they are. Zero-length ones must not be passed in.
    None if there are none."""
    arrivals, departures = np.sort(starts), np.sort(ends)
    return _top(arrivals, present(arrivals, departures))


def peak_of(stretches: Stretches) -> Peak | None:
    """The most people at one instant; None if there were none."""
    return _top(stretches.arrivals, stretches.present)


def per_key_ms(stretches: Stretches) -> tuple[Ints, Ints]:
    """(distinct keys, milliseconds of presence of each)."""
    if not len(stretches):
        return stretches.keys, stretches.starts
    lengths = stretches.ends - stretches.starts
    return stretches.keys[stretches.firsts], np.add.reduceat(lengths, stretches.firsts)


def clip(stretches: Stretches, start: int, end: int) -> Stretches:
    """The parts of the stretches between two instants."""
    inside = stretches.only((stretches.starts < end) & (stretches.ends > start))
    return Stretches(
        inside.keys,
        np.maximum(inside.starts, start),
        np.minimum(inside.ends, end),
        inside.measured,
    )


def window(stretches: Stretches, start: int, end: int, min_stay_ms: float) -> Window:
    """Figures between two instants. Somebody *stayed* who was present ``min_stay_ms`` or more of it."""
    if not len(stretches):
        return Window(0, 0, 0, 0, 0)
    ms = np.minimum(stretches.ends, end) - np.maximum(stretches.starts, start)
    inside = (stretches.starts < end) & (stretches.ends > start)
    ms[~inside] = 0
    came = np.logical_or.reduceat(inside, stretches.firsts)
    per_person = np.add.reduceat(ms, stretches.firsts)
    arrived, left = (
        np.searchsorted(times, start, side="right")
        for times in (stretches.arrivals, stretches.departures)
    )
    later = stretches.present[arrived : np.searchsorted(stretches.arrivals, end, side="left")]
    at_start = int(arrived - left)
    return Window(
        people=int(np.count_nonzero(came)),
        at_start=at_start,
        stayed=int(np.count_nonzero(came & (per_person >= min_stay_ms))),
        peak=max(at_start, int(later.max()) if len(later) else 0),
        total_ms=int(ms.sum()),
    )


def per_minute(stretches: Stretches, start: int, end: int) -> list[tuple[int, int]]:
    """How many were present as each clock minute of UTC began: [(ms, people), …] from the minute that
    holds ``start`` to the one that holds ``end``. For charts; a peak is never taken from here."""
    first = start // MS_PER_MINUTE * MS_PER_MINUTE
    minutes = np.arange(first, end + 1, MS_PER_MINUTE, dtype=np.int64)
    arrived = np.searchsorted(stretches.arrivals, minutes, side="right")
    left = np.searchsorted(stretches.departures, minutes, side="right")
    return list(zip(minutes.tolist(), (arrived - left).tolist(), strict=True))
