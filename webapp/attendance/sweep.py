"""Exact sweeps over stretches of presence. Pure arithmetic: no database, no clock.

Times are whole milliseconds since 1970 (UTC), a stretch is [start, end) and belongs to a person key.
Arrays are NumPy int64; a million stretches take well under a second.
"""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

MS_PER_MINUTE = 60_000


@dataclasses.dataclass(frozen=True, slots=True)
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


def union(keys: Ints, starts: Ints, ends: Ints, measured: Bools) -> Stretches:
    """Each person's visits merged where they overlap or touch; zero-length ones are dropped.

    Two devices at once are one presence. A merged stretch ended as its last visit ended.
    """
    real = ends > starts
    keys, starts, ends, measured = keys[real], starts[real], ends[real], measured[real]
    if not len(keys):
        return Stretches(keys, starts, ends, measured)
    order = np.lexsort((starts, keys))
    keys, starts, ends, measured = keys[order], starts[order], ends[order], measured[order]
    first_of_key = np.empty(len(keys), dtype=bool)
    first_of_key[0] = True
    np.not_equal(keys[1:], keys[:-1], out=first_of_key[1:])
    # The latest end so far, within each key: every key is lifted above the one before it, so that one
    # running maximum over all of them never carries over.
    base = int(starts.min())
    lift = (np.cumsum(first_of_key) - 1) * (int(ends.max()) - base + 1)
    latest = np.maximum.accumulate(ends - base + lift) - lift + base
    begins = first_of_key.copy()
    begins[1:] |= starts[1:] > latest[:-1]
    index = np.flatnonzero(begins)
    merged_ends = np.maximum.reduceat(ends, index)
    which = np.cumsum(begins) - 1
    ended_measured = np.logical_or.reduceat((ends == merged_ends[which]) & measured, index)
    return Stretches(keys[index], starts[index], merged_ends, ended_measured)


def peak(starts: Ints, ends: Ints) -> Peak | None:
    """The most stretches at one instant. At equal times a leave is taken before a join, so a hand-over
    is not two; zero-length stretches must not be passed in. None if there are none."""
    if not len(starts):
        return None
    arrivals, departures = np.sort(starts), np.sort(ends)
    present = np.arange(1, len(arrivals) + 1) - np.searchsorted(departures, arrivals, side="right")
    first = int(np.argmax(present))
    return Peak(int(present[first]), int(arrivals[first]))


def per_key_ms(stretches: Stretches) -> tuple[Ints, Ints]:
    """(distinct keys, milliseconds of presence of each)."""
    if not len(stretches):
        return stretches.keys, stretches.starts
    index = np.flatnonzero(np.concatenate(([True], stretches.keys[1:] != stretches.keys[:-1])))
    return stretches.keys[index], np.add.reduceat(stretches.ends - stretches.starts, index)


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
    part = clip(stretches, start, end)
    _, ms = per_key_ms(part)
    top = peak(part.starts, part.ends)
    return Window(
        people=len(ms),
        at_start=int(np.count_nonzero(part.starts == start)),
        stayed=int(np.count_nonzero(ms >= min_stay_ms)),
        peak=top.count if top else 0,
        total_ms=int(ms.sum()),
    )


def per_minute(stretches: Stretches, start: int, end: int) -> list[tuple[int, int]]:
    """How many were present as each clock minute of UTC began: [(ms, people), …] from the minute that
    holds ``start`` to the one that holds ``end``. For charts; a peak is never taken from here."""
    first = start // MS_PER_MINUTE * MS_PER_MINUTE
    minutes = np.arange(first, end + 1, MS_PER_MINUTE, dtype=np.int64)
    arrived = np.searchsorted(np.sort(stretches.starts), minutes, side="right")
    left = np.searchsorted(np.sort(stretches.ends), minutes, side="right")
    return list(zip(minutes.tolist(), (arrived - left).tolist(), strict=True))
