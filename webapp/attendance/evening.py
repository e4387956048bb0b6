"""An event's visits with every key settled: who each belongs to, who is crew, who had signed up."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from webapp.attendance import sweep
from webapp.attendance.log import (
    AMBIGUOUS,
    ANONYMOUS,
    CONFIRMED,
    IDENTIFIED,
    MEASURED,
    NAME_ONLY,
    UNKNOWN,
    Log,
    Signups,
)
from webapp.attendance.sweep import Bools, Ints, Stretches

# Where two sources measured presence, peak and minutes come from the one that saw the meeting itself.
_PRESENCE_ORDER = (1, 2, 0)


@dataclasses.dataclass(frozen=True)
class Evening:
    """``log.keys`` are numbers here: the persons from 0 on, in the order of their keys. What is said of a
    person is an array with a place for each."""

    log: Log
    # The key as recorded, before ambiguous and same-named guests were merged into their person.
    recorded: Ints
    is_crew: Bools
    is_registered: Bools
    registered_attended: int
    _presence: dict[int, Stretches] = dataclasses.field(default_factory=dict)

    def persons(self, visits: Bools) -> Bools:
        """Who has one of these visits at least."""
        return _marked(len(self.is_crew), self.log.keys[visits])

    def visits_of(self, persons: Bools) -> Bools:
        """The visits of these persons."""
        return persons[self.log.keys]

    def presence(self, source: int, persons: Bools) -> Stretches:
        """When these persons were there, as far as one source knows the ends of their visits, merged per
        person. Swept once for everybody."""
        if source not in self._presence:
            log = self.log.only((self.log.sources == source) & (self.log.end_known != UNKNOWN))
            self._presence[source] = sweep.union(
                log.keys, log.starts, log.ends, log.end_known == MEASURED
            )
        everybody = self._presence[source]
        return everybody if persons.all() else everybody.only(persons[everybody.keys])

    def presence_source(self, visits: Bools) -> int | None:
        """The one source peak and minutes come from; None if no source measured presence."""
        measured = self.log.sources[visits & (self.log.end_known != UNKNOWN)]
        known = np.bincount(measured, minlength=len(_PRESENCE_ORDER))
        return next((source for source in _PRESENCE_ORDER if known[source]), None)


def _marked(count: int, places: Ints) -> Bools:
    marks = np.zeros(count, dtype=bool)
    marks[places] = True
    return marks


def _places(ordered: Ints, values: Ints) -> tuple[Ints, Bools]:
    """(where each value stands in ``ordered``, whether it is there at all)."""
    if not len(ordered):
        return np.zeros(len(values), dtype=np.int64), np.zeros(len(values), dtype=bool)
    # In order: looking up the next one then starts near the last one, which is many times as fast.
    order = np.argsort(values)
    places = np.empty(len(values), dtype=np.int64)
    places[order] = np.searchsorted(ordered, values[order])
    np.minimum(places, len(ordered) - 1, out=places)
    return places, ordered[places] == values


def _numbers(keys: Iterable[int], persons: Ints) -> Ints:
    places, _ = _places(persons, np.fromiter(keys, dtype=np.int64))
    return places


def settle(log: Log, signups: Signups, counts_as: dict[int, int], ambiguous: set[int]) -> Evening:
    """Decides who each visit belongs to, who is crew, and who had signed up. All keys in ``counts_as``
    and ``ambiguous`` are keys of visits."""
    persons, keys = sweep.numbered(log.keys)
    identities = log.identities
    if ambiguous:
        doubtful = _marked(len(persons), _numbers(ambiguous, persons))
        identities = np.where(doubtful[keys], AMBIGUOUS, identities)
    if counts_as:
        becomes = np.arange(len(persons))
        becomes[_numbers(counts_as, persons)] = _numbers(counts_as.values(), persons)
        keys = becomes[keys]
        # Without those who turned out to be somebody else.
        is_left = _marked(len(persons), keys)
        persons, keys = persons[is_left], (np.cumsum(is_left) - 1)[keys]
    count = len(persons)
    # The sign-ups whose person came, and which person that is.
    place, came = _places(persons, signups.keys)
    came &= signups.keys != 0
    confirmed = signups.statuses == CONFIRMED
    has_signup = _marked(count, place[came])
    # A visit by a personal link whose sign-up was erased since still came from a sign-up.
    by_link = _marked(count, keys[log.registered])
    return Evening(
        log=dataclasses.replace(log, keys=keys, identities=identities),
        recorded=log.keys,
        # The highest role a person ever had is their role.
        is_crew=_marked(count, keys[log.crew]) | _marked(count, place[came & signups.crew]),
        is_registered=_marked(count, place[came & confirmed]) | (by_link & ~has_signup),
        registered_attended=int(np.count_nonzero((came | signups.attended) & confirmed)),
    )


def people_of(evening: Evening, visits: Bools) -> dict[str, int]:
    """The range of people in ``visits`` of one or several sources.

    Inside one source low = identified + name-only, high = low + ambiguous + anonymous. Across sources,
    who is in two or more of them is one person; the rest of each source cannot be matched, so only the
    largest rest is in low, while high has them all.
    """
    log = evening.log
    # The surest identity each person has. Ambiguous visits count as somebody who is there already.
    identified, named, anonymous = (
        evening.persons(visits & (log.identities == kind))
        for kind in (IDENTIFIED, NAME_ONLY, ANONYMOUS)
    )
    named &= ~identified
    anonymous &= ~(identified | named)
    doubtful = visits & (log.identities == AMBIGUOUS)
    kinds = {
        "identified": int(np.count_nonzero(identified)),
        "name_only": int(np.count_nonzero(named)),
        "ambiguous": len(sweep.distinct(evening.recorded[doubtful])),
        "anonymous": int(np.count_nonzero(anonymous)),
    }
    sources = np.flatnonzero(np.bincount(log.sources[visits]))
    if len(sources) <= 1:
        low = kinds["identified"] + kinds["name_only"]
        return {"low": low, "high": low + kinds["ambiguous"] + kinds["anonymous"], **kinds}
    sure = identified | named | anonymous
    members = [sure & evening.persons(visits & (log.sources == source)) for source in sources]
    seen_in = sum(inside.astype(np.int64) for inside in members)
    joined = int(np.count_nonzero(seen_in > 1))
    lows, highs = [0], []
    for source, inside in zip(sources, members, strict=True):
        rest = inside & (seen_in == 1)
        unsure = evening.recorded[doubtful & (log.sources == source)]
        lows.append(int(np.count_nonzero(rest & ~anonymous)))
        highs.append(int(np.count_nonzero(rest)) + len(sweep.distinct(unsure)))
    return {"low": joined + max(lows), "high": joined + sum(highs), **kinds}
